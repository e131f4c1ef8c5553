"""Lines of several parts as one: what a ceiling shared in proportion, or a threshold of a group, must see together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from service.batch.table import Table
from service.conditions import First, Threshold
from service.lines import LINE, Column, Lines, Mask, Periods, Unnamed
from service.policies.model import Measure

_T = TypeVar("_T")


def shared_keys(measure: Measure) -> list[tuple[str, ...]]:
    """List by what fields lines share a ceiling, a threshold or a first award: lines alike in them belong together."""
    conditions = [one for one in measure.conditions if isinstance(one, First | Threshold)]
    limits = [limit for limit in measure.limits if limit.shared]
    return list(dict.fromkeys(one.per for one in (*conditions, *limits) if one.per != (LINE,)))


def joined(tables: Sequence[Table]) -> tuple[Lines, Mask]:
    """Put the good rows of several parts under one another, as if they had been read as one."""
    good = np.concatenate([table.good for table in tables])
    parts = [table.lines for table in tables]
    if len(parts) == 1:
        return parts[0], good
    lines = Lines(ids=Unnamed(sum(part.count for part in parts)), columns={})
    for name in _names(parts, lambda part: part.columns):
        lines.columns[name] = np.concatenate([part.columns.get(name, _zeros(part)) for part in parts])
        _join_given(lines, name, parts)
    for name in _names(parts, lambda part: part.periods):
        lines.periods[name] = _periods(name, parts)
        _join_given(lines, name, parts)
    return lines, good


def _names(parts: Sequence[Lines], held: Callable[[Lines], dict[str, _T]]) -> list[str]:
    return list(dict.fromkeys(name for part in parts for name in held(part)))


def _zeros(part: Lines) -> Column:
    return np.zeros(part.count, dtype=np.int64)


def _join_given(lines: Lines, name: str, parts: Sequence[Lines]) -> None:
    """Mask the lines that lack a field; a part without the field lacks it everywhere."""
    if all(part.has(name) and name not in part.given for part in parts):
        return
    masks = [part.given.get(name, np.full(part.count, part.has(name))) for part in parts]
    lines.given[name] = np.concatenate(masks)


def _periods(name: str, parts: Sequence[Lines]) -> Periods:
    offsets = np.cumsum([0, *(part.count for part in parts)])
    held = [(offset, part.periods[name]) for offset, part in zip(offsets, parts, strict=False) if name in part.periods]
    tables = [table for _, table in held]
    balances = [table.balance for table in tables if table.balance is not None]
    return Periods(
        np.concatenate([offset + table.line for offset, table in held]),
        np.concatenate([table.start for table in tables]),
        np.concatenate([table.end for table in tables]),
        *([np.concatenate(balances)] if balances else []),
    )
