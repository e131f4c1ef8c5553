"""The kinds of conditions that a line must meet, each with its data and its check on columns.

Every condition of a measure is checked on every line, also after one has failed: people want all defects at once. A
check sees which lines have met the earlier conditions (`counting`), because a payment that does not count does not
help to reach a threshold either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np

from calculators.exact import Column, Fen, Mask
from calculators.limits import sums
from service.lines import Lines, year_of

#: Why no policy was in force on a day; a line with such a rule has the status `not_in_force`.
REASONS = (
    "policy_gap",
    "predecessor_policy",
    "predecessor_expiry_month",
    "no_policy",
    "before_base_year",
    "other_policy",
)


class Finding(NamedTuple):
    """What a check found: which lines meet it, the figure that was judged, and in fen how much is lacking."""

    met: Mask
    actual: Column | None = None
    shortfall: Fen | None = None


class InForce(Protocol):
    """Knows on which days a policy with amounts was in force."""

    def applies(self, days: Column) -> Column:
        """For each day the position of the version in force, or -1 - (position in REASONS) where there is none."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """The field's value is one of those allowed (flags: 0/1, codes: their positions)."""

    id: str
    otherwise: str
    field: str
    allowed: tuple[int, ...]

    def check(self, lines: Lines, counting: Mask, in_force: InForce) -> Finding:
        """Compare the column with each allowed value."""
        actual = lines.column(self.field)
        met = actual == self.allowed[0]
        for value in self.allowed[1:]:
            met = met | (actual == value)
        return Finding(met, actual)


@dataclass(frozen=True, slots=True)
class Given:
    """The field has a value; null means not yet."""

    id: str
    otherwise: str
    field: str

    def check(self, lines: Lines, counting: Mask, in_force: InForce) -> Finding:
        """Look where the value is missing."""
        met = lines.given.get(self.field)
        return Finding(np.ones(lines.count, dtype=np.bool_) if met is None else met, lines.column(self.field))


@dataclass(frozen=True, slots=True)
class WithinValidity:
    """A policy was in force on the day; otherwise the rule is the reason why none was. A missing day (0) is in none."""

    id: str
    field: str

    def check(self, lines: Lines, counting: Mask, in_force: InForce) -> Finding:
        """Look the days up."""
        actual = lines.column(self.field)
        return Finding(in_force.applies(actual) >= 0, actual)


@dataclass(frozen=True, slots=True)
class SameYear:
    """The day lies in the year named by the field `year`, or up to `years_after` years before it."""

    id: str
    otherwise: str
    field: str
    year: str
    years_after: int

    def check(self, lines: Lines, counting: Mask, in_force: InForce) -> Finding:
        """Compare the calendar years."""
        of_day, asked = year_of(lines.column(self.field)), lines.column(self.year)
        met = of_day == asked
        if self.years_after:
            met = (of_day <= asked) & (asked <= of_day + self.years_after)
        return Finding(met, of_day)


@dataclass(frozen=True, slots=True)
class Threshold:
    """The sum of the column `of` over the group's counting lines reaches `at_least` fen."""

    id: str
    otherwise: str
    of: str
    at_least: int
    per: tuple[str, ...]

    def check(self, lines: Lines, counting: Mask, in_force: InForce) -> Finding:
        """Add up what counts, by group; a line that does not count is judged by what its group reaches without it."""
        amount = lines.column(self.of)
        if self.per == ("line",):
            actual = amount
        else:
            group, groups = lines.groups(self.per)
            actual = sums(np.where(counting, amount, 0), group, groups)[group]
        return Finding(actual >= self.at_least, actual, np.maximum(self.at_least - actual, 0))


@dataclass(frozen=True, slots=True)
class Positive:
    """The column is above zero."""

    id: str
    otherwise: str
    of: str

    def check(self, lines: Lines, counting: Mask, in_force: InForce) -> Finding:
        """Compare with zero."""
        actual = lines.column(self.of)
        return Finding(actual > 0, actual)


@dataclass(frozen=True, slots=True)
class First:
    """The line is the first counting one of its group: what is granted once is not granted twice in one request."""

    id: str
    otherwise: str
    per: tuple[str, ...]

    def check(self, lines: Lines, counting: Mask, in_force: InForce) -> Finding:
        """Find each group's first counting line; lines that do not count are not repeats of anything."""
        if lines.count == 1:
            return Finding(np.ones(1, dtype=np.bool_))
        group, _ = lines.groups(self.per)
        candidates = np.flatnonzero(counting)
        _, first = np.unique(group[candidates], return_index=True)
        met = ~counting
        met[candidates[first]] = True
        return Finding(met)


@dataclass(frozen=True, slots=True)
class Before:
    """The field's year lies before the year in the field `before`; where that is missing, always."""

    id: str
    otherwise: str
    field: str
    before: str

    def check(self, lines: Lines, counting: Mask, in_force: InForce) -> Finding:
        """Compare the years where the end is given."""
        actual = lines.column(self.field)
        if not lines.has(self.before):
            return Finding(np.ones(lines.count, dtype=np.bool_), actual)
        met = actual < lines.column(self.before)
        given = lines.given.get(self.before)
        return Finding(met if given is None else met | ~given, actual)


Condition: TypeAlias = Allowed | Given | WithinValidity | SameYear | Threshold | Positive | First | Before
