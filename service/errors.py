"""What can go wrong, and how it is told.

    SubsidyError            everything this product raises on purpose
    ├── PolicyFileError     policies.yaml is not usable: every mistake with file, line, path, what was given, the cure
    ├── Refused             a request is not answered with numbers: every defect with pointer, given, expected
    ├── NotFound            no such policy, version, measure or grant; says which there are
    ├── HeaderMissing       a header without which nothing is stored; says which
    ├── Denied              no key, or one that does not allow this
    ├── Conflict            right in itself, but not in the state that the ledger is in
    ├── NothingToGrant      a grant was proposed of which nothing is due; carries the whole result
    ├── WrongSetting        a variable of the environment that says nothing usable
    └── Unavailable         the ledger cannot be reached or used; nothing was stored

A defect holds a code and its facts, never a finished sentence: `service.words` says it in the caller's language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing wrong in a request: where (JSON pointer), which rule (`code`), what was given, what is expected."""

    pointer: str
    code: str
    given: Any = None
    expected: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


class SubsidyError(Exception):
    """The root of all errors raised on purpose."""


class Refused(SubsidyError):
    """Inputs that give no number; carries every defect found."""

    def __init__(self, defects: Sequence[Defect]) -> None:
        super().__init__("; ".join(f"{defect.pointer}: {defect.code}" for defect in defects))
        self.defects = tuple(defects)


class NotFound(SubsidyError):
    """Something was asked for by a name that does not exist."""

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        super().__init__(f"no {kind} named {name}; there are: {', '.join(known)}")
        self.kind, self.name, self.known = kind, name, tuple(known)


class Coded(SubsidyError):
    """An error with a code that `words.yaml` says under `details`, and its facts."""

    def __init__(self, code: str, **facts: Any) -> None:
        listed = ", ".join(f"{name}: {fact}" for name, fact in facts.items())
        super().__init__(f"{code} ({listed})" if listed else code)
        self.code, self.facts = code, facts


class HeaderMissing(Coded):
    """A request lacks a header that it must have, or it is malformed."""


class Denied(Coded):
    """No key, or one that does not allow this; `known` tells whether the key is one of ours."""

    def __init__(self, code: str, *, known: bool, **facts: Any) -> None:
        super().__init__(code, **facts)
        self.known = known


class Conflict(Coded):
    """Right in itself, but not in the state that the ledger is in."""


class WrongSetting(Coded, ValueError):
    """A variable of the environment that says nothing usable: its `name`, what is `expected`, what was `given`."""

    def __init__(self, name: str, expected: str, given: object) -> None:
        super().__init__("setting-wrong", name=name, expected=expected, given=given)


class Unavailable(Coded):
    """The ledger cannot be reached or used; nothing was stored, and a retry is safe."""


class NothingToGrant(SubsidyError):
    """A grant was proposed of which nothing is due; the result says why."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(f"{result['status']}: {result['rule']}")
        self.result = result


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong in a policy file: line and column from 1, path in the file, what was given, how to mend it."""

    line: int
    column: int
    path: str
    problem: str
    given: str
    cure: str


class PolicyFileError(SubsidyError):
    """A policy file that cannot be used; carries every mistake found, in the order of the file."""

    def __init__(self, file: str, mistakes: Sequence[Mistake]) -> None:
        self.file, self.mistakes = file, tuple(mistakes)
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """Return one line of text per mistake: file:line:column, path, problem, given, cure."""
        return [
            f"{self.file}:{m.line}:{m.column}: {m.path}: {m.problem}; given {m.given}; {m.cure}" for m in self.mistakes
        ]
