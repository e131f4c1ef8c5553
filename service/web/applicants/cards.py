"""The answer to a screening as cards: what could be had now, what needs more facts, what is out of reach, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from service.money import fen_of, yuan
from service.policies import Policies
from service.policies.model import Language, Version
from service.schedule import is_scheduled
from service.telling import Teller, ToldCondition, ToldOutcome
from service.web.applicants.answers import About, about_of

Json = dict[str, Any]

#: The order of the groups, and which statuses each holds.
_NOW: Final = "could_have"
_GROUPS: Final = {
    _NOW: ("eligible",),
    "needs_input": ("needs_input", "manual_review"),
    "out_of_reach": ("ineligible", "not_in_force"),
}
#: Budgets that follow from the year, and what is paid under other rules: nobody applies for these here.
_BUDGETS: Final = "budgets"
_OTHERS: Final = "by_other_rules"


class Card(NamedTuple):
    """A measure: what comes of the facts; `missing` in asking order; `form` is where its form is ("" for none)."""

    measure: str
    status: str
    about: About
    outcome: ToldOutcome
    missing: Sequence[str]
    failures: Sequence[ToldCondition]
    form: str


class Screened(NamedTuple):
    """A screening's cards in groups, and the sum of what could be applied for now; `fitting` counts those measures."""

    groups: Sequence[tuple[str, Sequence[Card]]]
    fitting: int
    total: str
    result: Json


def screened(policies: Policies, result: Json, language: Language, forms: Mapping[str, str]) -> Screened:
    """Lay the result of a screening out; `forms` tells where each measure's form is, filled with what is known."""
    version = policies.version(f"{result['policy']['id']}@{result['policy']['version']}")
    teller = Teller(policies, version, language)
    cards = [_card(teller, entry, result, forms) for entry in result["measures"]]
    groups: dict[str, list[Card]] = {name: [] for name in (*_GROUPS, _BUDGETS, _OTHERS)}
    for card in cards:
        groups[_group_of(card, version)].append(card)
    amounts = [entry["amount"] for entry, card in zip(result["measures"], cards, strict=True) if card in groups[_NOW]]
    return Screened(
        groups=[(name, members) for name, members in groups.items() if members],
        fitting=len(amounts),
        total=yuan(sum(map(fen_of, amounts)), grouped=True),
        result=result,
    )


def _group_of(card: Card, version: Version) -> str:
    if card.measure in version.referenced:
        return _OTHERS
    if is_scheduled(version.measures[card.measure]):
        return _BUDGETS
    return next(name for name, statuses in _GROUPS.items() if card.status in statuses)


def _card(teller: Teller, entry: Json, result: Json, forms: Mapping[str, str]) -> Card:
    measure = entry["measure"]
    (conditions,) = teller.conditions([entry["conditions"]], measure, result["readings"])
    return Card(
        measure=measure,
        status=entry["status"],
        about=about_of(teller.policies, teller.version, measure, teller.language),
        outcome=teller.outcome(entry),
        missing=[teller.names([name]) for name in entry["missing"]],
        failures=[condition for condition in conditions if condition.met is False],
        form=forms.get(measure, ""),
    )
