"""A form says everything that a request can say, and nothing that is typed gets lost."""

from __future__ import annotations

from random import Random

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from service.errors import Refused
from service.intake.request import read_request
from service.policies import Policies, load
from service.web.applicants.edits import edited
from service.web.applicants.forms import Form, form_of, name_of, request_of
from service.web.applicants.links import packed
from tests.case_files import all_cases
from tests.web.applicants.filling import Body, fields_of, said_of, spread_request

POLICIES = load()
MEASURES = sorted(POLICIES.newest.measures)


def sent_by(form: Form) -> MultiDict[str, str]:
    """Return what a browser sends of a form."""
    return MultiDict({**form.values, "unit": form.unit})


def test_every_case_goes_through_a_form_unchanged() -> None:
    """Filled in and read again, a case is the same request; not one of them holds what a form cannot say."""
    for case in all_cases():
        assert request_of(POLICIES, sent_by(form_of(POLICIES, case.body))).data == said_of(case.body), case


@given(st.randoms(use_true_random=False), st.sampled_from(MEASURES))
def test_requests_go_through_forms_unchanged(chance: Random, measure: str) -> None:
    """Whatever stands in facts or lines, with readings, versions and money granted before."""
    body = spread_request(chance, POLICIES, measure)
    assert request_of(POLICIES, sent_by(form_of(POLICIES, body))).data == body


@given(st.randoms(use_true_random=False), st.sampled_from(MEASURES))
def test_pages_hold_every_field_of_a_request(anybody: FlaskClient, chance: Random, measure: str) -> None:
    """What a browser sends of the page is what the page was filled with."""
    body = spread_request(chance, POLICIES, measure)
    text = packed(body, POLICIES.newest.ref, POLICIES.newest.sha256)
    page = anybody.get(f"/zh/measures/{measure}?case={text}&edit=1")
    assert page.status_code == 200
    back = anybody.post(f"/zh/measures/{measure}", data={**fields_of(page.text).to_dict(), "do": "request"})
    assert back.json == body


def test_another_unit_changes_no_amount(policies: Policies) -> None:
    """The button for 万元 moves the decimal points of all that was typed, and the one for yuan moves them back."""
    body: Body = {"lines": [{"disbursed_amount": "1000000.5", "outstanding": [{"balance": "x"}, {"balance": "12"}]}]}
    wan, _ = edited(policies, form_of(policies, body), "unit-wan")
    assert wan.values["lines.0.disbursed_amount"] == "100.00005"
    assert wan.values["lines.0.outstanding.0.balance"] == "x"
    assert wan.values["lines.0.outstanding.1.balance"] == "0.0012"
    assert edited(policies, wan, "unit-yuan")[0].data == body


def test_lines_and_rows_are_added_copied_and_removed(policies: Policies) -> None:
    """Buttons change the lines and nothing else; a copy has no name of its own yet, and a row left empty is none."""
    form = form_of(policies, {"lines": [{"line_id": "a", "receipt_number": "1"}, {"receipt_number": "2"}]})

    def lines_after(do: str) -> list[Body]:
        return list(edited(policies, form, do)[0].data["lines"])

    one, other = form.data["lines"]
    assert lines_after("add-line") == [one, other, {}]
    assert lines_after("copy-line-0") == [one, {"receipt_number": "1"}, other]
    assert lines_after("remove-line-0") == [other]
    added, focus = edited(policies, form, "add-row-lines.1.interest_periods")
    assert added.rows("lines.1.interest_periods") == 2
    assert focus == "lines.1.interest_periods.1.paid_from"
    assert request_of(policies, sent_by(added)).data == form.data
    assert edited(policies, form, "add-granted")[0].granted == 2


@pytest.mark.parametrize(
    "do",
    [
        "", "bogus", "copy-line-2", "remove-line-999999999", "copy-line-٣", "add-row-lines.9.outstanding",
        "add-row-facts.x", "add-row-lines.0.town_tier", "unit-", "remove-line--1", "add-line\n",
    ],
)  # fmt: skip
def test_buttons_that_no_form_has_do_nothing(policies: Policies, do: str) -> None:
    """A forged button shows the form as it was."""
    form = form_of(policies, {"lines": [{"receipt_number": "1"}, {"receipt_number": "2"}]})
    assert edited(policies, form, do) == (form, None)


@pytest.mark.parametrize(
    ("pointer", "name"),
    [
        ("/lines/0/disbursed_amount", "lines.0.disbursed_amount"),
        ("/lines/2/interest_periods/1", "lines.2.interest_periods.1"),
        ("/lines/2/outstanding/1/balance", "lines.2.outstanding.1.balance"),
        ("/facts/town_tier", "facts.town_tier"),
        ("/granted_before/0/amount", "granted.0.amount"),
        ("/granted_before/0/group/signed_on.year", "granted.0.group.signed_on.year"),
        ("/readings/a~1b~0", "readings.a/b~"),
        ("/lines", "lines"),
        ("/policy", "policy"),
        ("", ""),
    ],
)
def test_defects_find_their_fields(pointer: str, name: str) -> None:
    """The place of a defect in a request is a field's name."""
    assert name_of(pointer) == name


def test_a_value_and_a_tick_that_there_is_none_is_a_defect(policies: Policies) -> None:
    """A form that says both is refused at the field, and shows both."""
    sent = MultiDict({"lines.0.in_production_on": "2026-05-01", "lines.0.in_production_on.none": "1"})
    form = request_of(policies, sent)
    assert [one.code for one in form.defect_at("lines.0.in_production_on")] == ["value_and_none"]
    assert form.touched("lines.0", ["in_production_on"])


def test_gaps_between_lines_are_closed(policies: Policies) -> None:
    """Lines that were taken out in the browser leave gaps; defects are counted as the lines then are."""
    sent = MultiDict({"lines.7.receipt_number": "b", "lines.3.receipt_number": "a", "lines.12.line_id": ""})
    form = request_of(policies, sent)
    assert form.data["lines"] == [{"receipt_number": "a"}, {"receipt_number": "b"}, {}]
    with pytest.raises(Refused) as refused:
        read_request(policies, "loan_interest", form.data)
    wrong = form.refused(refused.value.defects)
    assert wrong.defect_at("lines.2.disbursed_amount")
    assert not wrong.defect_at("lines.12.disbursed_amount")
