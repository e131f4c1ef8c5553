"""The page of the REST API in a real browser: all of it open, its links, and a request that is tried."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.guards import accessible, fits
from tests.browser.visiting import Visits

LOAN = "#calculate_loan_interest"
SEND = {"zh": "发送", "en": "Send"}


def opened(page: Page, path: str) -> Page:
    """Open the page with every operation and object unfolded."""
    answer = page.goto(path)
    assert answer
    assert answer.status == 200
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    return page


@pytest.mark.parametrize(
    ("language", "width", "javascript"), [("zh", 360, True), ("en", 1280, True), ("en", 360, False)]
)
def test_all_of_it_can_be_read(language: str, width: int, javascript: bool, visitor: Visits) -> None:
    """With everything unfolded nothing keeps people out, and nothing is cut off; without scripts nothing is to try."""
    page = opened(visitor(language, width, javascript=javascript), f"/{language}/docs")
    accessible(page)
    fits(page)
    assert page.locator("form.try").first.is_visible() == javascript
    expect(page.locator(f"{LOAN} pre").first).to_contain_text("curl -s http://127.0.0.1")


def test_the_short_address(visitor: Visits) -> None:
    """/docs speaks the browser's language, and leads on to the other one."""
    page = visitor("en", 1280)
    page.goto("/docs")
    expect(page.get_by_role("heading", level=1)).to_have_text("The REST API")
    page.get_by_role("link", name="中文", exact=True).click()
    expect(page).to_have_url("/zh/docs")
    expect(page.get_by_role("heading", level=1)).to_have_text("接口文档")


def test_a_link_unfolds_what_it_leads_to(visitor: Visits) -> None:
    """From an answer to its object, and from another page straight to an operation."""
    page = visitor("zh", 1280)
    page.goto(f"/zh/docs{LOAN}")
    expect(page.locator(f"{LOAN} table").first).to_be_visible()
    expect(page.locator("#of-Result table")).to_be_hidden()
    page.locator(LOAN).get_by_role("link", name="Result", exact=True).click()
    expect(page.locator("#of-Result table")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_request_is_tried(language: str, visitor: Visits) -> None:
    """A request is changed and sent: the answer, or what is wrong with it, stands below, in the reader's language."""
    page = visitor(language, 1280)
    page.goto(f"/{language}/docs{LOAN}")
    form = page.locator(f"{LOAN} form.try")
    request, answer = form.locator("textarea"), form.locator("pre")
    text = request.input_value().replace('"interest_accrued": "10000000.00"', '"interest_accrued": "1000.00"')
    request.fill(text)
    form.get_by_role("button", name=SEND[language]).click()
    expect(form.locator("output")).to_have_text("200")
    expect(answer).to_contain_text('"amount": "800.00"')
    expect(answer).to_contain_text("利息比例上限" if language == "zh" else "Ceiling by share of the interest")
    accessible(page)

    visitor.expect(422)
    request.fill(text.replace("2027-06-30", "2027-02-30"))
    form.get_by_role("button", name=SEND[language]).click()
    expect(form.locator("output")).to_have_text("422")
    expect(answer).to_contain_text('"pointer": "/lines/0/disbursed_on"')


def test_the_last_request_is_the_one_that_is_answered(visitor: Visits) -> None:
    """An answer that comes late, to a request that was changed and sent again since, is not shown."""
    page = visitor("zh", 1280)
    page.goto(f"/zh/docs{LOAN}")
    held: list[Route] = []
    page.route("**/v1/calculations/**", lambda route: held.extend([route]))
    form = page.locator(f"{LOAN} form.try")
    for number in (1, 2):
        with page.expect_request("**/v1/calculations/**"):
            form.get_by_role("button", name="发送").click()
        expect(form.locator("output")).to_have_text("正在计算…")
        assert len(held) == number
    second, first = held.pop(), held.pop()
    second.fulfill(status=200, json={"which": "second"})
    expect(form.locator("pre")).to_contain_text("second")
    with page.expect_response("**/v1/calculations/**"):
        first.fulfill(status=200, json={"which": "first"})
    page.evaluate("() => new Promise((done) => setTimeout(done, 100))")
    expect(form.locator("pre")).to_contain_text("second")


def test_no_answer_is_told(visitor: Visits) -> None:
    """A service that cannot be reached is told in words, and no old answer stays below."""
    page = visitor("zh", 1280)
    page.goto(f"/zh/docs{LOAN}")
    page.route("**/v1/calculations/**", lambda route: route.fulfill(status=200, body="no JSON"))
    form = page.locator(f"{LOAN} form.try")
    form.get_by_role("button", name="发送").click()
    expect(form.locator("output")).to_have_text("没有收到回答，请稍后再试。")
    expect(form.locator("pre")).to_be_hidden()
