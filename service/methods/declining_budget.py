"""Declining budgets: fed by the year, or by the editions held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from calculators import declining_budget
from calculators.exact import Exact, Fen, Mask
from service.lines import Lines
from service.methods.base import Doubt, Step, Written
from service.money import rate_text, yuan
from service.policies.model import FieldType, Measure, Provision


class DecliningBudget:
    """Derives `declines`, the number of steps down."""

    rule: ClassVar[str] = "schedule"
    derived: ClassVar[Mapping[str, FieldType]] = {"declines": "count"}

    def derive(self, measure: Measure, lines: Lines) -> None:
        terms = _terms(measure)
        editions = lines.column("editions_held_since_2026") if terms.counted_by == "edition" else None
        lines.columns["declines"] = declining_budget.declines(terms, year=lines.column("year"), editions=editions)

    def due(self, provision: Provision, lines: Lines, counting: Mask) -> Exact:
        terms = _terms(provision.measure)
        return declining_budget.calculate(
            terms, declines=lines.columns["declines"], rounding=provision.rounding
        ).scheduled

    def written(self, provision: Provision, lines: Lines, calculated: Fen) -> Written:
        terms = _terms(provision.measure)
        base, decline, remaining = (
            yuan(terms.base, grouped=True),
            rate_text(terms.decline),
            rate_text(1 - terms.decline),
        )
        pattern = {
            "compound": f"{base} × {remaining}^{{}}",
            "linear": f"{base} − {base} × {decline} × {{}}",
            "compound_rounded_each_year": f"{base} × {remaining} → 0.01, × {{}}",
        }[terms.method]
        declines = lines.columns["declines"]
        return [Step("scheduled", calculated, lambda: [pattern.format(count) for count in declines.tolist()])]

    def doubts(self, measure: Measure, lines: Lines) -> list[Doubt]:
        return []


def _terms(measure: Measure) -> declining_budget.Terms:
    assert isinstance(measure.terms, declining_budget.Terms)
    return measure.terms
