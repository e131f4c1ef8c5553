"""Lines in, decision out: conditions → calculator → limits, for one line and for millions in the same way."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, Protocol, cast

import numpy as np

from calculators.exact import (
    Column,
    Exact,
    Fen,
    Mask,
    Rounding,
    Whole,
    all_of,
    least,
    portion,
    rounded,
    total,
    whole_fen,
)
from calculators.limits import ALLOCATIONS, sums
from service.conditions import REASONS, Finding, InForce, WithinValidity
from service.lines import Lines, NotGiven
from service.methods import METHODS
from service.policies.model import Limit, Provision

__all__ = [
    "ELIGIBLE", "INELIGIBLE", "MANUAL_REVIEW", "NOT_IN_FORCE", "STATUSES", "Applied", "Decision", "History",
    "Judgement", "decide", "judge", "rules_of", "sums",
]  # fmt: skip

STATUSES = ("eligible", "ineligible", "manual_review", "not_in_force")
ELIGIBLE, INELIGIBLE, MANUAL_REVIEW, NOT_IN_FORCE = range(len(STATUSES))


class History(Protocol):
    """Knows what was granted before under shared limits."""

    def granted_before(self, limit: Limit, lines: Lines, group: Column, groups: int) -> Fen:
        """Return the fen granted before to each of the groups into which the lines fall for this limit."""


class Applied(NamedTuple):
    """A limit as applied, and on which lines it lowered the amount.

    A line's own ceiling has `ceiling` per line; `given` masks the lines that have it at all (None: all). A shared one
    has `ceiling` and `granted_before` per group, the `group` of each line, and in `requested` the line's amount before
    this limit.
    """

    limit: Limit
    ceiling: Fen
    binding: Mask
    given: Mask | None = None
    group: Column | None = None
    granted_before: Fen | None = None
    requested: Fen | None = None


class Judgement(NamedTuple):
    """Which conditions the lines meet: each condition's finding, and the first rule that each line fails (0: none).

    `rule` holds positions in `rules`; `statuses` gives each rule's position in STATUSES; `counting` masks the lines
    that meet all.
    """

    rules: tuple[str, ...]
    statuses: tuple[int, ...]
    rule: Column
    counting: Mask
    findings: dict[str, Finding | None]

    @property
    def unknown(self) -> list[str]:
        """The conditions that could not be judged for want of inputs."""
        return [condition for condition, finding in self.findings.items() if finding is None]


class Decision(NamedTuple):
    """Everything that is known about the lines after the decision; all columns are of the lines' length.

    `rule` holds positions in `judgement.rules`; `calculated` is the rounded amount before conditions and limits;
    `limits` are in order of application; `rounding_difference` is what rounding only the total moved.
    """

    provision: Provision
    lines: Lines
    judgement: Judgement
    rule: Column
    amount: Fen
    calculated: Fen
    limits: tuple[Applied, ...]
    rounding_difference: Fen | None

    @property
    def status(self) -> Column:
        """The lines' statuses as positions in STATUSES."""
        return np.array(self.judgement.statuses)[self.rule]


def decide(provision: Provision, lines: Lines, history: History, in_force: InForce) -> Decision:
    """Decide lines whose event date lies in the provision's validity and whose required inputs are all there."""
    METHODS[provision.measure.calculator].derive(provision.measure, lines)
    judgement = judge(provision, lines, in_force)
    if judgement.unknown:
        raise KeyError(f"inputs are missing for the conditions {', '.join(judgement.unknown)}")
    due = METHODS[provision.measure.calculator].due(provision, lines, judgement.counting)
    return _limited(provision, lines, judgement, due, history)


def judge(provision: Provision, lines: Lines, in_force: InForce) -> Judgement:
    """Check every condition on every line; a line's rule is the first that it does not meet.

    A condition whose inputs no line gives is not judged: its finding is None (a screening asks before all is known).
    """
    rules, statuses = rules_of(provision)
    rule = np.zeros(lines.count, dtype=np.int64)
    counting = np.ones(lines.count, dtype=np.bool_)
    findings: dict[str, Finding | None] = {}
    for position, condition in enumerate(provision.measure.conditions, start=1 + len(provision.measure.limits)):
        try:
            finding = findings[condition.id] = condition.check(lines, counting, in_force)
        except NotGiven:
            findings[condition.id] = None
            continue
        if all_of(finding.met):
            continue
        failing = counting & ~finding.met
        rule[failing] = position
        if isinstance(condition, WithinValidity):
            reasons = -1 - in_force.applies(lines.column(condition.field)[failing])
            rule[failing] = len(rules) - len(REASONS) + reasons
        counting = counting & finding.met
    return Judgement(rules, statuses, rule, counting, findings)


@lru_cache(maxsize=1024)
def rules_of(provision: Provision) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """List the rule ids that a line can end with, and the status of each: method, limits, conditions, reasons."""
    measure = provision.measure
    failing = [getattr(condition, "otherwise", "") for condition in measure.conditions]
    rules = (METHODS[measure.calculator].rule, *(limit.id for limit in measure.limits), *failing, *REASONS)
    statuses = (
        *[ELIGIBLE] * (1 + len(measure.limits)),
        *(MANUAL_REVIEW if rule == "manual_review" else INELIGIBLE for rule in failing),
        *[NOT_IN_FORCE] * len(REASONS),
    )
    return rules, statuses


def _limited(provision: Provision, lines: Lines, judgement: Judgement, due: Exact, history: History) -> Decision:
    """Apply the line's own ceilings exactly, round once, then apply the shared ceilings on fen."""
    counting = judgement.counting
    rounding = provision.rounding if provision.rounding_stage == "line" else Rounding.FLOOR_FEN
    calculated = rounded(due, rounding)
    amount, applied, difference = _within_own_ceilings(provision, lines, counting, due, calculated)
    for limit in provision.measure.limits:
        if limit.shared:
            amount, entry = _within_shared_ceiling(limit, amount, lines, counting, history)
            applied.append(entry)
    rule = judgement.rule
    for entry in applied:
        if np.count_nonzero(entry.binding):
            rule = np.where(entry.binding, judgement.rules.index(entry.limit.id), rule)
    return Decision(provision, lines, judgement, rule, amount, calculated, tuple(applied), difference)


def _within_own_ceilings(
    provision: Provision, lines: Lines, counting: Mask, due: Exact, calculated: Fen
) -> tuple[Fen, list[Applied], Fen | None]:
    """Return the rounded amounts, the ceilings applied, and what rounding only the total moved (None: not so read)."""
    in_total = provision.rounding_stage == "total"
    rounding = Rounding.FLOOR_FEN if in_total else provision.rounding
    exact, amount = due, _of_counting(calculated, counting)
    applied = []
    for limit in provision.measure.limits:
        if limit.shared:
            continue
        ceiling, given = _own_ceiling(limit, lines)
        fen = rounded(ceiling, rounding)
        binding = fen < amount if given is None else given & (fen < amount)
        if np.count_nonzero(binding):
            amount = np.where(binding, fen, amount)
        applied.append(Applied(limit, fen, binding, given=given))
        if in_total:
            lower = least(exact, ceiling)
            exact = (
                lower if given is None else Exact(*(np.where(given, *pair) for pair in zip(lower, exact, strict=True)))
            )
    if not in_total:
        return amount, applied, None
    difference = _difference_of_total(exact, amount, counting, provision.rounding)
    return amount + difference, applied, difference


def _own_ceiling(limit: Limit, lines: Lines) -> tuple[Exact, Mask | None]:
    """Work out a ceiling per line, and which lines have it: a share of a field that is not given bounds nothing."""
    if limit.amount is not None:
        return whole_fen(np.full(lines.count, limit.amount, dtype=np.int64)), None
    assert limit.of is not None
    assert limit.share is not None
    if not lines.has(limit.of):
        return whole_fen(np.zeros(lines.count, dtype=np.int64)), np.zeros(lines.count, dtype=np.bool_)
    return portion(lines.column(limit.of), limit.share), lines.given.get(limit.of)


def _within_shared_ceiling(
    limit: Limit, amount: Fen, lines: Lines, counting: Mask, history: History
) -> tuple[Fen, Applied]:
    group, groups = lines.groups(limit.per)
    if limit.amount is not None:
        ceiling = np.array([limit.amount]) if groups == 1 else np.full(groups, limit.amount, dtype=np.int64)
    else:
        assert limit.of is not None
        assert limit.share is not None
        whole = sums(_of_counting(lines.column(limit.of), counting), group, groups)
        ceiling = rounded(portion(whole, limit.share), Rounding.FLOOR_FEN)
    before = history.granted_before(limit, lines, group, groups)
    granted = ALLOCATIONS[limit.allocation](amount, group, np.maximum(ceiling - before, 0))
    return granted, Applied(limit, ceiling, granted < amount, group=group, granted_before=before, requested=amount)


def _difference_of_total(exact: Exact, floors: Fen, counting: Mask, rounding: Rounding) -> Fen:
    """Round only the total: what that adds to (or takes from) the floored lines, shown on one line.

    That line is the largest of those with a part of a fen, so that its own ceiling keeps holding. Where rounding down
    to whole yuan takes more than one line has, the next largest gives the rest.
    """
    masked = Exact(_of_counting(exact.whole, counting), _of_counting(exact.rest, counting), exact.of)
    left = total(masked, rounding) - int(floors.sum())
    difference = np.zeros_like(floors)
    candidates = np.flatnonzero(masked.rest > 0) if left > 0 else np.flatnonzero(floors)
    for row in candidates[np.argsort(-floors[candidates], kind="stable")].tolist():
        if left == 0:
            break
        difference[row] = left if left > 0 else max(left, -int(floors[row]))
        left -= int(difference[row])
    return difference


def _of_counting(amount: Whole, counting: Mask) -> Fen:
    """Take the amounts of the lines that meet all conditions, 0 for the others."""
    masked = amount if all_of(counting) else np.where(counting, amount, 0)
    return cast(Fen, masked)
