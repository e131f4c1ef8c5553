"""Makes workbooks for the tests: plain ones, and ones with a sheet's XML or a zip's directory written by hand."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from service.batch.xlsx import reading

HEADERS = ["统一社会信用代码", "放款本金(元)", "放款日期"]
SHEET = "xl/worksheets/sheet1.xml"
MOST_BYTES = 64 << 20


def is_header(row: Sequence[str]) -> bool:
    """Tell a header by two of the known names."""
    return sum(text in HEADERS for text in row) >= 2


def read(source: bytes, **bounds: int) -> reading.Workbook:
    """Read a workbook within the bounds of the tests."""
    return reading.read_workbook(
        source,
        **{"is_header": is_header, "most_bytes_unpacked": MOST_BYTES, "most_rows": 1_000} | bounds,  # type: ignore[arg-type]
    )


def read_sheet(source: bytes) -> reading.Sheet:
    """Read the only sheet that has a header."""
    (sheet,) = read(source).sheets
    return sheet


def made(fill: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    """Make a workbook."""
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as workbook:
        fill(workbook)
    return target.getvalue()


def of_rows(*rows: Sequence[Any], name: str = "Sheet1", top: int = 0) -> bytes:
    """Make a workbook of one sheet of plain values."""
    return made(lambda workbook: write_rows(workbook.add_worksheet(name), rows, top))


def write_rows(sheet: Worksheet, rows: Sequence[Sequence[Any]], top: int = 0) -> None:
    """Write values, text as text."""
    for row, values in enumerate(rows, top):
        for column, value in enumerate(values):
            if isinstance(value, str):
                sheet.write_string(row, column, value)
            else:
                sheet.write(row, column, value)


def parts_of(workbook: bytes) -> dict[str, bytes]:
    """Return all parts of a workbook."""
    with zipfile.ZipFile(BytesIO(workbook)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Mapping[str, bytes]) -> bytes:
    """Pack parts into a workbook."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return target.getvalue()


def with_part(workbook: bytes, name: str, part: bytes) -> bytes:
    """Replace or add a part."""
    return packed(parts_of(workbook) | {name: part})


def with_sheet_data(rows: str, before: str = "", after: str = "") -> bytes:
    """Make a workbook of one sheet whose rows are written by hand."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    part = f'<worksheet xmlns="{main}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'
    return with_part(of_rows(["x"]), SHEET, part.encode())


def inline(reference: str, text: str) -> str:
    """Write a cell of text."""
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


HEADER_ROW = (
    f'<row r="1">{"".join(inline(f"{letter}1", text) for letter, text in zip("ABC", HEADERS, strict=True))}</row>'
)
