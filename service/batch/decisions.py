"""The columns that a decision adds to a file: status, amount, rule, and if asked every step, limit and condition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import Final

import numpy as np
import polars as pl

from service.applying import Answered, Part, apply
from service.batch.history import RunningHistory
from service.conditions import REASONS
from service.engine import STATUSES, Applied, Decision, rules_of
from service.explain import earlier_in_group
from service.lines import Column, Fen, Lines, Mask
from service.methods import METHODS
from service.policies import Policies
from service.policies.model import Provision

_ONE_FEN: Final = Decimal("0.01")
INVALID = "invalid"
#: How the columns of an explanation begin.
CONDITION, STEP, LIMIT = "condition_", "step_", "limit_"
#: What a row of a file can end as.
OUTCOMES = (*STATUSES, INVALID)


@dataclass(slots=True)
class Outcome:
    """Per row: position of the status in OUTCOMES, fen granted and calculated, position of the rule in `rules`."""

    status: Column
    amount: Fen
    calculated: Fen
    rule: Column
    rules: list[str]
    explained: dict[str, pl.Series]


def decide_rows(
    policies: Policies,
    provision: Provision,
    lines: Lines,
    good: Mask,
    *,
    policy: str | None,
    readings: dict[str, str],
    history: RunningHistory,
    explain: bool,
) -> Outcome:
    """Decide the good rows of a table; the others are invalid. What is granted is added to the history."""
    count = len(good)
    outcome = Outcome(
        status=np.full(count, OUTCOMES.index(INVALID), dtype=np.int64),
        amount=np.zeros(count, dtype=np.int64),
        calculated=np.zeros(count, dtype=np.int64),
        rule=np.zeros(count, dtype=np.int64),
        rules=list(dict.fromkeys(["invalid_input", *rules_of(provision)[0]])),
        explained={},
    )
    if not lines.count:
        return outcome
    answered = apply(policies, provision.measure, lines, policy, readings, history)
    rows = np.flatnonzero(good)
    _outside(outcome, answered, rows)
    for part in answered.parts:
        decision = part.decision
        _scatter(outcome, part, rows[part.places])
        for applied, granted in _shared(decision):
            history.add((applied.limit,), decision.lines, granted)
    for part in answered.parts if explain else ():
        for name, column in explained(part, rows[part.places], count).items():
            known = outcome.explained.get(name)
            outcome.explained[name] = column if known is None else known.fill_null(column)
    return outcome


def _rule(outcome: Outcome, rule: str) -> int:
    if rule not in outcome.rules:
        outcome.rules.append(rule)
    return outcome.rules.index(rule)


def _outside(outcome: Outcome, answered: Answered, rows: Column) -> None:
    """Tell the rows on whose event date no policy was in force."""
    outside = answered.versions < 0
    if not outside.any():
        return
    names = np.array([_rule(outcome, reason) for reason in REASONS])
    outcome.status[rows[outside]] = STATUSES.index("not_in_force")
    outcome.rule[rows[outside]] = names[-1 - answered.versions[outside]]


def _scatter(outcome: Outcome, part: Part, rows: Column) -> None:
    decision = part.decision
    names = np.array([_rule(outcome, rule) for rule in decision.judgement.rules])
    outcome.status[rows] = decision.status
    outcome.amount[rows] = decision.amount
    outcome.calculated[rows] = np.where(decision.judgement.counting, decision.calculated, 0)
    outcome.rule[rows] = names[decision.rule]


def yuan_column(name: str, fen: Fen, given: Mask | None = None) -> pl.Series:
    """Write fen as a column of exact decimals; null where nothing is given."""
    column = _yuan(pl.Series(name, fen))
    return column if given is None else column.set(pl.Series(~given), None)


def _yuan(fen: pl.Series) -> pl.Series:
    """Divide by 100 exactly; to multiply decimals is quicker than to divide them."""
    return fen.cast(pl.Decimal(38, 0)) * _ONE_FEN


def named_column(name: str, positions: Column, names: Sequence[str]) -> pl.Series:
    """Write positions as the names they stand for."""
    kind = pl.Enum(list(names))
    narrow = len(names) <= np.iinfo(np.uint8).max
    return pl.Series(name, positions.astype(np.uint8 if narrow else np.uint32)).cat.to(kind)


def explained(part: Part, rows: Column, count: int) -> dict[str, pl.Series]:
    """Name and fill a column for every condition, step and limit."""
    decision = part.decision
    judgement, provision = decision.judgement, decision.provision
    full = len(rows) == count

    def placed(column: Column | Mask, given: Mask | None = None) -> pl.Series:
        series = pl.Series(column)
        if given is not None:
            series = series.set(pl.Series(~given), None)
        if full:
            return series
        return pl.DataFrame({"row": rows, "value": series}).join(
            pl.DataFrame({"row": np.arange(count)}), on="row", how="right", maintain_order="right"
        )["value"]

    def yuan(column: Fen, given: Mask | None = None) -> pl.Series:
        return _yuan(placed(column, given))

    columns: dict[str, pl.Series] = {}
    for condition, finding in judgement.findings.items():
        assert finding is not None
        columns[f"condition_{condition}"] = placed(finding.met)
        if finding.shortfall is not None:
            columns[f"condition_{condition}_shortfall"] = yuan(finding.shortfall)
    for step in METHODS[provision.measure.calculator].written(provision, decision.lines, decision.calculated):
        if step.unit == "days":  # counted from periods: a line that declares its days has none
            columns[f"step_{step.id}"] = placed(step.results, decision.lines.given.get("interest_periods"))
        else:
            columns[f"step_{step.id}"] = yuan(step.results)
    after = {applied.limit.id: granted for applied, granted in _shared(decision)}
    for applied in decision.limits:
        for name, fen in _amounts(applied, after.get(applied.limit.id)).items():
            columns[f"limit_{applied.limit.id}_{name}"] = yuan(fen, applied.given)
        columns[f"limit_{applied.limit.id}_binding"] = placed(applied.binding)
    return {name: series.alias(name) for name, series in columns.items()}


def _shared(decision: Decision) -> Iterator[tuple[Applied, Fen]]:
    """List the shared limits, each with what the lines have after it: what the next one is asked for."""
    shared = [applied for applied in decision.limits if applied.group is not None]
    for applied, following in zip_longest(shared, shared[1:]):
        granted = decision.amount if following is None else following.requested
        assert granted is not None
        yield applied, granted


def _amounts(applied: Applied, granted: Fen | None) -> dict[str, Fen]:
    """Tell a ceiling, and of a shared one what is left of it: for a line in order, when its turn comes."""
    if applied.group is None:
        return {"ceiling": applied.ceiling}
    assert applied.granted_before is not None
    assert granted is not None
    ceiling, before = applied.ceiling[applied.group], applied.granted_before[applied.group]
    if applied.limit.allocation == "in_order":
        before = before + earlier_in_group(applied.group, granted)
    return {"ceiling": ceiling, "granted_before": before, "remaining": np.maximum(ceiling - before, 0)}
