"""What the calculators must equal, in plain Python: fractions, lists, sets of days; slow and easy to believe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from calculators.exact import Column, Exact, Rounding

Shares = Callable[[Sequence[int], int], list[int]]


def column(values: Sequence[int]) -> Column:
    """Make a column of whole numbers."""
    return np.array(values, dtype=np.int64)


def fractions_of(amount: Exact) -> list[Fraction]:
    """Read a column of mixed numbers as fractions."""
    parts = np.broadcast_to(np.asarray(amount.of, dtype=object), amount.rest.shape)
    return [
        int(whole) + Fraction(int(rest), int(of))
        for whole, rest, of in zip(amount.whole, amount.rest, parts, strict=True)
    ]


def exact_of(amounts: Sequence[Fraction]) -> Exact:
    """Write fractions as a column of mixed numbers, each with its own denominator."""
    wholes = [int(amount // 1) for amount in amounts]
    rests = [int((amount - whole) * amount.denominator) for amount, whole in zip(amounts, wholes, strict=True)]
    return Exact(column(wholes), column(rests), column([amount.denominator for amount in amounts]))


def rounded(amount: Fraction, rounding: Rounding) -> int:
    """Round an amount of fen that is not negative."""
    if rounding is Rounding.HALF_EVEN:
        return round(amount)
    if rounding is Rounding.HALF_UP:
        return int((amount + Fraction(1, 2)) // 1)
    unit = {Rounding.FLOOR_FEN: 1, Rounding.FLOOR_YUAN: 100, Rounding.FLOOR_HUNDRED_YUAN: 10_000}[rounding]
    return int(amount // unit) * unit


def in_order(amounts: Sequence[int], room: int) -> list[int]:
    """First come, first served."""
    granted = []
    for amount in amounts:
        granted.append(min(amount, room))
        room -= granted[-1]
    return granted


def pro_rata(amounts: Sequence[int], room: int) -> list[int]:
    """Largest remainder: whole parts of everybody's quota, then single fen by remainder, the earlier line on a tie."""
    if sum(amounts) <= room:
        return list(amounts)
    quotas = [Fraction(amount * room, sum(amounts)) for amount in amounts]
    granted = [int(quota) for quota in quotas]
    by_remainder = sorted(range(len(amounts)), key=lambda row: (granted[row] - quotas[row], row))
    for row in by_remainder[: room - sum(granted)]:
        granted[row] += 1
    return granted


def equal(amounts: Sequence[int], room: int) -> list[int]:
    """Fill like water: everybody gets the same until the own amount is full; odd fen go to the earlier lines."""
    granted = [0] * len(amounts)
    while room and (wanting := [row for row, amount in enumerate(amounts) if granted[row] < amount]):
        each = min(room // len(wanting), *(amounts[row] - granted[row] for row in wanting))
        for row in wanting if each else wanting[:room]:
            granted[row] += each or 1
            room -= each or 1
    return granted


def fen_by_fen(amounts: Sequence[int], room: int) -> list[int]:
    """Equal shares in the slowest way: round after round, one fen to everybody who still wants one."""
    granted = [0] * len(amounts)
    while room and granted != list(amounts):
        for row, amount in enumerate(amounts):
            if room and granted[row] < amount:
                granted[row] += 1
                room -= 1
    return granted


SHARES: dict[str, Shares] = {"in_order": in_order, "pro_rata": pro_rata, "equal": equal}


def by_group(shares: Shares, amounts: Sequence[int], groups: Sequence[int], rooms: Sequence[int]) -> list[int]:
    """Let each group share its own room, as if it were alone."""
    granted = [0] * len(amounts)
    for group, room in enumerate(rooms):
        rows = [row for row, own in enumerate(groups) if own == group]
        for row, share in zip(rows, shares([amounts[row] for row in rows], room), strict=True):
            granted[row] = share
    return granted


Period = tuple[int, int, int]
"""A line, its first day, its end day."""


def days_of(period: Period, window: tuple[int, int], ends: str) -> set[int]:
    """List the days of a period that lie in [opens, closes)."""
    _, start, end = period
    return set(range(start, end + (ends == "inclusive"))) & set(range(*window))


def paid_days(periods: Sequence[Period], windows: Sequence[tuple[int, int]], ends: str) -> list[int]:
    """Count for each line the days that any of its periods covers."""
    return [
        len(set().union(*(days_of(period, window, ends) for period in periods if period[0] == line)))
        for line, window in enumerate(windows)
    ]
