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
from service.batch.numbering import Hashes, Numbering
from service.errors import Defect
from service.lines import Column, Mask, Periods
from service.policies.model import Field

_PLAIN_YUAN: Final[Mapping[Unit, tuple[str, int]]] = {
    "yuan": (r"^[0-9]{1,11}(\.[0-9]{1,2})?$", 2),
    "ten_thousand_yuan": (r"^[0-9]{1,7}(\.[0-9]{1,6})?$", 6),
}
_PLAIN_TEXT: Final = r"^[!-~]{1,64}$"
#: Unified social credit codes (GB 32100): 18 of these letters, of which the first eight are digits, and the last checks
#: the others: what the library asks that the entry uses.
_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE_LENGTH: Final = 18
_DIGITS_ONLY: Final = slice(0, 8)
_DECIMAL: Final = 10
_NO_DIGIT: Final = len(_ALPHABET)
_VALUE_OF: Final = np.full(256, _NO_DIGIT, dtype=np.int32)
_VALUE_OF[np.frombuffer(_ALPHABET.encode(), dtype=np.uint8)] = np.arange(len(_ALPHABET))
_WEIGHTS: Final = np.array([pow(3, place, len(_ALPHABET)) for place in range(_CODE_LENGTH - 1)], dtype=np.int32)

Found = int | str | list[Defect]


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


def reader_for(entry: Field, unit: Unit, keys: tuple[int, int] | None = None) -> Reader:
    """Make the reader of an input; `keys` as in `Numbering`."""
    match entry.type:
        case "yuan":
            return YuanReader(entry, unit)
        case "periods" | "balances":
            return PeriodsReader(entry)
        case _:
            return DistinctReader(entry, keys)


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
                    parsed.numbers[row] = int(found)
        return parsed


def _odd(column: str) -> str:
    return f"{column}\0odd"


class DistinctReader:
    """Texts, codes, dates, years, flags: every distinct cell of the file is numbered and read once.

    For texts the number itself is the value, from 1, 0 where there is none; texts that the entry takes for the same
    (codes in lower case) get the number of their normal form.
    """

    def __init__(self, entry: Field, keys: tuple[int, int] | None) -> None:
        self._entry = entry
        self._read = reader_of(entry)
        self._is_text = entry.type in {"text", "credit_code"}
        self._numbering = Numbering(keys)
        self._values = np.zeros(1, dtype=np.int64)
        self._defects: dict[int, list[Defect]] = {}

    def sweep(self, column: str) -> list[pl.Expr]:
        first, second = self._numbering.hashed(pl.col(column))
        return [first.alias(column), second.alias(_second(column))]

    def parsed(self, cells: pl.Series, swept: pl.DataFrame) -> Parsed:
        numbers = self._numbering.numbers(swept[cells.name].to_numpy(), swept[_second(cells.name)].to_numpy())
        if len(self._values) < self._numbering.count:
            self._learn(numbers, cells)
        parsed = Parsed(self._values[numbers])
        if self._defects:
            wrong = np.isin(numbers, list(self._defects))
            parsed.defects = {row: self._defects[int(numbers[row])] for row in np.flatnonzero(wrong).tolist()}
        return parsed

    def hashes(self, numbers: Column) -> Hashes:
        """Return the hashes of the texts, in their normal form, that numbers of values stand for."""
        return self._numbering.hashes(numbers)

    def _learn(self, numbers: Column, cells: pl.Series) -> None:
        """Read the cells that were not seen before. A text's value is its number, or that of its normal form."""
        known, count = len(self._values), self._numbering.count
        fresh = np.flatnonzero(numbers >= known)
        row_of = np.zeros(count - known, dtype=np.int64)
        row_of[numbers[fresh] - known] = fresh
        distinct = cells.gather(row_of)
        values = np.arange(known, count)
        odd = ~_plainly_right(distinct, self._entry) if self._is_text else np.ones(len(values), dtype=np.bool_)
        for place in np.flatnonzero(odd).tolist():
            found: Found = tried(self._read, distinct[place])
            if isinstance(found, list):
                self._defects[known + place] = found
            elif isinstance(found, str):
                values[place] = self._numbering.number_of(found)
            else:
                values[place] = found
        normal_forms = np.arange(count, self._numbering.count)  # right as they stand
        self._values = np.concatenate([self._values, values, normal_forms])


def _second(column: str) -> str:
    return f"{column}\0second"


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
    codes = texts.str.len_bytes() == _CODE_LENGTH
    plain = codes.to_numpy().copy()
    plain[plain] = _check_digits_hold(texts.filter(codes))
    if not codes.all():
        others = (~codes).arg_true()
        plain[others.to_numpy()] = texts.gather(others).str.contains(_PLAIN_TEXT).to_numpy()
    return plain


def _check_digits_hold(codes: pl.Series) -> Mask:
    """Check the form and the GB 32100 check digits of codes of 18 bytes, all at once."""
    letters = np.frombuffer(codes.str.join("").item().encode(), dtype=np.uint8).reshape(-1, _CODE_LENGTH)
    digits = _VALUE_OF[letters]
    expected = -(digits[:, :-1] @ _WEIGHTS) % len(_ALPHABET)
    begins = (digits[:, _DIGITS_ONLY] < _DECIMAL).all(axis=1)
    holds: Mask = (digits < _NO_DIGIT).all(axis=1) & begins & (digits[:, -1] == expected)
    return holds
