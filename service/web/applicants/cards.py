"""The answer to a screening as cards: what could be had now, what needs more facts, what is out of reach, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from service.policies import Policies
from service.policies.model import Language
from service.screening import eligible_total
from service.telling import Teller, ToldCondition, ToldOutcome, figure
from service.web.applicants.answers import About, about_of

Json = dict[str, Any]

#: The order of the groups, and which statuses each holds.
_GROUPS: Final = (
    ("could_have", ("eligible",)),
    ("needs_input", ("needs_input", "manual_review")),
    ("out_of_reach", ("ineligible", "not_in_force")),
    ("by_other_rules", ("referenced",)),
)


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
    """A screening's cards in groups, and the sum of what could be had now; `fitting` counts those measures."""

    groups: Sequence[tuple[str, Sequence[Card]]]
    fitting: int
    total: str
    result: Json


def screened(policies: Policies, result: Json, language: Language, forms: Mapping[str, str]) -> Screened:
    """Lay the result of a screening out; `forms` tells where each measure's form is, filled with what is known."""
    version = policies.version(f"{result['policy']['id']}@{result['policy']['version']}")
    teller = Teller(policies, version, language)
    cards = [_card(teller, entry, result, forms) for entry in result["measures"]]
    groups = [(name, [card for card in cards if card.status in statuses]) for name, statuses in _GROUPS]
    return Screened(
        groups=[(name, members) for name, members in groups if members],
        fitting=sum(card.status == "eligible" for card in cards),
        total=figure(eligible_total(result)),
        result=result,
    )


def _card(teller: Teller, entry: Json, result: Json, forms: Mapping[str, str]) -> Card:
    measure = entry["measure"]
    conditions = teller.conditions(entry["conditions"], measure, result["readings"])
    return Card(
        measure=measure,
        status=entry["status"],
        about=about_of(teller.policies, teller.version, measure, teller.language),
        outcome=teller.outcome(entry),
        missing=[teller.names([name]) for name in entry["missing"]],
        failures=[condition for condition in conditions if condition.met is False],
        form=forms.get(measure, ""),
    )
