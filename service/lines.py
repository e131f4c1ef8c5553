"""Applications as columns: the one form in which requests, files and stored decisions reach the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from calculators.exact import Column, Days, Fen, Mask
from calculators.loan_interest import Periods

__all__ = [
    "FIRST_YEAR", "LAST_YEAR", "LINE", "REQUEST", "Column", "Days", "Fen", "Granted", "Lines", "Mask", "NotGiven",
    "Periods", "Unnamed", "encode", "first_day", "year_of",
]  # fmt: skip

#: The years in which dates may lie.
FIRST_YEAR, LAST_YEAR = 1900, 2200
_FIRST_DAYS = (np.arange(FIRST_YEAR, LAST_YEAR + 2) - 1970).astype("M8[Y]").astype("M8[D]").astype(np.int64)
_YEAR_OF_DAY = np.repeat(np.arange(FIRST_YEAR, LAST_YEAR + 1), np.diff(_FIRST_DAYS))
#: The key under which every line is a group of its own.
LINE = "line"
#: The column that tells which request a line belongs to, where several requests are decided at once.
REQUEST = "request"


class Unnamed(Sequence[str]):
    """Stands for the ids of lines that nobody asks for by name: the rows of a file."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, row: Any) -> Any:
        """Name a row as it would be named in a request."""
        return f"L{row + 1}"


class NotGiven(KeyError):
    """A field was asked for that no line gives."""


@dataclass(slots=True)
class Lines:
    """`count` lines of one measure.

    `columns` holds a column of whole numbers per field: fen, days since 1970-01-01, years, counts, 0/1 for flags, the
    position of a code in its dictionary entry; for text a number per distinct value, 0 where it is missing (a field
    with `absent: own_line` gets a number of its own for every line that lacks it). A field that no line gives has no
    column. `given` holds a mask only for fields that some lines lack. `periods` holds the fields that are several
    periods per line.
    """

    ids: Sequence[str]
    columns: dict[str, Column]
    given: dict[str, Mask] = field(default_factory=dict)
    periods: dict[str, Periods] = field(default_factory=dict)
    count: int = field(init=False)
    _groups: dict[tuple[str, ...], tuple[Column, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.count = len(self.ids)

    def has(self, name: str) -> bool:
        """Tell whether any line gives this field."""
        return name in self.columns or name in self.periods

    def column(self, name: str) -> Column:
        """Return a field's column; `date.year` is the year of a date field; `line` numbers the lines."""
        column = self.columns.get(name)
        if column is None:
            column = self.columns[name] = self._made(name)
        return column

    def _made(self, name: str) -> Column:
        if name == LINE:
            return np.arange(self.count)
        day, year, rest = name.partition(".year")
        if year and not rest and day in self.columns:
            return year_of(self.columns[day])
        raise NotGiven(name)

    def groups(self, per: tuple[str, ...]) -> tuple[Column, int]:
        """Number the groups of lines that agree in the fields `per`: each line's group, and how many groups there are.

        Lines that lack a field agree in lacking it; a field that no line gives does not divide them. No group reaches
        beyond one request. Groups may be empty.
        """
        if per not in self._groups:
            self._groups[per] = self._number((REQUEST, *per) if REQUEST in self.columns else per)
        return self._groups[per]

    def _number(self, per: tuple[str, ...]) -> tuple[Column, int]:
        if self.count == 1:
            return np.zeros(1, dtype=np.int64), 1
        group, groups = np.zeros(self.count, dtype=np.int64), 1
        for name in per:
            if name != LINE and not self.has(name.removesuffix(".year")):
                continue
            key = self.column(name)
            lowest = int(key.min())
            span = int(key.max()) - lowest + 1
            group, groups = group * span + (key - lowest), groups * span
            if groups > 4 * self.count + 1024:
                values, group = np.unique(group, return_inverse=True)
                groups = len(values)
        return group, groups

    def select(self, chosen: Mask) -> Lines:
        """Take the chosen lines, in their order."""
        rows = np.flatnonzero(chosen)
        place = np.cumsum(chosen) - 1
        named = not isinstance(self.ids, Unnamed)
        return Lines(
            ids=[self.ids[row] for row in rows.tolist()] if named else Unnamed(len(rows)),
            columns={name: column[rows] for name, column in self.columns.items() if name != LINE},
            given={name: mask[rows] for name, mask in self.given.items()},
            periods={name: _of_lines(table, chosen, place) for name, table in self.periods.items()},
        )


def _of_lines(table: Periods, chosen: Mask, place: Column) -> Periods:
    kept = chosen[table.line]
    balance = None if table.balance is None else table.balance[kept]
    return Periods(place[table.line[kept]], table.start[kept], table.end[kept], balance)


def year_of(days: Days) -> Column:
    """Tell the calendar year of each day, within the years in which dates may lie."""
    year: Column = _YEAR_OF_DAY[days - _FIRST_DAYS[0]]
    return year


def first_day(year: Column) -> Days:
    """Tell the first of January of each year, within the years that are calculated and one more."""
    return _FIRST_DAYS[year - FIRST_YEAR]


def encode(values: Sequence[object | None], *, own_line: bool = False) -> Column:
    """Number the distinct values of a text column from 1; None becomes 0, or a number of its own if `own_line`."""
    seen: dict[object, int] = {}
    coded = []
    for value in values:
        key = object() if value is None and own_line else value
        coded.append(0 if key is None else seen.setdefault(key, len(seen) + 1))
    return np.array(coded, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Granted:
    """Money granted before under a shared limit, to the group of the lines that agree with `group` (field → code)."""

    limit: str
    group: Mapping[str, int]
    amount: int
