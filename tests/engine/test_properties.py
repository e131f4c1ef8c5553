"""What must hold for every request: ceilings, sums, monotony, independence of company and of order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.intake.screening import read_screening
from service.policies import load
from service.policies.model import Limit
from service.screening import screen
from tests.case_files import Outcome
from tests.engine.opinions import answered, fen, result_of
from tests.engine.requests import MOST_FEN, Body, Line, some_lines, some_readings, some_request, yuan
from tests.engine.requests import fen as read_fen
from tests.oracle import MEASURES

POLICIES = load()
EACH_MEASURE = pytest.mark.parametrize("measure", sorted(MEASURES))
CHANCE = st.randoms(use_true_random=False)
#: The more of this, the more subsidy (or as much).
RAISING = [
    ("project_award", "proposed_award"),
    ("project_award", "equipment_investment"),
    ("platform_equipment", "hardware_investment"),
    ("platform_equipment", "software_investment"),
    ("platform_equipment", "deductible_vat"),
    ("platform_operator", "contract_amount"),
    ("platform_operator", "received_amount"),
    ("loan_interest", "disbursed_amount"),
    ("loan_interest", "interest_accrued"),
    ("loan_interest", "interest_paid_days"),
    ("advertising", "ad_paid"),
    ("advertising", "ad_cost"),
    ("expo_budget", "actual_cost"),
    ("expo_budget", "marketised_from"),
]
#: The more of this, the less subsidy (or as much).
LOWERING = [
    ("loan_interest", "other_interest_subsidy"),
    ("advertising", "government_paid"),
    ("expo_budget", "year"),
    ("expo_budget", "editions_held_since_2026"),
]
OWN = ("town_id", "applicant_id", "project_id", "contract_number")


def a_request(chance: Random, measure: str, lines: int, **fixed: str) -> Body:
    """Make a request under random readings, some of which are fixed."""
    readings = some_readings(chance, POLICIES, measure) | fixed
    return some_request(chance, POLICIES, measure, lines, readings)


def alone(line: Line, number: int) -> Line:
    """Give a line names that no other line has, so that it shares no ceiling."""
    return line | {key: f"{key}-of-{number}" for key in OWN if key in POLICIES.facts or key in line}


def outcomes(measure: str, body: Body) -> tuple[Outcome, ...]:
    """Return what becomes of each line."""
    return answered(POLICIES, measure, body).lines


def key_of(line: Line, position: int, limit: Limit) -> tuple[Any, ...]:
    """Name the group to which a line belongs under a limit, from the request alone."""
    key: list[Any] = []
    for name in limit.per:
        own_line = name == "line" or (name in POLICIES.fields and POLICIES.fields[name].absent == "own_line")
        value = line.get(name, ("line", position) if own_line else None)
        if name.endswith(".year"):
            value = date.fromisoformat(line[name.removesuffix(".year")]).year
        key.append(value)
    return tuple(key)


def by_group(limit: Limit, body: Body, result: Mapping[str, Any]) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    """Collect a result's lines by their group under a limit, each with the entry of that limit as `limit`."""
    groups = defaultdict(list)
    for position, (line, decided) in enumerate(zip(body["lines"], result["lines"], strict=True)):
        for entry in decided["limits"]:
            if entry["id"] == limit.id:
                groups[key_of(line, position, limit)].append(decided | {"limit": entry})
    return groups


@EACH_MEASURE
@given(CHANCE, st.integers(1, 12))
def test_no_ceiling_is_ever_exceeded(measure: str, chance: Random, lines: int) -> None:
    """Neither a line nor a group gets more than its ceiling leaves; what the last of them leaves is used up.

    Where only the total is rounded, what that adds is shown on one line: less than a fen for each line, above its own
    ceiling perhaps, never above a shared one.
    """
    body = a_request(chance, measure, lines)
    result = result_of(POLICIES, measure, body)
    limits = POLICIES.provision(POLICIES.newest, measure, body["readings"]).measure.limits
    of_rounding = lines if body["readings"].get("rounding_stage") == "total" else 0
    for place, limit in enumerate(limits):
        for group in by_group(limit, body, result).values():
            entry = group[0]["limit"]
            room = fen(entry.get("remaining", entry["ceiling"]))
            granted = sum(fen(line["amount"]) for line in group)
            assert granted <= room + (0 if limit.shared else of_rounding)
            assert room == max(fen(entry["ceiling"]) - fen(entry["granted_before"]), 0)
            if limit.shared and place == len(limits) - 1:
                assert granted == min(room, fen(entry["requested"]))


@EACH_MEASURE
@given(CHANCE, st.integers(1, 12))
def test_amounts_are_never_negative_and_add_up(measure: str, chance: Random, lines: int) -> None:
    """Only eligible lines get money, none gets less than nothing, and the total is their sum."""
    result = result_of(POLICIES, measure, a_request(chance, measure, lines))
    assert all(fen(line["amount"]) >= 0 for line in result["lines"])
    assert all(fen(line["amount"]) == 0 for line in result["lines"] if line["status"] != "eligible")
    assert fen(result["amount"]) == sum(fen(line["amount"]) for line in result["lines"])


@pytest.mark.parametrize(("measure", "field", "raises"), [
    *((*pair, True) for pair in RAISING), *((*pair, False) for pair in LOWERING)
])  # fmt: skip
@given(CHANCE, st.integers(1, 10**12))
def test_more_of_what_counts_never_gives_less(
    measure: str, field: str, raises: bool, chance: Random, more: int
) -> None:
    """One line alone: raising what counts never lowers the amount, raising what is deducted never raises it."""
    body = a_request(chance, measure, 1)
    line = body["lines"][0]
    assume(line.get(field) is not None)
    known = POLICIES.fields[field]
    if known.type == "yuan":
        raised: Any = yuan(min(read_fen(line[field]) + more, MOST_FEN))
    else:
        raised = min(line[field] + more % 50, 2200 if known.type == "year" else known.most or 0)
    before, after = (answered(POLICIES, measure, body | {"lines": [one]}) for one in (line, line | {field: raised}))
    assume("not_in_force" not in {before.whole.status, after.whole.status})
    low, high = (before, after) if raises else (after, before)
    assert fen(low.whole.amount) <= fen(high.whole.amount)


@EACH_MEASURE
@given(CHANCE, st.integers(2, 10))
def test_a_column_is_as_many_columns_of_one(measure: str, chance: Random, lines: int) -> None:
    """Lines that share nothing get in company what each gets alone, whatever the order."""
    readings = some_readings(chance, POLICIES, measure) | {"rounding_stage": "line"}
    resolved = POLICIES.provision(POLICIES.newest, measure, readings).measure
    own = [alone(line, number) for number, line in enumerate(some_lines(chance, POLICIES, resolved, lines))]
    singly = [outcomes(measure, {"readings": readings, "lines": [line]})[0] for line in own]
    assert list(outcomes(measure, {"readings": readings, "lines": own})) == singly
    order = list(range(lines))
    chance.shuffle(order)
    shuffled = outcomes(measure, {"readings": readings, "lines": [own[place] for place in order]})
    assert list(shuffled) == [singly[place] for place in order]


@pytest.mark.parametrize("measure", ["advertising", "project_award"])
@given(CHANCE, st.integers(2, 10))
def test_pro_rata_does_not_care_for_order(measure: str, chance: Random, lines: int) -> None:
    """Shuffled lines that share a ceiling pro rata get the same, up to the odd fen; the total is the same."""
    body = a_request(chance, measure, lines, project_allocation="pro_rata", ad_allocation="pro_rata") | {
        "granted_before": []
    }
    for number, line in enumerate(body["lines"]):
        line["project_id" if measure == "project_award" else "invoice_number"] = f"own-{number}"
    order = list(range(lines))
    chance.shuffle(order)
    straight, shuffled = (
        answered(POLICIES, measure, body | {"lines": [body["lines"][place] for place in places]})
        for places in (range(lines), order)
    )
    assert shuffled.whole.amount == straight.whole.amount
    for place, line in zip(order, shuffled.lines, strict=True):
        assert line.status == straight.lines[place].status
        assert abs(fen(line.amount) - fen(straight.lines[place].amount)) <= 1


IN_ORDER = [
    ("loan_interest", "firm_cap", ("applicant_id", "application_year"), {"loan_firm_cap": "year"}),
    ("loan_interest", "firm_cap", ("applicant_id",), {"loan_firm_cap": "policy_life"}),
    ("platform_operator", "cumulative_cap", ("applicant_id",), {"operator_total": "policy_life"}),
    ("platform_equipment", "project_cap", ("project_id",), {"platform_cap": "project"}),
    ("platform_equipment", "town_cap", ("town_id",), {"platform_cap": "town"}),
]


@pytest.mark.parametrize(("measure", "limit", "per", "fixed"), IN_ORDER)
@given(CHANCE, st.integers(2, 10), st.integers(1, 9))
def test_two_requests_after_each_other_are_one(
    measure: str, limit: str, per: tuple[str, ...], fixed: dict[str, str], chance: Random, lines: int, first: int
) -> None:
    """Where a ceiling is used in order, a later request that names what was granted goes on where the first ended."""
    first = min(first, lines - 1)
    body = a_request(chance, measure, lines, rounding_stage="line", loan_interest_cap="loan", **fixed)
    body |= {"granted_before": []}
    for number, line in enumerate(body["lines"]):
        line.update({key: f"{key}-{chance.randint(1, 2)}" for key in per if key.endswith("_id")})
        if measure == "platform_operator":
            line["contract_number"] = f"own-{number}"
    together = outcomes(measure, body)
    earlier = outcomes(measure, body | {"lines": body["lines"][:first]})
    granted: dict[tuple[Any, ...], int] = defaultdict(int)
    for line, outcome in zip(body["lines"], earlier, strict=False):
        granted[tuple(line[key] for key in per)] += fen(outcome.amount)
    before = [
        {"limit": limit, "group": dict(zip(per, key, strict=True)), "amount": yuan(sum_)}
        for key, sum_ in granted.items()
    ]
    later = outcomes(measure, body | {"lines": body["lines"][first:], "granted_before": before})
    assert earlier + later == together


@EACH_MEASURE
@given(CHANCE)
def test_a_screening_with_all_facts_is_a_calculation(measure: str, chance: Random) -> None:
    """Who screens with all that a measure asks for is told what a calculation of that one line would tell."""
    body = a_request(chance, measure, 1)
    facts = {name: value for name, value in body["lines"][0].items() if value is not None or name == "in_production_on"}
    screening = read_screening(POLICIES, {"facts": facts, "readings": body["readings"]})
    answer = next(one for one in screen(POLICIES, screening, "zh")["measures"] if one["measure"] == measure)
    calculated = result_of(POLICIES, measure, {"lines": [facts], "readings": body["readings"]})["lines"][0]
    for part in ("status", "amount", "rule", "conditions", "steps", "limits"):
        assert answer[part] == calculated[part]


@EACH_MEASURE
@given(CHANCE)
def test_a_screening_that_lacks_something_promises_nothing_wrong(measure: str, chance: Random) -> None:
    """With required facts missing it says which; what it calls out of reach is not eligible with all of them either."""
    readings = some_readings(chance, POLICIES, measure)
    inputs = POLICIES.provision(POLICIES.newest, measure, readings).measure.inputs
    line = a_request(chance, measure, 1, **readings)["lines"][0]
    required = [name for name, one in inputs.items() if one.need == "required"]
    lacking = [name for name in required if chance.random() < 0.4]
    known = {name: value for name, value in line.items() if value is not None and name not in lacking}
    screening = read_screening(POLICIES, {"facts": known, "readings": readings})
    answer = next(one for one in screen(POLICIES, screening, "zh")["measures"] if one["measure"] == measure)
    assert set(lacking) <= set(answer["missing"])
    if lacking and answer["status"] != "needs_input":
        calculated = answered(POLICIES, measure, {"lines": [line], "readings": readings})
        assert calculated.whole.status != "eligible"
