"""The cases of tests/cases: each a sentence, a request and the answer that was worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

FOLDER = Path(__file__).parent / "cases"

Body = dict[str, Any]


class Outcome(NamedTuple):
    """What becomes of a line, or of a whole request."""

    status: str
    amount: str | None
    rule: str


class Answer(NamedTuple):
    """The outcome of a request and of each of its lines."""

    whole: Outcome
    lines: tuple[Outcome, ...]


@dataclass(frozen=True)
class Case:
    """A case: `body` is what `POST /v1/calculations/{measure}` takes."""

    title: str
    measure: str
    body: Body
    expected: Answer

    def __str__(self) -> str:
        return f"{self.measure}: {self.title}"

    @property
    def readings(self) -> Mapping[str, str]:
        """The readings that the case asks for."""
        readings: Mapping[str, str] = self.body.get("readings", {})
        return readings


def answer_of(result: Mapping[str, Any]) -> Answer:
    """Take from a result what a case states: status, amount and rule, of the whole and of each line."""
    return Answer(_outcome(result), tuple(_outcome(line) for line in result["lines"]))


@cache
def all_cases() -> tuple[Case, ...]:
    """Load every case of the folder, in the order of the files."""
    return tuple(case for path in sorted(FOLDER.glob("*.yaml")) for case in _of_file(path))


def cases_of(measure: str) -> list[Case]:
    """Load the cases of one measure."""
    return [case for case in all_cases() if case.measure == measure]


def _of_file(path: Path) -> list[Case]:
    file = yaml.safe_load(path.read_text("utf-8"))
    assert set(file) <= {"measure", "facts", "line", "cases"}, f"{path.name}: {sorted(file)}"
    return [_case(file, entry) for entry in file["cases"]]


def _case(file: Mapping[str, Any], entry: Mapping[str, Any]) -> Case:
    known = {"title", "measure", "facts", "readings", "granted_before", "lines", "expect"}
    assert set(entry) <= known, f"{entry['title']}: {sorted(set(entry) - known)}"
    body: Body = {key: entry[key] for key in ("readings", "granted_before") if key in entry}
    if facts := {**file.get("facts", {}), **entry.get("facts", {})}:
        body["facts"] = facts
    if "lines" in entry:
        body["lines"] = [{**file.get("line", {}), **line} for line in entry["lines"]]
    return Case(entry["title"], entry.get("measure") or file["measure"], body, _expected(entry))


def _expected(entry: Mapping[str, Any]) -> Answer:
    whole = _outcome(entry["expect"])
    if "lines" in entry["expect"]:
        return Answer(whole, tuple(Outcome(*line) for line in entry["expect"]["lines"]))
    assert len(entry.get("lines", [{}])) == 1, f"{entry['title']}: says nothing of its lines"
    return Answer(whole, (whole,))


def _outcome(part: Mapping[str, Any]) -> Outcome:
    return Outcome(part["status"], part["amount"], part["rule"])
