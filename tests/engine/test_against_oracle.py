"""The engine against the oracle: tens of thousands of random lines per measure, every status, rule and fen."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.policies import load
from tests.engine.opinions import answered, opinion
from tests.engine.requests import MOST_FEN, some_readings, some_request, yuan
from tests.oracle import MEASURES

POLICIES = load()
EACH_MEASURE = pytest.mark.parametrize("measure", sorted(MEASURES))
LINES = 20_000


@EACH_MEASURE
def test_twenty_thousand_lines(measure: str) -> None:
    """Columns of up to 250 random lines, under random readings, are decided as the oracle decides them one by one."""
    chance = Random(measure)
    lines, statuses = 0, set()
    while lines < LINES:
        size = chance.choice([1, 2, 5, 20, 100, 250])
        body = some_request(chance, POLICIES, measure, size, some_readings(chance, POLICIES, measure))
        answer = answered(POLICIES, measure, body)
        assert answer == opinion(measure, body)
        lines += size
        statuses |= {line.status for line in answer.lines}
    assert statuses >= {"eligible", "ineligible", "not_in_force"}


@EACH_MEASURE
@given(st.randoms(use_true_random=False), st.integers(1, 4))
def test_small_requests(measure: str, chance: Random, lines: int) -> None:
    """Small requests of every kind agree with the oracle; hypothesis shrinks one that does not."""
    body = some_request(chance, POLICIES, measure, lines, some_readings(chance, POLICIES, measure))
    assert answered(POLICIES, measure, body) == opinion(measure, body)


@EACH_MEASURE
@pytest.mark.parametrize("lines", [1, 300])
def test_the_largest_amounts(measure: str, lines: int) -> None:
    """With every amount at the bound of the inputs, 99,999,999,999.99 yuan, nothing overflows or warns."""
    chance = Random(measure)
    fields = POLICIES.fields
    for _ in range(6):
        body = some_request(chance, POLICIES, measure, lines, some_readings(chance, POLICIES, measure))
        for number, line in enumerate(body["lines"]):
            line |= {name: yuan(MOST_FEN - number % 3) for name in line if fields[name].type == "yuan"}
            for part in line.get("outstanding") or []:
                part["balance"] = yuan(MOST_FEN)
        assert answered(POLICIES, measure, body) == opinion(measure, body)
