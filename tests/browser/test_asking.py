"""The applicants' side in a real browser: the whole way works without JavaScript, and is shorter with it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from service.web.applicants.links import packed
from tests.browser.guards import accessible, fits, transferred
from tests.browser.structure import defects
from tests.browser.visiting import Visits

WAYS = [("zh", 360, True), ("en", 1280, True), ("zh", 1280, False), ("en", 360, False)]
WORDS = {
    "zh": {"add": "增加一行", "calculate": "计算", "wan": "改用万元填写", "edit": "修改填写内容", "so_far": "看结果"},
    "en": {
        "add": "Add a line",
        "calculate": "Calculate",
        "wan": "Use 万元 (10,000 yuan) instead",
        "edit": "Change what you entered",
        "so_far": "Calculate so far",
    },
}
LOANS = [
    {
        "application_year": "2027",
        "disbursed_amount": "8,000",
        "disbursed_on": "2027-01-01",
        "interest_paid_days": "365",
    },
    {
        "application_year": "2027",
        "disbursed_amount": "500.5",
        "disbursed_on": "2027-05-01",
        "interest_paid_days": "184",
    },
]
MOST_BYTES = 50_000


def field(name: str) -> str:
    """Return the selector of a field."""
    return f'[name="{name}"]'


def looks_right(page: Page, javascript: bool) -> None:
    """Demand that a page fits and can be used by everybody."""
    if javascript:
        accessible(page)
        fits(page)
    else:
        assert not defects(page.content())


@pytest.mark.parametrize(("language", "width", "javascript"), WAYS)
def test_two_loans_from_the_list_to_the_answer_and_back(
    visitor: Visits, language: str, width: int, javascript: bool
) -> None:
    """A firm finds its measure, types in 万元, forgets something, mends it, gets an answer and changes it."""
    visitor.expect(422)
    words, page = WORDS[language], visitor(language, width, javascript)
    page.goto(f"/{language}/measures")
    looks_right(page, javascript)
    page.locator('a[href$="/measures/loan_interest"]').first.click()
    page.get_by_role("button", name=words["wan"]).click()
    page.select_option(field("facts.town_tier"), "provincial_key")
    page.get_by_role("button", name=words["add"]).click()
    for number, loan in enumerate(LOANS):
        for name, text in loan.items():
            page.fill(field(f"lines.{number}.{name}"), text)
        page.fill(field(f"lines.{number}.interest_accrued"), "300")
    page.press(field("lines.1.interest_accrued"), "Enter")
    expect(page.locator("#wrong li")).to_have_count(1)
    looks_right(page, javascript)
    page.locator("#wrong a").click()
    page.check(f'{field("facts.is_leading_industry")}[value="true"]')
    page.get_by_role("button", name=words["calculate"], exact=True).click()
    expect(page.locator(".sum").first).to_contain_text("1,000,000.00")
    page.get_by_role("link", name=words["edit"]).click()
    expect(page.locator(field("lines.1.disbursed_amount"))).to_have_value("500.5")
    expect(page.locator(field("lines.0.disbursed_amount"))).to_have_value("8000")


@pytest.mark.parametrize(("language", "width", "javascript"), WAYS)
def test_a_screening_grows_with_its_answers(visitor: Visits, language: str, width: int, javascript: bool) -> None:
    """The first answer says what fits; with JavaScript without a button, and what was opened stays open."""
    page = visitor(language, width, javascript)

    def calculated() -> None:
        if not javascript:
            page.get_by_role("button", name=WORDS[language]["so_far"]).click()

    page.goto(f"/{language}/screening")
    expect(page.locator("#so-far .card")).to_have_count(0)
    page.select_option(field("facts.town_tier"), "provincial_key")
    page.check(f'{field("facts.is_leading_industry")}[value="true"]')
    calculated()
    expect(page.locator("#so-far .card").first).to_be_visible()
    looks_right(page, javascript)
    page.locator('[data-key="advertising"] > summary').click()
    page.fill(field("facts.ad_paid"), "600000")
    page.fill(field("facts.paid_on"), "2027-03-01")
    page.locator('[data-key="common"] > summary').click()
    page.fill(field("facts.year"), "2027")
    page.locator(field("facts.year")).blur()
    calculated()
    expect(page.locator("#so-far")).to_contain_text("120,000.00")
    expect(page.locator('[data-key="advertising"]')).to_have_attribute("open", "")


def test_scripts_spare_round_trips(visitor: Visits) -> None:
    """A line is added on the page itself, its first field has the focus; 万元 are shown in yuan as they are typed."""
    page = visitor("zh", 1280)
    page.goto("/zh/measures/loan_interest?unit=wan")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.is_navigation_request() else None)
    for _ in range(2):
        page.get_by_role("button", name="增加一行").click()
    assert not asked
    expect(page.locator(".line")).to_have_count(3)
    expect(page.locator(field("lines.2.application_year"))).to_be_focused()
    expect(page.locator('[id="lines.2"] > legend')).to_have_text("第 3 行")
    for typed, shown in (("1,000.5", "即 10,005,000.00 元"), ("１２", "即 120,000.00 元"), ("0.000001", "即 0.01 元")):
        page.fill(field("lines.1.disbursed_amount"), typed)
        expect(page.locator('[id="lines.1.disbursed_amount"] + output')).to_have_text(shown)
    page.fill(field("lines.1.disbursed_amount"), "0.0000001")
    expect(page.locator('[id="lines.1.disbursed_amount"] + output')).to_have_text("")
    accessible(page)


def test_nothing_typed_is_lost_on_the_way_back(visitor: Visits) -> None:
    """Back from an answer stands what was typed, lines and boxes among it; the other language takes it along, too."""
    page = visitor("zh", 1280)
    page.goto("/zh/screening")
    page.select_option(field("facts.town_tier"), "provincial_key")
    page.locator('[data-key="common"] > summary').click()
    page.fill(field("facts.year"), "2027")
    page.locator(field("facts.year")).blur()
    expect(page.locator("#so-far")).to_contain_text("9,000,000.00")
    page.locator("#so-far a", has_text="查看明细").click()
    expect(page.locator(".sum").first).to_contain_text("9,000,000.00")
    page.go_back()
    expect(page.locator(field("facts.year"))).to_be_visible()
    expect(page.locator(field("facts.year"))).to_have_value("2027")
    expect(page.locator("#so-far")).to_contain_text("9,000,000.00")
    page.get_by_role("link", name="English").click()
    expect(page.locator("#so-far")).to_contain_text("9,000,000.00")
    page.goto("/zh/measures/project_award?unit=wan")
    page.get_by_role("button", name="增加一行").click()
    page.fill(field("lines.1.proposed_award"), "12.5")
    page.check(field("lines.1.in_production_on.none"))
    page.goto("/zh/measures")
    page.go_back()
    expect(page.locator(field("lines.1.proposed_award"))).to_have_value("12.5")
    expect(page.locator('[id="lines.1.proposed_award"] + output')).to_have_text("即 125,000.00 元")
    expect(page.locator(field("lines.1.in_production_on.none"))).to_be_checked()
    expect(page.locator(".line")).to_have_count(2)


def test_an_answer_that_cannot_be_had_is_not_an_older_one(visitor: Visits) -> None:
    """Where the connection breaks, the answer to what stood there before disappears; the next one takes its place."""
    page = visitor("zh", 1280)
    page.goto("/zh/screening?facts.year=2027")
    expect(page.locator("#so-far")).to_contain_text("9,000,000.00")
    page.route("**/zh/screening", lambda route: route.fulfill(status=200, body="<p>?</p>", content_type="text/html"))
    page.fill(field("facts.year"), "2028")
    page.locator(field("facts.year")).blur()
    expect(page.locator("#so-far")).to_contain_text("结果没有更新")
    expect(page.locator("#so-far")).not_to_contain_text("9,000,000.00")
    page.unroute("**/zh/screening")
    page.select_option(field("facts.town_tier"), "county")
    expect(page.locator("#so-far")).to_contain_text("8,100,000.00")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_longest_form_is_small(visitor: Visits, language: str) -> None:
    """A form with everything that it needs comes over a slow line."""
    assert transferred(visitor(language, 360), f"/{language}/measures/loan_interest") < MOST_BYTES


def test_folded_lines_say_their_amounts_with_the_unit(visitor: Visits) -> None:
    """On a phone each line of many begins with one triangle, its name, and its amount beside the unit."""
    facts = {"town_tier": "provincial_key", "is_leading_industry": True, "application_year": 2027}
    loan = {"disbursed_amount": "100000000.00", "disbursed_on": "2027-01-01", "interest_accrued": "4000000.00"}
    lines = [{"line_id": f"工行借据2027-00{one}", **loan, "interest_paid_days": 365} for one in range(4)]
    page = visitor("zh", 360)
    page.goto(f"/zh/measures/loan_interest?case={packed({'facts': facts, 'lines': lines}, 'a@1', '0' * 64)}")
    heads = page.locator(".line > summary")
    expect(heads).to_have_count(4)
    for head in heads.all():
        expect(head).to_have_css("display", "flex")  # the browser's own triangle would be a second one
    amount = heads.first.locator(".amount")
    expect(amount).to_have_text("1,000,000.00 元")
    assert amount.evaluate("it => it.getClientRects().length") == 1
