"""Ceilings shared by groups of lines: what each line is granted when its group's room does not suffice for all.

Every function takes `amount` (fen, one per line), `group` (the line's group, 0..g-1) and `room` (fen left, one per
group) and returns the fen granted per line: never negative, never above the amount; the lines of a group never exceed
its room.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from calculators.exact import Column, Fen, Mask, refuse_overflow, share

Allocation = Callable[[Fen, Column, Fen], Fen]


def sums(amount: Fen, group: Column, groups: int) -> Fen:
    """Add amounts up by group: fen per group, of length `groups`."""
    refuse_overflow(amount)
    if groups == 1:
        total: Fen = np.add.reduce(amount, keepdims=True)
        return total
    added = np.zeros(groups, dtype=np.int64)
    np.add.at(added, group, amount)
    return added


def in_order(amount: Fen, group: Column, room: Fen) -> Fen:
    """Grant the lines of a group in their order until the room is used."""
    if len(room) == 1:
        if sums(amount, group, 1)[0] <= room[0]:
            return amount
        before = amount.cumsum() - amount
        granted: Fen = np.minimum(amount, np.maximum(room - before, 0))
        return granted
    return _where_short(amount, group, room, _in_order_sorted)


def pro_rata(amount: Fen, group: Column, room: Fen) -> Fen:
    """Share the room in proportion to the amounts: largest remainder in fen, ties to the earlier line."""
    return _where_short(amount, group, room, _pro_rata_sorted)


def equal(amount: Fen, group: Column, room: Fen) -> Fen:
    """Share the room equally, nobody above the own amount; what one does not need goes to the others."""
    return _where_short(amount, group, room, _equal_sorted)


ALLOCATIONS: dict[str, Allocation] = {"in_order": in_order, "pro_rata": pro_rata, "equal": equal}


def _where_short(amount: Fen, group: Column, room: Fen, allocate: Callable[[Fen, Column, Fen], Fen]) -> Fen:
    """Grant whole groups that fit their room; sort the lines of the others by group and let `allocate` share."""
    short = sums(amount, group, len(room)) > room
    if not short.any():
        return amount
    lines = np.flatnonzero(short[group])
    lines = lines[np.argsort(group[lines], kind="stable")]
    _, starts = np.unique(group[lines], return_index=True)
    granted = amount.copy()
    granted[lines] = allocate(amount[lines], starts, room[short])
    return granted


def _spans(starts: Column, lines: int) -> Column:
    """Count the lines of each group, given where the groups start."""
    return np.diff(starts, append=lines)


def _in_order_sorted(amount: Fen, starts: Column, room: Fen) -> Fen:
    spans = _spans(starts, len(amount))
    before = amount.cumsum() - amount
    before -= np.repeat(before[starts], spans)
    granted: Fen = np.minimum(amount, np.maximum(np.repeat(room, spans) - before, 0))
    return granted


def _pro_rata_sorted(amount: Fen, starts: Column, room: Fen) -> Fen:
    spans = _spans(starts, len(amount))
    total = np.repeat(np.add.reduceat(amount, starts), spans)
    granted, remainder = share(np.repeat(room, spans), amount, total)
    left = room - np.add.reduceat(granted, starts)
    # Within each group: the largest remainder first, the earlier line on a tie.
    group = np.repeat(np.arange(len(starts)), spans)
    ranked = np.lexsort((-remainder, group))
    rank = np.arange(len(amount)) - np.repeat(starts, spans)
    granted[ranked] += rank < np.repeat(left, spans)
    return granted


def _equal_sorted(amount: Fen, starts: Column, room: Fen) -> Fen:
    spans = _spans(starts, len(amount))
    group = np.repeat(np.arange(len(starts)), spans)
    ranked = np.lexsort((amount, group))
    smallest_first = amount[ranked]
    used_before = smallest_first.cumsum() - smallest_first
    used_before -= np.repeat(used_before[starts], spans)
    waiting = np.repeat(spans, spans) - (np.arange(len(amount)) - np.repeat(starts, spans))
    # A line is served in full while its amount times those still waiting fits what the smaller ones left.
    left = np.repeat(room, spans) - used_before
    served = smallest_first <= left // waiting
    level, spare = _level_of_the_rest(served, left, waiting, starts, spans)
    granted = np.empty_like(amount)
    granted[ranked] = np.where(served, smallest_first, level)
    return _give_spare_fen(granted, amount, spare, starts, spans)


def _level_of_the_rest(served: Mask, left: Fen, waiting: Column, starts: Column, spans: Column) -> tuple[Fen, Fen]:
    """Find each group's equal share for the lines not served in full, and the fen that do not divide."""
    first_unserved = starts + np.add.reduceat(served.astype(np.int64), starts)
    level, spare = left[first_unserved] // waiting[first_unserved], left[first_unserved] % waiting[first_unserved]
    return np.repeat(level, spans), spare


def _give_spare_fen(granted: Fen, amount: Fen, spare: Fen, starts: Column, spans: Column) -> Fen:
    """Give one fen more to the earliest lines that still want it."""
    wants = (granted < amount).astype(np.int64)
    place = wants.cumsum() - wants
    place -= np.repeat(place[starts], spans)
    return granted + wants * (place < np.repeat(spare, spans))
