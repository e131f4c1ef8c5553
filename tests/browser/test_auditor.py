"""An auditor checks a payout file, opens a decision's whole file, computes it again, verifies the log, exports."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from python_calamine import load_workbook

from service.derivation import figure
from service.policies.model import Language
from service.words import label_of
from tests.browser.running import Running
from tests.browser.visiting import Visits
from tests.browser.walking import Walker, enter, tab_to
from tests.ledger.finance import TODAY, Payment, firm, write_payments


def payments(page: Page) -> list[Payment]:
    """Read from the pages what is approved, and pay it: right but for one of 5,000.00 too much, and one unknown."""
    page.goto("/zh/grants?state=approved&measure=advertising")
    rows = []
    for number, row in enumerate(page.locator("table.grants tbody tr").all()[:6]):
        grant, amount, _, _, town, payee, _ = row.locator("th, td").all_inner_texts()
        rows.append(Payment(grant, payee, None, town, TODAY, amount.replace(",", ""), 2027, f"BK-{number}"))
    whole, fen = rows[1].amount.split(".")
    rows[1].amount = f"{int(whole) + 5_000}.{fen}"
    rows.append(Payment("advertising-2027-990001", firm(3, 7), None, "T3", TODAY, "88888.88", 2027, "BK-99"))
    return rows


def check(walker: Walker, file: Path) -> None:
    """Choose the file and send it."""
    walker.go("/audits")
    walker.page.get_by_label(walker.say("finance.payout_file"), exact=True).set_input_files(file)
    walker.press("finance.audit_start")


@pytest.mark.parametrize(
    ("language", "width", "javascript"), [("zh", 360, True), ("en", 1280, False)], ids=["phone", "desktop"]
)
def test_from_a_payout_file_to_the_whole_file_of_a_decision(
    language: Language, width: int, javascript: bool, visitor: Visits, tmp_path: Path
) -> None:
    """What was overpaid is told to the fen; its decision proves itself; log and publicity list come from the same."""
    walker = Walker(visitor(language, width, javascript, "auditor"), language)
    page, say = walker.page, walker.say
    rows = payments(page)
    check(walker, write_payments(tmp_path / "支付.xlsx", rows))
    expect(page.locator("main .notice").first).to_contain_text(figure("93888.88"))
    found = page.get_by_role("region", name=label_of("audit", "findings", language), exact=True).locator("tbody tr")
    assert [found.nth(place).locator(".tag").inner_text() for place in range(found.count())] == [
        label_of("audit_kinds", kind, language) for kind in ("over", "unknown")
    ]
    with page.expect_download() as kept:
        page.get_by_role("link", name=say("finance.get_workbook")).click()
    assert load_workbook(BytesIO(kept.value.path().read_bytes())).sheet_names
    with page.expect_navigation():
        found.first.get_by_role("link").click()
    walker.look()
    assert str(rows[1].grant) in page.url
    walker.follow("finance.replay", page.locator("main"))
    expect(page.locator(".notice.good")).to_contain_text(say("finance.outcome_identical"))
    with page.expect_navigation():
        page.get_by_role("link", name=str(rows[1].grant)).click()
    with page.expect_download() as printable:
        page.get_by_role("link", name=say("finance.get_printable")).click()
    assert str(rows[1].grant) in printable.value.path().read_text("utf-8")

    walker.follow("frame.log", page.get_by_role("navigation", name=say("frame.menu")))
    walker.press("finance.verify")
    checkpoint = page.locator("main p.hash").inner_text()
    page.get_by_label(say("finance.checkpoint_noted"), exact=True).fill(checkpoint)
    walker.press("finance.verify")
    entry = f"{int(checkpoint.partition(':')[0]):,}"
    expect(page.locator(".notice.good")).to_contain_text(say("finance.verified_checkpoint", seq=entry))


def test_the_publicity_list_by_keyboard_alone(visitor: Visits, service: Running) -> None:
    """From the key to the workbook with Tab, Space, arrows and Enter; the focus is always seen."""
    page = visitor("zh", 1280)
    walker = Walker(page, "zh")
    page.goto("/zh/sign-in")
    tab_to(page, "密钥")
    page.keyboard.type(service.tokens["auditor"])
    enter(page)
    tab_to(page, "导出")
    enter(page)
    walker.look()
    tab_to(page, "年度")
    page.keyboard.type("2027")
    tab_to(page, "措施")
    page.keyboard.press("ArrowDown")
    enter_form = page.get_by_role("button", name="查看").first
    tab_to(page, "查看")
    expect(enter_form).to_be_focused()
    enter(page)
    walker.look()
    tab_to(page, "下载工作簿")
    with page.expect_download() as kept:
        page.keyboard.press("Enter")
    assert kept.value.suggested_filename.endswith(".xlsx")
    assert load_workbook(BytesIO(kept.value.path().read_bytes())).sheet_names
