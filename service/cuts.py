"""How what was calculated became what is granted: the fen that each ceiling took from each line, in order.

Read off the engine's decision, never calculated a second time. For every line, and so for their sum:
calculated − excluded + rounding − the cuts of all limits = granted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from service.applying import Answered
from service.engine import Applied, Decision, sums
from service.lines import Fen


class Cut(NamedTuple):
    """The fen that a limit took from a line, and the fen of its room that the line and its group left over."""

    limit: str
    fen: int
    left: int


class Course(NamedTuple):
    """A line's way from the calculated amount to the granted one, in fen.

    `excluded` is what failed conditions take (all or nothing), `rounding` what rounding only the total adds or takes;
    `cuts` are in order of application.
    """

    calculated: int = 0
    excluded: int = 0
    rounding: int = 0
    cuts: tuple[Cut, ...] = ()
    granted: int = 0


@dataclass(slots=True)
class Total:
    """The ways of all lines together; `cuts` adds up by limit."""

    calculated: int = 0
    excluded: int = 0
    rounding: int = 0
    cuts: dict[str, int] = field(default_factory=dict)
    granted: int = 0


def courses_of(applied: Answered) -> list[Course]:
    """Tell every line's way; nothing is calculated for a line to which no version applies."""
    courses = [Course()] * len(applied.versions)
    for part in applied.parts:
        for place, course in zip(part.places.tolist(), _courses(part.decision), strict=True):
            courses[place] = course
    return courses


def total_of(courses: Iterable[Course]) -> Total:
    """Add the ways of lines up."""
    total = Total()
    for course in courses:
        total.calculated += course.calculated
        total.excluded += course.excluded
        total.rounding += course.rounding
        total.granted += course.granted
        for cut in course.cuts:
            total.cuts[cut.limit] = total.cuts.get(cut.limit, 0) + cut.fen
    return total


def _courses(decision: Decision) -> Iterator[Course]:
    counted = np.where(decision.judgement.counting, decision.calculated, 0)
    excluded = (decision.calculated - counted).tolist()
    difference = decision.rounding_difference
    rounding = [0] * decision.lines.count if difference is None else difference.tolist()
    cuts: list[list[Cut]] = [[] for _ in excluded]
    for applied, before, after in _stages(decision, counted):
        _note(cuts, applied, before, after)
    columns = zip(decision.calculated.tolist(), excluded, rounding, cuts, decision.amount.tolist(), strict=True)
    for calculated, out, rounded, of_line, granted in columns:
        yield Course(calculated, out, rounded, tuple(of_line), granted)


def _stages(decision: Decision, amount: Fen) -> Iterator[tuple[Applied, Fen, Fen]]:
    """Go through the limits as the engine did: each with the lines' amounts before and after it."""
    shared = [applied for applied in decision.limits if applied.requested is not None]
    for applied in decision.limits:
        if applied.requested is None:
            after: Fen = np.where(applied.binding, applied.ceiling, amount)
            yield applied, amount, after
            amount = after
    reached = [applied.requested for applied in shared[1:]] + [decision.amount]
    for applied, granted in zip(shared, reached, strict=False):
        assert applied.requested is not None
        assert granted is not None
        yield applied, applied.requested, granted


def _note(cuts: list[list[Cut]], applied: Applied, before: Fen, after: Fen) -> None:
    """Note for each line that has this ceiling what it took and left."""
    if applied.group is None:
        left, given = applied.ceiling - after, applied.given
    else:
        assert applied.granted_before is not None
        room = np.maximum(applied.ceiling - applied.granted_before, 0)
        left, given = (room - sums(after, applied.group, len(room)))[applied.group], None
    rows = range(len(cuts)) if given is None else np.flatnonzero(given).tolist()
    taken, over = (before - after).tolist(), left.tolist()
    for row in rows:
        cuts[row].append(Cut(applied.limit.id, taken[row], over[row]))
