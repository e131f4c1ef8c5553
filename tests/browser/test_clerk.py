"""A clerk runs a batch without a terminal: defects by row, a corrected file, a proposal; a colleague approves."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect
from xlsxwriter import Workbook

from service.policies import load
from service.policies.model import Language
from tests.batch.files import fill, table
from tests.browser.running import Running
from tests.browser.visiting import Visits, sign_in
from tests.browser.walking import Walker
from tests.ledger.finance import firm

WRONG_CODE: Final = "91140100MA0GTHKP7X"


def rows_of(town: int) -> list[dict[str, Any]]:
    """Make three loans of 150,000.00 each, of firms that have no other."""
    return [
        {
            "receipt_number": f"W{town}{number}",
            "town_id": "T1",
            "applicant_id": firm(town, number),
            "town_tier": "省级重点专业镇",
            "is_leading_industry": "是",
            "application_year": 2027,
            "disbursed_amount": "10000000.00",
            "disbursed_on": "2027-01-01",
            "interest_paid_days": 365,
            "interest_accrued": "400000.00",
        }
        for number in range(3)
    ]


def workbook(path: Path, rows: list[dict[str, Any]], language: Language) -> Path:
    """Write a workbook with one sheet of loans, its columns called as people call them."""
    policies = load()
    titled = [{policies.fields[name].label.to(language): value for name, value in row.items()} for row in rows]
    with Workbook(str(path)) as book:
        fill(book, policies.newest.measures["loan_interest"].title.to(language)[:31], table(titled))
    return path


def upload(walker: Walker, file: Path) -> None:
    """Choose the file and send it."""
    walker.go("/batches")
    walker.page.get_by_label(walker.say("bureau.files"), exact=True).set_input_files(file)
    walker.page.get_by_label(walker.say("bureau.measure"), exact=True).select_option("loan_interest")
    walker.page.get_by_label(walker.say("bureau.format"), exact=True).select_option("csv")
    walker.press("bureau.upload")


def cells(page: Page, heading: str) -> list[list[str]]:
    """Read the table that is called so."""
    rows = page.get_by_role("region", name=heading, exact=True).locator("tbody tr").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]


def signed(visits: Visits, served: Running, role: str, language: Language, width: int, javascript: bool) -> Walker:
    """Sign somebody in by typing the key."""
    page = visits(language, width, javascript)
    sign_in(page, served.tokens[role], language)
    walker = Walker(page, language)
    walker.look()
    return walker


@pytest.mark.parametrize(
    ("language", "width", "javascript"), [("zh", 1280, True), ("en", 360, False)], ids=["desktop", "phone"]
)
def test_from_a_workbook_with_errors_to_approved_grants(
    language: Language, width: int, javascript: bool, visitor: Visits, service: Running, tmp_path: Path
) -> None:
    """Errors are seen by row first; the corrected file is proposed once, however often it is sent; others approve."""
    clerk = signed(visitor, service, "proposer", language, width, javascript)
    page, say, town = clerk.page, clerk.say, 7 if language == "zh" else 8  # towns without other grants
    wrong = rows_of(town)
    wrong[0]["applicant_id"], wrong[1]["disbursed_on"] = WRONG_CODE, "2027-02-30"
    upload(clerk, workbook(tmp_path / "申报表.xlsx", wrong, language))
    assert page.locator("main h2").first.inner_text() == say("bureau.defects")
    listed = cells(page, say("bureau.defects"))
    assert [(row[1], row[3]) for row in listed] == [("2", WRONG_CODE), ("3", "2027-02-30")]
    assert page.get_by_role("button", name=say("bureau.propose"), exact=True).count() == 0
    with page.expect_download() as kept:
        page.get_by_role("link", name=say("bureau.download_result", name="*").partition("*")[0]).click()
    result = list(csv.DictReader(kept.value.path().read_text("utf-8-sig").splitlines()))
    assert [row["status"] for row in result] == ["invalid", "invalid", "eligible"]

    clerk.follow("bureau.upload_again")
    upload(clerk, workbook(tmp_path / "改正.xlsx", rows_of(town), language))
    expect(page.locator("#totals + .scroll tbody")).to_contain_text("450,000.00")
    clerk.press("bureau.propose")
    granted = page.locator('a[href*="/grants/loan_interest"]').all_inner_texts()
    assert len(granted) == 3
    page.reload()
    page.go_back()
    page.go_back()
    page.go_forward()
    expect(page.locator("main")).to_contain_text(say("bureau.bar_proposed"))
    clerk.look()
    assert page.locator("[id^=propose-]").locator("..").get_by_role("button").count() == 0

    approver = signed(visitor, service, "approver", language, 360 if width > 500 else 1280, javascript)
    approve(approver, granted)
    clerk.go(f"/grants?applicant_id={firm(town, 0)}&year=2027")
    assert len(page.locator("tbody tr").all()) == 1
    visitor.expect(401)
    leave(clerk)


def approve(walker: Walker, granted: list[str]) -> None:
    """Find what is reserved, approve it at once; send the same again, which changes nothing."""
    page, say = walker.page, walker.say
    walker.go("/grants")
    box = page.locator("td.choose").first.bounding_box()
    assert box is not None
    assert box["width"] < 64, "what is chosen by takes no more room than a box needs"
    page.get_by_label(say("bureau.state"), exact=True).select_option("reserved")
    page.get_by_label(say("bureau.town_id"), exact=True).fill("T1")
    walker.press("bureau.filter_button")
    for grant_id in granted:
        page.get_by_label(say("bureau.select_one", grant=grant_id), exact=True).check()
    walker.press("bureau.approve_many")
    expect(page.locator(".notice.good")).to_have_text(say("bureau.approved_count", count=3))
    page.reload()
    expect(page.locator(".notice.bad h2")).to_have_text(say("bureau.failed_count", count=3))
    walker.look()
    walker.go(f"/grants/{granted[0]}")
    assert len(cells(page, say("bureau.happened"))) == 2
    box = page.locator(".happened td:last-child").first.bounding_box()
    assert box is not None
    assert box["width"] > 200, "remarks are lines, not columns of single characters"


def leave(walker: Walker) -> None:
    """Sign out: whoever presses Back sees nothing of what was there."""
    page = walker.page
    page.get_by_role("button", name=walker.say("frame.sign_out")).click()
    expect(page.get_by_role("link", name=walker.say("frame.sign_in"), exact=True)).to_be_visible()
    page.go_back()
    expect(page.locator("main")).not_to_contain_text(re.compile("loan_interest-2027-"))
    walker.look()
