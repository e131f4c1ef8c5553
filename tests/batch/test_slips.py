"""Likely slips of clerks: each is told, nothing else is, and no warning changes what is granted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from service.batch import streams
from service.batch.job import run_files
from service.batch.run import Options
from service.batch.sources import Source
from service.calculation import calculate
from service.errors import Refused
from service.intake.request import read_request
from service.policies import Policies
from tests.batch.files import FORMATS, decided, outcomes, read, table, write
from tests.batch.test_bad_rows import GOOD
from tests.batch.test_cases import CASES, frame_of, rows_of
from tests.case_files import Case

Row = dict[str, Any]
CLEAN_ROWS = 3_000


def yuan(fen: float) -> str:
    """Write fen as yuan."""
    return f"{int(fen) // 100}.{int(fen) % 100:02d}"


def loan(rng: np.random.Generator, number: int) -> Row:
    """Make a loan as banks lend: hundreds of thousands to tens of millions, at 2% to 7%, interest paid to the end."""
    principal = round(float(np.exp(rng.normal(np.log(5e6), 1.1))), -4) * 100 + 1_000_000
    drawn = date(2027, 1, 1) + timedelta(days=int(rng.integers(0, 340)))
    days = (date(2028, 1, 1) - drawn).days
    return {
        "receipt_number": f"晋借{number:06}" if number % 2 else f"JD2027-{number:06}",
        "applicant_id": f"firm-{rng.integers(0, 600)}",
        "town_tier": "provincial_key",
        "is_leading_industry": True,
        "application_year": 2027,
        "disbursed_amount": yuan(principal),
        "disbursed_on": drawn.isoformat(),
        "付息起": drawn.isoformat(),
        "付息止": "2027-12-31" if number % 3 else "2028-01-01",
        "interest_accrued": yuan(principal * rng.uniform(0.02, 0.07) * days / 365),
        "other_interest_subsidy": yuan(principal * 0.001) if number % 50 == 0 else None,
    }


def payment(rng: np.random.Generator, number: int) -> Row:
    """Make a payment for advertising."""
    paid = np.exp(rng.normal(np.log(3e7), 1.0))
    return {
        "year": 2027, "town_id": f"T{number % 40}", "town_tier": "provincial_key",
        "applicant_id": f"firm-{number % 300}", "invoice_number": f"{26_142_000_000_000_000_000 + number}",
        "ad_paid": yuan(paid), "ad_cost": yuan(paid * rng.uniform(1, 1.3)), "paid_on": f"2027-{number % 12 + 1:02}-11",
        "government_paid": yuan(paid / 5) if number % 7 == 0 else None,
    }  # fmt: skip


def contract(rng: np.random.Generator, number: int) -> Row:
    """Make a contract of a platform's operator; of some nothing has been received yet, some have no number."""
    amount = np.exp(rng.normal(np.log(2e7), 1.0))
    return {
        "applicant_id": f"operator-{number % 90}", "contract_number": f"HT-{number}" if number % 9 else None,
        "contract_amount": yuan(amount), "received_amount": yuan(amount * rng.uniform(0.1, 1)) if number % 4 else None,
        "signed_on": f"2027-{number % 12 + 1:02}-11",
    }  # fmt: skip


def equipment(rng: np.random.Generator, number: int) -> Row:
    """Make equipment of a platform; several lines belong to one project."""
    hardware = np.exp(rng.normal(np.log(4e8), 1.0))
    return {
        "project_id": f"P{number % 700}", "town_tier": "provincial_key", "platform_type": "design_rnd",
        "hardware_investment": yuan(hardware), "software_investment": yuan(hardware / 8) if number % 3 else "0.00",
        "deductible_vat": yuan(hardware * 0.13) if number % 5 == 0 else None, "completed_on": "2027-06-30",
    }  # fmt: skip


MADE = {
    "loan_interest": loan, "advertising": payment, "platform_operator": contract, "platform_equipment": equipment,
}  # fmt: skip


def clean(measure: str, rows: int = CLEAN_ROWS, seed: int = 7) -> list[Row]:
    """Make rows in which nothing is wrong."""
    rng = np.random.default_rng(seed)
    return [MADE[measure](rng, number) for number in range(rows)]


def changed(rows: Sequence[Row], changes: Mapping[int, Row]) -> list[Row]:
    """Change cells of some rows (from 0)."""
    return [row | changes.get(place, {}) for place, row in enumerate(rows)]


def warned(frame: pl.DataFrame) -> dict[int, str]:
    """List the warnings by row (from 0)."""
    return {place: text for place, text in enumerate(frame["warnings"]) if text is not None}


@pytest.mark.parametrize("measure", sorted(MADE))
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_clean_file_is_accused_of_nothing(measure: str, seed: int, policies: Policies, tmp_path: Path) -> None:
    """Thousands of rows as they come give no warning at all."""
    source = write(table(clean(measure, seed=seed)), tmp_path / "in.csv")
    found, report = decided(policies, source, tmp_path / "out.csv", measure)
    assert warned(found) == {}
    assert report.totals[measure].unusual == []
    assert report.totals[measure].warned == report.invalid == 0


SLIPS: dict[int, tuple[Row, str]] = {
    40: ({"receipt_number": "JD2027-000012"}, "第 42 行: receipt_number: 第 14 行已有相同的编号。"),
    99: ({"付息止": "2027-12-20"}, "第 101 行: 付息止: 付息时间段止于 12 月 20 日"),
    123: ({"付息止": "2027-12-21"}, "第 125 行: 付息止: 付息时间段止于 12 月 20 日"),
    500: ({"other_interest_subsidy": "300000.00", "interest_accrued": "200000.00"}, "第 502 行: other_interest"),
    777: ({"disbursed_amount": "600.00"}, "第 779 行: interest_accrued: "),
    901: ({"disbursed_amount": "60000000000.00"}, "第 903 行: interest_accrued: "),
    1501: ({"interest_accrued": "24.00"}, "第 1503 行: interest_accrued: 24.00 元与“disbursed_amount”"),
    2999: ({"receipt_number": "JD2027-000014", "disbursed_amount": "0.20", "interest_accrued": "20000.00"}, (
        "第 3001 行: receipt_number: 第 16 行已有相同的编号。请核对是否重复填报。 | "
        "interest_accrued: 20,000.00 元与“disbursed_amount”0.20 元相差悬殊。")),
}  # fmt: skip
EARLY = "2027-02-03"


def slipping() -> list[Row]:
    """Put each slip into a clean file; interest is paid from spring, so that it can end in December."""
    spring = {"disbursed_on": EARLY, "付息起": EARLY}
    return changed(clean("loan_interest"), {place: spring | change for place, (change, _) in SLIPS.items()})


@pytest.mark.parametrize("kind", FORMATS)
def test_each_slip_is_found_and_nothing_else(kind: str, policies: Policies, tmp_path: Path) -> None:
    """The row says what is odd, by its column; all other rows say nothing. Both amounts in the wrong unit stand out."""
    source = write(table(slipping()), tmp_path / "in.csv")
    report = run_files(policies, [Source(source)], tmp_path / f"out.{kind}", Options("loan_interest"))
    found = read(tmp_path / f"out.{kind}", 1 if kind == "xlsx" else 0).rename({"提示": "warnings"}, strict=False)
    texts = {row: text for row, text in warned(found).items() if text}
    assert texts.keys() == SLIPS.keys()
    for row, (_, told) in SLIPS.items():
        assert texts[row].startswith(told)
    assert report.totals["loan_interest"].warned == len(SLIPS)
    below, above = report.totals["loan_interest"].unusual
    assert below.startswith("“disbursed_amount”约为通常金额（")
    assert below.endswith("元）的万分之一，可能以万元为单位，请核对，共 1 行：第 779 行（600.00）")
    assert above.endswith("元）的一万倍，请核对单位，共 1 行：第 903 行（60,000,000,000.00）")


def test_a_warning_changes_no_amount(policies: Policies, tmp_path: Path) -> None:
    """Without the columns that a warning looks at, every row ends the same."""
    rows = slipping()
    one = write(table(rows), tmp_path / "one.csv")
    other = write(table(rows).drop("receipt_number"), tmp_path / "other.csv")
    with_slips, _ = decided(policies, one, tmp_path / "out1.csv", "loan_interest")
    without, _ = decided(policies, other, tmp_path / "out2.csv", "loan_interest")
    assert outcomes(with_slips) == outcomes(without)
    assert len(warned(with_slips)) > len(warned(without)) > 0


def test_in_english(policies: Policies, tmp_path: Path) -> None:
    """Warnings are in the caller's language, in cells with commas and quotes."""
    source = write(table(slipping()), tmp_path / "in.csv")
    found, _ = decided(policies, source, tmp_path / "out.csv", "loan_interest", language="en")
    texts = warned(found)
    assert texts[40].endswith(
        "receipt_number: Row 14 has the same number already. Check that nothing is claimed twice."
    )
    assert texts[99].startswith("Row 101: 付息止: The interest paid ends on 20 December")
    assert texts[1501].startswith("Row 1503: interest_accrued: 24.00 yuan and ")


@pytest.mark.parametrize("rows", [7, 100])
def test_parts_are_as_the_whole(rows: int, policies: Policies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However a file is cut, its warnings and its report are the same."""
    source = write(table(slipping()), tmp_path / "in.csv")
    _, whole = decided(policies, source, tmp_path / "whole.csv", "loan_interest")
    monkeypatch.setattr(streams, "PART_ROWS", rows)
    _, parts = decided(policies, source, tmp_path / "parts.csv", "loan_interest")
    assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert parts.totals == whole.totals


PART = GOOD | {"interest_paid_days": None, "interest_accrued": "100000.00"}
QUARTERS = [
    PART | {"interest_periods": f"2027-{start}/2027-{end}"}
    for start, end in (("01-01", "04-01"), ("04-01", "07-01"), ("07-01", "10-01"))
]
REPEATED: dict[str, tuple[str, list[Row], dict[int, int]]] = {
    "a copied row": ("loan_interest", [GOOD, GOOD], {1: 2}),
    "one receipt, another loan": ("loan_interest", [GOOD, GOOD | {"disbursed_amount": "8000000.00"}], {1: 2}),
    "one receipt, another firm": ("loan_interest", [GOOD, GOOD | {"applicant_id": "F"}], {1: 2}),
    "the next year": ("loan_interest", [GOOD, GOOD | {"application_year": 2028}], {}),
    "years in turn": (
        "loan_interest", [GOOD, GOOD | {"application_year": 2028}, GOOD, GOOD | {"application_year": 2028}],
        {2: 2, 3: 3},
    ),
    "interest in parts": ("loan_interest", QUARTERS, {}),
    "a part twice": ("loan_interest", [*QUARTERS, QUARTERS[1], QUARTERS[0]], {3: 3, 4: 2}),
    "parts of another loan": ("loan_interest", [QUARTERS[0], QUARTERS[1] | {"disbursed_on": "2027-03-01"}], {1: 2}),
    "a part, then days": ("loan_interest", [QUARTERS[0], GOOD], {1: 2}),
    "days, then a part": ("loan_interest", [GOOD, QUARTERS[0]], {1: 2}),
    "no receipt": ("loan_interest", [GOOD | {"receipt_number": None}] * 3, {}),
    "three times": ("loan_interest", [GOOD, GOOD | {"receipt_number": "S"}, GOOD, GOOD], {2: 2, 3: 2}),
    "a bad row between": ("loan_interest", [GOOD | {"town_tier": "x"}, GOOD, GOOD], {2: 3}),
    "a contract": (
        "platform_operator",
        [contract(np.random.default_rng(1), 1), contract(np.random.default_rng(2), 1) | {"applicant_id": "other"}],
        {1: 2},
    ),
    "no contract": ("platform_operator", [contract(np.random.default_rng(seed), 9) for seed in range(4)], {}),
    "an invoice": ("advertising", [payment(np.random.default_rng(seed), 5) for seed in range(3)], {1: 2, 2: 2}),
    "lines of one project": ("platform_equipment", [equipment(np.random.default_rng(1), 1)] * 3, {}),
}  # fmt: skip


@pytest.mark.parametrize("rows_of_part", [1, 2, 1_000])
@pytest.mark.parametrize("told", REPEATED)
def test_numbers_that_come_again(
    told: str, rows_of_part: int, policies: Policies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number of a document comes once in a year, unless a loan's interest is claimed in parts."""
    measure, rows, expected = REPEATED[told]
    monkeypatch.setattr(streams, "PART_ROWS", rows_of_part)
    source = write(table(rows), tmp_path / "in.csv")
    found, _ = decided(policies, source, tmp_path / "out.csv", measure)
    texts = warned(found)
    assert texts.keys() == expected.keys()
    for row, earlier in expected.items():
        assert f"_number: 第 {earlier} 行已有相同的编号" in texts[row]


def test_another_file_of_the_run_is_named(policies: Policies, tmp_path: Path) -> None:
    """The row of another file or sheet is told with its place, at the end as well."""
    rows = clean("loan_interest", 40)
    one = write(table(rows), tmp_path / "甲.csv")
    again = [rows[3], rows[5] | {"receipt_number": "new", "disbursed_amount": "500.00", "interest_accrued": "20.00"}]
    other = write(table(again), tmp_path / "乙.xlsx")
    report = run_files(policies, [Source(one), Source(other)], tmp_path / "out.xlsx", Options("loan_interest"))
    texts = {row: text for row, text in enumerate(read(tmp_path / "out.xlsx", 1)["提示"]) if text}
    assert texts == {40: "第 2 行: receipt_number: 甲.csv 第 5 行已有相同的编号。请核对是否重复填报。"}
    (unusual,) = report.totals["loan_interest"].unusual
    assert unusual.endswith("：乙.xlsx Sheet1 第 3 行（500.00）")


def test_the_summary_of_a_workbook_tells_of_slips(policies: Policies, tmp_path: Path) -> None:
    """How many rows have a warning, and what only the whole file shows, stand over the sums."""
    from python_calamine import load_workbook

    source = write(table(slipping()), tmp_path / "in.csv")
    run_files(policies, [Source(source)], tmp_path / "out.xlsx", Options("loan_interest"))
    rows = [row[0] for row in load_workbook(str(tmp_path / "out.xlsx")).get_sheet_by_name("汇总").to_python()]
    assert f"提示：{len(SLIPS)} 行有提示" in rows
    assert sum(str(row).startswith("提示：“disbursed_amount”约为通常金额") for row in rows) == 2


ASKED = [case for case in CASES if case.measure in {"loan_interest", "advertising"}]


def doubts(policies: Policies, case: Case) -> list[tuple[int, str, str]]:
    """Ask the service which figures of a case it warns of."""
    result = calculate(policies, read_request(policies, case.measure, case.body), "zh")
    pointers = [(one["pointer"].split("/"), one["message"]) for one in result["warnings"]]
    return sorted((int(pointer[2]), pointer[3], message) for pointer, message in pointers)


def test_what_a_request_warns_of_a_file_warns_of(policies: Policies, tmp_path: Path) -> None:
    """Every case that is answered with warnings has the same sentences beside its rows."""
    cases = [case for case in ASKED if doubts(policies, case)]
    assert len(cases) >= 2
    for number, case in enumerate(cases):
        source = write(frame_of(policies, case.measure, rows_of(case)), tmp_path / f"{number}.csv")
        found, _ = decided(policies, source, tmp_path / "out.csv", case.measure, readings=dict(case.readings))
        texts = warned(found)
        for line, field, message in doubts(policies, case):
            assert f"{field}: {message}" in texts[line], case.title


def test_results_of_before_come_back(policies: Policies, tmp_path: Path) -> None:
    """A result with or without warnings is decided anew; a column of one's own by that name is refused."""
    source = write(table([GOOD, GOOD, GOOD | {"interest_accrued": "5.00"}]), tmp_path / "in.csv")
    first, _ = decided(policies, source, tmp_path / "first.csv", "loan_interest")
    assert warned(first).keys() == {1, 2}
    old = write(first.drop("warnings"), tmp_path / "old.csv")
    for earlier in (tmp_path / "first.csv", old):
        again, _ = decided(policies, earlier, tmp_path / "again.csv", "loan_interest")
        assert again.equals(first)
        left, _ = decided(policies, source, tmp_path / "left.csv", "loan_interest", history=earlier)
        assert left["amount"].to_list() == ["150000.00", "150000.00", "4.00"]
    for frame in (table([GOOD | {"提示": "mine"}]), first.select("warnings", pl.exclude("warnings"))):
        with pytest.raises(Refused) as error:
            decided(policies, write(frame, tmp_path / "mine.csv"), tmp_path / "x.csv", "loan_interest")
        assert {defect.code for defect in error.value.defects} == {"reserved_column"}
