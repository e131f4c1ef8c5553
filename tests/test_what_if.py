"""What another reading would give: the same as asking for it."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import Refused
from service.intake.request import read_request
from service.policies import load
from service.what_if import Alternative, alternatives
from tests.case_files import all_cases
from tests.engine.opinions import fen, opinion, result_of
from tests.engine.requests import some_readings, some_request
from tests.oracle import MEASURES

POLICIES = load()
ADVERTISING: dict[str, Any] = {
    "facts": {"town_tier": "provincial_key", "year": 2027},
    "lines": [{"ad_paid": "600000.00", "paid_on": "2027-05-01"}],
}


def by_choice(measure: str, body: dict[str, Any]) -> dict[tuple[str, str], Alternative]:
    """Calculate the alternatives, to look them up by reading and choice."""
    return {(one.reading, one.choice): one for one in alternatives(POLICIES, measure, body)}


def test_another_reading_of_a_worked_example() -> None:
    """600,000 of advertising: 120,000 of the whole, 20,000 of what is above the threshold."""
    found = by_choice("advertising", ADVERTISING)
    assert found["ad_rate_base", "excess"] == Alternative("ad_rate_base", "excess", 2_000_000, -10_000_000)
    assert found["ad_allocation", "in_order"] == Alternative("ad_allocation", "in_order", 12_000_000, 0)
    assert ("ad_rate_base", "whole") not in found


def test_a_choice_that_needs_more_says_what() -> None:
    """No amount is guessed where another reading asks for an input that the request does not give."""
    body = {"lines": [{"year": 2027}]}
    found = by_choice("expo_budget", body)["expo_step", "edition"]
    assert (found.amount, found.difference) == (None, None)
    assert [defect.pointer for defect in found.defects] == ["/lines/0/editions_held_since_2026"]


def test_what_is_asked_for_is_compared_with_what_is_in_use() -> None:
    """A request under another reading: the one in use is an alternative then."""
    body = ADVERTISING | {"readings": {"ad_rate_base": "excess"}}
    assert by_choice("advertising", body)["ad_rate_base", "whole"].difference == 10_000_000


def test_other_rules_leave_nothing_to_compare() -> None:
    """A measure without an amount has no alternatives; a request that cannot be read none either."""
    assert alternatives(POLICIES, "little_giant", {}) == []
    with pytest.raises(Refused):
        alternatives(POLICIES, "advertising", ADVERTISING | {"lines": []})


@pytest.mark.parametrize("measure", sorted(MEASURES))
@settings(max_examples=12)
@given(chance=st.randoms(use_true_random=False), lines=st.integers(1, 5))
def test_an_alternative_is_what_asking_for_it_gives(measure: str, chance: Random, lines: int) -> None:
    """For random requests: the service asked for the reading says the same, and so does the independent calculation."""
    body = some_request(chance, POLICIES, measure, lines, some_readings(chance, POLICIES, measure))
    now = fen(result_of(POLICIES, measure, body)["amount"])
    found = alternatives(POLICIES, measure, body)
    assert found
    for one in found:
        asked = body | {"readings": body["readings"] | {one.reading: one.choice}}
        if one.amount is None:
            with pytest.raises(Refused):
                read_request(POLICIES, measure, asked)
            continue
        assert one.amount == fen(result_of(POLICIES, measure, asked)["amount"]) == now + (one.difference or 0)
        assert one.amount == fen(opinion(measure, asked).whole.amount)


def test_every_choice_of_every_shaping_reading_is_there() -> None:
    """In the cases: as many alternatives as there are other choices, each with an amount or with what it lacks."""
    for case in all_cases()[::25]:
        readings = result_of(POLICIES, case.measure, case.body)["readings"]
        others = [
            (name, choice)
            for name, holds in readings.items()
            for choice in POLICIES.newest.readings[name].choices
            if choice != holds
        ]
        found = by_choice(case.measure, case.body)
        assert list(found) == others, case.title
        assert all((one.amount is None) == bool(one.defects) for one in found.values())
