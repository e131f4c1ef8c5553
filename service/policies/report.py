"""Collects the mistakes of a policy file: each with its place, and none that only follows from another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

from service.errors import Mistake

Tree: TypeAlias = Any
Path: TypeAlias = tuple[str | int, ...]

_GIVEN_AT_MOST: Final = 60


class Place(NamedTuple):
    """Line and column in the file, from 1."""

    line: int
    column: int


class _Broken:
    """Stands in the tree for what could not be read; whatever else is said about it is not repeated."""

    def __repr__(self) -> str:
        return "BROKEN"


BROKEN: Final[Any] = _Broken()


@dataclass(slots=True)
class Report:
    """The mistakes found so far in a file, and where its keys and values stand."""

    file: str
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    _wrong: set[Path] = field(default_factory=set)
    _muted: bool = False

    def add(self, path: Path, problem: str, cure: str, *, tree: Tree, of_key: bool = False) -> None:
        """Report the value at `path` (or its key); nothing if it, what holds it or what it holds is known as broken."""
        if any(path[: len(wrong)] == wrong[: len(path)] for wrong in self._wrong):
            return
        missing = path not in self.values
        place = self.place(path[:-1], of_key=True) if missing else self.place(path, of_key=of_key)
        given = str(path[-1]) if of_key else shown(tree, path)
        self.keep(place, spelled(path), problem, given, cure)

    def broken(self, path: Path, place: Place, problem: str, given: str, cure: str) -> None:
        """Report something that cannot be read; nothing below it is reported again."""
        if not self._muted:
            self._wrong.add(path)
            self.note(path, place, problem, given, cure)

    def note(self, path: Path, place: Place, problem: str, given: str, cure: str) -> None:
        """Report something at a place of its own, unless it stands in the second of two equal keys."""
        if not self._muted:
            self.keep(place, spelled(path), problem, given, cure)

    def keep(self, place: Place, path: str, problem: str, given: str, cure: str) -> None:
        """Keep a mistake as it is, once."""
        mistake = Mistake(place.line, place.column, path or "(file)", problem, given, cure)
        if mistake not in self.mistakes:
            self.mistakes.append(mistake)

    def place(self, path: Path, *, of_key: bool = False) -> Place:
        """Find where a value (or its key) stands, or else the nearest thing that holds it."""
        for end in range(len(path), -1, -1):
            places = self.keys if of_key and path[:end] in self.keys else self.values
            if path[:end] in places:
                return places[path[:end]]
        return Place(1, 1)

    def clean(self, path: Path) -> bool:
        """Tell whether nothing was reported at or below `path`."""
        start = spelled(path)
        return not any(
            mistake.path == start or mistake.path.startswith((f"{start}.", f"{start}[")) for mistake in self.mistakes
        )

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Read on without noting places or mistakes (the second of two equal keys)."""
        before, places = self._muted, (dict(self.values), dict(self.keys))
        self._muted = True
        try:
            yield
        finally:
            self._muted = before
            self.values, self.keys = places


def spelled(path: Path) -> str:
    """Write a path as people do: `policies[1].measures.advertising.terms.share`."""
    said = ""
    for step in path:
        if isinstance(step, int):
            said += f"[{step}]"
        elif "." in step:
            said += f"['{step}']"
        else:
            said += f".{step}" if said else step
    return said


def shown(tree: Tree, path: Path) -> str:
    """Show the value at `path` shortly; `nothing` where there is none."""
    try:
        for step in path:
            tree = tree[step]
    except (KeyError, IndexError, TypeError):
        return "nothing"
    text = json.dumps(tree, ensure_ascii=False, default=repr)
    return text if len(text) <= _GIVEN_AT_MOST else f"{text[: _GIVEN_AT_MOST - 1]}…"
