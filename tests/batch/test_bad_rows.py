"""What is wrong in a file is named by column and row; good rows are decided all the same, and no row is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from service.policies import Policies
from tests.batch.files import decided, outcomes, table, write

GOOD: dict[str, Any] = {
    "receipt_number": "R",
    "town_id": "T",
    "applicant_id": "91140100MA0GTHKP7R",
    "town_tier": "provincial_key",
    "is_leading_industry": True,
    "application_year": 2027,
    "disbursed_amount": "10000000.00",
    "disbursed_on": "2027-01-01",
    "interest_periods": None,
    "interest_paid_days": 365,
    "interest_accrued": "400000.00",
    "other_interest_subsidy": None,
    "outstanding": None,
}
BAD = [
    ("receipt_number", " R"), ("receipt_number", "R" * 65), ("receipt_number", "R\u200eR"), ("town_id", "T "),
    ("applicant_id", "91140100MA0GTHKP7X"), ("town_tier", None), ("town_tier", "省级"),
    ("town_tier", "Provincial_key"), ("is_leading_industry", None), ("is_leading_industry", "是的"),
    ("is_leading_industry", "1"), ("application_year", None), ("application_year", "27"),
    ("application_year", "2027.0"), ("application_year", "２０２７"), ("application_year", "99999999999999999999"),
    ("application_year", "2201"), ("disbursed_amount", None), ("disbursed_amount", "1,000"),
    ("disbursed_amount", "-1"), ("disbursed_amount", "1e5"), ("disbursed_amount", "100.001"),
    ("disbursed_amount", "100000000000.00"), ("disbursed_amount", "１００"), ("disbursed_amount", "100元"),
    ("disbursed_amount", " 100"), ("disbursed_amount", "100."), ("disbursed_amount", ".5"),
    ("disbursed_amount", "+5"), ("disbursed_amount", "1_000"), ("disbursed_amount", "NaN"),
    ("disbursed_amount", "9" * 70), ("disbursed_on", None), ("disbursed_on", "2027-02-29"),
    ("disbursed_on", "01/02/2027"), ("disbursed_on", "2027-13-01"), ("disbursed_on", "44562"),
    ("disbursed_on", "2027-W02-1"), ("disbursed_on", "1899-12-31"), ("disbursed_on", "2027-01-01 08:00:00"),
    ("interest_paid_days", "367"), ("interest_paid_days", "-1"), ("interest_paid_days", "365.0"),
    ("interest_paid_days", "1e2"), ("interest_paid_days", "abc"), ("interest_accrued", "无"),
    ("other_interest_subsidy", "x"), ("outstanding", "5@2027-01-01"), ("outstanding", "5@2027-03-01/2027-01-01"),
    ("outstanding", "没有"), ("outstanding", "5@2027-01-01/2027-03-01;6@2027-02-01/2027-04-01"),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet", "xlsx"])
def test_every_bad_row_is_named(kind: str, policies: Policies, tmp_path: Path) -> None:
    """One good and one bad row in turn: the bad are named with column and row number, the good are paid."""
    rows = [row for place, (name, text) in enumerate(BAD) for row in (GOOD | firm(place), GOOD | {name: text})]
    source = write(table(rows), tmp_path / f"in.{kind}")
    found, report = decided(policies, source, tmp_path / "out.csv", "loan_interest")
    assert len(found) == len(rows) == report.totals["loan_interest"].written
    assert report.invalid == len(BAD)
    first = 1 if kind in {"ndjson", "parquet"} else 2
    for place, (name, text) in enumerate(BAD):
        good, bad = found.row(2 * place, named=True), found.row(2 * place + 1, named=True)
        assert (good["status"], good["amount"], good["defects"]) == ("eligible", "150000.00", None)
        assert (bad["status"], bad["amount"], bad["rule"]) == ("invalid", None, "invalid_input"), text
        assert bad["defects"].startswith(f"第 {first + 2 * place + 1} 行: {name}"), (text, bad["defects"])


def firm(number: int) -> dict[str, str]:
    """Name another applicant, so that no ceiling is shared."""
    return {"applicant_id": f"firm {number}"}


def test_every_defect_of_a_row_is_told(policies: Policies, tmp_path: Path) -> None:
    """Several defects of a row stand in one cell, in the reader's language."""
    rows = [GOOD | {"town_tier": "x", "disbursed_on": "y", "interest_paid_days": None}]
    source = write(table(rows), tmp_path / "in.csv")
    found, _ = decided(policies, source, tmp_path / "out.csv", "loan_interest", language="en")
    told = found["defects"][0]
    assert told.startswith("Row 2: ")
    assert all(name in told for name in ("town_tier: ", "disbursed_on: ", "interest_paid_days"))
    assert told.count(" | ") == 2
    assert "day" in told


@pytest.mark.parametrize("given", ["both", "neither", "half", "backwards"])
def test_periods_in_two_columns(given: str, policies: Policies, tmp_path: Path) -> None:
    """付息起 and 付息止 are one period; half of one, both ways to tell the days, or none of them, are defects."""
    good = {name: value for name, value in GOOD.items() if name != "interest_periods"} | {"interest_paid_days": None}
    whole = good | {"付息起": "2027-01-01", "付息止": "2028-01-01"}
    bad = {
        "both": whole | {"interest_paid_days": 365},
        "neither": whole | {"付息起": None, "付息止": None},
        "half": whole | {"付息止": None},
        "backwards": whole | {"付息止": "2026-12-31"},
    }[given]
    found, _ = decided(policies, write(table([whole, bad]), tmp_path / "in.csv"), tmp_path / "out.csv", "loan_interest")
    assert [one.status for one in outcomes(found)] == ["eligible", "invalid"]
    assert found["amount"][0] == "150000.00"


def test_all_rows_bad_explained(policies: Policies, tmp_path: Path) -> None:
    """A file without a good row has the same columns of explanation as any other."""
    for name, rows in {"good": [GOOD], "bad": [GOOD | {"town_tier": "x"}]}.items():
        source = write(table(rows), tmp_path / f"{name}.csv")
        decided(policies, source, tmp_path / f"{name}.out.csv", "loan_interest", explain=True)
    read = [pl.read_csv(tmp_path / f"{name}.out.csv").columns for name in ("good", "bad")]
    assert read[0] == read[1]
    assert "limit_firm_cap_remaining" in read[0]


def test_an_input_without_a_column_is_called_by_its_label(policies: Policies, tmp_path: Path) -> None:
    """What the file has no column for is told as people know it."""
    row = {name: text for name, text in GOOD.items() if name != "interest_periods"} | {"interest_paid_days": None}
    frame = table([row]).rename({"interest_paid_days": "付息天数"})
    found, _ = decided(policies, write(frame, tmp_path / "in.csv"), tmp_path / "out.csv", "loan_interest")
    assert found["defects"].to_list() == ["第 2 行: 付息时间段: “付息时间段”和“付息天数”须填写其中一项。"]


@pytest.mark.parametrize(
    "style", ["2027-1-1", "2027/01/01", "2027.1.1", "2027年1月1日", "20270101", "2027-01-01 00:00:00"]
)
def test_styles_of_dates(style: str, policies: Policies, tmp_path: Path) -> None:
    """Year, month, day in five styles are the same day."""
    source = write(table([GOOD | {"disbursed_on": style}]), tmp_path / "in.csv")
    found, _ = decided(policies, source, tmp_path / "out.csv", "loan_interest")
    assert outcomes(found)[0].amount == "150000.00"
    assert found["disbursed_on"].to_list() == [style]


@pytest.mark.parametrize(("tier", "status"), [("provincial_key", "eligible"), ("county", "ineligible")])
@pytest.mark.parametrize(("flag", "leading"), [("是", True), ("否", False), ("true", True), ("FALSE", False)])
def test_labels_and_flags(tier: str, status: str, flag: str, leading: bool, policies: Policies, tmp_path: Path) -> None:
    """Codes by their labels in both languages, flags as 是 and 否."""
    label = policies.fields["town_tier"].codes[tier]
    texts = (tier, label.zh, label.en)
    rows = [GOOD | firm(n) | {"town_tier": text, "is_leading_industry": flag} for n, text in enumerate(texts)]
    found, _ = decided(policies, write(table(rows), tmp_path / "in.csv"), tmp_path / "out.csv", "loan_interest")
    assert {one.status for one in outcomes(found)} == {status if leading else "ineligible"}


def test_a_code_in_lower_case_is_the_same_applicant(policies: Policies, tmp_path: Path) -> None:
    """The ceiling of a firm is shared, however its code is written."""
    rows = [GOOD | {"applicant_id": code} for code in [GOOD["applicant_id"], GOOD["applicant_id"].lower()] * 4]
    found, _ = decided(policies, write(table(rows), tmp_path / "in.csv"), tmp_path / "out.csv", "loan_interest")
    assert found["amount"].to_list() == ["150000.00"] * 6 + ["100000.00", "0.00"]
    rows.reverse()
    found, _ = decided(policies, write(table(rows), tmp_path / "in.csv"), tmp_path / "out.csv", "loan_interest")
    assert found["amount"].to_list() == ["150000.00"] * 6 + ["100000.00", "0.00"]


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("放款本金(万元)", "1000"), ("放款本金（万元）", "1000.000000"), ("放款本金 (万元)*", "1000.0"),
        ("放款本金(元)", "10000000"), ("放款本金", "10000000.00"), ("disbursed_amount(元)", "10000000"),
        ("Principal disbursed (10,000 yuan)", "1000"),
    ],
)  # fmt: skip
def test_units_in_headers(header: str, text: str, policies: Policies, tmp_path: Path) -> None:
    """万元 and 元 in a header are honoured exactly."""
    frame = table([GOOD | {"disbursed_amount": text}]).rename({"disbursed_amount": header})
    found, _ = decided(policies, write(frame, tmp_path / "in.csv"), tmp_path / "out.csv", "loan_interest")
    assert outcomes(found)[0].amount == "150000.00"


def test_ten_thousands_to_the_fen(policies: Policies, tmp_path: Path) -> None:
    """Six decimals of 万元 are whole fen; a seventh is refused, never rounded."""
    texts = ["0.000001", "123.456789", "9999999.999999", "123.4567891", "10000000"]
    rows = [firm(n) | {"disbursed_amount": text, "interest_accrued": "99999999999.99"} for n, text in enumerate(texts)]
    frame = table([GOOD | row for row in rows]).rename({"disbursed_amount": "放款本金（万元）"})
    source = write(frame, tmp_path / "in.csv")
    found, _ = decided(policies, source, tmp_path / "out.csv", "loan_interest", explain=True)
    assert found["step_by_days"].to_list() == ["0.00", "18518.52", "1500000000.00", None, None]
    assert found["status"].to_list() == ["eligible"] * 3 + ["invalid"] * 2
