"""What a clerk fills in and gets back: the form as it was, and defects in words for files."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.heartbeat import attended
from tests.batch.files import table
from tests.web.bureau.sending import download, loans, send, submit, uploaded

Signed = Callable[[str], FlaskClient]


def test_a_refused_form_keeps_what_was_chosen(signed_in: Signed) -> None:
    """Who mends a file does not choose measure and format again."""
    clerk = signed_in("proposer")
    page = send(clerk, ("a.csv", b"x\n1\n"), format="ndjson", explain="true").text
    for kept in ('value="loan_interest" selected', 'value="ndjson" selected', 'value="true" checked'):
        assert kept in page
    plain = send(clerk, ("a.csv", b"x\n1\n"), measure="all").text
    assert not re.search(r'<option[^>]* selected|value="true" checked', plain)


def test_defects_are_told_for_files_not_for_json(signed_in: Signed) -> None:
    """Nobody reads of quotes that no spreadsheet has, or of yuan in a column of ten thousands."""
    clerk = signed_in("proposer")
    columns = {"disbursed_amount": "放款本金（万元）", "application_year": "申报年度", "interest_paid_days": "付息天数"}
    bad = {"disbursed_amount": "1,000", "application_year": "27", "interest_paid_days": "-1"}
    rows = [{columns.get(name, name): cell for name, cell in (loans(1)[0] | bad).items()}]
    address = uploaded(clerk, ("a.csv", table(rows).write_csv().encode()))
    page, csv = clerk.get(address).text, download(clerk, f"{address}/defects.csv").get_data(as_text=True)
    for told in (page.split('id="totals"')[0], csv):
        assert "单位以表头为准" in told
        assert "年度应为 1900 至 2200 的整数。" in told
        assert not re.search("引号|以元为单位", told)
    assert "The unit is that of the header" in clerk.get(address.replace("/zh/", "/en/")).text


def test_sheets_tell_measures_into_a_workbook_only(signed_in: Signed) -> None:
    """The format that does not fit is told at its field, in words of the form."""
    answered = send(signed_in("proposer"), ("a.xlsx", b"x"), measure="all", format="csv")
    assert answered.status_code == 422
    assert "结果只能是 Excel 工作簿（XLSX）" in answered.text
    assert "“all”" not in answered.text


def test_a_slow_download_of_defects_is_not_given_up(
    signed_in: Signed, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every part that is sent is a sign of life, as for results: a silent worker would be killed."""
    clerk = signed_in("proposer")
    rows = [row | {"town_tier": "x"} for row in loans(250)]
    address = uploaded(clerk, ("a.csv", table(rows).write_csv().encode()))
    signs: list[float] = []
    monkeypatch.setattr(
        app, "wsgi_app", attended(app.wsgi_app, lambda silent_seconds=0, /: signs.append(silent_seconds))
    )
    sent = download(clerk, f"{address}/defects.csv").get_data(as_text=True)
    assert sent.count("a.csv,") == 250
    assert len(signs) == 3


def test_empty_workbooks_have_names(signed_in: Signed) -> None:
    """Files are called in the reader's language."""
    clerk = signed_in("proposer")
    for lang, name in (("zh", "%E5%85%A8%E9%83%A8%E6%8E%AA%E6%96%BD.xlsx"), ("en", '"All measures.xlsx"')):
        assert name in download(clerk, f"/{lang}/batches/template/all").headers["Content-Disposition"]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "＝", "＋", "－", "＠"])
def test_no_cell_of_the_defects_is_a_formula(begin: str, signed_in: Signed) -> None:
    """What a spreadsheet would compute is written as text, full-width signs as well."""
    clerk = signed_in("proposer")
    rows = [row | {"town_tier": f"{begin}1+1"} for row in loans(1)]
    address = uploaded(clerk, ("a.csv", table(rows).write_csv().encode()))
    assert f",'{begin}1+1," in download(clerk, f"{address}/defects.csv").get_data(as_text=True)


def test_nothing_left_in_the_ledger_is_said(signed_in: Signed) -> None:
    """Whoever comes after the ceiling was used up is not told to wait for an approval."""
    clerk, told = signed_in("proposer"), []
    for first in (0, 7):
        rows = [row | {"applicant_id": "F1", "receipt_number": f"N{first + at}"} for at, row in enumerate(loans(7))]
        address = uploaded(clerk, ("a.csv", table(rows).write_csv().encode()))
        told.append(clerk.get(submit(clerk, address, f"{address}/propose").headers["Location"]).text)
    assert ["须由他人批准" in page for page in told] == [True, False]
    assert ["没有一行得到拨付" in page for page in told] == [False, True]
