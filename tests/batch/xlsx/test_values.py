"""What stands in a cell comes out as text: exactly, or with a note that it cannot."""

from __future__ import annotations

from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from service.batch.xlsx.cells import texts_of
from tests.batch.xlsx.workbooks import HEADER_ROW, HEADERS, inline, made, of_rows, read_sheet, with_sheet_data

AMOUNT = HEADERS[1]
DAY = HEADERS[2]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234.5, "1234.5"),
        (10_000_000, "10000000"),
        (99_999_999_999.99, "99999999999.99"),
        (999_999_999_999_999, "999999999999999"),
        (-5, "-5"),
        (True, "true"),
        (False, "false"),
        (" 12 ", " 12 "),
        ("=1+1", "=1+1"),
        ("007", "007"),
    ],
)
def test_value_becomes_text(value: object, text: str) -> None:
    """A number has no more digits than it needs, text stays as it is."""
    sheet = read_sheet(of_rows(HEADERS, ["A", value]))
    assert sheet.frame.row(0) == ("A", text, None)
    assert sheet.frame.dtypes == [pl.String] * 3
    assert sheet.notes == ()


def test_part_of_a_fen_is_not_rounded_away() -> None:
    """A sum that a spreadsheet shows as 0.30 comes out as what the cell holds, so that it can be refused."""
    sheet = read_sheet(with_sheet_data(f'{HEADER_ROW}<row r="2"><c r="B2"><v>0.30000000000000004</v></c></row>'))
    assert sheet.frame[AMOUNT].to_list() == ["0.30000000000000004"]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_number_is_told_apart_from_every_other(number: float) -> None:
    """The text of a double reads back as the very same double."""
    assert float(texts_of([number])[0]) == number


@given(st.integers(0, 10**13 - 1))
def test_amount_in_fen_survives(fen: int) -> None:
    """An amount with two decimals comes out with at most two decimals, and is the same."""
    whole, _, part = texts_of([fen / 100])[0].partition(".")
    assert int(whole) * 100 + int(part.ljust(2, "0")) == fen


@given(st.lists(st.one_of(st.just(""), st.text(), st.floats(-1e9, 1e9), st.booleans(), st.dates())))
def test_cells_of_all_kinds_stay_in_their_rows(values: list[object]) -> None:
    """In a column of mixed kinds each cell is what it would be alone; only an empty one is null."""
    together = texts_of(values).to_list()
    assert together == [texts_of([value])[0] for value in values]
    assert [text is None for text in together] == [value == "" and isinstance(value, str) for value in values]


def test_code_of_18_digits_stored_as_a_number_has_lost_digits() -> None:
    """Eighteen digits in a number cell never pass: the note names column, row and what is left of them."""
    sheet = read_sheet(of_rows(HEADERS, ["A", 1], [140105199001010012, 2]))
    (note,) = sheet.notes
    assert (note.code, note.column, note.row, note.given) == ("digits_lost", HEADERS[0], 3, "1.4010519900101e+17")
    assert note.is_defect


def test_sixteen_digits_are_too_many_and_fifteen_are_not() -> None:
    """The bound is where a spreadsheet stops to keep digits."""
    sheet = read_sheet(of_rows(HEADERS, ["A", 999_999_999_999_999], ["B", 1_000_000_000_000_000]))
    assert [(note.code, note.row) for note in sheet.notes] == [("digits_lost", 3)]


def test_number_too_large_for_a_double_is_noted() -> None:
    """Infinity is no amount."""
    sheet = read_sheet(with_sheet_data(f'{HEADER_ROW}<row r="2"><c r="B2"><v>1e999</v></c></row>'))
    assert [(note.code, note.given) for note in sheet.notes] == [("digits_lost", "inf")]


def dated(*values: datetime | time) -> bytes:
    """Make a workbook whose third column holds dates as spreadsheets store them."""

    def fill(workbook: Any) -> None:
        sheet, day = workbook.add_worksheet(), workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_row(0, 0, HEADERS)
        for row, value in enumerate(values, 1):
            sheet.write(row, 0, "A")
            sheet.write_datetime(row, 2, value, day)

    return made(fill)


def test_date_stored_as_a_serial_is_iso() -> None:
    """A day comes out as YYYY-MM-DD."""
    sheet = read_sheet(dated(datetime(2027, 1, 31), datetime(2028, 2, 29)))  # noqa: DTZ001
    assert sheet.frame[DAY].to_list() == ["2027-01-31", "2028-02-29"]
    assert sheet.notes == ()


def test_date_in_a_workbook_counted_from_1904_is_the_same_day() -> None:
    """The other calendar of spreadsheets moves no date."""
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"date_1904": True}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, HEADERS)
        sheet.write_datetime(1, 2, date(2027, 1, 31), workbook.add_format({"num_format": "yyyy-mm-dd"}))
    assert read_sheet(target.getvalue()).frame[DAY].to_list() == ["2027-01-31"]


def test_time_in_a_date_is_noted() -> None:
    """A day with a time, and a time without a day, are defects of their cells."""
    sheet = read_sheet(dated(datetime(2027, 1, 31), datetime(2027, 1, 31, 12, 30), time(8, 0)))  # noqa: DTZ001
    assert [(note.code, note.row, note.given) for note in sheet.notes] == [
        ("time_in_date", 3, "2027-01-31T12:30:00"),
        ("time_in_date", 4, "08:00:00"),
    ]


@pytest.mark.parametrize("prefix", ["", "x:"])
def test_error_cell_is_shown_and_noted(prefix: str) -> None:
    """#N/A is neither empty nor text, however the sheet's XML is spelled."""
    cell = (
        '<{0}row r="2"><{0}c r="A2" t="str"><{0}v>A</{0}v></{0}c><{0}c r="B2" t="e"><{0}v>#N/A</{0}v></{0}c></{0}row>'
    )
    xmlns = ' xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"' if prefix else ""
    sheet = read_sheet(with_sheet_data(HEADER_ROW + cell.format(prefix), before=f"<sheetPr{xmlns}/>"))
    assert [(note.code, note.column, note.row, note.given) for note in sheet.notes] == [
        ("error_cell", AMOUNT, 2, "#N/A")
    ]
    assert sheet.frame[AMOUNT].to_list() == ["#N/A"]


def test_formula_is_read_as_last_calculated_and_noted_once_per_column() -> None:
    """Values of formulas are used; one warning names the column."""

    def fill(workbook: Any) -> None:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, HEADERS)
        for row in (1, 2):
            sheet.write_formula(row, 0, '="A"', None, "A")
            sheet.write_formula(row, 1, "=1+1", None, 2.5)

    sheet = read_sheet(made(fill))
    assert sheet.frame.rows() == [("A", "2.5", None)] * 2
    assert [(note.code, note.column, note.row) for note in sheet.notes] == [
        ("formula", HEADERS[0], 2),
        ("formula", AMOUNT, 2),
    ]
    assert not any(note.is_defect for note in sheet.notes)


@pytest.mark.parametrize("value", ["", "<v></v>", "<v/>"])
def test_formula_without_a_value_is_a_defect(value: str) -> None:
    """A formula that nobody calculated is not taken for an empty cell."""
    row = f'<row r="2">{inline("A2", "A")}<c r="B2"><f>1+1</f>{value}</c></row>'
    (note,) = read_sheet(with_sheet_data(HEADER_ROW + row)).notes
    assert (note.code, note.column, note.row, note.is_defect) == ("formula_without_value", AMOUNT, 2, True)


def test_formula_that_came_out_as_empty_text_has_a_value() -> None:
    """An empty text is what IF(…, "") gives, and it is empty."""
    row = f'<row r="2">{inline("A2", "A")}<c r="B2" t="str"><f>IF(1,"")</f><v></v></c></row>'
    sheet = read_sheet(with_sheet_data(HEADER_ROW + row))
    assert [note.code for note in sheet.notes] == ["formula"]
    assert sheet.frame[AMOUNT].to_list() == [None]
