"""Headers are found where clerks put them, rows keep their numbers, and nothing is left out in silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from service.errors import Refused
from tests.batch.xlsx.workbooks import HEADER_ROW, HEADERS, inline, made, of_rows, read, read_sheet, with_sheet_data
from tests.batch.xlsx.workbooks import write_rows as write

ROW = ["91140100MA0000001X", "1000000", "2027-01-31"]


def one_sheet(fill: Callable[[Any, Any], None]) -> bytes:
    """Make a workbook by filling its only sheet."""
    return made(lambda workbook: fill(workbook, workbook.add_worksheet("贷款")))


@pytest.mark.parametrize("above", [0, 1, 7, 19])
def test_header_is_found_among_the_first_twenty_rows(above: int) -> None:
    """A title, a blank line and remarks may stand above; row numbers are those of the file."""
    rows = [["2027年度贷款贴息申报表"], [], ["填报单位：某镇"], *[[]] * 17][:above]
    sheet = read_sheet(of_rows(*rows, HEADERS, ROW, ROW))
    assert sheet.headers == tuple(HEADERS)
    assert sheet.frame.rows() == [tuple(ROW)] * 2
    assert list(sheet.rows) == [above + 2, above + 3]


def test_header_in_row_21_is_not_looked_for() -> None:
    """A workbook whose only header stands too low is refused in words."""
    with pytest.raises(Refused) as refused:
        read(of_rows(*[["x"]] * 20, HEADERS, ROW))
    assert [defect.code for defect in refused.value.defects] == ["workbook_without_header"]


def test_table_may_stand_anywhere() -> None:
    """Empty columns and rows before the table move letters and row numbers, nothing else."""
    sheet = read_sheet(of_rows(["", "", *HEADERS], ["", "", *ROW], top=4))
    assert (sheet.letters, list(sheet.rows)) == (("C", "D", "E"), [6])
    assert sheet.frame.rows() == [tuple(ROW)]


def test_empty_rows_are_left_out_and_the_others_keep_their_numbers() -> None:
    """Rows that are empty or blank are no lines, between the others and at the end."""
    sheet = read_sheet(of_rows(HEADERS, ROW, [], [" ", "", "\t"], ROW, [" "], []))
    assert list(sheet.rows) == [2, 5]
    assert sheet.frame.height == 2


def test_header_without_rows_is_a_sheet_without_lines() -> None:
    """A template that nobody filled in has no rows, and all its columns."""
    sheet = read_sheet(of_rows(HEADERS))
    assert (sheet.frame.columns, sheet.frame.height, list(sheet.rows)) == (HEADERS, 0, [])


def test_header_of_two_lines_with_groups() -> None:
    """Merged downwards a header counts, merged sideways it names a group of those below."""

    def fill(_: Any, sheet: Any) -> None:
        sheet.merge_range("A1:E1", "贷款贴息申报表")
        sheet.merge_range("A2:A3", HEADERS[0])
        sheet.merge_range("B2:B3", HEADERS[1])
        sheet.merge_range("C2:D2", "付息时间段")
        sheet.write_row("C3", ["付息起", "付息止"])
        sheet.merge_range("E2:E3", HEADERS[2])
        sheet.write_row("A4", ["A", "1", "2027-01-01", "2027-07-01", "2027-01-01"])

    sheet = read_sheet(one_sheet(fill))
    assert sheet.headers == (HEADERS[0], HEADERS[1], "付息起", "付息止", HEADERS[2])
    assert sheet.frame.rows() == [("A", "1", "2027-01-01", "2027-07-01", "2027-01-01")]
    assert list(sheet.rows) == [4]
    assert sheet.notes == ()


def test_header_in_two_languages_ends_with_its_last_line() -> None:
    """Two lines that both are a header are one header, no line of data."""
    sheet = read_sheet(of_rows([*HEADERS[:2], "甲"], [*HEADERS[:2], "乙"], ROW))
    assert sheet.headers == (*HEADERS[:2], "乙")
    assert list(sheet.rows) == [3]


def test_header_merged_sideways_names_its_first_column_only() -> None:
    """The second column of a merged header has none: that is noted, and its cells are not read."""

    def fill(_: Any, sheet: Any) -> None:
        sheet.write_row("A1", HEADERS[:2])
        sheet.merge_range("C1:D1", HEADERS[2])
        sheet.write_row("A2", [*ROW, "2027-02-01"])

    sheet = read_sheet(one_sheet(fill))
    assert sheet.frame.rows() == [tuple(ROW)]
    assert [(note.code, note.column, note.given) for note in sheet.notes] == [
        ("column_without_header", "D", "2027-02-01")
    ]


def test_doubled_header_keeps_both_columns_apart() -> None:
    """The second of two columns of one name gets its letter, and a note."""
    sheet = read_sheet(of_rows([*HEADERS, HEADERS[1]], [*ROW, "7"]))
    assert sheet.headers == (*HEADERS, HEADERS[1])
    assert sheet.frame.row(0, named=True)[f"{HEADERS[1]} [D]"] == "7"
    assert [(note.code, note.given) for note in sheet.notes] == [("doubled_header", HEADERS[1])]


def test_repeated_header_is_no_line() -> None:
    """Pages pasted below each other bring their headers along; these are left out and named."""
    sheet = read_sheet(of_rows(HEADERS, ROW, HEADERS, ROW))
    assert list(sheet.rows) == [2, 4]
    assert [(note.code, note.given) for note in sheet.notes] == [("repeated_header", "3")]


def test_merged_data_cells_are_named() -> None:
    """Only the first of merged cells holds the value, the others are empty, and the range is in the note."""

    def fill(_: Any, sheet: Any) -> None:
        write(sheet, [HEADERS, ROW, ["", *ROW[1:]], ["", *ROW[1:]]])
        sheet.merge_range("A2:A4", "91140100MA0000001X")

    sheet = read_sheet(one_sheet(fill))
    assert sheet.frame[HEADERS[0]].to_list() == ["91140100MA0000001X", None, None]
    assert [(note.code, note.given) for note in sheet.notes] == [("merged_cells", "A2:A4")]


def test_hidden_rows_and_columns_count_and_are_named() -> None:
    """Hiding takes no application out of the batch."""

    def fill(_: Any, sheet: Any) -> None:
        write(sheet, [HEADERS, *[ROW] * 6])
        for row in (2, 3, 5):
            sheet.set_row(row, None, None, {"hidden": True})
        sheet.set_column("B:C", None, None, {"hidden": True})
        sheet.set_row(40, None, None, {"hidden": True})

    sheet = read_sheet(one_sheet(fill))
    assert sheet.frame.rows() == [tuple(ROW)] * 6
    assert [(note.code, note.given) for note in sheet.notes] == [
        ("hidden_rows", "3-4, 6"),
        ("hidden_columns", "B, C"),
    ]


def test_hidden_sheet_counts() -> None:
    """A hidden sheet is read like the others, with a note."""

    def fill(workbook: Any) -> None:
        write(workbook.add_worksheet("甲"), [HEADERS, ROW])
        hidden = workbook.add_worksheet("乙")
        write(hidden, [HEADERS, ROW])
        hidden.hide()

    first, second = read(made(fill)).sheets
    assert (first.notes, second.frame.height) == ((), 1)
    assert [(note.code, note.sheet) for note in second.notes] == [("hidden_sheet", "乙")]


def test_all_sheets_are_read_and_those_without_header_named() -> None:
    """Two sheets of one measure both come out, an empty one and one of notes are listed."""

    def fill(workbook: Any) -> None:
        write(workbook.add_worksheet("贷款一"), [HEADERS, ROW])
        workbook.add_worksheet("Sheet2")
        write(workbook.add_worksheet("备注"), [["联系人", "电话"]])
        write(workbook.add_worksheet("贷款二"), [HEADERS, ROW, ROW])
        chart = workbook.add_chart({"type": "line"})
        chart.add_series({"values": "=贷款一!$B$2:$B$2"})
        workbook.add_chartsheet("图表").set_chart(chart)

    workbook = read(made(fill))
    assert [(sheet.name, sheet.frame.height) for sheet in workbook.sheets] == [("贷款一", 1), ("贷款二", 2)]
    assert [(note.code, note.sheet) for note in workbook.notes] == [
        ("sheet_empty", "Sheet2"),
        ("sheet_without_header", "备注"),
    ]


def test_ten_thousand_columns() -> None:
    """A sheet may be as wide as spreadsheets allow."""
    sheet = read_sheet(of_rows([*HEADERS, *(f"列{n}" for n in range(9_997))], [*ROW, *["x"] * 9_997]))
    assert (sheet.frame.width, sheet.letters[-1]) == (10_000, "NTP")


def test_rows_are_counted_over_all_sheets() -> None:
    """One row of data more than allowed is refused, exactly as many are read."""

    def fill(workbook: Any) -> None:
        write(workbook.add_worksheet("甲"), [HEADERS, ROW, ROW])
        write(workbook.add_worksheet("乙"), [HEADERS, ROW])

    source = made(fill)
    assert len(read(source, most_rows=3).sheets) == 2
    with pytest.raises(Refused) as refused:
        read(source, most_rows=2)
    assert [defect.code for defect in refused.value.defects] == ["workbook_too_many_rows"]


def test_rows_out_of_order_and_cells_without_reference_are_all_read() -> None:
    """No row is lost to an unusual spelling of the XML."""
    rows = f'{HEADER_ROW}<row r="5">{inline("A5", "五")}</row><row r="3">{inline("A3", "三")}</row>'
    plain = '<row><c t="inlineStr"><is><t>九</t></is></c></row>'
    assert read_sheet(with_sheet_data(rows)).frame[HEADERS[0]].to_list() == ["三", "五"]
    assert read_sheet(with_sheet_data(HEADER_ROW + plain)).frame[HEADERS[0]].to_list() == ["九"]


def test_cell_formatted_far_away_is_no_data() -> None:
    """A coloured empty cell in the last row and column costs nothing."""
    sheet = read_sheet(with_sheet_data(f'{HEADER_ROW}<row r="1048576"><c r="XFD1048576" s="0"/></row>'))
    assert sheet.frame.height == 0


def test_text_of_many_runs_is_joined() -> None:
    """A cell with mixed fonts is one text."""
    rich = '<c r="A2" t="inlineStr"><is><r><t>山</t></r><r><rPr><b/></rPr><t>西</t></r></is></c>'
    assert read_sheet(with_sheet_data(f'{HEADER_ROW}<row r="2">{rich}</row>')).frame[HEADERS[0]].to_list() == ["山西"]
