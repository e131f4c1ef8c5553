"""What differs between two versions, or between two readings of one: every term that is not the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from service.policies.book import refuse_unknown
from service.policies.model import Version
from service.policies.report import Tree
from service.policies.resolve import applied, resolved

#: What is compared besides what is applied to lines.
_BESIDES: Final = ("town_classes", "referenced")


class _Absent:
    """Marks that one side has nothing at a path."""


_ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class Change:
    """A term that differs: its path, and both values as they stand in the file; None where there is none."""

    path: str
    before: Any
    after: Any


def changed_terms(before: Version, after: Version, readings: Mapping[str, str] | None = None) -> list[Change]:
    """List what differs between two versions, in the order of the file.

    Both are taken under their readings in use, but `after` under `readings` where they are given: with the
    same version twice that shows what a reading changes. Raises Refused for unknown readings or choices.
    """
    asked = readings or {}
    refuse_unknown(after, asked)
    return _changes(_compared(before, {}), _compared(after, asked))


def _compared(version: Version, readings: Mapping[str, str]) -> Tree:
    """Resolve a version into the tree that is compared."""
    holding = {one.id: readings.get(one.id, one.in_use) for one in version.readings.values()}
    tree = resolved(version.tree, holding)
    kept: dict[str, Tree] = {key: tree[key] for key in _BESIDES if key in tree}
    return {**applied(tree), **kept, "readings": holding}


def _changes(before: Tree, after: Tree) -> list[Change]:
    return [
        Change(".".join(path), None if one is _ABSENT else one, None if other is _ABSENT else other)
        for path, one, other in _leaves(before, after, ())
    ]


def _leaves(before: Tree, after: Tree, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Tree, Tree]]:
    """Walk both trees; a list is one value, and so is a whole entry that only one side has."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _leaves(before.get(key, _ABSENT), after.get(key, _ABSENT), (*path, key))
    elif before != after or type(before) is not type(after):
        yield path, before, after
