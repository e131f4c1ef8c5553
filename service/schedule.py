"""A budget that follows from the year alone: what it is in each year, and what other readings would make of it.

Every amount is calculated as a request is; nothing here knows the formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from service.calculation import calculate
from service.errors import Refused
from service.intake.request import read_request
from service.money import fen_of, yuan
from service.policies import Policies
from service.policies.model import Choice, Language, Measure, Reading, Version

#: The calculators whose amount follows from the year, and the term that names the first one.
_FIRST_YEAR: Final = {"declining_budget": "base_year"}
YEARS: Final = 10


class Year(NamedTuple):
    """A year's budget in yuan, and what it is more (or less) than the year before; None where there is none."""

    year: int
    amount: str | None
    difference: str | None


class Otherwise(NamedTuple):
    """What another choice of a reading would give, year by year; no amounts where it asks for more than the year."""

    reading: Reading
    choice: Choice
    amounts: tuple[str | None, ...] | None


class Schedule(NamedTuple):
    """A measure's budget over the years, under the readings in use and under others."""

    years: tuple[Year, ...]
    others: tuple[Otherwise, ...]


def is_scheduled(measure: Measure) -> bool:
    """Tell whether a measure's amount follows from the year: a budget, which nobody applies for."""
    return measure.calculator in _FIRST_YEAR


def schedule_of(policies: Policies, version: Version, measure: str, language: Language) -> Schedule | None:
    """Calculate ten years of a measure; None for one whose amount does not follow from the year alone."""
    known = version.measures.get(measure)
    if known is None or not is_scheduled(known):
        return None
    known = policies.provision(version, measure).measure
    first = getattr(known.terms, _FIRST_YEAR[known.calculator])
    asked = {
        "policy": version.ref,
        "lines": [{"line_id": str(year), known.event: year} for year in range(first, first + YEARS)],
    }
    amounts = _amounts(policies, measure, asked, language)
    if amounts is None:
        return None
    others = [
        Otherwise(reading, choice, _amounts(policies, measure, asked | {"readings": {reading.id: choice.id}}, language))
        for reading, choice in _changing_terms(version, known)
    ]
    return Schedule(_years(first, amounts), tuple(others))


def _amounts(
    policies: Policies, measure: str, asked: dict[str, Any], language: Language
) -> tuple[str | None, ...] | None:
    """Calculate the budget of every year, None for one out of force; None for all where the year does not suffice."""
    try:
        result = calculate(policies, read_request(policies, measure, asked), language)
    except Refused:
        return None
    return tuple(None if line["status"] == "not_in_force" else line["amount"] for line in result["lines"])


def _changing_terms(version: Version, measure: Measure) -> list[tuple[Reading, Choice]]:
    """List the choices not in use that would change the terms of this measure."""
    terms = f"measures.{measure.id}.terms."
    return [
        (reading, choice)
        for reading in version.readings.values()
        for choice in reading.choices.values()
        if choice.id != reading.in_use and _shapes(reading, terms)
    ]


def _shapes(reading: Reading, terms: str) -> bool:
    return any(path.startswith(terms) for choice in reading.choices.values() for path in choice.set)


def _years(first: int, amounts: Sequence[str | None]) -> tuple[Year, ...]:
    before = [None, *amounts[:-1]]
    return tuple(
        Year(first + place, now, None if now is None or then is None else yuan(fen_of(now) - fen_of(then)))
        for place, (now, then) in enumerate(zip(amounts, before, strict=True))
    )
