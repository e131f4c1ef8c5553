"""A result workbook says what was calculated to the fen, and nothing in it can run."""

from __future__ import annotations

import datetime
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import load_workbook

from service.batch.xlsx import writing
from service.batch.xlsx.writing import ResultSheet, Summary, write_workbook
from tests.batch.xlsx.workbooks import parts_of

DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "{=1}", "=cmd|' /C calc'!A0", "http://a.cn", "007", "1e5", "<f>"]


def written(*sheets: ResultSheet, summary: Summary | None = None) -> bytes:
    """Write a workbook into memory."""
    target = BytesIO()
    write_workbook(target, sheets, summary)
    return target.getvalue()


def values_of(workbook: bytes, sheet: int = 0) -> list[list[Any]]:
    """Read the cells of a sheet back."""
    return load_workbook(BytesIO(workbook)).get_sheet_by_index(sheet).to_python()


def xml_of(workbook: bytes, sheet: int = 1) -> str:
    """Return the XML of a sheet."""
    return parts_of(workbook)[f"xl/worksheets/sheet{sheet}.xml"].decode()


def test_text_is_never_a_formula_or_a_number() -> None:
    """Whatever a text begins with, it comes back as that text, and no cell holds a formula."""
    workbook = written(ResultSheet("S", pl.DataFrame({"=h": DANGEROUS, "n": DANGEROUS}), {"n": "yuan"}))
    assert [row[0] for row in values_of(workbook)] == ["=h", *DANGEROUS]
    xml = xml_of(workbook)
    assert not re.search(r"<f[ >/]", xml)
    assert "hyperlink" not in xml


def test_text_cells_stay_text_when_edited() -> None:
    """Text columns have the text format, so that a formula typed over stays a text."""
    workbook = written(ResultSheet("S", pl.DataFrame({"h": ["=1+1"]})))
    style = re.search(r'<c r="A2" s="(\d+)"', xml_of(workbook))
    assert style
    styles = parts_of(workbook)["xl/styles.xml"].decode()
    formats = re.findall(r"<xf [^>]*numFmtId=\"(\d+)\"", styles[styles.index("<cellXfs") :])
    assert formats[int(style[1])] == "49"  # the spreadsheets' own number for text


@given(st.lists(st.one_of(st.none(), st.integers(0, 10**13 - 1)), min_size=1, max_size=50))
def test_every_fen_is_written(fen: list[int | None]) -> None:
    """An amount is a number with exactly its fen: the nearest double to yuan with two decimals."""
    frame = pl.DataFrame({"line": ["x"] * len(fen), "amount": pl.Series(fen, dtype=pl.Int64)})
    rows = values_of(written(ResultSheet("S", frame, {"amount": "yuan"})))[1:]
    assert [row[1] for row in rows] == ["" if one is None else one / 100 for one in fen]
    assert [None if row[1] == "" else round(row[1] * 100) for row in rows] == fen


def test_amount_that_a_multiplication_misses() -> None:
    """792 thousand yuan are not off by a billionth, which times 0.01 would make them."""
    assert "<v>7918920.81</v>" in xml_of(
        written(ResultSheet("S", pl.DataFrame({"a": pl.Series([791892081] * 50)}), {"a": "yuan"}))
    )


def test_amounts_have_two_decimals_and_thousands() -> None:
    """Yuan are formatted as finance officers write them, dates as ISO dates."""
    frame = pl.DataFrame({"a": [1], "d": ["2027-01-31"]})
    styles = parts_of(written(ResultSheet("S", frame, {"a": "yuan", "d": "date"})))["xl/styles.xml"].decode()
    assert 'numFmtId="4"' in styles or 'formatCode="#,##0.00"' in styles
    assert 'formatCode="yyyy-mm-dd"' in styles


def test_amounts_as_text_become_numbers_where_they_are_amounts() -> None:
    """A column of the input with one bad cell keeps that cell, and all others can be summed."""
    frame = pl.DataFrame({"a": ["12.5", None, "一万", "0.30", "1e5", "123456789012345678"]})
    rows = values_of(written(ResultSheet("S", frame, {"a": "yuan"})))
    assert [row[0] for row in rows] == ["a", 12.5, "", "一万", 0.3, "1e5", "123456789012345678"]


def test_dates_are_dates_only_if_all_are() -> None:
    """No date is guessed, and no bad one is lost."""
    frame = pl.DataFrame({"d": ["2027-01-31", None], "e": ["2027-01-31", "2027-02-30"], "f": ["2027-1-31", None]})
    rows = values_of(written(ResultSheet("S", frame, {"d": "date", "e": "date", "f": "date"})))
    assert rows[1:] == [
        [datetime.date(2027, 1, 31), "2027-01-31", "2027-1-31"],
        ["", "2027-02-30", ""],
    ]


def test_number_beyond_15_digits_is_written_as_text() -> None:
    """No digit of a whole number is lost."""
    rows = values_of(written(ResultSheet("S", pl.DataFrame({"n": [2**60 + 1, 7]}), {"n": "count"})))
    assert [row[0] for row in rows] == ["n", str(2**60 + 1), "7"]


def test_control_characters_and_long_texts_survive() -> None:
    """What XML cannot hold is escaped, what a cell cannot hold is cut with an ellipsis."""
    rows = values_of(written(ResultSheet("S", pl.DataFrame({"t": ["a\x00b\x0b", "字" * 40_000, "𠮷\n行"]}))))
    assert rows[1][0] == "a\x00b\x0b"
    assert (rows[2][0][0], rows[2][0][-1], len(rows[2][0])) == ("字", "…", 16_000)
    assert rows[3][0] == "𠮷\n行"


def test_sheet_is_laid_out_to_be_read() -> None:
    """The header is frozen and filtered, columns have widths, statuses have colours, pages repeat the header."""
    workbook = written(ResultSheet("S", pl.DataFrame({"s": ["eligible"], "t": ["x"]}), {"s": "status"}, {"s": "状态"}))
    xml = xml_of(workbook)
    for found in (
        'state="frozen"',
        '<autoFilter ref="A1:B2"/>',
        'customWidth="1"',
        "beginsWith",
        'orientation="landscape"',
    ):
        assert found in xml
    assert "Print_Titles" in parts_of(workbook)["xl/workbook.xml"].decode()
    assert values_of(workbook)[0] == ["状态", "t"]


def test_colour_of_a_status_is_not_that_of_its_opposite() -> None:
    """不符合条件 holds 符合条件, ineligible holds eligible: rules compare the beginning."""
    xml = xml_of(written(ResultSheet("S", pl.DataFrame({"s": ["不符合条件"]}), {"s": "status"})))
    assert "containsText" not in xml
    assert 'operator="beginsWith" text="符合条件"' in xml


def test_summary_comes_first_with_its_lines_above_the_table() -> None:
    """Who opens the file sees what was calculated by which policy, then the totals as numbers."""
    table = ResultSheet(
        "汇总",
        pl.DataFrame({"m": ["贷款贴息", "合计"], "granted": [100, 100]}),
        {"granted": "yuan"},
        {"granted": "拟补助(元)"},
    )
    summary = Summary("补助计算结果", [("政策文件", "晋政办发〔2026〕3号"), ("文件", "=a.xlsx")], table)
    workbook = written(ResultSheet("贷款", pl.DataFrame({"a": ["x"]})), summary=summary)
    assert load_workbook(BytesIO(workbook)).sheet_names == ["汇总", "贷款"]
    rows = values_of(workbook)
    assert [row[0] for row in rows] == [
        "补助计算结果", "政策文件：晋政办发〔2026〕3号", "文件：=a.xlsx", "", "m", "贷款贴息", "合计",
    ]  # fmt: skip
    assert rows[4][1:] == ["拟补助(元)"]
    assert rows[5][1:] == [1.0]


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (["a/b", "a:b"], ["a_b", "a_b (2)"]),
        (["'x'", ""], ["x", "_"]),
        (["长" * 40, "长" * 35], ["长" * 31, "长" * 27 + " (2)"]),
        (["S", "s"], ["S", "s (2)"]),
    ],
)
def test_sheet_names_are_made_valid_and_unique(given: list[str], made: list[str]) -> None:
    """Two towns' sheets of one name are both there."""
    workbook = written(*(ResultSheet(name, pl.DataFrame({"a": [name]})) for name in given))
    assert load_workbook(BytesIO(workbook)).sheet_names == made


def test_labels_that_come_twice_are_numbered() -> None:
    """No column is lost to another of the same label."""
    workbook = written(ResultSheet("S", pl.DataFrame({"a": ["1"], "b": ["2"]}), {}, {"a": "金额", "b": "金额"}))
    assert values_of(workbook) == [["金额", "金额 [2]"], ["1", "2"]]


def test_table_longer_than_a_sheet_goes_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """All rows are written, each sheet with the header."""
    monkeypatch.setattr(writing, "MOST_ROWS", 2)
    workbook = written(ResultSheet("S", pl.DataFrame({"a": ["1", "2", "3"]})))
    assert values_of(workbook) == [["a"], ["1"], ["2"]]
    assert values_of(workbook, 1) == [["a"], ["3"]]


@pytest.mark.parametrize("frame", [pl.DataFrame({"a": pl.Series([], dtype=pl.String)}), pl.DataFrame({"a": [None]})])
def test_empty_table_has_a_header(frame: pl.DataFrame) -> None:
    """A sheet without lines, or without values, opens."""
    assert values_of(written(ResultSheet("S", frame, {"a": "yuan"})))[0] == ["a"]


def test_file_is_written_where_it_was_asked_for(tmp_path: Path) -> None:
    """A path works like a buffer."""
    write_workbook(tmp_path / "结果.xlsx", [ResultSheet("S", pl.DataFrame({"a": [True, None]}))])
    assert values_of((tmp_path / "结果.xlsx").read_bytes()) == [["a"], [True]]
