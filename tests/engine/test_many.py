"""Many requests at once are answered as each of them alone, byte for byte."""

from __future__ import annotations

from random import Random
from typing import Any

import orjson
import pytest

from service.calculation import sealed
from service.errors import Refused
from service.intake.request import read_request
from service.many import sealed_each, sheets_of
from service.policies import Policies
from tests.case_files import all_cases
from tests.engine.requests import some_readings, some_request
from tests.oracle import MEASURES

Asked = list[tuple[str, dict[str, Any]]]


def alone(policies: Policies, measure: str, body: dict[str, Any]) -> object:
    """Answer one request: its bytes, or its defects."""
    try:
        return orjson.dumps(sealed(policies, read_request(policies, measure, body)))
    except Refused as refused:
        return refused.defects


def together(policies: Policies, asked: Asked) -> list[object]:
    """Answer all requests at once."""
    answers = sealed_each(policies, asked)
    return [one.defects if isinstance(one, Refused) else orjson.dumps(one) for one in answers]


def test_every_case(policies: Policies) -> None:
    """All cases of all measures, those that are refused among them, in one go."""
    asked = [(case.measure, case.body) for case in all_cases()]
    assert together(policies, asked) == [alone(policies, *one) for one in asked]


@pytest.mark.parametrize("seed", range(4))
def test_random_requests(policies: Policies, seed: int) -> None:
    """Requests of one and of many lines, with history, under random readings; most are answered in columns."""
    chance = Random(seed)
    asked = []
    for _ in range(60):
        for measure in sorted(MEASURES):
            readings = some_readings(chance, policies, measure) if chance.random() < 0.3 else {}
            asked.append((measure, some_request(chance, policies, measure, chance.choice([1, 1, 1, 3]), readings)))
    assert together(policies, asked) == [alone(policies, *one) for one in asked]
    in_columns = sum(len(sheet.places) for sheet in sheets_of(policies, asked))
    assert in_columns > len(asked) / 2


@pytest.mark.parametrize(
    "change",
    [
        {"lines": []},
        {"lines": None},
        {"lines": [5]},
        {"lines": [{}]},
        {"facts": {"town_tier": "county"}},
        {"facts": 5},
        {"granted_before": [{"limit": "firm_cap", "amount": "5.00"}]},
        {"granted_before": [{"limit": "firm_cap", "group": {"applicant_id": "B"}, "amount": "5.00"}]},
        {"granted_before": [{"limit": "firm_cap", "group": {"applicant_id": "A"}, "amount": "999900.00"}]},
        {"granted_before": [{"limit": "x", "group": {}, "amount": "5.00"}]},
        {"granted_before": 5},
        {"policy": "x"},
        {"policy": "jzbf-2026-3@1"},
        {"readings": {"x": "y"}},
        {"readings": {"rounding_stage": "total"}},
        {"other": 1},
    ],
)
def test_what_is_not_plain(policies: Policies, change: dict[str, Any]) -> None:
    """Whatever is odd about a request is answered, or refused, as ever; its neighbours do not notice."""
    line = {
        "applicant_id": "A", "application_year": 2027, "town_tier": "provincial_key", "is_leading_industry": True,
        "disbursed_amount": "10000000.00", "disbursed_on": "2027-01-01", "interest_paid_days": 365,
        "interest_accrued": "400000.00",
    }  # fmt: skip
    plain = {"lines": [line, {**line, "is_leading_industry": False}]}
    asked: Asked = [("loan_interest", plain), ("loan_interest", {**plain, **change}), ("loan_interest", plain)]
    assert together(policies, asked) == [alone(policies, *one) for one in asked]
