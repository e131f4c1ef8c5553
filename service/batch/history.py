"""Money granted before, group by group: by earlier parts of the file, and by a file of earlier decisions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from service.lines import Column, Fen, Lines, Mask, NotGiven
from service.policies.model import Limit


@dataclass(slots=True)
class Granted:
    """Fen granted under one limit, in a box with one side per key; `lowest` is where each side begins."""

    lowest: list[int]
    fen: Fen

    def __init__(self, keys: int) -> None:
        self.lowest = [0] * keys
        self.fen = np.zeros((0,) * keys, dtype=np.int64)

    def reach(self, keys: list[Column]) -> None:
        """Make room for these keys; sides grow by half at least, so that growing stays rare."""
        lowest = [min(low, int(key.min())) for low, key in zip(self.lowest, keys, strict=True)]
        if not self.fen.size:
            lowest = [int(key.min()) for key in keys]
        ends = [
            max(old_low + side, int(key.max()) + 1)
            for old_low, side, key in zip(self.lowest, self.fen.shape, keys, strict=True)
        ]
        sides = tuple(end - low for end, low in zip(ends, lowest, strict=True))
        if self.fen.size and lowest == self.lowest and sides == self.fen.shape:
            return
        grown = tuple(
            side if side <= old else side + side // 2 for side, old in zip(sides, self.fen.shape, strict=True)
        )
        box = np.zeros(grown, dtype=np.int64)
        if self.fen.size:
            starts = [old - new for old, new in zip(self.lowest, lowest, strict=True)]
            box[tuple(slice(start, start + side) for start, side in zip(starts, self.fen.shape, strict=True))] = (
                self.fen
            )
        self.lowest, self.fen = lowest, box

    def places(self, keys: list[Column]) -> Column:
        """Find these keys in the box, as places in its flat form."""
        flat = keys[0] - self.lowest[0]
        for key, low, side in zip(keys[1:], self.lowest[1:], self.fen.shape[1:], strict=True):
            flat = flat * side + (key - low)
        return flat


@dataclass(slots=True)
class RunningHistory:
    """Adds up what is granted under each shared limit; groups are known by the numbers of their keys.

    Lines that are groups of their own (numbers below 0) have no history.
    """

    granted: dict[str, Granted] = field(default_factory=dict)

    def granted_before(self, limit: Limit, lines: Lines, group: Column, groups: int) -> Fen:
        """Return the fen granted before to each group of these lines."""
        before = np.zeros(groups, dtype=np.int64)
        known = self.granted.get(limit.id)
        if known is not None:
            rows, keys = _keys(limit, lines)
            if len(keys[0]):
                known.reach(keys)
                before[group if rows is None else group[rows]] = known.fen.reshape(-1)[known.places(keys)]
        return before

    def add(self, limits: tuple[Limit, ...], lines: Lines, amount: Fen) -> None:
        """Add what these lines were granted, under every shared limit."""
        for limit in limits:
            if not limit.shared:
                continue
            rows, keys = _keys(limit, lines)
            if len(keys[0]):
                known = self.granted.setdefault(limit.id, Granted(len(limit.per)))
                known.reach(keys)
                np.add.at(known.fen.reshape(-1), known.places(keys), amount if rows is None else amount[rows])


def _keys(limit: Limit, lines: Lines) -> tuple[Column | None, list[Column]]:
    """List the lines whose group may occur again (None: all), and for each key of the limit their numbers."""
    keys = [_key(lines, name) for name in limit.per]
    if all(np.min(key, initial=0) >= 0 for key in keys):
        return None, keys
    recurring: Mask = np.logical_and.reduce([key >= 0 for key in keys])
    rows = np.flatnonzero(recurring)
    return rows, [key[rows] for key in keys]


def _key(lines: Lines, name: str) -> Column:
    try:
        return lines.column(name)
    except NotGiven:
        return np.zeros(lines.count, dtype=np.int64)
