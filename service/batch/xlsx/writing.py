"""Writes results as a workbook that opens ready to be read: numbers are numbers, text never runs as a formula.

rustpy-xlsxwriter writes a frame about seven times as fast as XlsxWriter, and does all that a result needs: sheets,
number formats, frozen and filtered headers, coloured statuses, print layout. It has no date validation and validates
no rows beyond the data, which is why templates are written by XlsxWriter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import polars as pl

from service.batch.xlsx.layout import Layout, sheet_names
from service.batch.xlsx.shown import Kind, shown

#: A sheet has 1,048,576 rows, one is the header.
MOST_ROWS: Final = 1_048_575


@dataclass(frozen=True, slots=True)
class ResultSheet:
    """A table: `kinds` tell how columns are shown (text where nothing is said), `labels` what they are called.

    A `yuan` column holds whole fen, or text: then amounts become numbers and anything else stays as it is. A `date`
    column holds dates, or text: then it becomes dates if all of it are ISO dates.
    """

    name: str
    frame: pl.DataFrame
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Summary:
    """What stands on the first sheet: a title, lines of text (what was calculated, by which policy), and a table."""

    title: str
    facts: Sequence[tuple[str, str]]
    table: ResultSheet


def write_workbook(target: Path | BinaryIO, sheets: Sequence[ResultSheet], summary: Summary | None = None) -> None:
    """Write the summary and the sheets, in this order; a table too long for a sheet goes on in the next.

    Text is written as text whatever it begins with, fen as yuan with two decimals. Sheet names are made valid and
    unique.
    """
    from rustpy_xlsxwriter import write_worksheets

    parts = [part for sheet in sheets for part in _parts(sheet)]
    tables = [summary.table, *parts] if summary else parts
    if not tables:
        raise ValueError("a workbook has at least one sheet")
    names = sheet_names([table.name for table in tables])
    layout = Layout()
    pages: list[tuple[str, Any]] = []
    for name, table in zip(names, tables, strict=True):
        above = [summary.title, *map(_line, summary.facts)] if summary and table is summary.table else []
        headers = _headers(table)
        frame = table.frame.rename(headers)
        kinds = {header: table.kinds.get(column, "text") for column, header in headers.items()}
        data = shown(frame, kinds)
        layout.add(name, frame, kinds, above)
        pages.append((name, data))
    write_worksheets(pages, str(target) if isinstance(target, Path) else target, **layout.options())


def _parts(sheet: ResultSheet) -> Iterator[ResultSheet]:
    for begin in range(0, max(sheet.frame.height, 1), MOST_ROWS):
        frame = sheet.frame.slice(begin, MOST_ROWS)
        yield ResultSheet(sheet.name, frame, sheet.kinds, sheet.labels)


def _line(fact: tuple[str, str]) -> str:
    label, value = fact
    return f"{label}：{value}" if not label.isascii() else f"{label}: {value}"


def _headers(table: ResultSheet) -> dict[str, str]:
    """Call the columns by their labels; a label that comes again is numbered."""
    headers: dict[str, str] = {}
    taken: set[str] = set()
    for column in table.frame.columns:
        label = header = table.labels.get(column, column)
        number = 1
        while header in taken:
            number += 1
            header = f"{label} [{number}]"
        taken.add(header)
        headers[column] = header
    return headers
