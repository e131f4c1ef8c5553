"""绩效表: what became of the grants of a year, by measure and town."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from service.canonical import sha256_of
from service.ledger import log
from service.ledger.schema import GRANTS, TRANSITIONS
from service.money import yuan

Json = dict[str, Any]
_STEPS: Final = (
    select(
        GRANTS.c.id,
        GRANTS.c.measure,
        GRANTS.c.town_id,
        GRANTS.c.applicant_id,
        GRANTS.c.amount,
        TRANSITIONS.c.at,
        TRANSITIONS.c.verb,
        TRANSITIONS.c.state,
        TRANSITIONS.c.recovered,
    )
    .join(TRANSITIONS, TRANSITIONS.c.grant_id == GRANTS.c.id)
    .order_by(GRANTS.c.seq, TRANSITIONS.c.n)
)
_STAGES: Final = ("proposed", "open", "approved", "paid", "released")


@dataclass(slots=True)
class _Figures:
    """The figures of a measure and town; amounts in fen, waiting times in whole days."""

    grants: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_STAGES, 0))
    amounts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_STAGES, 0))
    recovered: int = 0
    applicants: set[str] = field(default_factory=set)
    days_to_approval: list[int] = field(default_factory=list)

    def add(self, steps: Sequence[Any]) -> None:
        """Count a grant by what happened to it."""
        first, last = steps[0], steps[-1]
        verbs = {step.verb: step.at for step in steps}
        stages = {
            "proposed": True,
            "open": last.state in {"reserved", "manual_review"},
            "approved": "approve" in verbs and last.state != "released",
            "paid": "pay" in verbs,
            "released": last.state == "released",
        }
        for stage, reached in stages.items():
            self.grants[stage] += reached
            self.amounts[stage] += first.amount if reached else 0
        self.recovered += last.recovered
        if first.applicant_id:
            self.applicants.add(first.applicant_id)
        if "approve" in verbs:
            self.days_to_approval.append(_days(first.at, verbs["approve"]))

    def merge(self, other: _Figures) -> None:
        """Add the figures of another measure or town."""
        for stage in _STAGES:
            self.grants[stage] += other.grants[stage]
            self.amounts[stage] += other.amounts[stage]
        self.recovered += other.recovered
        self.applicants |= other.applicants
        self.days_to_approval += other.days_to_approval

    def told(self) -> Json:
        """Write the figures out. `net` is what was paid and not recovered; half of all approvals took no longer."""
        waited = sorted(self.days_to_approval)
        return {
            "applicants": len(self.applicants),
            **{f"{stage}_grants": self.grants[stage] for stage in _STAGES},
            **{f"{stage}_amount": yuan(self.amounts[stage]) for stage in _STAGES},
            "recovered_amount": yuan(self.recovered),
            "net_amount": yuan(self.amounts["paid"] - self.recovered),
            "days_to_approval": waited[(len(waited) - 1) // 2] if waited else None,
        }


def performance_table(connection: Connection, year: int) -> Json:
    """Sum up the grants of a year by measure and town, by measure, and in all. `sha256` covers all the rest."""
    figures: dict[tuple[str, str], _Figures] = {}
    for steps in _by_grant(connection.execute(_STEPS.where(GRANTS.c.year == year))):
        key = (steps[0].measure, steps[0].town_id or "")
        figures.setdefault(key, _Figures()).add(steps)
    ordered = sorted(figures)
    by_measure: dict[str, _Figures] = {}
    total = _Figures()
    for key in ordered:
        by_measure.setdefault(key[0], _Figures()).merge(figures[key])
        total.merge(figures[key])
    found: Json = {
        "year": year,
        "rows": [{"measure": key[0], "town_id": key[1] or None, **figures[key].told()} for key in ordered],
        "by_measure": [{"measure": measure, **of_measure.told()} for measure, of_measure in by_measure.items()],
        "total": total.told(),
        "checkpoint": log.head_of(connection)._asdict(),
    }
    return found | {"sha256": sha256_of(found)}


def _by_grant(rows: Iterable[Any]) -> Iterable[list[Any]]:
    """Gather the steps of each grant."""
    steps: list[Any] = []
    for row in rows:
        if steps and steps[0].id != row.id:
            yield steps
            steps = []
        steps.append(row)
    if steps:
        yield steps


def _days(start: str, end: str) -> int:
    """Count the whole days between two moments."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).days
