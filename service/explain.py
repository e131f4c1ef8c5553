"""The reasons of a decision, line by line, as plain data: conditions, steps and limits with their numbers and articles.

Nothing here decides anything; it writes down what the engine found. The texts are free of any language except for
`label`, which `labelled` adds for the reader and which no hash covers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from calculators.exact import Column, Fen, Mask
from service.conditions import (
    Allowed,
    Before,
    Condition,
    Finding,
    First,
    Given,
    Positive,
    SameYear,
    Threshold,
    WithinValidity,
)
from service.engine import STATUSES, Applied, Decision, Judgement
from service.lines import Lines
from service.methods import METHODS, Step
from service.money import day_of, yuan
from service.policies.model import Language, Provision
from service.words import label_of

Json = dict[str, Any]
Tell = Callable[[int], str]


def _day(days: int) -> str:
    return day_of(days).isoformat()


def explained(decision: Decision) -> list[Json]:
    """Write every line of a decision out: id, status, amount, rule, conditions, steps, limits."""
    lines, rules, statuses = decision.lines, decision.judgement.rules, decision.judgement.statuses
    conditions = judged(decision.provision, decision.judgement, lines)
    steps = _steps(decision)
    limits = [_limit(applied, lines) for applied in decision.limits]
    return [
        {
            "line_id": lines.ids[row],
            "status": STATUSES[statuses[rule]],
            "amount": yuan(amount),
            "rule": rules[rule],
            "conditions": [column[row] for column in conditions],
            "steps": [column[row] for column in steps],
            "limits": [entry for column in limits if (entry := column[row]) is not None],
        }
        for row, (rule, amount) in enumerate(zip(decision.rule.tolist(), decision.amount.tolist(), strict=True))
    ]


def judged(provision: Provision, judgement: Judgement, lines: Lines) -> list[list[Json]]:
    """Write out each condition for all lines: what is required, what is there, what is lacking."""
    return [_written(pen, judgement.findings[pen.condition.id], lines) for pen in _pens(provision)]


def labelled(line: Json, language: Language) -> Json:
    """Add what each condition, step and limit is called in the reader's language."""
    for kind in ("conditions", "steps", "limits"):
        for entry in line.get(kind, ()):
            entry["label"] = label_of(kind, entry["id"], language)
    return line


class _Pen(NamedTuple):
    """How one condition is written out: what it requires (None: that differs by line), and how its figure is told."""

    condition: Condition
    article: str
    required: str | None
    tell: Tell


@lru_cache(maxsize=1024)
def _pens(provision: Provision) -> tuple[_Pen, ...]:
    article = provision.measure.article
    return tuple(
        _Pen(condition, article, *_wording(provision, condition)) for condition in provision.measure.conditions
    )


def _wording(provision: Provision, condition: Condition) -> tuple[str | None, Tell]:
    match condition:
        case Allowed():
            codes = tuple(provision.fields[condition.field].codes) or ("false", "true")
            return " | ".join(codes[value] for value in condition.allowed), codes.__getitem__
        case Given():
            return "not null", _day
        case WithinValidity():
            return "policy in force", _day
        case Threshold():
            return f"≥ {yuan(condition.at_least)}", yuan
        case Positive():
            derived = METHODS[provision.measure.calculator].derived
            kind = derived[condition.of] if condition.of in derived else provision.fields[condition.of].type
            return "> 0", yuan if kind == "yuan" else str
        case First():
            return f"first of {', '.join(condition.per)}", str
        case SameYear() | Before():
            return None, str


def _written(pen: _Pen, finding: Finding | None, lines: Lines) -> list[Json]:
    count, condition = lines.count, pen.condition
    required = [pen.required] * count if pen.required is not None else _years_required(condition, lines)
    met: list[bool | None] = [None] * count
    actual: list[str | None] = [None] * count
    lacking: list[str | None] = [None] * count
    if finding is not None:
        met = finding.met.tolist()
        if finding.actual is not None:
            actual = list(map(pen.tell, finding.actual.tolist()))
        if finding.shortfall is not None:
            lacking = [yuan(fen) if fen else None for fen in finding.shortfall.tolist()]
        if isinstance(condition, Given | WithinValidity) and condition.field in lines.given:
            actual = _where(lines.given[condition.field], actual)
    return _entries(pen, zip(met, required, actual, lacking, strict=True))


def _entries(pen: _Pen, findings: Iterable[tuple[bool | None, str | None, str | None, str | None]]) -> list[Json]:
    """Write out each finding; lines judged alike, as most are, share one entry with the line before."""
    entries: list[Json] = []
    entry: Json = {}
    last = None
    for finding in findings:
        if finding != last:
            met, required, actual, shortfall = last = finding
            entry = {
                "id": pen.condition.id,
                "met": met,
                "required": required,
                "actual": actual,
                "shortfall": shortfall,
                "article": pen.article,
            }
        entries.append(entry)
    return entries


def _years_required(condition: Condition, lines: Lines) -> list[str | None]:
    """Write out the year that a line itself names as required."""
    assert isinstance(condition, SameYear | Before)
    named = condition.year if isinstance(condition, SameYear) else condition.before
    if not lines.has(named):
        return [None] * lines.count
    years = lines.column(named).tolist()
    if isinstance(condition, Before):
        written: list[str | None] = [f"< {year}" for year in years]
    elif condition.years_after:
        written = [f"{year - condition.years_after}..{year}" for year in years]
    else:
        written = [f"= {year}" for year in years]
    return written if named not in lines.given else _where(lines.given[named], written)


def _where(given: Mask, texts: list[str | None]) -> list[str | None]:
    return [text if there else None for text, there in zip(texts, given.tolist(), strict=True)]


def _steps(decision: Decision) -> list[list[Json]]:
    method = METHODS[decision.provision.measure.calculator]
    steps = [
        [_step(step, formula, result) for formula, result in zip(step.formulas(), step.results.tolist(), strict=True)]
        for step in method.written(decision.provision, decision.lines, decision.calculated)
    ]
    if decision.rounding_difference is not None:
        rounding = decision.provision.readings["rounding"]
        steps.append(
            [
                {"id": "rounding_of_total", "formula": rounding, "amount": yuan(fen)}
                for fen in decision.rounding_difference.tolist()
            ]
        )
    return steps


def _step(step: Step, formula: str, result: int) -> Json:
    if step.unit == "days":
        return {"id": step.id, "formula": formula, "amount": None, "days": result}
    return {"id": step.id, "formula": formula, "amount": yuan(result)}


def _limit(applied: Applied, lines: Lines) -> list[Json | None]:
    if applied.group is None:
        return _own_limit(applied)
    assert applied.granted_before is not None
    limit, group = applied.limit.id, applied.group.tolist()
    left = np.maximum(applied.ceiling - applied.granted_before, 0)
    ceilings, before, remaining = (
        [yuan(fen) for fen in column.tolist()] for column in (applied.ceiling, applied.granted_before, left)
    )
    requested, earlier = _requests(applied, lines)
    return [
        {
            "id": limit,
            "ceiling": ceilings[of],
            "granted_before": before[of],
            "remaining": remaining[of],
            "requested": yuan(requested[row]),
            "earlier_lines": None if earlier is None else yuan(earlier[row]),
            "binding": binding,
        }
        for row, (of, binding) in enumerate(zip(group, applied.binding.tolist(), strict=True))
    ]


def _own_limit(applied: Applied) -> list[Json | None]:
    given = [True] * len(applied.binding) if applied.given is None else applied.given.tolist()
    return [
        {"id": applied.limit.id, "ceiling": yuan(ceiling), "granted_before": "0.00", "binding": binding}
        if there
        else None
        for ceiling, binding, there in zip(applied.ceiling.tolist(), applied.binding.tolist(), given, strict=True)
    ]


def _requests(applied: Applied, lines: Lines) -> tuple[list[int], list[int] | None]:
    """What the line's group requests in all, and for ceilings used in order what its earlier lines request."""
    assert applied.group is not None
    assert applied.requested is not None
    in_order = applied.limit.allocation == "in_order"
    if lines.count == 1:
        return applied.requested.tolist(), [0] if in_order else None
    sums: Fen = np.zeros(len(applied.ceiling), dtype=np.int64)
    np.add.at(sums, applied.group, applied.requested)
    return sums[applied.group].tolist(), earlier_in_group(
        applied.group, applied.requested
    ).tolist() if in_order else None


def earlier_in_group(group: Column, requested: Fen) -> Fen:
    """Add up, for each line, what the earlier lines of its group request."""
    order = np.argsort(group, kind="stable")
    running = requested[order].cumsum() - requested[order]
    first = np.searchsorted(group[order], group[order])
    earlier = np.empty_like(running)
    earlier[order] = running - running[first]
    return earlier
