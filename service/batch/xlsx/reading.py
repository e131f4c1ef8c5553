"""Reads a workbook as columns of text, with the row numbers that people see and notes on everything that is odd."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from service.batch.xlsx.cells import texts_of
from service.batch.xlsx.header import Header, IsHeader, Merge, header_of
from service.batch.xlsx.notes import Note, notes_on_cells, notes_on_layout
from service.batch.xlsx.places import runs_of
from service.batch.xlsx.safety import STRINGS, Listed, Package, refusal
from service.batch.xlsx.scan import MOST_CELLS, Facts, refuse_repeated_strings, scanned
from service.words import WORDS

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_TWO_COLUMNS = 2


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet with a header: `frame` holds text, empty cells are null, empty rows are left out.

    `headers` are as in the file, one per column of `frame`; the frame's own names are the same, but for a header that
    comes again: that gets its letters ("放款日期 [F]"). `letters` tell where each column stands, `rows` the row number
    of each line as a spreadsheet shows it.
    """

    name: str
    frame: pl.DataFrame
    rows: Sequence[int]
    notes: tuple[Note, ...]
    headers: tuple[str, ...]
    letters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Workbook:
    """The sheets that have a header, in order; `notes` name those that have none."""

    sheets: tuple[Sheet, ...]
    notes: tuple[Note, ...]


def read_workbook(source: Path | bytes, *, is_header: IsHeader, most_bytes_unpacked: int, most_rows: int) -> Workbook:
    """Read every sheet in which one of the first twenty rows is a header.

    Raises Refused, before anything large is inflated or laid out, for what is no sound .xlsx file and for one that
    would take too much memory; then for one without any header, or with more rows of data than `most_rows`.
    """
    package = Package(source if isinstance(source, bytes) else source.read_bytes(), most_bytes_unpacked)
    listed = package.sheets()
    facts, workbook = _opened(package, listed)
    sheets: list[Sheet] = []
    notes: list[Note] = []
    left = most_rows
    for one in listed:
        found = _read(workbook, one, facts[one.part], is_header)
        if isinstance(found, Note):
            notes += [] if _is_of_template(found.sheet) else [found]
            continue
        left -= found.frame.height
        if left < 0:
            raise refusal("workbook_too_many_rows", None, f"≤ {most_rows}", most=most_rows)
        sheets.append(found)
    if not sheets:
        raise refusal("workbook_without_header", ", ".join(one.name for one in listed))
    return Workbook(tuple(sheets), tuple(notes))


def _is_of_template(name: str) -> bool:
    """Tell whether a sheet without data is the instructions of a template, or the summary of a result."""
    return any(name in (words["template"]["instructions"], words["batch"]["summary"]) for words in WORDS.values())


def _opened(package: Package, listed: Sequence[Listed]) -> tuple[Mapping[str, Facts], CalamineWorkbook]:
    """Check every part that will be parsed, and open exactly these."""
    from python_calamine import CalamineError, load_workbook

    parts = {one.part: package.read(one.part) for one in listed}
    facts = {one.part: scanned(parts[one.part], one.name) for one in listed}
    cells = sum(facts[one.part].height * facts[one.part].width for one in listed)
    if cells > 2 * MOST_CELLS:
        raise refusal("workbook_too_many_cells", cells, f"≤ {2 * MOST_CELLS}", most=2 * MOST_CELLS)
    if STRINGS in package.entries:
        strings = package.read(STRINGS)
        refuse_repeated_strings(strings, [(parts[one.part], facts[one.part]) for one in listed])
    packed = package.repacked(parts)
    del parts
    try:
        return facts, load_workbook(packed)
    except CalamineError:
        raise refusal("workbook_damaged") from None


def _read(workbook: CalamineWorkbook, listed: Listed, facts: Facts, is_header: IsHeader) -> Sheet | Note:
    sheet, rows = _rows_of(workbook, listed)
    if sheet.start is None or not rows:
        return Note("sheet_empty", listed.name)
    top, left = sheet.start
    height = top + len(rows)
    merges = [Merge(*first, *last) for first, last in sheet.merged_cell_ranges or ()]
    header = header_of(rows, (top, left), merges, is_header)
    if header is None:
        return Note("sheet_without_header", listed.name)
    columns = list(zip(*rows[header.bottom + 1 - top :], strict=True)) or [()] * len(rows[0])
    del rows
    kept = header.kept()
    frame = pl.DataFrame({name: texts_of(columns[column]) for column, name in kept.items()})
    frame = _with_errors(frame, facts, header, kept)
    frame, numbers, repeated = _without_empty_rows(frame, header, kept)
    notes = [
        *notes_on_layout(listed, facts, header, merges, height),
        *notes_on_cells(listed.name, facts, header, columns, kept),
    ]
    if repeated:
        notes.append(Note("repeated_header", listed.name, given=runs_of(repeated)))
    headers = tuple(header.names[column] for column in kept)
    return Sheet(listed.name, frame, numbers, tuple(notes), headers, tuple(map(header.letters, kept)))


def _rows_of(workbook: CalamineWorkbook, listed: Listed) -> tuple[CalamineSheet, list[list[Any]]]:
    from python_calamine import CalamineError

    try:
        sheet = workbook.get_sheet_by_name(listed.name)
        return sheet, sheet.to_python()
    except CalamineError:
        raise refusal("workbook_damaged", listed.name) from None
    except BaseException as error:  # a panic of the reader is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise refusal("workbook_damaged", listed.name) from None


def _with_errors(frame: pl.DataFrame, facts: Facts, header: Header, kept: Mapping[int, str]) -> pl.DataFrame:
    """Show the error in a cell that has one; the reader of values leaves it empty."""
    by_column: dict[str, dict[int, str]] = {}
    for row, column, text in facts.errors:
        name, place = kept.get(column - header.left), row - header.bottom - 1
        if name is not None and 0 <= place < frame.height:
            by_column.setdefault(name, {})[place] = text
    for name, texts in by_column.items():
        places = sorted(texts)
        changed = frame[name].scatter(places, [texts[place] for place in places])
        frame = frame.with_columns(changed.alias(name))
    return frame


def _without_empty_rows(
    frame: pl.DataFrame, header: Header, kept: Mapping[int, str]
) -> tuple[pl.DataFrame, Sequence[int], list[int]]:
    """Leave out empty rows and repetitions of the header; give the row numbers of what is left, and of the latter."""
    first = header.bottom + 2
    filled = pl.any_horizontal(pl.all().str.contains(r"\S").fill_null(False))
    again = pl.lit(False)
    if len(kept) >= _TWO_COLUMNS:
        same: Iterable[pl.Expr] = [pl.col(name).eq_missing(header.names[column]) for column, name in kept.items()]
        again = pl.all_horizontal(same)
    masks = frame.select(filled.alias("filled"), again.alias("again"))
    use = masks["filled"] & ~masks["again"]
    if use.all():
        return frame, range(first, first + frame.height), []
    repeated = [first + place for place in masks["again"].arg_true().to_list()] if masks["again"].any() else []
    return frame.filter(use), [first + place for place in use.arg_true().to_list()], repeated
