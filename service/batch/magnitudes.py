"""How large the amounts of a column usually are, and which are ten thousand times smaller or larger.

Amounts are counted by size, a quarter of a doubling each. Sizes that follow one another almost without a gap belong
together in a cluster. Amounts of a smaller cluster are unusual if ten thousand times as much, or as little, would lie
within a larger one: a mix-up of 元 and 万元. Whatever else is apart is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from service.lines import Column, Fen

#: So many amounts make a cluster usual.
LEAST_USUAL: Final = 8
#: Sizes are apart if none is met over about a factor of ten: 13 quarters of a doubling.
GAP: Final = 13
#: A factor of 10,000. What it leads to may miss the usual by a factor of two, since few amounts leave its ends open.
TEN_THOUSAND: Final = 53
_TOLERANCE: Final = 4
#: So many rows are named; the others are only counted.
ROWS_NAMED: Final = 20
#: The bits of a float that a quarter of a doubling changes: its exponent and two more.
_SHIFT: Final = 50
_SMALLEST: Final = int(np.float64(1).view(np.int64)) >> _SHIFT
_SIZES: Final = 256
_NINETY_FIVE, _FIVE, _HUNDRED = 95, 5, 100


@dataclass(frozen=True, slots=True)
class Unusual:
    """Amounts apart from the usual: a code for words, how many, the first rows with their fen, the usual range in fen.

    `usual` is what nine tenths of the usual amounts lie between, roughly.
    """

    code: str
    count: int
    rows: list[tuple[int, int]]
    usual: tuple[int, int]


class Magnitudes:
    """Counts the amounts of one column by size, part after part; keeps the first rows of every size."""

    def __init__(self) -> None:
        self._counts = np.zeros(_SIZES, dtype=np.int64)
        self._first: dict[int, list[tuple[int, int]]] = {}

    def add(self, amounts: Fen, rows: Column) -> None:
        """Count amounts above zero; `rows` are the numbers of their rows."""
        sizes = _sizes_of(amounts).astype(np.uint8)
        counts = np.bincount(sizes, minlength=_SIZES)
        counts[0] = 0
        self._counts += counts
        for size in np.flatnonzero(counts).tolist():
            first = self._first.setdefault(size, [])
            if len(first) < ROWS_NAMED:
                places = np.flatnonzero(sizes == size)[: ROWS_NAMED - len(first)]
                first += zip(rows[places].tolist(), amounts[places].tolist(), strict=True)

    def unusual(self) -> list[Unusual]:
        """Tell what lies apart from larger clusters by a factor of about 10,000, from the largest cluster on."""
        met = np.flatnonzero(self._counts)
        clusters = np.split(met, np.flatnonzero(np.diff(met) > GAP) + 1)
        # Of two that are as large as each other, the higher amounts are usual: people write too few noughts.
        clusters.sort(key=lambda cluster: (int(self._counts[cluster].sum()), *cluster[:1].tolist()))
        found = []
        while clusters and self._counts[usual := clusters.pop()].sum() >= LEAST_USUAL:
            others = np.concatenate([usual[:0], *clusters])
            for code, shift in (("amounts_below_usual", TEN_THOUSAND), ("amounts_above_usual", -TEN_THOUSAND)):
                within = (others + shift >= usual[0] - _TOLERANCE) & (others + shift <= usual[-1] + _TOLERANCE)
                if within.any():
                    found.append(self._told(code, others[within], usual))
        return found

    def _told(self, code: str, sizes: Column, usual: Column) -> Unusual:
        rows = sorted(row for size in sizes.tolist() for row in self._first[size])[:ROWS_NAMED]
        upto = np.cumsum(self._counts[usual]) * _HUNDRED
        total = int(upto[-1])
        low = usual[np.searchsorted(upto, total * _FIVE // _HUNDRED)]
        high = usual[np.searchsorted(upto, total * _NINETY_FIVE // _HUNDRED)]
        return Unusual(code, int(self._counts[sizes].sum()), rows, (_least_of(int(low)), _least_of(int(high) + 1)))


def _sizes_of(amounts: Fen) -> Column:
    """Tell the size of each amount: quarters of doublings from one fen on, counted from 1; 0 for nothing."""
    sizes: Column = (amounts.astype(np.float64).view(np.int64) >> _SHIFT) - (_SMALLEST - 1)
    return np.maximum(sizes, 0)


def _least_of(size: int) -> int:
    """Tell the least fen of a size, to two figures: it is only to be read."""
    fen = np.int64((size - 1 + _SMALLEST) << _SHIFT).view(np.float64)
    return int(float(f"{fen:.1e}"))
