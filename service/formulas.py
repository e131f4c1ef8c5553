"""How a measure is calculated, in words: the formula of its calculator with the terms filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from service.demands import WHOLE, Demands, grouped
from service.words import text_of

Json = Mapping[str, Any]


class Formula(NamedTuple):
    """The amount before any ceiling, and what the names in it stand for."""

    amount: str
    where: tuple[tuple[str, str], ...] = ()

    def rows(self, demands: Demands) -> list[tuple[str, str]]:
        """List it as a table: first the amount, then the names."""
        return [(_say("amount", demands), self.amount), *self.where]


def formula_of(measure: Json, demands: Demands) -> Formula:
    """Say the formula of a measure as `service.describe.measure_of` describes it."""
    return _SAID[measure["calculator"]](measure, demands)


def pays(measure: Json, demands: Demands) -> list[str]:
    """Say in short how much a measure pays: its formula, what has to be reached, its ceilings."""
    thresholds = [one for one in measure["conditions"] if one["kind"] == "threshold"]
    reached = [_say("at", demands, what=one["label"], amount=demands.yuan(one["at_least"])) for one in thresholds]
    ceilings = [_ceiling(one, demands) for one in measure["limits"]]
    return [formula_of(measure, demands).amount, *reached, *ceilings]


def _ceiling(limit: Json, demands: Demands) -> str:
    """Say a ceiling by its name and height; one that is an amount of its own by its name."""
    if limit["share"] == WHOLE:
        return _say("not_above", demands, what=limit["label"])
    return _say("at", demands, what=limit["label"], amount=demands.ceiling(limit))


def _say(code: str, demands: Demands, **facts: object) -> str:
    return text_of("formulas", code, demands.language, **facts)


def _share_of_cost(measure: Json, demands: Demands) -> Formula:
    terms = measure["terms"]
    base, bare = _base(terms, demands), len(terms["cost"]) == 1 and not terms["less"] and not terms["at_most"]
    where = [(demands.name("base"), base)]
    if terms["counts"] == "excess":
        threshold = next(one for one in measure["conditions"] if one["kind"] == "threshold")
        amount = grouped(threshold["at_least"])
        above = _say("above_threshold", demands, base=demands.name("base"), amount=amount)
        where.append((demands.name("base_above_threshold"), above))
        counted = demands.name("base_above_threshold")
    else:
        counted = base if bare else _say("bracketed", demands, sum=base)
    return Formula(_say("product", demands, base=counted, rate=terms["share"]), tuple(where))


def _base(terms: Json, demands: Demands) -> str:
    """Say the base: costs added up, less what others bear, not above what bounds it."""
    total = " + ".join(map(demands.name, terms["cost"]))
    total = " − ".join([total, *map(demands.name, terms["less"])])
    for bound in terms["at_most"]:
        total = _say("lower_of", demands, sum=total, bound=demands.name(bound))
    return total


def _fixed_award(measure: Json, demands: Demands) -> Formula:
    terms = measure["terms"]
    if terms["amount"] is not None:
        return Formula(_say("fixed", demands, amount=demands.yuan(terms["amount"])))
    proposed = demands.name(terms["proposed"])
    return Formula(_say("as_proposed", demands, field=proposed), ((demands.name("award"), proposed),))


def _loan_interest(measure: Json, demands: Demands) -> Formula:
    terms, name = measure["terms"], demands.name
    facts = {"rate": terms["rate"], "per": demands.term("days_per_year", terms["days_per_year"])}
    if terms["principal"] == "outstanding":
        amount = _say("by_balance", demands, balance=name("outstanding"), **facts)
    else:
        amount = _say("by_days", demands, principal=name("disbursed_amount"), days=name("days"), **facts)
    interest = name("interest_accrued")
    if terms["other_subsidy"] == "net":
        interest = _say("difference", demands, whole=interest, part=name("other_interest_subsidy"))
    return Formula(amount, ((name("days"), _days(terms, demands)), (name("interest"), interest)))


def _days(terms: Json, demands: Demands) -> str:
    """Say which days count."""
    said = [_say("days", demands, ends=demands.term("ends", terms["ends"]))]
    if terms["days_at_most"] is not None:
        said.append(_say("days_at_most", demands, days=terms["days_at_most"]))
    if terms["months_followed"] is not None:
        said.append(_say("months_followed", demands, months=terms["months_followed"]))
    return text_of("batch", "between", demands.language).join(said)


def _declining_budget(measure: Json, demands: Demands) -> Formula:
    terms = measure["terms"]
    amount = _say(terms["method"], demands, base=demands.yuan(terms["base"]), decline=terms["decline"])
    declines = demands.name("editions_held_since_2026")
    if terms["counted_by"] == "calendar_year":
        declines = _say("declines_since", demands, year=demands.name("year"), first=terms["base_year"])
    if terms["first_step"]:
        declines = _say("declines_more", demands, declines=declines, more=terms["first_step"])
    return Formula(amount, ((demands.name("declines"), declines),))


_SAID: Final[Mapping[str, Callable[[Json, Demands], Formula]]] = {
    "share_of_cost": _share_of_cost,
    "fixed_award": _fixed_award,
    "loan_interest": _loan_interest,
    "declining_budget": _declining_budget,
}
