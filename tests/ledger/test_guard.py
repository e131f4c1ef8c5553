"""What is paid once is held when it is asked for again."""

from __future__ import annotations

import pytest

from tests.ledger.asking import advertisement, loan, recognition
from tests.ledger.service import Body, Service, json_of


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (loan("R 1"), loan("r1", "F2"), "receipt_number"),
        (loan("Ｒ１"), loan("R1", application_year=2028, disbursed_on="2028-01-01"), "receipt_number"),
        (advertisement("I1"), advertisement("i1", "F2", town_id="T2"), "invoice_number"),
        (recognition("T1"), recognition("t1", "2028-03-01"), "recognition"),
    ],
)
def test_a_second_grant_is_held_and_names_the_first(service: Service, first: Body, second: Body, kind: str) -> None:
    """Whatever way a number is written, by whom, where and when: the second is held until somebody says why."""
    one = json_of(service.propose(first), 201)
    other = json_of(service.propose(second), 201)
    assert (one["state"], other["state"]) == ("reserved", "manual_review")
    (found,) = other["duplicates"]
    assert (found["kind"], found["grants"]) == (kind, [one["id"]])
    problem = json_of(service.step(other["id"], "approve"), 422)
    assert [error["code"] for error in problem["errors"]] == ["review_needs_reason"]
    assert json_of(service.step(other["id"], "approve", {"reason": "two loans"}))["state"] == "approved"


def test_a_released_grant_holds_nothing(service: Service) -> None:
    """When the first was released, the next is not held; one that was approved or paid still counts."""
    one = json_of(service.propose(loan("R1")), 201)
    json_of(service.step(one["id"], "release"))
    two = json_of(service.propose(loan("R1")), 201)
    assert (two["state"], two["duplicates"]) == ("reserved", [])
    json_of(service.step(two["id"], "approve"))
    json_of(service.step(two["id"], "pay"))
    assert json_of(service.propose(loan("R1", "F2")), 201)["duplicates"][0]["grants"] == [two["id"]]


def test_a_number_twice_in_one_proposal_is_held(service: Service) -> None:
    """Two lines on one receipt are held, and both are named."""
    body = loan("R1")
    body["lines"] *= 2
    grant = json_of(service.propose(body), 201)
    assert grant["state"] == "manual_review"
    assert grant["duplicates"] == [{"kind": "receipt_number", "value": "r1", "lines": ["L1", "L2"], "grants": []}]


def test_lines_that_get_nothing_hold_nothing(service: Service) -> None:
    """A line that is not eligible claims no receipt."""
    body = loan("R1")
    body["lines"].append(body["lines"][0] | {"receipt_number": "R2", "interest_paid_days": 0})
    json_of(service.propose(body), 201)
    assert json_of(service.propose(loan("R2")), 201)["state"] == "reserved"
