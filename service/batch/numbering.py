"""Distinct texts as numbers, part after part: the same text has the same number in a whole run."""

from __future__ import annotations

from secrets import randbits
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from service.lines import Column

Hashes = npt.NDArray[np.uint64]

_FIRST_SLOTS: Final = 1 << 10
_BITS: Final = 64
_EMPTY: Final = -1


class Numbering:
    """Numbers texts from 1 in the order in which they are met; 0 is no text. The texts themselves are not kept.

    A text is known by two hashes of 64 bits under keys drawn for this run: the chance that any two of a hundred million
    texts agree in both is below one in 10^22, and nobody can look for such a pair beforehand. Whole columns are looked
    up at once in a table with open addressing; a dictionary would be asked a million times.
    """

    def __init__(self) -> None:
        self._keys = randbits(_BITS), randbits(_BITS)
        self._first: Hashes = np.zeros(_FIRST_SLOTS, dtype=np.uint64)
        self._second: Hashes = np.zeros(_FIRST_SLOTS, dtype=np.uint64)
        self._slots: Column = np.full(_FIRST_SLOTS, _EMPTY, dtype=np.int64)
        self.count = 0
        self.number_of(None)  # gets 0

    def hashed(self, cells: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        """Say how polars is to hash a column of texts."""
        return cells.hash(self._keys[0]), cells.hash(self._keys[1])

    def number_of(self, text: str | None) -> int:
        """Number one text."""
        one = pl.Series("text", [text], dtype=pl.String)
        first, second = (one.to_frame().select(by).to_series() for by in self.hashed(pl.col("text")))
        return int(self.numbers(first.to_numpy(), second.to_numpy())[0])

    def numbers(self, first: Hashes, second: Hashes) -> Column:
        """Number the texts that have these hashes; `count` grows by those that are new."""
        number = self._slots[self._home(first)]
        known = (self._first[number] == first) & (self._second[number] == second) & (number != _EMPTY)
        rows = np.flatnonzero(~known)
        if len(rows):
            number[rows] = self._settled(first[rows], second[rows])
        return number

    def _home(self, first: Hashes) -> Column:
        """Tell the slot where the search for a text begins."""
        return (first & np.uint64(len(self._slots) - 1)).view(np.int64)

    def _settled(self, first: Hashes, second: Hashes) -> Column:
        """Find texts slot by slot, or settle them in the first that is empty."""
        self._make_room(len(np.unique(first)))
        number = np.full(len(first), _EMPTY, dtype=np.int64)
        rows, slot = np.arange(len(first)), self._home(first)
        while len(rows):
            self._settle(first[rows], second[rows], slot)
            here = self._slots[slot]
            found = (self._first[here] == first[rows]) & (self._second[here] == second[rows])
            number[rows[found]] = here[found]
            rows, slot = rows[~found], self._following(slot[~found])
        return number

    def _settle(self, first: Hashes, second: Hashes, slot: Column) -> None:
        """Give each empty slot to one of the texts that want it, under the next number."""
        wanting = np.flatnonzero(self._slots[slot] == _EMPTY)
        self._slots[slot[wanting]] = wanting  # the last of them gets it …
        settled = wanting[self._slots[slot[wanting]] == wanting]
        numbers = np.arange(self.count, self.count + len(settled))
        self._slots[slot[settled]] = numbers  # … and the number takes its place
        self._first[numbers], self._second[numbers] = first[settled], second[settled]
        self.count += len(settled)

    def _following(self, slot: Column) -> Column:
        following: Column = (slot + 1) & (len(self._slots) - 1)
        return following

    def _make_room(self, more: int) -> None:
        """Keep half of the slots empty, so that searches stay short."""
        size = len(self._slots)
        while size < 2 * (self.count + more):
            size *= 2
        if size == len(self._slots):
            return
        self._first, self._second = (np.resize(hashes, size) for hashes in (self._first, self._second))
        self._slots = np.full(size, _EMPTY, dtype=np.int64)
        numbers = np.arange(self.count)
        slot = self._home(self._first[: self.count])
        while len(numbers):
            empty = self._slots[slot] == _EMPTY
            self._slots[slot[empty]] = numbers[empty]
            moved = self._slots[slot] == numbers
            numbers, slot = numbers[~moved], self._following(slot[~moved])
