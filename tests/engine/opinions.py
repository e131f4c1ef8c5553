"""What the product answers to a request, and what the oracle thinks of it."""

from __future__ import annotations

from typing import Any

from service.calculation import calculate
from service.intake.request import read_request
from service.policies import Policies
from tests.case_files import Answer, Outcome, answer_of
from tests.oracle import decide

#: The oracle's own names of the years that divide a group.
YEARS = {"evaluation_published_on.year": "evaluation_year", "signed_on.year": "year"}


def result_of(policies: Policies, measure: str, body: dict[str, Any]) -> dict[str, Any]:
    """Calculate a request through the library."""
    return calculate(policies, read_request(policies, measure, body), "zh")


def answered(policies: Policies, measure: str, body: dict[str, Any]) -> Answer:
    """Take from the product's result what matters: status, amount and rule of the whole and of each line."""
    return answer_of(result_of(policies, measure, body))


def opinion(measure: str, body: dict[str, Any]) -> Answer:
    """Ask the oracle the same."""
    granted = [
        entry | {"group": {YEARS.get(key, key): value for key, value in entry["group"].items()}}
        for entry in body.get("granted_before", [])
    ]
    decision = decide(measure, body | {"granted_before": granted})
    lines = tuple(Outcome(status, amount, rule) for status, rule, amount in decision.lines)
    return Answer(Outcome(decision.status, decision.amount, decision.rule), lines)


def fen(text: str | None) -> int:
    """Read a result's amount as fen."""
    assert text is not None
    return int(text.replace(".", ""))
