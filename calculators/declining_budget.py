"""A budget that declines from year to year: the expo (article 六)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

import numpy as np

from calculators.exact import Column, Exact, Rounding, portion, rounded


@dataclass(frozen=True, slots=True)
class Terms:
    """`base` in fen; `decline` per step; `first_step` steps are taken already in the base year."""

    base: int
    base_year: int
    decline: Fraction
    first_step: int = 0
    method: Literal["compound", "linear", "compound_rounded_each_year"] = "compound"
    counted_by: Literal["calendar_year", "edition"] = "calendar_year"


class Steps(NamedTuple):
    """What was computed; `declines` is the number of steps down."""

    declines: Column
    scheduled: Exact


def declines(terms: Terms, *, year: Column, editions: Column | None) -> Column:
    """Count the steps down from the base for each line: years since the base year, or editions held."""
    if terms.counted_by == "calendar_year":
        return year - terms.base_year + terms.first_step
    if editions is None:
        raise ValueError("a budget counted by editions needs the editions held")
    return editions + terms.first_step


def calculate(terms: Terms, *, declines: Column, rounding: Rounding) -> Steps:
    """Look each line's budget up in the schedule of all steps; negative steps (before the base year) count as none."""
    steps = np.maximum(declines, 0)
    schedule = _schedule(terms, int(steps.max(initial=0)), rounding)
    return Steps(declines, Exact(*(np.array(part, dtype=object)[steps] for part in zip(*schedule, strict=True))))


def _schedule(terms: Terms, last: int, rounding: Rounding) -> list[tuple[int, int, int]]:
    """List the budget after 0..last steps as (whole, rest, of), in Python integers: compound rates outgrow int64."""
    base = np.array([terms.base], dtype=object)
    remaining = 1 - terms.decline
    amounts = []
    for step in range(last + 1):
        if terms.method == "linear":
            amount = portion(base, max(Fraction(0), 1 - terms.decline * step))
        elif terms.method == "compound":
            amount = portion(base, remaining**step)
        else:
            base = rounded(portion(base, remaining if step else Fraction(1)), rounding).astype(object)
            amount = portion(base, Fraction(1))
        amounts.append((amount.whole[0], amount.rest[0], int(amount.of)))
    return amounts
