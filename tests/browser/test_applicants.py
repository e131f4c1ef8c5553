"""A firm with two loans and an advertising plan: from the front page to an amount, its reasons, and a link to keep."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from service.derivation import figure
from service.policies import Policies
from service.policies.model import Language
from tests.browser.guards import transferred
from tests.browser.visiting import Visits
from tests.browser.walking import Walker, enter, tab_to

FORM_BYTES: Final = 50_000
FIRM: Final = "91140100MA0GTHKP7R"
FACTS: Final = {"town_tier": "provincial_key", "is_leading_industry": "true", "applicant_id": FIRM}
LOANS: Final = [
    {"application_year": "2027", "receipt_number": "J1", "disbursed_amount": "60000000", "disbursed_on": "2027-01-01"}
    | {"interest_paid_days": "365", "interest_accrued": "2400000"},
    {"application_year": "2027", "receipt_number": "J2", "disbursed_amount": "10005000", "disbursed_on": "2027-03-01"}
    | {"interest_paid_days": "306", "interest_accrued": "400000"},
]
COUNTS: Final = {"application_year", "year", "interest_paid_days"}
STORED: Final = """async () => [
    localStorage.length, sessionStorage.length, (await indexedDB.databases()).length, document.cookie,
    (await navigator.serviceWorker.getRegistrations()).length,
]"""


def request_of(lines: list[dict[str, str]], **facts: Any) -> dict[str, Any]:
    """Write what is typed into a form as a request of the API."""
    return {
        "facts": facts,
        "lines": [line | {name: int(line[name]) for name in COUNTS & line.keys()} for line in lines],
    }


def answer_of(page: Page, measure: str, body: dict[str, Any]) -> Any:
    """Ask the API for the same."""
    answered = page.request.post(f"/v1/calculations/{measure}", data=body)
    assert answered.ok, answered.text()
    return answered.json()


def shows(page: Page, result: Any) -> None:
    """Assert that an answer is this very result: amounts of all lines, of steps and ceilings, and its hash."""
    told = page.locator("main").text_content() or ""
    assert result["result_sha256"] in told
    amounts = [result["amount"], *(line["amount"] for line in result["lines"])]
    amounts += [step["amount"] for line in result["lines"] for step in line["steps"]]
    amounts += [limit["ceiling"] for line in result["lines"] for limit in line["limits"]]
    assert [one for one in amounts if figure(one) not in told] == []


def keeps_nothing(page: Page) -> None:
    """Assert that the browser was given nothing to keep."""
    assert page.context.cookies() == []
    if page.evaluate("() => window.isSecureContext"):
        assert page.evaluate(STORED) == [0, 0, 0, "", 0]


def expect_focus(page: Page, selector: str) -> None:
    """Wait until an element has the focus."""
    expect(page.locator(selector)).to_be_focused()


@pytest.mark.parametrize(
    ("language", "width", "javascript"), [("zh", 360, True), ("en", 1280, False)], ids=["phone", "desktop"]
)
def test_the_screening_grows_with_each_answer(
    language: Language, width: int, javascript: bool, visitor: Visits
) -> None:
    """From the front page on: the first answer changes the result; more make an amount, and lead to a filled form."""
    walker = Walker(visitor(language, width, javascript), language)
    page, said = walker.page, walker.page.locator("#so-far")
    walker.go("/")
    walker.follow("home.start")
    expect(said).to_contain_text(walker.say("applicants.nothing_yet"))

    def answered(shown: str, **values: str) -> None:
        walker.unfold()
        walker.fill(values, "facts.")
        if javascript:
            page.keyboard.press("Tab")  # leaving a field sends what is in it
        else:
            walker.press("applicants.so_far")
        expect(said).to_contain_text(shown)
        walker.look()

    answered(walker.say("answers.needs_input"), town_tier="provincial_key")
    before = said.text_content()
    answered(walker.say("answers.total_one", amount="3,000,000.00"), recognised_on="2027-05-01")
    assert said.text_content() != before
    answered(
        walker.say("answers.total_many", count=2, amount="3,120,000.00"),
        ad_paid="600000.00", paid_on="2027-08-01", year="2027",
    )  # fmt: skip
    walker.follow("answers.see_form", said.get_by_role("article").filter(has_text="120,000.00"))
    expect(page.locator(".headline .amount")).to_have_text("120,000.00")
    walker.follow("answers.edit")
    expect(walker.field("facts.town_tier")).to_have_value("provincial_key")
    keeps_nothing(page)


def test_a_loan_form_is_mended_answered_handed_on_and_printed(visitor: Visits) -> None:
    """On a phone, in Chinese: defects at their fields, the right amount with its reasons, a link for somebody else."""
    visitor.expect(422)
    walker = Walker(visitor("zh", 360), "zh")
    page, say = walker.page, walker.say
    typed_in(walker)
    mended(walker)
    result = answer_of(page, "loan_interest", request_of(LOANS, **FACTS | {"is_leading_industry": True}))
    assert (result["amount"], result["rule"]) == ("1000000.00", "firm_cap")
    shows(page, result)
    expect(page.locator(".headline .amount")).to_have_text("1,000,000.00")
    expect(page.locator(".capitals")).to_have_text("大写：人民币壹佰万元整")
    expect(page.locator("tr.binding").last).to_contain_text("每户企业上限")
    walker.unfold()
    walker.look()
    walker.page.get_by_role("link", name=say("answers.compare")).click()
    expect(page.locator("#readings")).to_contain_text(say("answers.would_be_same"))
    walker.look()
    keeps_nothing(page)
    other = Walker(visitor("zh", 1280, javascript=False), "zh")
    other.page.goto(page.locator("#link").input_value())
    other.look()
    shows(other.page, result)
    printed(other.page)
    other.follow("answers.edit")
    other.fill({"interest_paid_days": "100"}, "lines.0.")
    other.press("applicants.calculate")
    less = [LOANS[0] | {"interest_paid_days": "100"}, LOANS[1]]
    shows(other.page, answer_of(page, "loan_interest", request_of(less, **FACTS | {"is_leading_industry": True})))
    other.unfold()
    other.follow("answers.compare")
    expect(other.page.locator("#readings")).to_contain_text(re.compile("（少 [0-9,.]+ 元）"))
    keeps_nothing(other.page)


def typed_in(walker: Walker) -> None:
    """Fill two loans in, in 万元, the second one copied; its day and the firm's code are wrong."""
    page, say = walker.page, walker.say
    walker.go("/measures")
    walker.follow("applicants.calculate_this", page.locator(".card").filter(has_text="年度新增贷款贴息"))
    walker.fill(FACTS | {"applicant_id": FIRM[:-1] + "X"}, "facts.")
    walker.press("applicants.change_unit_wan")
    walker.fill(LOANS[0] | {"disbursed_amount": "６,０００", "interest_accrued": "240"}, "lines.0.")
    expect(page.locator("output.in-yuan").first).to_have_text("即 60,000,000.00 元")
    page.get_by_role("button", name=say("applicants.add_line")).click()  # by script: without another page
    expect(walker.field("lines.1.application_year")).to_be_focused()
    walker.look()
    walker.press("applicants.remove_line", page.locator('[id="lines.1"]'))
    walker.press("applicants.copy_line", page.locator('[id="lines.0"]'))
    expect(walker.field("lines.1.disbursed_amount")).to_have_value("6000")
    wrong = LOANS[1] | {"disbursed_amount": "1000.5", "interest_accrued": "40"}
    walker.fill(wrong, "lines.1.")
    walker.field("lines.1.disbursed_on").evaluate("one => { one.type = 'text'; one.value = '2027-02-30' }")
    walker.press("applicants.calculate")


def mended(walker: Walker) -> None:
    """Find both defects by the summary, at their fields, and mend them."""
    page, say = walker.page, walker.say
    summary = page.locator("#wrong")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("heading")).to_have_text(say("applicants.wrong", count=2))
    for name, told in (("facts.applicant_id", "核对"), ("lines.1.disbursed_on", "实有的日期")):
        field = walker.field(name)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(page.locator(f'[id="{name}-wrong"]')).to_contain_text(told)
        summary.locator(f'a[href="#{name}"]').click()
        assert page.url.endswith(f"#{name}")
    expect(walker.field("lines.1.disbursed_on")).to_have_value("2027-02-30")
    walker.fill({"facts.applicant_id": FIRM, "lines.1.disbursed_on": "2027-03-01"})
    walker.press("applicants.calculate")


def printed(page: Page) -> None:
    """Assert that paper holds what is folded, the link, and nothing to press."""
    page.emulate_media(media="print")
    for gone in ("nav", ".who", "#link", "button"):
        assert not [one for one in page.locator(gone).all() if one.is_visible()]
    assert not page.get_by_role("link", name="修改填写内容").is_visible()
    hidden = "all => all.filter(one => !one.lastElementChild.checkVisibility({contentVisibilityAuto: true})).length"
    assert page.locator("main details").count() > 1
    assert page.locator("main details").evaluate_all(hidden) == 0
    expect(page.locator(".print-only.url")).to_be_visible()
    page.emulate_media(media="screen")


@pytest.mark.parametrize(
    ("language", "width", "javascript"), [("en", 360, True), ("zh", 1280, False)], ids=["phone", "desktop"]
)
def test_an_advertising_plan_in_ten_thousand_yuan(
    language: Language, width: int, javascript: bool, visitor: Visits
) -> None:
    """Below the threshold it says by how much it is missed; above it pays; the result can be kept as a file."""
    walker = Walker(visitor(language, width, javascript), language)
    page = walker.page
    walker.go("/measures/advertising")
    walker.press("applicants.change_unit_wan")
    facts = {"town_id": "T1", "town_tier": "provincial_key", "applicant_id": FIRM}
    walker.fill(facts, "facts.")
    line = {"year": "2027", "invoice_number": "I-1", "paid_on": "2027-08-01"}
    walker.fill(line | {"ad_paid": "49.99"}, "lines.0.")
    walker.press("applicants.calculate")
    expect(page.locator(".failures")).to_contain_text(walker.say("answers.failed_shortfall", shortfall="100.00"))
    shows(page, answer_of(page, "advertising", request_of([line | {"ad_paid": "499900"}], **facts)))
    walker.follow("answers.edit")
    expect(walker.field("lines.0.ad_paid")).to_have_value("49.99")
    walker.fill({"lines.0.ad_paid": "60"})
    walker.press("applicants.calculate")
    result = answer_of(page, "advertising", request_of([line | {"ad_paid": "600000"}], **facts))
    assert result["amount"] == "120000.00"
    shows(page, result)
    with page.expect_download() as kept:
        page.get_by_role("link", name=walker.say("answers.as_request")).click()
    walker.go("/measures/advertising")
    walker.unfold()
    page.get_by_label(walker.say("applicants.saved_file")).set_input_files(kept.value.path())
    walker.press("applicants.open_file")
    expect(walker.field("lines.0.invoice_number")).to_have_value("I-1")
    keeps_nothing(page)


def test_the_whole_form_by_keyboard_alone(visitor: Visits) -> None:
    """Tab leads through the form in its order, arrows choose, Space ticks, Enter sends."""
    page = visitor("zh", 1280)
    walker = Walker(page, "zh")
    walker.go("/measures/loan_interest")
    tab_to(page, "专业镇级别")
    page.keyboard.press("ArrowDown")
    tab_to(page, "属于主导产业 是")
    page.keyboard.press("Space")
    tab_to(page, "facts.applicant_id")
    page.keyboard.type(FIRM)

    def write(line: int, name: str) -> None:
        year, *day = LOANS[line][name].split("-")
        page.keyboard.type("".join([*day, year]))  # a field of a date takes month and day first

    for name in LOANS[0]:
        tab_to(page, f"lines.0.{name}")
        write(0, name)
    tab_to(page, "增加一行")
    page.keyboard.press("Space")
    expect(walker.field("lines.1.application_year")).to_be_focused()
    for name in LOANS[1]:
        if name != "application_year":
            tab_to(page, f"lines.1.{name}")
        write(1, name)
    enter(page)
    expect(page.locator(".headline .amount")).to_have_text("1,000,000.00")
    tab_to(page, "修改填写内容")
    enter(page)
    expect(walker.field("lines.1.interest_accrued")).to_have_value("400000")


@pytest.mark.parametrize(("language", "width"), [("zh", 1280), ("en", 360)])
def test_little_comes_over_the_wire(language: Language, width: int, policies: Policies, visitor: Visits) -> None:
    """Whoever opens a form for the first time loads less than 50,000 bytes in all, on every form."""
    forms = ["screening", *(f"measures/{name}" for name in policies.newest.measures)]
    page = visitor(language, width)
    sizes = {path: transferred(page, f"/{language}/{path}") for path in forms}
    assert {path: size for path, size in sizes.items() if size >= FORM_BYTES} == {}
    assert all(size > 1_000 for size in sizes.values()), sizes
