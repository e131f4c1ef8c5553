"""Workbooks of towns for several measures, merged into one result with a summary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from python_calamine import load_workbook
from xlsxwriter import Workbook

from service.batch.job import run_files
from service.batch.run import Options
from service.batch.sources import Source
from service.batch.xlsx.template import sheet_name, write_template
from service.errors import Refused
from service.policies import Policies
from tests.batch.files import decided, fill, outcomes, table, write
from tests.batch.test_bad_rows import GOOD

EXPO = {"town_id": "T", "year": 2027, "actual_cost": "20000000.00"}


def workbook(policies: Policies, path: Path, town: str) -> Path:
    """Write a town's workbook: loans under the Chinese title, the expo under its id."""
    loans = [GOOD | {"town_id": town, "applicant_id": "F"}] * 4 + [GOOD | {"town_id": town, "town_tier": "x"}]
    with Workbook(str(path)) as book:
        fill(book, sheet_name(policies.newest.measures["loan_interest"], "zh"), table(loans))
        fill(book, "expo_budget", table([EXPO | {"town_id": town}]))
    return path


def test_three_towns_merged(policies: Policies, tmp_path: Path) -> None:
    """Ceilings are shared across the files, every row says where it comes from, the summary adds up."""
    sources = [workbook(policies, tmp_path / f"{town}.xlsx", town) for town in ("甲", "乙", "丙")]
    target = tmp_path / "result.xlsx"
    report = run_files(policies, [Source(one) for one in sources], target, Options("all"))
    assert {name: totals.read for name, totals in report.totals.items()} == {"loan_interest": 15, "expo_budget": 3}
    assert report.invalid == 3
    book = load_workbook(str(target))
    assert book.sheet_names[0] == "汇总"
    rows: list[list[Any]] = book.get_sheet_by_name(book.sheet_names[1]).to_python()
    header, *lines = rows
    amounts = [line[header.index("补助金额（元）")] for line in lines]
    assert amounts == [150000.0] * 4 + [""] + [150000.0, 150000.0, 100000.0, 0.0, ""] + [0.0] * 4 + [""]
    assert lines[6][header.index("来源")].endswith(" 3")
    assert lines[6][header.index("来源")].startswith("乙.xlsx ")
    assert "第 6 行: town_tier" in lines[-1][header.index("问题")]
    summary: list[list[Any]] = book.get_sheet_by_name("汇总").to_python()
    top = next(place for place, row in enumerate(summary) if "行数" in row)
    names, *sums, total = summary[top:]
    for name in ("行数", "申报金额（元）", "计算金额（元）", "核减（元）", "补助金额（元）"):
        place = names.index(name)
        assert sum(row[place] for row in sums) == pytest.approx(total[place])
    assert total[names.index("行数")] == 18
    assert {row[names.index("专业镇")] for row in sums} == {"甲", "乙", "丙"}


def test_a_sheet_that_is_no_measure_is_refused(policies: Policies, tmp_path: Path) -> None:
    """Its rows would be lost."""
    source = write(table([GOOD]), tmp_path / "in.xlsx", "Sheet1")
    with pytest.raises(Refused) as error:
        run_files(policies, [Source(source)], tmp_path / "out.xlsx", Options("all"))
    assert [defect.code for defect in error.value.defects] == ["unknown_sheet"]


def test_digits_that_a_workbook_lost(policies: Policies, tmp_path: Path) -> None:
    """A code of 18 digits stored as a number is a defect of its row; whole numbers of few digits are fine."""
    with Workbook(str(tmp_path / "in.xlsx")) as book:
        fill(book, "Sheet1", table([GOOD, GOOD]))
        sheet = book.get_worksheet_by_name("Sheet1")
        sheet.write_number(1, list(GOOD).index("applicant_id"), 911401000000000001)
        sheet.write_number(2, list(GOOD).index("disbursed_amount"), 10000000)
    found, report = decided(policies, tmp_path / "in.xlsx", tmp_path / "out.csv", "loan_interest")
    assert [one.status for one in outcomes(found)] == ["invalid", "eligible"]
    assert "第 2 行: applicant_id" in found["defects"][0]
    assert report.totals["loan_interest"].granted == 15_000_000


def test_a_template_filled_in(policies: Policies, tmp_path: Path) -> None:
    """The sheets of a template are known again; an empty one has no rows."""
    target = tmp_path / "t.xlsx"
    write_template(target, policies, list(policies.newest.measures))
    with pytest.raises(Refused) as error:
        run_files(policies, [Source(target)], tmp_path / "out.xlsx", Options("all"))
    assert [defect.code for defect in error.value.defects] == ["no_rows"]


def test_several_files_of_other_formats(policies: Policies, tmp_path: Path) -> None:
    """A CSV in yuan and one in 万元, with other headers, are one workbook with one ceiling."""
    one = write(table([GOOD] * 5), tmp_path / "one.csv")
    frame = table([GOOD | {"disbursed_amount": "1000"}] * 3).rename({"disbursed_amount": "放款本金（万元）"})
    other = write(frame, tmp_path / "other.ndjson")
    report = run_files(
        policies, [Source(one), Source(other)], tmp_path / "out.xlsx", Options("loan_interest", explain=True)
    )
    assert report.totals["loan_interest"].granted == 100_000_000
    assert report.totals["loan_interest"].rows["eligible"] == 8
