"""From what was calculated to what is granted: every fen that is missing was taken by a rule that says so."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.calculation import applied_to, sealed, written
from service.cuts import Course, Cut, courses_of, total_of
from service.intake.request import read_request
from service.policies import Policies, load
from tests.case_files import Case, all_cases
from tests.engine.opinions import fen
from tests.engine.requests import Body, some_readings, some_request
from tests.oracle import MEASURES

POLICIES = load()
CASES = [case for case in all_cases() if case.measure in MEASURES]
LOAN: Body = {"disbursed_amount": "10000000.00", "disbursed_on": "2027-01-01", "interest_paid_days": 365}
FIRM: Body = {"town_tier": "provincial_key", "is_leading_industry": True, "application_year": 2027}


def decided(measure: str, body: Body) -> tuple[list[Course], dict[str, Any]]:
    """Decide a request once, and take from that its result and the ways of its lines."""
    request = read_request(POLICIES, measure, body)
    applied = applied_to(POLICIES, request)
    assert applied is not None
    result = written(POLICIES, request, applied)
    return courses_of(applied), result


def check(measure: str, body: Body) -> None:
    """Hold the ways of a request's lines against its result."""
    courses, result = decided(measure, body)
    assert len(courses) == len(result["lines"])
    for course, line in zip(courses, result["lines"], strict=True):
        taken = sum(cut.fen for cut in course.cuts)
        assert course.calculated - course.excluded + course.rounding - taken == course.granted == fen(line["amount"])
        assert all(cut.fen >= 0 and cut.left >= 0 for cut in course.cuts)
        assert [cut.limit for cut in course.cuts] == [limit["id"] for limit in line["limits"]]
        assert [cut.fen > 0 for cut in course.cuts] == [limit["binding"] for limit in line["limits"]]
        steps = [step for step in line["steps"] if step["id"] != "rounding_of_total"]
        assert course.calculated == (fen(steps[-1]["amount"]) if steps else 0)
        assert course.excluded in {0, course.calculated}
    total = total_of(courses)
    assert total.granted == fen(result["amount"])
    assert total.granted == total.calculated - total.excluded + total.rounding - sum(total.cuts.values())


def test_every_case_is_accounted_for() -> None:
    """In every case that was worked out by hand, line by line and in all."""
    for case in CASES:
        check(case.measure, case.body)


@pytest.mark.parametrize("measure", sorted(MEASURES))
@given(chance=st.randoms(use_true_random=False), lines=st.integers(1, 12))
def test_every_request_is_accounted_for(measure: str, chance: Random, lines: int) -> None:
    """In any request, under any readings, also where only the total is rounded."""
    check(measure, some_request(chance, POLICIES, measure, lines, some_readings(chance, POLICIES, measure)))


def test_each_ceiling_takes_what_it_takes() -> None:
    """A loan cut by its interest, the next by what the firm had before, and what room is left."""
    lines = [LOAN | {"interest_accrued": "150000.00"}, LOAN | {"interest_accrued": "400000.00"}]
    before = [{"limit": "firm_cap", "amount": "800000.00"}]
    courses, _ = decided("loan_interest", {"facts": FIRM, "lines": lines, "granted_before": before})
    assert courses == [
        Course(15_000_000, 0, 0, (Cut("interest_cap", 3_000_000, 0), Cut("firm_cap", 0, 0)), 12_000_000),
        Course(15_000_000, 0, 0, (Cut("interest_cap", 0, 17_000_000), Cut("firm_cap", 7_000_000, 0)), 8_000_000),
    ]
    total = total_of(courses)
    assert (total.calculated, total.cuts, total.granted) == (
        30_000_000, {"interest_cap": 3_000_000, "firm_cap": 7_000_000}, 20_000_000,
    )  # fmt: skip


def test_what_a_ceiling_leaves_is_the_groups() -> None:
    """Room that lines share is left to all of them together."""
    lines = [LOAN | {"interest_accrued": "400000.00"}] * 2
    courses, _ = decided("loan_interest", {"facts": FIRM, "lines": lines})
    assert [course.cuts[1] for course in courses] == [Cut("firm_cap", 0, 70_000_000)] * 2


def test_what_a_condition_excludes_is_no_cut_of_a_ceiling() -> None:
    """A firm outside the leading industry: all is excluded, the ceilings take nothing."""
    line = LOAN | {"interest_accrued": "150000.00"}
    courses, _ = decided("loan_interest", {"facts": FIRM | {"is_leading_industry": False}, "lines": [line]})
    assert (courses[0].calculated, courses[0].excluded, courses[0].granted) == (15_000_000, 15_000_000, 0)
    assert [cut.fen for cut in courses[0].cuts] == [0, 0]


def test_a_line_in_no_policys_time_has_no_way() -> None:
    """Where no policy is in force nothing is calculated, and nothing cut."""
    line = LOAN | {"interest_accrued": "400000.00"}
    early = line | {"disbursed_on": "2025-12-01"}
    courses, _ = decided("loan_interest", {"facts": FIRM, "lines": [early, line]})
    assert courses[0] == Course()
    assert courses[1].granted == 15_000_000


@pytest.mark.parametrize("case", all_cases()[::40], ids=str)
def test_the_result_is_the_one_that_is_sealed(case: Case, policies: Policies) -> None:
    """Whoever wants the decision as well gets the same result, to the byte."""
    request = read_request(policies, case.measure, case.body)
    apart = written(policies, request, applied_to(policies, request))
    assert apart == sealed(policies, read_request(policies, case.measure, case.body))
