"""Which version of the policy applies to which line, and the decisions under each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from calculators import declining_budget
from calculators.exact import Column, Days
from service.conditions import REASONS
from service.engine import Decision, History, decide
from service.lines import Lines, first_day
from service.policies import Policies
from service.policies.model import Measure


class Part(NamedTuple):
    """The lines of one version: their places among all lines, and their decision."""

    places: Column
    decision: Decision


class Answered(NamedTuple):
    """All lines: per line the version that applies (or, below 0, why none does), and a part for each version."""

    versions: Column
    parts: list[Part]

    def outside(self) -> list[tuple[int, str]]:
        """List the lines to which no version applies, each with the reason."""
        return [
            (place, REASONS[-1 - int(self.versions[place])]) for place in np.flatnonzero(self.versions < 0).tolist()
        ]


def apply(
    policies: Policies,
    measure: Measure,
    lines: Lines,
    policy: str | None,
    readings: Mapping[str, str],
    history: History,
) -> Answered:
    """Decide all lines, each under the version that applies on its event date."""
    versions = applicable(policies, measure, lines, policy, readings)
    in_force = policies.calendar(readings)
    if lines.count == 1 or int(versions.min()) == int(versions.max()):
        only = int(versions[0])
        chosen = [(only, np.arange(lines.count), lines)] if only >= 0 else []
    else:
        masks = [(position, versions == position) for position in np.unique(versions).tolist() if position >= 0]
        chosen = [(position, np.flatnonzero(mask), lines.select(mask)) for position, mask in masks]
    parts = []
    for position, places, own in chosen:
        provision = policies.provision(policies.versions[position], measure.id, readings)
        parts.append(Part(places, decide(provision, own, history, in_force)))
    return Answered(versions, parts)


def applicable(
    policies: Policies, measure: Measure, lines: Lines, policy: str | None, readings: Mapping[str, str]
) -> Column:
    """For each line the position of the version that applies on its event date, or -1 - (position in REASONS).

    Keeps to the policy that is named, if any, and to the first year of a budget that begins with a year.
    """
    applies = policies.calendar(readings).applies(event_days(measure, lines))
    if policy is not None:
        others = [place for place, version in enumerate(policies.versions) if policy not in (version.id, version.ref)]
        applies = np.where(np.isin(applies, others), -1 - REASONS.index("other_policy"), applies)
    if isinstance(measure.terms, declining_budget.Terms):
        too_early = lines.column(measure.event) < measure.terms.base_year
        applies = np.where(too_early, -1 - REASONS.index("before_base_year"), applies)
    return applies


def event_days(measure: Measure, lines: Lines) -> Days:
    """Return the day that decides which version applies to each line; for a year, its last day."""
    event = lines.column(measure.event)
    if measure.event != "year":
        return event
    return first_day(event + 1) - 1
