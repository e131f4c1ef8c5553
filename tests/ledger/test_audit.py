"""Audits as finance would try them: a year of five towns, planted errors, all found and nothing else accused."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from service.batch.xlsx.reading import read_workbook
from service.canonical import sha256_of
from service.errors import Refused
from service.ledger.audit.auditing import audit_ledger
from service.ledger.audit.dues import day_in_china
from service.ledger.audit.keeping import keep, kept_of
from service.ledger.audit.report import report_of
from service.ledger.audit.told import told
from service.ledger.audit.workbook import write_report
from service.ledger.books import Grant
from service.ledger.database import Ledger
from service.ledger.grants import propose
from service.ledger.keys import Actor
from service.ledger.verbs import change, today
from service.ledger.verifying import verify
from service.money import day_of, fen_of, yuan
from service.policies import Policies
from tests.ledger.asking import loan
from tests.ledger.finance import Year, grant_a_year, payments, plant, write_payments

Json = dict[str, Any]


@pytest.fixture
def year(ledger: Ledger, policies: Policies, proposer: Actor, approver: Actor) -> Year:
    """Return a year of grants of five towns."""
    return grant_a_year(ledger, policies, proposer, approver)


def audited(ledger: Ledger, policies: Policies, path: Path, **options: Any) -> Json:
    """Audit a file against the ledger and return the report."""
    return report_of(audit_ledger(ledger, policies, path), **options)


def test_what_is_right_is_matched(ledger: Ledger, policies: Policies, year: Year, tmp_path: Path) -> None:
    """A year that was paid right is accused of nothing; the row of sums is left out and named."""
    rows = payments(policies, year)
    report = audited(ledger, policies, write_payments(tmp_path / "支付.xlsx", rows))
    assert report["findings"] == []
    assert report["matched"] == {"rows": len(rows), "amount": yuan(sum(fen_of(row.amount) for row in rows))}
    assert [one["row"] for one in report["sums_left_out"]] == [len(rows) + 3]
    assert report["not_checked"] == []
    assert len({one["town_id"] for one in report["by_town"]}) == 5


@pytest.mark.parametrize("seed", range(3))
def test_planted_errors_are_found_and_nothing_else(
    ledger: Ledger, policies: Policies, year: Year, tmp_path: Path, seed: int
) -> None:
    """Thirteen errors of ten kinds, wherever they stand: each is found as what it is, with the fen at stake."""
    rows = payments(policies, year)
    planted = plant(rows, year)
    random.Random(seed).shuffle(rows)
    report = audited(ledger, policies, write_payments(tmp_path / "支付.xlsx", rows))
    found: dict[int, list[Json]] = {}
    for one in report["findings"]:
        found.setdefault(one["row"], []).append(one)
    assert {row: (of_row[0]["kind"], of_row[0]["counted"]) for row, of_row in found.items()} == planted.expected()
    assert {kind for _, kind, _ in planted.errors} == {one["kind"] for one in report["by_kind"]}
    beside = {tuple(one["kind"] for one in of_row[1:]) for of_row in found.values() if of_row[1:]}
    assert beside <= {("over",), ("above_ceiling",)}
    assert_sums(report)


def assert_sums(report: Json) -> None:
    """Whichever way the fen at stake are added up, it is the same sum, and no fen is in it twice."""
    total = fen_of(report["accused"]["at_stake"])
    assert sum(fen_of(one["counted"]) for one in report["findings"]) == total
    for way in ("by_kind", "by_measure", "by_town"):
        assert sum(fen_of(one["counted" if way == "by_kind" else "at_stake"]) for one in report[way]) == total, way
    for way in ("by_measure", "by_town"):
        assert sum(fen_of(amount) for one in report[way] for amount in one["kinds"].values()) == total
        assert sum(one["rows"] for one in report[way]) == report["rows"]
        assert sum(fen_of(one["paid"]) for one in report[way]) == fen_of(report["paid"])
    by_row: dict[int, int] = {}
    for one in report["findings"]:
        if one["kind"] != "under":
            by_row[one["row"]] = by_row.get(one["row"], 0) + fen_of(one["counted"])
    paid = {one["row"]: fen_of(one["paid"] or "0") for one in report["findings"]}
    assert all(counted <= paid[row] for row, counted in by_row.items())


@pytest.fixture
def grants(ledger: Ledger, policies: Policies, proposer: Actor, approver: Actor) -> list[Grant]:
    """Return three approved loans of one firm, two of them of the same amount, and one of another firm."""
    asked = [
        ("R1", "F1", "10000000.00"),
        ("R2", "F1", "10000000.00"),
        ("R3", "F1", "4000000.00"),
        ("R4", "F2", "2000000.00"),
    ]
    made = []
    for receipt, payee, principal in asked:
        grant, _ = propose(ledger, policies, loan(receipt, payee, disbursed_amount=principal), receipt, proposer)
        made.append(change(ledger, grant.id, "approve", {}, approver))
    assert [one.amount for one in made] == [15_000_000, 15_000_000, 6_000_000, 3_000_000]
    return made


def of_csv(ledger: Ledger, policies: Policies, folder: Path, text: str) -> list[tuple[int, str, str]]:
    """Audit a CSV: row, code and fen counted of every finding."""
    path = folder / "payouts.csv"
    path.write_text(text, encoding="utf-8")
    report = audited(ledger, policies, path)
    assert_sums(report)
    return [(one["row"], one["code"], one["counted"]) for one in report["findings"]]


@pytest.mark.usefixtures("grants")
def test_without_numbers_payments_are_known_by_payee_and_amount(
    ledger: Ledger, policies: Policies, tmp_path: Path
) -> None:
    """Payee, measure, year and amount name a grant, each once; what is left is too little, once more, or unclear."""
    head = "统一社会信用代码,措施,年度,金额\n"
    loans = "Ｆ1,年度新增贷款贴息,2027,60000.00\nF1,年度新增贷款贴息,2027,150000\nf1,loan_interest,2027,150000.00\n"
    right = f"{loans}F2,,,30000\n"
    assert of_csv(ledger, policies, tmp_path, head + right) == []
    wrong = "F2,,,29999.99\nF1,,,150000\nF1,,,150000\nF1,,,150000\nF1,,,60000\nF1,,,7.00\nF3,,,1.00\nF2,,2026,1.00\n"
    assert of_csv(ledger, policies, tmp_path, head + wrong) == [
        (2, "under", "0.01"),
        (5, "duplicate", "150000.00"),
        (7, "unclear", "7.00"),
        (8, "unnamed", "1.00"),
        (9, "unnamed", "1.00"),
    ]


def test_a_grant_may_be_paid_in_parts(ledger: Ledger, policies: Policies, grants: list[Grant], tmp_path: Path) -> None:
    """Rows that are a grant together are one payment; a fen more, and one of them is once more."""
    one = grants[0].id
    assert of_csv(ledger, policies, tmp_path, f"id,amount\n{one},100000\n{one},50000\n") == []
    found = of_csv(ledger, policies, tmp_path, f"id,amount\n{one},100000\n{one},50000.01\n")
    assert found == [(2, "under", "50000.00"), (3, "duplicate", "50000.01")]


def test_the_right_one_of_two_payments_is_not_accused(
    ledger: Ledger, policies: Policies, grants: list[Grant], approver: Actor, tmp_path: Path
) -> None:
    """Of two payments of one grant the doubtful one is the duplicate, wherever it stands."""
    one = grants[0].id
    head = "id,applicant_id,amount,reference\n"
    wrong, right = f"{one},F2,150000,B2\n", f"{one},F1,150000,B1\n"
    assert of_csv(ledger, policies, tmp_path, head + wrong + right) == [
        (2, "duplicate", "150000.00"),
        (2, "other_payee", "0.00"),
    ]
    change(ledger, one, "pay", {"paid_on": today(), "reference": "B1"}, approver)
    other = f"{one},F1,150000,B7\n"
    assert of_csv(ledger, policies, tmp_path, head + other + right) == [(2, "duplicate", "150000.00")]
    assert of_csv(ledger, policies, tmp_path, head + right) == []


def test_money_without_a_grant_is_above_a_ceiling(
    ledger: Ledger, policies: Policies, grants: list[Grant], tmp_path: Path
) -> None:
    """What a firm was paid in all counts, also where nobody knows for what; the excess is in what is not due."""
    head = "id,applicant_id,measure,year,amount\n"
    due = "".join(f"{one.id},F1,loan_interest,2027,{yuan(one.amount)}\n" for one in grants[:3])
    path = tmp_path / "payouts.csv"
    path.write_text(f"{head}x,F1,loan_interest,2027,700000.00\n{due}", encoding="utf-8")
    report = audited(ledger, policies, path)
    above = [one for one in report["findings"] if one["kind"] == "above_ceiling"]
    assert [(one["row"], one["at_stake"], one["counted"]) for one in above] == [(2, "60000.00", "0.00")]
    assert above[0]["facts"]["paid"] == "1060000.00"
    assert report["accused"] == {"rows": 1, "at_stake": "700000.00"}


def test_the_day_of_approval_is_the_one_in_china() -> None:
    """From 16:00 UTC on it is the next day in China."""
    assert day_of(day_in_china("2027-12-31T15")).isoformat() == "2027-12-31"
    assert day_of(day_in_china("2027-12-31T16")).isoformat() == "2028-01-01"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("拨付编号,备注\nx,y\n", "missing_column"),
        ("金额,备注\n1,y\n", "missing_column"),
        ("金额,拨付金额,拨付编号\n1,1,y\n", "doubled_column"),
        ("拨付编号,金额\n", "no_rows"),
        ("", "empty_file"),
    ],
)
def test_a_file_that_cannot_be_audited_is_refused(
    ledger: Ledger, policies: Policies, tmp_path: Path, text: str, code: str
) -> None:
    """No amounts, nothing to know a payment by, two columns of the same, no rows."""
    path = tmp_path / "payouts.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        audit_ledger(ledger, policies, path)
    assert code in {defect.code for defect in refused.value.defects}


def test_a_report_is_the_same_every_time(
    ledger: Ledger, policies: Policies, grants: list[Grant], tmp_path: Path
) -> None:
    """Same file, ledger and seed, same bytes; another seed draws another sample, which anybody can draw again."""
    path = tmp_path / "payouts.csv"
    rows = "".join(f"{one.id},{yuan(one.amount)}\n" for one in grants)
    path.write_text(f"id,金额（万元）\n{grants[0].id},15\n", encoding="utf-8")
    assert audited(ledger, policies, path)["findings"] == []
    path.write_text(f"id,amount\n{rows}", encoding="utf-8")
    first, again = (audited(ledger, policies, path, sample=2) for _ in range(2))
    assert orjson.dumps(first) == orjson.dumps(again)
    assert first["sha256"] == sha256_of({name: part for name, part in first.items() if name != "sha256"})
    samples = {
        tuple(one["row"] for one in audited(ledger, policies, path, seed=seed, sample=2)["sample"]["rows"])
        for seed in "abcdefgh"
    }
    assert len(samples) > 1
    assert all(len(rows) == 2 and list(rows) == sorted(rows) for rows in samples)


def test_a_report_is_kept_for_good(ledger: Ledger, policies: Policies, grants: list[Grant], tmp_path: Path) -> None:
    """A kept report is an entry of the log; it verifies, and is read back as it was."""
    path = tmp_path / "payouts.csv"
    path.write_text(f"id,amount\n{grants[0].id},1\n", encoding="utf-8")
    report = audited(ledger, policies, path)
    kept = keep(ledger, report, "审计员")
    assert kept.id == "audit-000001"
    with ledger.reading() as connection:
        assert kept_of(connection, kept.id).report == report
    assert verify(ledger).flaw is None
    assert "149,999.00" in told(report, policies, "en")["findings"][0]["message"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_workbook_holds_text_and_numbers_only(
    ledger: Ledger, policies: Policies, grants: list[Grant], tmp_path: Path, language: Any
) -> None:
    """A payee that looks like a formula stays text; all rows come back with what was found."""
    path = tmp_path / "payouts.csv"
    rows = f"{grants[0].id},=1+1,150000\n{grants[1].id},F1,150000\n"
    path.write_text(f"id,payee,amount\n{rows}", encoding="utf-8")
    audit = audit_ledger(ledger, policies, path)
    target = tmp_path / "report.xlsx"
    write_report(target, audit, report_of(audit), policies, language)
    book = read_workbook(target, is_header=lambda row: "payee" in row, most_bytes_unpacked=1 << 24, most_rows=100)
    sheets = {sheet.name: sheet for sheet in book.sheets}
    assert not any("formula" in note.code for sheet in book.sheets for note in sheet.notes)
    payouts = sheets["全部支付" if language == "zh" else "All payouts"].frame
    assert payouts["payee"].to_list() == ["=1+1", "F1"]
    assert payouts["类别" if language == "zh" else "Kind"].to_list() == (
        ["收款人不符", "相符"] if language == "zh" else ["Other payee", "Matched"]
    )
