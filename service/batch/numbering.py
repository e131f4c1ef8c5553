"""Distinct texts as numbers, part after part: the same text has the same number in a whole run."""

from __future__ import annotations

from secrets import randbits
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from service.lines import Column, Mask

Hashes = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int32] | Column

_BITS: Final = 64
_EMPTY: Final = -1
#: At most one slot in four is taken: most searches end where they begin.
_FIRST_SLOTS: Final = 1 << 18
_FEWEST_PER_TEXT: Final = 4


class Numbering:
    """Numbers texts from 1 in the order in which they are met; 0 is no text. The texts themselves are not kept.

    A text is known by two hashes of 64 bits under keys drawn for this run: the chance that any two of a hundred million
    texts agree in both is below one in 10^22, and nobody can look for such a pair beforehand. Whole columns are looked
    up at once in a table with open addressing; a dictionary would be asked a million times.
    """

    def __init__(self) -> None:
        self._keys = randbits(_BITS), randbits(_BITS)
        self._slots = np.full(_FIRST_SLOTS, _EMPTY, dtype=np.int32)
        self._first: Hashes = np.zeros(_FIRST_SLOTS // _FEWEST_PER_TEXT, dtype=np.uint64)
        self._second: Hashes = np.zeros(_FIRST_SLOTS // _FEWEST_PER_TEXT, dtype=np.uint64)
        self.count = 0
        self.number_of(None)  # gets 0

    def hashed(self, cells: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        """Say how polars is to hash a column of texts."""
        return cells.hash(self._keys[0]), cells.hash(self._keys[1])

    def number_of(self, text: str | None) -> int:
        """Number one text."""
        one = pl.Series("text", [text], dtype=pl.String).to_frame()
        first, second = (one.select(by).to_series() for by in self.hashed(pl.col("text")))
        return int(self.numbers(first.to_numpy(), second.to_numpy())[0])

    def numbers(self, first: Hashes, second: Hashes) -> Column:
        """Number the texts that have these hashes; `count` grows by those that are new."""
        number = self._slots[self._home(first)].astype(np.int64)
        searching = np.flatnonzero(~self._are(number, first, second))
        slot = self._home(first[searching])
        while len(searching):
            its_first, its_second = first[searching], second[searching]
            self._settle(its_first, its_second, slot)
            here = self._slots[slot]
            found = self._are(here, its_first, its_second)
            number[searching[found]] = here[found]
            searching, slot = searching[~found], self._following(slot[~found])
            if self._makes_room():
                slot = self._home(first[searching])
        return number

    def _home(self, first: Hashes) -> Column:
        """Tell the slot where the search for a text begins."""
        return (first & np.uint64(len(self._slots) - 1)).view(np.int64)

    def _following(self, slot: Column) -> Column:
        following: Column = (slot + 1) & (len(self._slots) - 1)
        return following

    def _are(self, number: Numbers, first: Hashes, second: Hashes) -> Mask:
        """Tell which of these numbers stand for the texts with these hashes."""
        are: Mask = (self._first[number] == first) & (self._second[number] == second) & (number != _EMPTY)
        return are

    def _settle(self, first: Hashes, second: Hashes, slot: Column) -> None:
        """Give each empty slot to one of the texts that want it, under the next number."""
        wanting = np.flatnonzero(self._slots[slot] == _EMPTY)
        if not len(wanting):
            return
        self._slots[slot[wanting]] = wanting  # the last of them gets it …
        settled = wanting[self._slots[slot[wanting]] == wanting]
        numbers = np.arange(self.count, self.count + len(settled))
        self._reach(self.count + len(settled))
        self._slots[slot[settled]] = numbers  # … and its number takes its place
        self._first[numbers], self._second[numbers] = first[settled], second[settled]
        self.count += len(settled)

    def _reach(self, count: int) -> None:
        """Grow by half at least, so that growing stays rare."""
        more = count - len(self._first)
        if more > 0:
            room = np.zeros(max(more, len(self._first) // 2), dtype=np.uint64)
            self._first, self._second = (np.concatenate([hashes, room]) for hashes in (self._first, self._second))

    def _makes_room(self) -> bool:
        """Lay all texts out anew when too few slots are empty; they keep their numbers."""
        if len(self._slots) >= _FEWEST_PER_TEXT * self.count:
            return False
        self._slots = np.full(1 << (2 * _FEWEST_PER_TEXT * self.count).bit_length(), _EMPTY, dtype=np.int32)
        numbers = np.arange(self.count)
        slot = self._home(self._first[: self.count])
        while len(numbers):
            empty = self._slots[slot] == _EMPTY
            self._slots[slot[empty]] = numbers[empty]
            moved = self._slots[slot] == numbers
            numbers, slot = numbers[~moved], self._following(slot[~moved])
        return True
