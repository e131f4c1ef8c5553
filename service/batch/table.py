"""A table of text to lines of a measure: every cell read, every row judged, bad rows set apart with their defects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from service.batch.columns import Parsed, Reader, reader_for
from service.batch.headers import PAID_FROM, PAID_TO, Headers, Source, Unit
from service.errors import Defect
from service.lines import Column, Lines, Mask, Periods, Unnamed
from service.policies.model import Field, Input, Provision, Words

_DAY = Field("day", "date", Words("日期", "Date"), None, {}, None, "group")


@dataclass(slots=True)
class Table:
    """The lines of a table's good rows, which rows those are, and the defects of the others by row (from 0)."""

    lines: Lines
    good: Mask
    defects: dict[int, list[Defect]]


class TableReader:
    """Reads files as lines of a measure; a text has the same number in all of them, part after part."""

    def __init__(self, provision: Provision, facts: Sequence[str]) -> None:
        self._fields = provision.fields
        self._inputs = provision.measure.asked(facts)
        self._readers: dict[tuple[str, Unit], Reader] = {}
        self._own_lines = 0

    def _reader(self, name: str, unit: Unit) -> Reader:
        if (name, unit) not in self._readers:
            entry = _DAY if name in {PAID_FROM, PAID_TO} else self._fields[name]
            self._readers[name, unit] = reader_for(entry, unit)
        return self._readers[name, unit]

    def swept(self, part: pl.DataFrame, headers: Headers) -> pl.DataFrame:
        """Let polars work out what `read` needs of a part of text columns: all columns at once, on all processors."""
        sources = headers.sources.items()
        sweep = [expr for name, source in sources for expr in self._reader(name, source.unit).sweep(source.column)]
        return part.lazy().select(sweep).collect()

    def read(
        self,
        part: pl.DataFrame,
        swept: pl.DataFrame,
        headers: Headers,
        flaws: Mapping[int, Sequence[Defect]] | None = None,
    ) -> Table:
        """Read a part of text columns: its good rows as lines, and the defects of the others, with the flaws known."""
        height = part.height
        parsed: dict[str, Parsed] = {}
        defects: dict[int, list[Defect]] = {row: list(found) for row, found in (flaws or {}).items()}
        for name, source in headers.sources.items():
            cells = part[source.column]
            column = parsed[name] = self._reader(name, source.unit).parsed(cells, swept)
            column.given = cells.is_not_null().to_numpy() if cells.null_count() else None
            _place(defects, cells.name, column)
        if PAID_FROM in parsed:
            parsed["interest_periods"] = _joined(parsed, headers, height, defects)
        for name, asked in self._inputs.items():
            _require(name, asked, parsed, self._inputs, headers, height, defects)
        lines = self._lines(height, parsed)
        good = np.ones(height, dtype=np.bool_)
        good[list(defects)] = False
        return Table(lines if not defects else lines.select(good), good, defects)

    def _lines(self, height: int, parsed: Mapping[str, Parsed]) -> Lines:
        lines = Lines(ids=Unnamed(height), columns={})
        for name, asked in self._inputs.items():
            column = parsed.get(name)
            own_line = self._fields[name].absent == "own_line"
            if column is None or column.numbers is None:
                _add_absent(lines, name, asked, column)
                if own_line:
                    lines.columns[name] = self._own(height)
                continue
            numbers, given = column.numbers, column.given
            if given is not None and asked.default is not None:
                numbers, given = np.where(given, numbers, asked.default), None
            elif given is not None and asked.same_as is not None:
                numbers, given = np.where(given, numbers, lines.columns[asked.same_as]), None
            elif given is not None and own_line:
                numbers = np.where(given, numbers, self._own(height))
            if given is None or given.any() or own_line or asked.need == "nullable":
                lines.columns[name] = numbers
                if given is not None:
                    lines.given[name] = given
        return lines

    def _own(self, lines: int) -> Column:
        """Return numbers, all below 0, that no text and no other line of the file has."""
        self._own_lines += lines
        return -np.arange(self._own_lines - lines + 1, self._own_lines + 1)


def _place(defects: dict[int, list[Defect]], column: str, parsed: Parsed) -> None:
    """Sort a column's defects under their rows, named by the column of the file."""
    for row, found in parsed.defects.items():
        defects.setdefault(row, []).extend(
            replace(defect, pointer=column + defect.pointer, facts={**defect.facts, "field": column})
            for defect in found
        )


def _joined(parsed: dict[str, Parsed], headers: Headers, height: int, defects: dict[int, list[Defect]]) -> Parsed:
    """Make one period per row of the two columns that hold its ends."""
    start, end = parsed.pop(PAID_FROM), parsed.pop(PAID_TO, Parsed(given=np.zeros(height, dtype=np.bool_)))
    has_start, has_end = _given(start, height), _given(end, height)
    for row in np.flatnonzero(has_start != has_end).tolist():
        lacking = PAID_TO if has_start[row] else PAID_FROM
        _add(defects, row, Defect(_column(headers, lacking), "missing", None, "YYYY-MM-DD", {"field": lacking}))
    whole = has_start & has_end
    assert start.numbers is not None
    if not whole.any() or end.numbers is None:
        return Parsed(given=whole)
    rows = np.flatnonzero(whole)
    periods = Periods(rows, start.numbers[rows], end.numbers[rows])
    unread = start.defects.keys() | end.defects.keys()
    for row in rows[periods.end < periods.start].tolist():
        if row not in unread:
            _add(defects, row, Defect(_column(headers, PAID_TO), "periods_backwards", None, f"≥ {PAID_FROM}"))
    return Parsed(periods=periods, given=None if whole.all() else whole)


def _column(headers: Headers, name: str) -> str:
    return headers.sources.get(name, Source(name)).column


def _add(defects: dict[int, list[Defect]], row: int, defect: Defect) -> None:
    defects.setdefault(row, []).append(defect)


def _given(parsed: Parsed | None, height: int) -> Mask:
    if parsed is None:
        return np.zeros(height, dtype=np.bool_)
    return np.ones(height, dtype=np.bool_) if parsed.given is None else parsed.given


def _require(
    name: str,
    asked: Input,
    parsed: Mapping[str, Parsed],
    inputs: Mapping[str, Input],
    headers: Headers,
    height: int,
    defects: dict[int, list[Defect]],
) -> None:
    """Find rows with an empty required cell, or with not exactly one of two inputs that stand for one another."""
    column = _column(headers, name)
    if asked.need == "required" and name in parsed and parsed[name].given is not None:
        for row in np.flatnonzero(~_given(parsed[name], height)).tolist():
            _add(defects, row, Defect(column, "missing", None, None, {"field": column}))
    if asked.need != "either" or asked.other is None or list(inputs).index(name) > list(inputs).index(asked.other):
        return
    one, other = _given(parsed.get(name), height), _given(parsed.get(asked.other), height)
    facts = {"one": column, "other": _column(headers, asked.other)}
    for rows, code in ((one & other, "either_both"), (~one & ~other, "either_missing")):
        for row in np.flatnonzero(rows).tolist():
            _add(defects, row, Defect(column, code, None, f"{name} | {asked.other}", facts))


def _add_absent(lines: Lines, name: str, asked: Input, column: Parsed | None) -> None:
    """Add what an input is where the file has no column of numbers for it: its periods, its default, or nothing."""
    if column is not None and column.periods is not None:
        lines.periods[name] = column.periods
        if column.given is not None:
            lines.given[name] = column.given
    elif asked.default is not None:
        lines.columns[name] = np.full(lines.count, asked.default, dtype=np.int64)
    elif asked.same_as is not None:
        lines.columns[name] = lines.columns[asked.same_as]
