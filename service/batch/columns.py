"""Columns of text to columns of whole numbers: what is plainly right in one sweep, the rest by the dictionary's entry.

Both ways give the same: a cell is plainly right only where its pattern leaves the entry nothing to decide. All columns
of a part are swept at once by polars, on all processors; each distinct text of a whole file is read once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np
import polars as pl
from marshmallow import ValidationError

from service.batch.cells import Read, reader_of
from service.batch.headers import Unit
from service.errors import Defect
from service.lines import Column, Mask, Periods
from service.policies.model import Field

_PLAIN_YUAN: Final[Mapping[Unit, tuple[str, int]]] = {
    "yuan": (r"^[0-9]{1,11}(\.[0-9]{1,2})?$", 2),
    "ten_thousand_yuan": (r"^[0-9]{1,7}(\.[0-9]{1,6})?$", 6),
}
_PLAIN_TEXT: Final = r"^[!-~]{1,64}$"
#: Visible ASCII but not of 18 characters, which must prove a check digit.
_PLAIN_IDENTIFIER: Final = r"^(?:[!-~]{1,17}|[!-~]{19,64})$"
_PLAIN_CREDIT_CODE: Final = r"^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$"
_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE_LENGTH: Final = 18
#: Stands in the place of a value that no cell asked for yet.
_UNREAD: Final = -(2**63)

Found = int | list[Defect]


@dataclass(slots=True)
class Parsed:
    """A column that was read: its numbers (or periods), the rows that have a value, and what is wrong by row."""

    numbers: Column | None = None
    periods: Periods | None = None
    given: Mask | None = None
    defects: dict[int, Sequence[Defect]] = field(default_factory=dict)


class Reader(Protocol):
    """Reads one input, part after part and file after file."""

    def sweep(self, column: str) -> list[pl.Expr]:
        """Say what polars is to work out for a part; results are named after the column of the file."""

    def parsed(self, cells: pl.Series, swept: pl.DataFrame) -> Parsed:
        """Finish a part's column."""


def reader_for(entry: Field, unit: Unit) -> Reader:
    """Make the reader of an input."""
    match entry.type:
        case "yuan":
            return YuanReader(entry, unit)
        case "periods" | "balances":
            return PeriodsReader(entry)
        case _:
            return DistinctReader(entry)


def tried(read: Read, cell: str) -> Any:
    """Return what an entry makes of a cell, or what is wrong with it."""
    try:
        return read(cell)
    except ValidationError as error:
        return list(error.messages)


class YuanReader:
    """Amounts: plain decimals through polars' exact decimals, odd ones by the entry."""

    def __init__(self, entry: Field, unit: Unit) -> None:
        self._pattern, self._scale = _PLAIN_YUAN[unit]
        self._read = reader_of(entry, unit)

    def sweep(self, column: str) -> list[pl.Expr]:
        cells = pl.col(column)
        decimals = cells.cast(pl.Decimal(38, self._scale), strict=False)
        return [
            decimals.to_physical().cast(pl.Int64, strict=False).fill_null(0).alias(column),
            (~cells.str.contains(self._pattern)).fill_null(value=False).alias(_odd(column)),
        ]

    def parsed(self, cells: pl.Series, swept: pl.DataFrame) -> Parsed:
        fen = swept[cells.name].to_numpy()
        odd = swept[_odd(cells.name)]
        parsed = Parsed(fen)
        if odd.any():
            parsed.numbers = fen.copy()
            for row in odd.arg_true().to_list():
                found: Found = tried(self._read, cells[row])
                if isinstance(found, list):
                    parsed.defects[row] = found
                else:
                    parsed.numbers[row] = found
        return parsed


def _odd(column: str) -> str:
    return f"{column}\0odd"


class DistinctReader:
    """Texts, codes, dates, years, flags: every distinct cell of the file is numbered and read once.

    For texts the number itself is the value, from 1, 0 where there is none; texts that the entry takes for the same
    (codes in lower case) get the number of the first.
    """

    def __init__(self, entry: Field) -> None:
        self._entry = entry
        self._read = reader_of(entry)
        self._is_text = entry.type in {"text", "credit_code"}
        self._numbering = pl.Categories.random()
        # Polars forgets a numbering, and begins anew, as soon as no column uses it: this one always does.
        self._held = pl.Series([], dtype=pl.Categorical(self._numbering))
        self._values = np.zeros(1, dtype=np.int64)
        self._defects: dict[int, list[Defect]] = {}
        self._normal: dict[str, int] = {}

    def sweep(self, column: str) -> list[pl.Expr]:
        numbered = pl.col(column).cast(pl.Categorical(self._numbering)).to_physical()
        return [(numbered.cast(pl.Int64) + 1).fill_null(0).alias(column)]

    def parsed(self, cells: pl.Series, swept: pl.DataFrame) -> Parsed:
        numbers = swept[cells.name].to_numpy()
        self._reach(int(numbers.max(initial=0)))
        values = self._values[numbers]
        unread = values == _UNREAD
        if unread.any():
            self._learn(numbers, np.flatnonzero(unread), cells)
            values = self._values[numbers]
        parsed = Parsed(values)
        if self._defects:
            wrong = np.isin(numbers, list(self._defects))
            parsed.defects = {row: self._defects[int(numbers[row])] for row in np.flatnonzero(wrong).tolist()}
        return parsed

    def texts(self, numbers: Column) -> pl.Series:
        """Return the texts, in their normal form, that the numbers of values stand for."""
        return pl.Series(numbers - 1, dtype=pl.UInt32).cat.to(pl.Categorical(self._numbering)).cast(pl.String)

    def _reach(self, number: int) -> None:
        """Make room for the values of cells up to this number."""
        known = len(self._values)
        if number >= known:
            values = np.full(number + 1 + number // 4, _UNREAD, dtype=np.int64)
            values[:known] = self._values
            self._values = values

    def _learn(self, numbers: Column, rows: Column, cells: pl.Series) -> None:
        """Read cells that were not seen before; a text's value is its number."""
        row_of = np.full(len(self._values), -1, dtype=np.int64)
        row_of[numbers[rows]] = rows
        fresh = np.flatnonzero(row_of >= 0)
        distinct = cells.gather(row_of[fresh])
        odd = np.ones(len(fresh), dtype=np.bool_)
        self._values[fresh] = fresh if self._is_text else 0
        if self._is_text:
            odd = ~_plainly_right(distinct, self._entry)
        for place in np.flatnonzero(odd).tolist():
            number, found = int(fresh[place]), tried(self._read, distinct[place])
            if isinstance(found, list):
                self._defects[number] = found
            else:
                self._values[number] = self._number_of(found, number) if self._is_text else found

    def _number_of(self, normal: str, number: int) -> int:
        """Number a text by its normal form, so that two ways to write one code are one applicant."""
        physical = pl.Series([normal]).cast(pl.Categorical(self._numbering)).to_physical()
        return self._normal.setdefault(normal, int(physical[0]) + 1 if physical[0] is not None else number)


class PeriodsReader:
    """Several periods per cell."""

    def __init__(self, entry: Field) -> None:
        self._read = reader_of(entry)

    def sweep(self, column: str) -> list[pl.Expr]:
        return []

    def parsed(self, cells: pl.Series, swept: pl.DataFrame) -> Parsed:
        parsed = Parsed()
        rows: list[tuple[int, ...]] = []
        known: dict[str, Any] = {}
        for row, cell in enumerate(cells.to_list()):
            if cell is None:
                continue
            found = known[cell] if cell in known else known.setdefault(cell, tried(self._read, cell))
            if isinstance(found[0], Defect):
                parsed.defects[row] = found
            else:
                rows += [(row, *period) for period in found]
        if rows:
            line, *balance, start, end = np.array(rows, dtype=np.int64).T
            parsed.periods = Periods(line, start, end, *balance)
        return parsed


def _plainly_right(texts: pl.Series, entry: Field) -> Mask:
    """Tell which identifiers need no closer look; a unified social credit code by its check digit."""
    if entry.type == "text":
        return texts.str.contains(_PLAIN_TEXT).to_numpy()
    plain = texts.str.contains(_PLAIN_IDENTIFIER).to_numpy()
    if plain.all():
        return plain
    plain = plain.copy()
    shaped = np.flatnonzero(texts.str.contains(_PLAIN_CREDIT_CODE).to_numpy())
    plain[shaped] = _check_digits_hold(texts.gather(shaped))
    return plain


def _check_digits_hold(codes: pl.Series) -> Mask:
    """Check GB 32100 check digits of codes that have the right shape, all at once."""
    if not len(codes):
        return np.zeros(0, dtype=np.bool_)
    letters = np.frombuffer("".join(codes.to_list()).encode("ascii"), dtype=np.uint8).reshape(-1, _CODE_LENGTH)
    value_of = np.zeros(256, dtype=np.int64)
    value_of[np.frombuffer(_ALPHABET.encode("ascii"), dtype=np.uint8)] = np.arange(len(_ALPHABET))
    digits = value_of[letters]
    weights = np.array([pow(3, place, len(_ALPHABET)) for place in range(_CODE_LENGTH - 1)])
    expected = -(digits[:, :-1] * weights).sum(axis=1) % len(_ALPHABET)
    holds: Mask = digits[:, -1] == expected
    return holds
