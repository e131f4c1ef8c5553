"""What a calculation refuses: every defect by pointer and code, all at once."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from service.errors import Defect, NotFound, Refused
from service.intake.request import read_request
from service.intake.screening import read_screening
from service.policies import Policies
from tests.api.asking import GONE, LOAN_LINE, Body, loan

AMOUNT, DAY, YEAR = "disbursed_amount", "disbursed_on", "application_year"
BACKWARDS = {"paid_from": "2027-01-01", "paid_to": "2026-12-31"}
PERIOD = {"paid_from": "2027-01-01", "paid_to": "2027-07-01"}
LATER = {"balance": "1.00", "from": "2027-06-30", "to": "2027-08-01"}
BALANCE = {"balance": "1.00", "from": "2027-01-01", "to": "2027-07-01"}


def granted(**entry: Any) -> Body:
    """Return what changes in a request with one entry of money granted before."""
    return {"granted_before": [{"limit": "firm_cap", "amount": "1"} | entry]}


def defects(policies: Policies, body: bytes | Body, measure: str = "loan_interest") -> list[Defect]:
    """Return the defects for which a request is refused."""
    with pytest.raises(Refused) as refused:
        read_request(policies, measure, body)
    return list(refused.value.defects)


def told(policies: Policies, body: bytes | Body, measure: str = "loan_interest") -> list[tuple[str, str]]:
    """Return pointer and code of each defect."""
    return [(defect.pointer, defect.code) for defect in defects(policies, body, measure)]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        (AMOUNT, GONE, "missing"),
        (AMOUNT, None, "null"),
        (AMOUNT, 1.5, "yuan_as_number"),
        (AMOUNT, 1.0, "yuan_as_number"),
        (AMOUNT, 100, "yuan_as_number"),
        (AMOUNT, True, "not_yuan"),
        (AMOUNT, ["1"], "not_yuan"),
        (AMOUNT, "", "not_yuan"),
        (AMOUNT, "1.005", "not_yuan"),
        (AMOUNT, "1.", "not_yuan"),
        (AMOUNT, ".5", "not_yuan"),
        (AMOUNT, "-1", "not_yuan"),
        (AMOUNT, "+1", "not_yuan"),
        (AMOUNT, "1e3", "not_yuan"),
        (AMOUNT, "1_000", "not_yuan"),
        (AMOUNT, "1,000.00", "not_yuan"),
        (AMOUNT, " 1", "not_yuan"),
        (AMOUNT, "1\n", "not_yuan"),
        (AMOUNT, "１２３", "not_yuan"),
        (AMOUNT, "NaN", "not_yuan"),
        (AMOUNT, "100000000000.00", "yuan_too_large"),
        (AMOUNT, "9" * 64, "yuan_too_large"),
        (AMOUNT, "9" * 65, "yuan_too_large"),
        (AMOUNT, "9" * 10_000, "yuan_too_large"),
        (AMOUNT, "9" * 10_000 + "x", "not_yuan"),
        (DAY, 20270101, "not_date"),
        (DAY, "20270101", "not_date"),
        (DAY, "2027-W01-1", "not_date"),
        (DAY, "2027-1-1", "not_date"),
        (DAY, "2027-02-29", "not_date"),
        (DAY, "2027-01-01T00:00:00", "not_date"),
        (DAY, "2027-01-01\n", "not_date"),
        (DAY, "２０２７-01-01", "not_date"),
        (DAY, "1899-12-31", "not_date"),
        (DAY, "2201-01-01", "not_date"),
        (YEAR, "2027", "not_year"),
        (YEAR, 2027.0, "not_year"),
        (YEAR, True, "not_year"),
        (YEAR, 1899, "not_year"),
        (YEAR, 2201, "not_year"),
        ("interest_paid_days", -1, "not_count"),
        ("interest_paid_days", 367, "not_count"),
        ("interest_paid_days", 1.0, "not_count"),
        ("interest_paid_days", False, "not_count"),
        ("interest_paid_days", 10**30, "not_count"),
        ("is_leading_industry", 1, "not_flag"),
        ("is_leading_industry", "true", "not_flag"),
        ("town_tier", "Provincial_key", "unknown_code"),
        ("town_tier", "", "unknown_code"),
        ("town_tier", 0, "not_text"),
        ("town_tier", {}, "not_text"),
        ("receipt_number", "", "text_length"),
        ("receipt_number", "x" * 65, "text_length"),
        ("receipt_number", "a\x00b", "text_characters"),
        ("receipt_number", "a\u202eb", "text_characters"),
        ("receipt_number", "a\ud800", "text_characters"),
        ("receipt_number", " a", "text_blank_ends"),
        ("receipt_number", "a\u3000", "text_blank_ends"),
        ("receipt_number", 1, "not_text"),
        ("applicant_id", "91110000600037341X", "credit_code_wrong"),
        ("applicant_id", "abcdefghijklmnopqr", "credit_code_wrong"),
        ("applicant_id", "９1110000600037341L", "credit_code_wrong"),
        ("line_id", 1, "not_text"),
        ("line_id", "", "text_length"),
        ("disbursed_amout", "1.00", "unknown_field"),
        ("a/b~c", 1, "unknown_field"),
    ],
)
def test_value_is_refused_where_it_stands(policies: Policies, field: str, value: object, code: str) -> None:
    """A value that is not exactly right is refused at its own pointer, and nothing else is."""
    escaped = field.replace("~", "~0").replace("/", "~1")
    found = defects(policies, loan(**{field: value}))
    assert [(defect.pointer, defect.code) for defect in found] == [(f"/lines/0/{escaped}", code)]
    if code not in {"missing", "null"}:
        assert found[0].given == (field if code == "unknown_field" else value)
    assert found[0].expected


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"interest_periods": [PERIOD]}, "interest_paid_days", "either_both"),
        ({"interest_paid_days": GONE}, "interest_periods", "either_missing"),
        ({"interest_paid_days": None}, "interest_periods", "either_missing"),
        ({"interest_periods": []}, "interest_periods", "list_length"),
        ({"interest_periods": [PERIOD] * 401}, "interest_periods", "list_length"),
        ({"interest_periods": PERIOD}, "interest_periods", "not_list"),
        ({"interest_periods": ["x"]}, "interest_periods/0", "not_object"),
        ({"interest_periods": [PERIOD | {"x": 1}]}, "interest_periods/0/x", "unknown_field"),
        ({"interest_periods": [{"paid_from": "2027-01-01"}]}, "interest_periods/0/paid_to", "missing"),
        ({"interest_periods": [PERIOD | {"paid_to": None}]}, "interest_periods/0/paid_to", "null"),
        (
            {"interest_periods": [PERIOD, BACKWARDS]},
            "interest_periods/1/paid_to",
            "periods_backwards",
        ),
        (
            {"outstanding": [BALANCE, LATER]},
            "outstanding/1",
            "balances_overlap",
        ),
        ({"outstanding": [BALANCE | {"balance": 1}]}, "outstanding/0/balance", "yuan_as_number"),
        ({"outstanding": [BALANCE | {"to": "2026-01-01"}]}, "outstanding/0/to", "periods_backwards"),
    ],
)
def test_periods_and_alternatives(policies: Policies, changes: Body, pointer: str, code: str) -> None:
    """Periods are refused by their own place; of two alternatives exactly one is asked for."""
    if "interest_periods" in changes and code != "either_both":
        changes = {"interest_paid_days": GONE, **changes}
    assert (f"/lines/0/{pointer}", code) in told(policies, loan(**changes))


def test_balances_may_touch_and_come_in_any_order(policies: Policies) -> None:
    """A period that begins on the day on which another ends shares no day with it, in whatever order they come."""
    later = {"balance": "2.00", "from": "2027-07-01", "to": "2027-08-01"}
    table = read_request(policies, "loan_interest", loan(outstanding=[later, BALANCE])).lines.periods["outstanding"]
    assert table.balance is not None
    assert table.balance.tolist() == [200, 100]


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"measure": "loan_interest"}, "/measure", "unknown_field"),
        ({"policy": 1}, "/policy", "not_text"),
        ({"policy": "jzbf-2030-1"}, "/policy", "unknown_policy"),
        ({"policy": "jzbf-2026-3@9"}, "/policy", "unknown_policy"),
        ({"policy": "jzbf-2022-81"}, "/policy", "policy_without_amounts"),
        ({"readings": []}, "/readings", "not_object"),
        ({"readings": ["x"]}, "/readings", "not_object"),
        ({"readings": {"ad_rate": "x"}}, "/readings/ad_rate", "unknown_reading"),
        ({"readings": {"loan_days": "x"}}, "/readings/loan_days", "unknown_choice"),
        ({"readings": {"loan_days": 1}}, "/readings/loan_days", "unknown_choice"),
        ({"facts": []}, "/facts", "not_object"),
        ({"facts": {"line_id": "L1"}}, "/facts/line_id", "unknown_field"),
        ({"facts": {"town": "x"}}, "/facts/town", "unknown_field"),
        ({"facts": {"town_tier": "x"}}, "/facts/town_tier", "unknown_code"),
        ({"lines": {}}, "/lines", "not_list"),
        ({"lines": None}, "/lines", "missing"),
        ({"lines": []}, "/lines", "list_length"),
        ({"lines": [[]]}, "/lines/0", "not_object"),
        ({"lines": [LOAN_LINE] * 1_001}, "/lines", "too_many_lines"),
        ({"lines": [LOAN_LINE | {"line_id": "A"}] * 2}, "/lines/1/line_id", "duplicate_line_id"),
        ({"lines": [LOAN_LINE | {"line_id": "L2"}, LOAN_LINE]}, "/lines/1/line_id", "duplicate_line_id"),
        ({"granted_before": {}}, "/granted_before", "not_list"),
        ({"granted_before": ["x"]}, "/granted_before/0", "not_object"),
        ({"granted_before": [{"amount": "1"}]}, "/granted_before/0/limit", "missing"),
        (granted(limit="pool_cap"), "/granted_before/0/limit", "unknown_limit"),
        (granted(limit="interest_cap"), "/granted_before/0/limit", "unknown_limit"),
        ({"granted_before": [{"limit": "firm_cap"}]}, "/granted_before/0/amount", "missing"),
        (granted(amount=1), "/granted_before/0/amount", "yuan_as_number"),
        (granted(x=1), "/granted_before/0/x", "unknown_field"),
        (
            {"granted_before": [{"limit": "firm_cap", "amount": "1", "group": []}]},
            "/granted_before/0/group",
            "not_object",
        ),
        (
            {"granted_before": [{"limit": "firm_cap", "amount": "1", "group": {"x": 1}}]},
            "/granted_before/0/group/x",
            "unknown_field",
        ),
        (
            granted(group={"application_year": "2027"}),
            "/granted_before/0/group/application_year",
            "not_year",
        ),
        (
            granted(group={"outstanding": 1}),
            "/granted_before/0/group/outstanding",
            "unknown_field",
        ),
        ({"granted_before": [{"limit": "firm_cap", "amount": "1"}] * 1_001}, "/granted_before", "list_length"),
    ],
)
def test_what_stands_around_the_lines(policies: Policies, changes: Body, pointer: str, code: str) -> None:
    """The rest of a request is as strict as its lines."""
    assert told(policies, loan() | changes) == [(pointer, code)]


def test_unknown_readings_and_limits_are_told_with_those_that_exist(policies: Policies) -> None:
    """Whoever names something unknown is told what there is."""
    body = loan() | {"readings": {"x": "y", "z": "y"}, "granted_before": [{"limit": "x", "amount": "1"}]}
    found = {defect.pointer: defect.expected or "" for defect in defects(policies, body)}
    assert set(found) == {"/readings/x", "/readings/z", "/granted_before/0/limit"}
    assert "loan_days" in found["/readings/x"]
    assert found["/granted_before/0/limit"] == "firm_cap"


def test_a_wrong_fact_is_said_once(policies: Policies) -> None:
    """A defect of a fact is told once at the fact, also where a hundred lines inherit it; missing keys at the lines."""
    bare = {name: value for name, value in LOAN_LINE.items() if name not in {"town_tier", "application_year"}}
    found = told(policies, {"facts": {"town_tier": "x"}, "lines": [bare] * 100})
    assert found.count(("/facts/town_tier", "unknown_code")) == 1
    assert [one for one in found if one[0].startswith("/facts")] == [("/facts/town_tier", "unknown_code")]
    assert found.count(("/lines/99/application_year", "missing")) == 1
    assert len(found) == 101


def test_a_wrong_fact_is_refused_although_every_line_overrides_it(policies: Policies) -> None:
    """The line wins, but what is wrong in the facts is wrong all the same."""
    assert told(policies, loan() | {"facts": {"town_tier": 1, "nonsense": 1}}) == [
        ("/facts/town_tier", "not_text"),
        ("/facts/nonsense", "unknown_field"),
    ]


def test_a_line_that_overrides_a_fact_answers_for_itself(policies: Policies) -> None:
    """Where a line says otherwise, its own value is what is wrong."""
    bare = {name: value for name, value in LOAN_LINE.items() if name != "town_tier"}
    body = {"facts": {"town_tier": "county"}, "lines": [bare, bare | {"town_tier": "x"}]}
    assert told(policies, body) == [("/lines/1/town_tier", "unknown_code")]


def test_every_defect_at_once(policies: Policies) -> None:
    """Defects of the frame, the facts, several lines and the money granted before come in one answer."""
    body = {
        "policy": "x",
        "extra": 1,
        "readings": {"loan_days": "x"},
        "facts": {"town_tier": "x"},
        "lines": [loan(disbursed_amount=1, town_tier=GONE)["lines"][0], loan(disbursed_on="x")["lines"][0]],
        "granted_before": [{"limit": "x", "amount": "1"}],
    }
    assert set(told(policies, body)) == {
        ("/extra", "unknown_field"),
        ("/policy", "unknown_policy"),
        ("/readings/loan_days", "unknown_choice"),
        ("/facts/town_tier", "unknown_code"),
        ("/lines/0/disbursed_amount", "yuan_as_number"),
        ("/lines/1/disbursed_on", "not_date"),
        ("/granted_before/0/limit", "unknown_limit"),
    }


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"{'a': 1}", b'{"lines": NaN}', b"\xff\xfe", b'{"lines": [\xc3]}', b"[" * 5_000, b'{"a": "\\ud800"}'],
)
def test_what_is_no_json(policies: Policies, body: bytes) -> None:
    """A body that is no JSON is told by line and column."""
    found = defects(policies, body)
    assert [(defect.pointer, defect.code) for defect in found] == [("", "malformed_json")]
    assert found[0].facts["line"] >= 1


@pytest.mark.parametrize("body", [[], "x", 1, 1.5, True, None])
def test_what_is_no_object(policies: Policies, body: object) -> None:
    """A body that is JSON but no object is told so."""
    assert told(policies, orjson.dumps(body)) == [("", "not_object")]


def test_unknown_measure(policies: Policies) -> None:
    """A measure that no version has is not found, and the message tells which there are."""
    with pytest.raises(NotFound) as missing:
        read_request(policies, "loans", b"{}")
    assert {"loan_interest", "little_giant"} <= set(missing.value.known)


def test_referenced_measures_take_facts_only(policies: Policies) -> None:
    """A measure under other rules takes no line at all, an empty line, or facts; nothing that it could not use."""
    bodies: list[Body] = [{}, {"lines": [{}]}, {"lines": [{"town_id": "T"}]}, {"facts": {"town_tier": "county"}}]
    for body in bodies:
        request = read_request(policies, "little_giant", body)
        assert (request.provision, request.lines.count) == (None, 1)
    assert told(policies, {"lines": [{"disbursed_amount": "1"}]}, "little_giant") == [
        ("/lines/0/disbursed_amount", "unknown_field")
    ]
    assert told(policies, granted(), "little_giant") == [("/granted_before/0/limit", "unknown_limit")]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"facts": {"disbursed_amount": 1.0}}, "/facts/disbursed_amount", "yuan_as_number"),
        ({"facts": {"line_id": "L1"}}, "/facts/line_id", "unknown_field"),
        ({"facts": {"nonsense": 1}}, "/facts/nonsense", "unknown_field"),
        (
            {"facts": {"interest_periods": [PERIOD], "interest_paid_days": 1}},
            "/facts/interest_paid_days",
            "either_both",
        ),
        ({"facts": []}, "/facts", "not_object"),
        ({"lines": []}, "/lines", "unknown_field"),
        ({"policy": "x"}, "/policy", "unknown_policy"),
        ({"policy": "jzbf-2022-81"}, "/policy", "policy_without_amounts"),
        ({"readings": {"x": "y"}}, "/readings/x", "unknown_reading"),
    ],
)
def test_screenings_are_as_strict(policies: Policies, body: Body, pointer: str, code: str) -> None:
    """A screening refuses what a calculation refuses, by pointers into its facts."""
    with pytest.raises(Refused) as refused:
        read_screening(policies, body)
    assert [(defect.pointer, defect.code) for defect in refused.value.defects] == [(pointer, code)]


def test_absurd_sizes_are_refused_quickly(policies: Policies) -> None:
    """Huge keys, deep values and thousands of unknown keys are refused like any other defect."""
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    body = orjson.dumps(loan(receipt_number="x" * 100_000, **{"k" * 10_000: 1}))
    assert [code for _, code in told(policies, body)] == ["text_length", "unknown_field"]
    assert told(policies, loan(receipt_number=deep)) == [("/lines/0/receipt_number", "not_text")]
    many = {f"k{number}": number for number in range(20_000)}
    assert len(told(policies, loan(**many))) == 20_000
