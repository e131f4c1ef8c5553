"""What a request that is right becomes: columns of whole numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.canonical import sha256_of
from service.intake.request import read_request, reader_for
from service.intake.screening import lines_of, read_screening
from service.lines import Lines
from service.policies import Policies
from tests.api.asking import GONE, LOAN_LINE, Body, loan

CODE = "91110000600037341L"


def lines(policies: Policies, *sent: Body, measure: str = "loan_interest", **frame: Any) -> Lines:
    """Read lines of a measure."""
    return read_request(policies, measure, {"lines": list(sent), **frame}).lines


def payment(**changes: Any) -> Body:
    """Return an advertising payment with some of its inputs changed."""
    return {"year": 2027, "town_tier": "county", "ad_paid": "3.10", "paid_on": "2027-05-01"} | changes


def test_each_type_becomes_whole_numbers(policies: Policies) -> None:
    """Money is fen, dates are days since 1970, codes are positions, flags 0 or 1, texts numbers from 1."""
    read = lines(policies, LOAN_LINE | {"disbursed_amount": "0000012.5", "town_tier": "municipal", "applicant_id": "A"})
    assert {name: column.tolist() for name, column in read.columns.items()} == {
        "application_year": [2027],
        "town_tier": [2],
        "is_leading_industry": [1],
        "applicant_id": [1],
        "disbursed_amount": [1250],
        "disbursed_on": [20819],
        "interest_paid_days": [365],
        "interest_accrued": [40_000_000],
        "other_interest_subsidy": [0],
    }
    assert all(column.dtype == np.int64 for column in read.columns.values())
    assert (read.ids, read.given, read.periods) == (["L1"], {}, {})


def test_largest_amount_and_outermost_days(policies: Policies) -> None:
    """The bounds themselves are taken."""
    read = lines(
        policies,
        LOAN_LINE | {"disbursed_amount": "99999999999.99", "disbursed_on": "1900-01-01", "application_year": 2200},
        LOAN_LINE | {"disbursed_amount": "0", "disbursed_on": "2200-12-31", "interest_paid_days": 366},
    )
    assert read.columns["disbursed_amount"].tolist() == [10**13 - 1, 0]
    assert read.columns["disbursed_on"].tolist() == [-25567, 84370]


def test_facts_are_merged_and_the_line_wins(policies: Policies) -> None:
    """A fact holds for the lines that do not say otherwise; null in a line takes an optional fact away."""
    facts = {"town_tier": "county", "applicant_id": "A"}
    bare = {name: value for name, value in LOAN_LINE.items() if name != "town_tier"}
    read = lines(policies, bare, bare | {"town_tier": "municipal"}, bare | {"applicant_id": None}, facts=facts)
    assert read.columns["town_tier"].tolist() == [3, 2, 3]
    assert read.columns["applicant_id"].tolist() == [1, 1, 0]
    assert read.given["applicant_id"].tolist() == [True, True, False]


def test_texts_are_numbered_by_value(policies: Policies) -> None:
    """Equal texts get equal numbers; a missing group key is 0, a missing line key a number of its own."""
    contract = {"contract_amount": "1", "signed_on": "2027-01-01"}
    sent = [contract | keys for keys in ({"applicant_id": "A", "contract_number": "C"}, {}, {"applicant_id": "A"}, {})]
    read = lines(policies, *sent, measure="platform_operator")
    assert read.columns["applicant_id"].tolist() == [1, 0, 1, 0]
    assert len(set(read.columns["contract_number"].tolist())) == 4
    unnamed = lines(policies, contract, contract, measure="platform_operator")
    assert len(set(unnamed.columns["contract_number"].tolist())) == 2
    assert not unnamed.has("applicant_id")


def test_a_credit_code_is_stored_in_upper_case(policies: Policies) -> None:
    """The same firm written in two ways is one firm; another identifier is taken as it is."""
    read = lines(policies, *(LOAN_LINE | {"applicant_id": one} for one in (CODE, CODE.lower(), "firm-a", "FIRM-A")))
    assert read.columns["applicant_id"].tolist() == [1, 1, 2, 3]


def test_defaults_and_same_as_fill_only_what_is_missing(policies: Policies) -> None:
    """A default or the other field's value stands in for each line that lacks an input, and leaves no mask."""
    read = lines(policies, payment(ad_cost="9.99", government_paid="1"), payment(ad_cost=None), measure="advertising")
    assert read.columns["ad_cost"].tolist() == [999, 310]
    assert read.columns["government_paid"].tolist() == [100, 0]
    assert not {"ad_cost", "government_paid"} & read.given.keys()


def test_optional_numbers_have_a_mask_where_some_lack_them(policies: Policies) -> None:
    """A field that no line gives has no column; one that some give has a mask."""
    assert not lines(policies, {"year": 2027}, measure="expo_budget").has("actual_cost")
    read = lines(policies, {"year": 2027}, {"year": 2028, "actual_cost": "1"}, measure="expo_budget")
    assert read.columns["actual_cost"].tolist() == [0, 100]
    assert read.given["actual_cost"].tolist() == [False, True]


def test_null_is_an_answer_where_it_means_not_yet(policies: Policies) -> None:
    """`in_production_on: null` is not yet; leaving it out is a defect."""
    project = {
        "town_tier": "provincial_key",
        "evaluation_result": "excellent",
        "evaluation_published_on": "2027-01-01",
        "is_leading_industry": True,
        "equipment_investment": "1",
        "in_production_on": None,
        "proposed_award": "1",
    }
    read = lines(policies, project, project | {"in_production_on": "1970-01-02"}, measure="project_award")
    assert read.columns["in_production_on"].tolist() == [0, 1]
    assert read.given["in_production_on"].tolist() == [False, True]


def test_periods_become_tables(policies: Policies) -> None:
    """Periods of all lines stand in one table; lines may choose between periods and days."""
    periods = [
        {"paid_from": "1970-01-02", "paid_to": "1970-01-03"},
        {"paid_from": "1970-01-05", "paid_to": "1970-01-05"},
    ]
    with_periods = loan(interest_paid_days=GONE, interest_periods=periods)["lines"][0]
    read = lines(policies, LOAN_LINE, with_periods)
    table = read.periods["interest_periods"]
    assert (table.line.tolist(), table.start.tolist(), table.end.tolist()) == ([1, 1], [1, 4], [2, 4])
    assert table.balance is None
    assert read.given["interest_paid_days"].tolist() == [True, False]
    assert read.given["interest_periods"].tolist() == [False, True]


def test_line_ids(policies: Policies) -> None:
    """Lines without an id are numbered by position."""
    assert lines(policies, LOAN_LINE, LOAN_LINE | {"line_id": "b"}, LOAN_LINE).ids == ["L1", "b", "L3"]


def test_a_thousand_lines_are_taken(policies: Policies) -> None:
    """The bound itself is allowed."""
    assert lines(policies, *[LOAN_LINE] * 1_000).count == 1_000


def test_granted_before_is_coded_as_the_columns(policies: Policies) -> None:
    """Groups come as the numbers of the columns; what names no line matches nothing, and is warned of."""
    group = {"applicant_id": CODE.lower(), "application_year": 2027}
    granted = [
        {"limit": "firm_cap", "group": group, "amount": "1.5"},
        {"limit": "firm_cap", "amount": "2"},
        {"limit": "firm_cap", "group": {"applicant_id": "nobody"}, "amount": "3"},
        {"limit": "firm_cap", "group": {"town_id": "T"}, "amount": "4"},
        {"limit": "firm_cap", "group": {"applicant_id": "B", "application_year": 2027}, "amount": "5"},
    ]
    sent = [LOAN_LINE | {"applicant_id": CODE}, LOAN_LINE | {"applicant_id": "B", "application_year": 2028}]
    request = read_request(policies, "loan_interest", {"lines": sent, "granted_before": granted})
    nowhere = {"line": -1}
    assert [dict(one.group) for one in request.granted_before] == [
        {"application_year": 2027, "applicant_id": 1},
        {},
        nowhere,
        nowhere,
        nowhere,
    ]
    assert [one.amount for one in request.granted_before] == [150, 200, 300, 400, 500]
    warned = [(warning.pointer, warning.code) for warning in request.warnings]
    assert warned == [(f"/granted_before/{place}", "granted_before_matches_no_line") for place in (2, 3, 4)]


def test_granted_before_may_name_the_year_of_a_date(policies: Policies) -> None:
    """A limit that runs per year of a date takes that year in its group."""
    contract = {"contract_amount": "1", "signed_on": "2027-01-01"}
    body = {
        "lines": [contract],
        "readings": {"operator_total": "year"},
        "granted_before": [{"limit": "cumulative_cap", "group": {"signed_on.year": 2027}, "amount": "1"}],
    }
    request = read_request(policies, "platform_operator", body)
    assert [dict(one.group) for one in request.granted_before] == [{"signed_on.year": 2027}]


def test_hash_is_of_what_was_asked(policies: Policies) -> None:
    """The hash does not depend on the order of keys or blanks, and does on everything else."""
    body = loan()
    straight = read_request(policies, "loan_interest", body)
    turned = b" " + orjson.dumps({"lines": [dict(reversed(LOAN_LINE.items()))]}, option=orjson.OPT_INDENT_2)
    assert straight.inputs_sha256 == sha256_of({"measure": "loan_interest", **body})
    assert read_request(policies, "loan_interest", turned).inputs_sha256 == straight.inputs_sha256
    changed = read_request(policies, "loan_interest", loan(interest_accrued="400000"))
    assert changed.inputs_sha256 != straight.inputs_sha256


def test_readings_and_policy_choose_the_provision(policies: Policies) -> None:
    """A reading that asks for more inputs makes them required; naming the policy in force changes nothing."""
    default = read_request(policies, "loan_interest", loan())
    named = read_request(policies, "loan_interest", loan() | {"policy": "jzbf-2026-3@1"})
    assert default.provision is named.provision
    assert (default.policy, named.policy) == (None, "jzbf-2026-3@1")
    balance = [{"balance": "1", "from": "2027-01-01", "to": "2028-01-01"}]
    asked = {"readings": {"loan_principal": "outstanding"}}
    request = read_request(policies, "loan_interest", loan(outstanding=balance) | asked)
    assert request.provision is not None
    assert request.provision.readings["loan_principal"] == "outstanding"


def test_screening_lays_out_a_line_and_asks_for_the_rest(policies: Policies) -> None:
    """What is missing is listed in asking order; null is an answer only where it means not yet."""
    facts = {"town_tier": "county", "ad_paid": "3", "in_production_on": None, "year": None, "interest_paid_days": 5}
    screening = read_screening(policies, {"facts": facts})
    assert screening.facts == {
        "town_tier": 3,
        "ad_paid": 300,
        "interest_paid_days": 5,
        "in_production_on": None,
        "year": None,
    }
    measures = policies.newest.measures
    advertising, lacking = lines_of(screening.facts, measures["advertising"], policies.fields)
    assert lacking == ["year", "paid_on"]
    assert {name: column.tolist() for name, column in advertising.columns.items()} == {
        "town_tier": [3],
        "ad_paid": [300],
        "ad_cost": [300],
        "government_paid": [0],
    }
    assert "in_production_on" not in lines_of(screening.facts, measures["project_award"], policies.fields)[1]
    assert "in_production_on" in lines_of({}, measures["project_award"], policies.fields)[1]
    assert "interest_periods" not in lines_of(screening.facts, measures["loan_interest"], policies.fields)[1]
    assert "interest_periods" in lines_of({}, measures["loan_interest"], policies.fields)[1]
    assert "interest_paid_days" not in lines_of({}, measures["loan_interest"], policies.fields)[1]


ANYTHING = (
    st.none() | st.booleans() | st.integers(-1, 400) | st.sampled_from(["", "1.00", "2027-01-01", "municipal", CODE])
)
LINES = st.dictionaries(
    st.sampled_from([*LOAN_LINE, "applicant_id", "line_id", "other_interest_subsidy", "bogus"]), ANYTHING
)


@given(changes=LINES, left_out=st.sets(st.sampled_from(sorted(LOAN_LINE)), max_size=2))
def test_the_straight_way_and_the_schema_agree(policies: Policies, changes: Body, left_out: set[str]) -> None:
    """A line is read alike straight and by the schema: the same values, the same defects."""
    line = {name: value for name, value in (LOAN_LINE | changes).items() if name not in left_out}
    reader = reader_for(policies, policies.provision(policies.newest, "loan_interest"))
    straight, defects = reader.read(line)
    by_schema, schema_defects = reader._read_by_schema(line)
    assert defects == schema_defects
    if not defects:
        assert straight == by_schema


@pytest.mark.parametrize("year", [1970, 2000, 2100])
def test_event_of_a_year_is_its_last_day(policies: Policies, year: int) -> None:
    """A budget has a year and no day; it is read by the newest version whatever the year."""
    request = read_request(policies, "expo_budget", {"lines": [{"year": year}]})
    assert request.provision is policies.provision(policies.newest, "expo_budget")
