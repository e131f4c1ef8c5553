"""What is left of shared ceilings when many grants follow one another: worked out in columns, for all of them at once.

What a grant finds used depends on what the grants before it got, and so on back to the first. Instead of going through
them one by one, all are decided on a guess of what was used, and again on what came out, until nothing changes. Each
round settles at least the next grant of every group, and nearly always all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from service.ledger import limits
from service.lines import REQUEST, Column, Fen, Mask
from service.many import Before, Sheet
from service.policies import Policies

#: More than any grant.
WHOLE: Final = 2**62


class Used(NamedTuple):
    """Fen that count under a ceiling from some moment on, whatever is decided: what stood before, what was imported."""

    order: int
    limit: str
    group: tuple[str, ...]
    fen: int


class Freed(NamedTuple):
    """What a grant (by its number) no longer takes from some moment on: its fen from `start` to `end`."""

    order: int
    grant: int
    start: int
    end: int


@dataclass(slots=True)
class Running:
    """Grants in their order, with all that counts under the ceilings between them.

    `of_line` gives the grant of every line, by its number; `order` the moment of every grant. `groups` names by limit
    the group of every line (None: it shares nothing).
    """

    of_line: Column
    order: Column
    groups: dict[str, list[tuple[str, ...] | None]]
    used: Sequence[Used] = ()
    freed: Sequence[Freed] = ()
    _ledgers: dict[str, _Ledger] = field(default_factory=dict)

    def __post_init__(self) -> None:
        numbers: dict[tuple[str, ...], int] = {}
        lines_of: dict[int, list[int]] = {}
        if self.freed:
            for line, grant in enumerate(self.of_line.tolist()):
                lines_of.setdefault(grant, []).append(line)
        for limit, named in self.groups.items():
            own = [-1 if one is None else numbers.setdefault((limit, *one), len(numbers)) for one in named]
            self._ledgers[limit] = _Ledger.of(limit, np.array(own, dtype=np.int64), numbers, lines_of, self)

    def before(self, amount: Fen) -> dict[str, Fen]:
        """Tell for every line what its group has used under each limit before its grant, if lines get these fen."""
        total = np.zeros(len(self.order), dtype=np.int64)
        np.add.at(total, self.of_line, amount)
        start = np.cumsum(amount) - amount
        first = np.full(len(self.order), WHOLE, dtype=np.int64)
        np.minimum.at(first, self.of_line, start)
        within = start - first[self.of_line]
        return {limit: ledger.before(amount, within) for limit, ledger in self._ledgers.items()}


@dataclass(slots=True)
class _Ledger:
    """The events under one limit, sorted by group and moment: lines first, then what is fixed, then what is freed."""

    lines: Column
    count: int
    fixed: Fen
    freed_lines: Column
    freed_start: Fen
    freed_end: Fen
    sorted: Column
    run: Column
    group: Column

    @classmethod
    def of(
        cls,
        limit: str,
        group: Column,
        numbers: Mapping[tuple[str, ...], int],
        lines_of: Mapping[int, list[int]],
        running: Running,
    ) -> _Ledger:
        """Sort the events once: only the fen change from round to round."""
        lines = np.flatnonzero(group >= 0)
        fixed_here = [one for one in running.used if one.limit == limit and (limit, *one.group) in numbers]
        used = [(one.order, numbers[limit, *one.group], one.fen) for one in fixed_here]
        freed = [
            (one.order, int(group[line]), line, one.start, one.end)
            for one in running.freed
            for line in lines_of.get(one.grant, ())
            if group[line] >= 0
        ]
        fixed_order, fixed_group, fixed = _columns(used, 3)
        freed_order, freed_group, freed_lines, start, end = _columns(freed, 5)
        order = np.concatenate([running.order[running.of_line[lines]], fixed_order, freed_order])
        of = np.concatenate([group[lines], fixed_group, freed_group])
        by_group = np.lexsort((order, of))
        new_group = np.diff(of[by_group], prepend=-1) != 0
        new_run = new_group | (np.diff(order[by_group], prepend=0) != 0)
        return cls(lines, len(group), fixed, freed_lines, start, end, by_group, _since(new_run), _since(new_group))

    def before(self, amount: Fen, within: Fen) -> Fen:
        """Add up, for every line, what was used before: within the run of its own grant nothing counts yet."""
        taken, place = amount[self.freed_lines], within[self.freed_lines]
        freed = np.minimum(place + taken, self.freed_end) - np.maximum(place, self.freed_start)
        delta = np.concatenate([amount[self.lines], self.fixed, -np.maximum(freed, 0)])[self.sorted]
        running = np.cumsum(delta) - delta
        used = np.empty_like(delta)
        used[self.sorted] = running[self.run] - running[self.group]
        before = np.zeros(self.count, dtype=np.int64)
        before[self.lines] = used[: len(self.lines)]
        return before


def _columns(events: Sequence[tuple[int, ...]], width: int) -> Iterable[Column]:
    return np.array(events, dtype=np.int64).reshape(-1, width).T


def _since(begins: Mask) -> Column:
    """Tell for every place the last one that begins something."""
    return np.maximum.accumulate(np.where(begins, np.arange(len(begins)), 0))


class Settled(NamedTuple):
    """What came out: per line of all sheets the fen, and by limit the fen that its group had used before."""

    amount: Fen
    before: dict[str, Fen]


def settled(policies: Policies, sheets: Sequence[Sheet], running: Running) -> Settled:
    """Decide all lines of the sheets, one after another as `running` orders them, until nothing changes any more."""
    ends = np.cumsum([sheet.lines.count for sheet in sheets])
    amount = np.zeros(sum(sheet.lines.count for sheet in sheets), dtype=np.int64)
    while True:
        before = running.before(amount)
        decided = [_decided(policies, *one, before) for one in zip(sheets, ends.tolist(), strict=True)]
        found = np.concatenate([amount[:0], *decided])
        if np.array_equal(found, amount):
            return Settled(amount, before)
        amount = found


def _decided(policies: Policies, sheet: Sheet, end: int, before: Mapping[str, Fen]) -> Fen:
    start = end - sheet.lines.count
    history = Before({limit: fen[start:end] for limit, fen in before.items()})
    amount = np.zeros(sheet.lines.count, dtype=np.int64)
    for part in sheet.decided(policies, history).parts:
        amount[part.places] = part.decision.amount
    return amount


def groups_of(sheets: Sequence[Sheet], policy: str | None = None) -> dict[str, list[tuple[str, ...] | None]]:
    """Name by limit the group of every line: policy (that one for all, if named), measure, and the keys' values.

    A line that lacks a key shares with nobody but the lines of its own request.
    """
    count = sum(sheet.lines.count for sheet in sheets)
    found: dict[str, list[tuple[str, ...] | None]] = {}
    start = 0
    for sheet in sheets:
        provision = sheet.choice.provision
        assert provision is not None
        texts = {name: [row.get(name) for row in sheet.rows] for name in limits.text_keys(provision)}
        head = (policy or provision.policy, sheet.measure)
        named = limits.groups_of(sheet.lines, texts, provision)
        for limit in limits.shared_limits(provision.measure):
            own = [texts[name] for name in limit.per if name in texts]
            lacking = [None in of_row for of_row in zip(*own, strict=True)] if own else [False] * len(sheet.rows)
            column = found.setdefault(limit.id, [None] * count)
            column[start : start + len(lacking)] = [
                None if lacks else (*head, key) for key, lacks in zip(named[limit.id], lacking, strict=True)
            ]
        start += sheet.lines.count
    return found


def grants_of_lines(sheets: Sequence[Sheet]) -> Column:
    """Tell of every line of the sheets the position of its request among all that were asked."""
    places = [np.array(sheet.places, dtype=np.int64)[sheet.lines.columns[REQUEST]] for sheet in sheets]
    return np.concatenate([np.zeros(0, dtype=np.int64), *places])
