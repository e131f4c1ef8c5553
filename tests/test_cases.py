"""Every case through every door: library, REST, command line, a large batch, and against the oracle."""

from __future__ import annotations

import subprocess
import sys
from itertools import zip_longest
from typing import Any

import orjson
import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from service import create_app
from service.calculation import calculate
from service.cli import main
from service.intake.request import read_request
from service.policies import Policies, load
from tests.case_files import Answer, Body, Case, Outcome, all_cases, answer_of
from tests.oracle import MEASURES, REFERENCED, decide

EACH_CASE = pytest.mark.parametrize("case", all_cases(), ids=str)
ALTERNATIVES = [
    (reading.id, choice)
    for version in load().versions
    for reading in version.readings.values()
    for choice in reading.choices
    if choice != reading.in_use
]
OWN_KEYS = ("town_id", "applicant_id", "project_id", "contract_number")
COMMON_KEYS = ("town_id", "applicant_id")


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    """Return a client of the service."""
    return create_app().test_client()


def result_of(policies: Policies, measure: str, body: Body) -> dict[str, Any]:
    """Calculate a request through the library."""
    return calculate(policies, read_request(policies, measure, body), "zh")


def test_there_are_cases_of_every_measure() -> None:
    """The folder holds hundreds of cases, each measure has some, and each title is said once."""
    cases = all_cases()
    assert len(cases) >= 250
    assert {case.measure for case in cases} == set(MEASURES) | REFERENCED
    assert len({str(case) for case in cases}) == len(cases)
    for measure in MEASURES:
        assert sum(case.measure == measure for case in cases) >= 12, measure


@EACH_CASE
def test_library(case: Case, policies: Policies) -> None:
    """The library gives the answer that was worked out by hand, to the fen."""
    result = result_of(policies, case.measure, case.body)
    assert answer_of(result) == case.expected
    amounts = [line["amount"] for line in result["lines"] if line["amount"] is not None]
    if amounts:
        assert sum(int(amount.replace(".", "")) for amount in amounts) == int(result["amount"].replace(".", ""))


@EACH_CASE
def test_rest(case: Case, policies: Policies, client: FlaskClient) -> None:
    """REST answers with the bytes of the library's result, in the express lane and in the one through Flask."""
    for content_type in ("application/json", "application/json; charset=utf-8"):
        body = orjson.dumps(case.body)
        answer = client.post(f"/v1/calculations/{case.measure}", data=body, content_type=content_type)
        assert (answer.status_code, answer.content_type) == (200, "application/json")
        assert answer.data == orjson.dumps(result_of(policies, case.measure, case.body))
        assert answer_of(orjson.loads(answer.data)) == case.expected


@EACH_CASE
def test_command_line(case: Case, policies: Policies, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line prints the same bytes (the policies are loaded once, not for every case)."""
    monkeypatch.setattr("service.policies.load", lambda _: policies)
    arguments = ["calculate", case.measure, "--json", "-", "--lang", "zh"]
    done = CliRunner().invoke(main, arguments, input=orjson.dumps(case.body), catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    assert done.stdout_bytes.rstrip(b"\n") == orjson.dumps(result_of(policies, case.measure, case.body))


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_real_process(measure: str, policies: Policies) -> None:
    """A process of its own answers as the library does, for the longest case of each measure."""
    case = max((case for case in all_cases() if case.measure == measure), key=lambda case: len(str(case.body)))
    run = [sys.executable, "-c", "from service.cli import main; main()"]
    command = [*run, "calculate", case.measure, "--json", "-", "--lang", "zh"]
    done = subprocess.run(command, input=orjson.dumps(case.body), capture_output=True, check=True, timeout=60)
    assert done.stdout.rstrip(b"\n") == orjson.dumps(result_of(policies, case.measure, case.body))


@EACH_CASE
def test_oracle(case: Case) -> None:
    """The second opinion agrees with the answer that was worked out by hand; no lines are one line without facts."""
    opinion = decide(case.measure, {"lines": [{}], **case.body})
    whole = Outcome(opinion.status, opinion.amount, opinion.rule)
    lines = tuple(Outcome(status, amount, rule) for status, rule, amount in opinion.lines)
    assert Answer(whole, lines) == case.expected


@pytest.mark.parametrize(("reading", "alternative"), ALTERNATIVES)
def test_every_alternative_is_pinned_by_a_case(reading: str, alternative: str, policies: Policies) -> None:
    """Some case asks for this alternative and would be answered otherwise under the choice in use."""
    asking = [case for case in all_cases() if case.readings.get(reading) == alternative]
    assert any(answer_of(result_of(policies, case.measure, without(case, reading))) != case.expected for case in asking)


def without(case: Case, reading: str) -> Body:
    """Ask what the case asks, but for one reading."""
    return case.body | {"readings": {name: choice for name, choice in case.readings.items() if name != reading}}


def of_its_own(case: Case, number: int) -> list[Body]:
    """Write a case's lines so that they share no group with those of another case."""
    lines = [{**case.body.get("facts", {}), **line} for line in case.body["lines"]]
    for position, line in enumerate(lines):
        line["line_id"] = f"{number}-{position}"
        for key in OWN_KEYS:
            if line.get(key) is not None:
                line[key] = f"{number}-{line[key]}".ljust(20, "-")
            elif key in COMMON_KEYS:
                line[key] = f"{number}-none".ljust(20, "-")
    return lines


def batches() -> list[Any]:
    """Put the cases of a measure that ask for the same readings together.

    Left out: money granted before (it may name no group) and totals (they look at all lines).
    """
    together: dict[tuple[str, frozenset[tuple[str, str]]], list[Case]] = {}
    for case in all_cases():
        apart = case.measure in REFERENCED or "granted_before" in case.body
        if not apart and case.readings.get("rounding_stage") != "total":
            together.setdefault((case.measure, frozenset(case.readings.items())), []).append(case)
    return [
        pytest.param(measure, dict(readings), cases, id=" ".join([measure, *sorted("=".join(one) for one in readings)]))
        for (measure, readings), cases in together.items()
    ]


@pytest.mark.parametrize(("measure", "readings", "cases"), batches())
def test_a_batch_answers_each_line_as_if_alone(
    measure: str, readings: dict[str, str], cases: list[Case], policies: Policies
) -> None:
    """All cases of a measure in one request, shuffled into each other: every line gets what its case says."""
    lines = [of_its_own(case, number) for number, case in enumerate(cases)]
    shuffled = [line for place in zip_longest(*reversed(lines)) for line in place if line is not None]
    parts = [shuffled] if len(shuffled) <= 1_000 else lines
    found: dict[str, Outcome] = {}
    for part in parts:
        result = result_of(policies, measure, {"readings": readings, "lines": part})
        found |= {
            line["line_id"]: outcome for line, outcome in zip(result["lines"], answer_of(result).lines, strict=True)
        }
    expected = {
        f"{number}-{position}": outcome
        for number, case in enumerate(cases)
        for position, outcome in enumerate(case.expected.lines)
    }
    assert found == expected
