"""Shares of a cost: fed by the fields that the terms name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from calculators import share_of_cost
from calculators.exact import Exact, Fen, Mask
from service.conditions import Threshold
from service.lines import Lines
from service.methods.base import Doubt, Step, Written, above, grouped, written_out
from service.money import rate_text
from service.policies.model import FieldType, Measure, Provision


class ShareOfCost:
    """Derives `base`."""

    rule: ClassVar[str] = "rate"
    derived: ClassVar[Mapping[str, FieldType]] = {"base": "yuan"}

    def derive(self, measure: Measure, lines: Lines) -> None:
        terms = _terms(measure)
        columns = [[lines.column(name) for name in names] for names in (terms.cost, terms.less, terms.at_most)]
        lines.columns["base"] = share_of_cost.base(*columns)

    def due(self, provision: Provision, lines: Lines, counting: Mask) -> Exact:
        terms = _terms(provision.measure)
        base = lines.columns["base"]
        if terms.counts == "excess":
            threshold = _threshold(provision.measure)
            group, groups = lines.groups(threshold.per)
            base = share_of_cost.above_threshold(np.where(counting, base, 0), group, threshold.at_least, groups)
            lines.columns["base_above_threshold"] = base
        return share_of_cost.calculate(terms, base=base).by_share

    def written(self, provision: Provision, lines: Lines, calculated: Fen) -> Written:
        terms = _terms(provision.measure)
        base = lines.columns["base"]
        steps = []
        if len(terms.cost) > 1 or terms.less or terms.at_most:
            steps.append(Step("base", base, lambda: _base_formulas(terms, lines)))
        counted = base
        if terms.counts == "excess":
            counted = lines.columns["base_above_threshold"]
            above_threshold = f"(Σ − {grouped(_threshold(provision.measure).at_least)}) × {{}} ÷ Σ"
            steps.append(Step("base_above_threshold", counted, lambda: written_out(above_threshold, base)))
        by_share = f"{{}} × {rate_text(terms.share)}"
        return [*steps, Step("by_share", calculated, lambda: written_out(by_share, counted))]

    def doubts(self, measure: Measure, lines: Lines) -> list[Doubt]:
        if "government_paid" not in measure.inputs:
            return []
        return above(lines, "government_paid", "ad_paid")


def _terms(measure: Measure) -> share_of_cost.Terms:
    assert isinstance(measure.terms, share_of_cost.Terms)
    return measure.terms


def _threshold(measure: Measure) -> Threshold:
    return next(condition for condition in measure.conditions if isinstance(condition, Threshold))


def _base_formulas(terms: share_of_cost.Terms, lines: Lines) -> list[str]:
    parts = [
        (sign, lines.columns[name].tolist())
        for sign, names in ((" + ", terms.cost), (" − ", terms.less))
        for name in names
    ]
    bounds = [lines.columns[name].tolist() for name in terms.at_most]
    formulas = []
    for row in range(lines.count):
        formula = "".join(sign + grouped(column[row]) for sign, column in parts)[3:]
        for bound in bounds:
            formula = f"min({formula}, {grouped(bound[row])})"
        formulas.append(formula)
    return formulas
