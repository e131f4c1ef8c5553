"""Fixed awards: an amount of the law, or what the town proposes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from calculators import fixed_award
from calculators.exact import Exact, Fen, Mask
from service.lines import Lines
from service.methods.base import Doubt, Step, Written, written_out
from service.policies.model import FieldType, Measure, Provision


class FixedAward:
    """Derives `award`."""

    rule: ClassVar[str] = "fixed_amount"
    derived: ClassVar[Mapping[str, FieldType]] = {"award": "yuan"}

    def derive(self, measure: Measure, lines: Lines) -> None:
        terms = _terms(measure)
        proposed = lines.column(terms.proposed) if terms.proposed and terms.amount is None else None
        lines.columns["award"] = fixed_award.award(terms, lines=lines.count, proposed=proposed)

    def due(self, provision: Provision, lines: Lines, counting: Mask) -> Exact:
        return fixed_award.calculate(award=lines.columns["award"]).award

    def written(self, provision: Provision, lines: Lines, calculated: Fen) -> Written:
        return [Step("award", calculated, lambda: written_out("{}", lines.columns["award"]))]

    def doubts(self, measure: Measure, lines: Lines) -> list[Doubt]:
        return []


def _terms(measure: Measure) -> fixed_award.Terms:
    assert isinstance(measure.terms, fixed_award.Terms)
    return measure.terms
