"""The REST API from outside: answers, languages, problems and headers."""

from __future__ import annotations

import re
from http import HTTPStatus
from io import BytesIO
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import create_app
from service.calculation import calculate
from service.config import Config
from service.intake.request import read_request
from service.intake.screening import read_screening
from service.policies import Policies
from service.policies.model import Language
from service.screening import screen
from tests.api.asking import LOAN_LINE, Body, loan

LOAN = "/v1/calculations/loan_interest"
EN = {"Accept-Language": "en"}
LANGUAGES = pytest.mark.parametrize(
    ("headers", "language", "tag"), [({}, "zh", "zh-CN"), (EN, "en", "en")], ids=["zh", "en"]
)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def json_of(response: TestResponse) -> Any:
    """Return the JSON of an answer that is fine."""
    assert response.status_code == HTTPStatus.OK, response.data
    assert response.content_type == "application/json"
    return response.json


def problem_of(response: TestResponse, status: int, kind: str) -> dict[str, Any]:
    """Check that an answer is a problem of a kind, and return it."""
    assert response.status_code == status, response.data
    assert response.content_type == "application/problem+json"
    assert len(response.data) <= 20_000
    problem = response.json
    assert isinstance(problem, dict)
    assert (problem["type"], problem["status"]) == (f"/problems/{kind}", status)
    assert problem["title"]
    assert problem["detail"]
    assert response.headers["Cache-Control"] == "no-store"
    return problem


@LANGUAGES
def test_calculation(
    client: FlaskClient, policies: Policies, headers: dict[str, str], language: Language, tag: str
) -> None:
    """A calculation answers what the library answers, in the caller's language, and may not be kept."""
    response = client.post(LOAN, json=loan(), headers=headers)
    assert response.status_code == HTTPStatus.OK
    assert response.json == calculate(policies, read_request(policies, "loan_interest", loan()), language)
    assert json_of(response)["amount"] == "150000.00"
    assert response.content_type == "application/json"
    assert response.headers["Content-Language"] == tag
    assert response.headers["Vary"] == "Accept-Language"
    assert response.headers["Cache-Control"] == "no-store"


def test_both_languages_have_the_same_hash(client: FlaskClient) -> None:
    """Labels differ by language, the result and its hash do not."""
    chinese, english = (json_of(client.post(LOAN, json=loan(), headers=headers)) for headers in ({}, EN))
    assert chinese != english
    assert chinese["result_sha256"] == english["result_sha256"]


def test_the_same_request_gives_the_same_bytes(client: FlaskClient, policies: Policies) -> None:
    """The same request is answered byte for byte alike, also by another process's app."""
    other = create_app(Config(), policies).test_client()
    assert client.post(LOAN, json=loan()).data == other.post(LOAN, json=loan()).data


@LANGUAGES
def test_screening(
    client: FlaskClient, policies: Policies, headers: dict[str, str], language: Language, tag: str
) -> None:
    """A screening answers what the library answers, in the caller's language."""
    body = {"facts": {"town_tier": "provincial_key", "ad_paid": "600000"}}
    response = client.post("/v1/screenings", json=body, headers=headers)
    assert response.status_code == HTTPStatus.OK
    assert response.json == screen(policies, read_screening(policies, body), language)
    assert response.headers["Content-Language"] == tag


def test_warnings_are_said(client: FlaskClient) -> None:
    """An entry of money granted before that names no line is answered with a warning in words."""
    granted = [{"limit": "firm_cap", "group": {"applicant_id": "X"}, "amount": "1"}]
    result = json_of(client.post(LOAN, json=loan() | {"granted_before": granted}, headers=EN))
    assert [one["code"] for one in result["warnings"]] == ["granted_before_matches_no_line"]
    assert result["warnings"][0]["message"]
    assert result["amount"] == "150000.00"


@LANGUAGES
def test_policies(client: FlaskClient, headers: dict[str, str], language: Language, tag: str) -> None:
    """The versions are listed, with those that are kept without amounts."""
    response = client.get("/v1/policies", headers=headers)
    listed = json_of(response)["policies"]
    assert [(one["ref"], one["has_amounts"]) for one in listed] == [("jzbf-2022-81@1", False), ("jzbf-2026-3@1", True)]
    assert listed[1]["in_force"] == {"from": "2026-01-30", "until": None, "certain_until": None}
    assert response.headers["Content-Language"] == tag
    assert response.headers["Cache-Control"] == "public, max-age=60"
    assert language


@pytest.mark.parametrize("ref", ["jzbf-2026-3", "jzbf-2026-3@1"])
@LANGUAGES
def test_one_policy(client: FlaskClient, headers: dict[str, str], language: Language, tag: str, ref: str) -> None:
    """A version shows its measures, what it names without an amount, and its readings, in the caller's language."""
    version = json_of(client.get(f"/v1/policies/{ref}", headers=headers))
    assert {"loan_interest", "expo_budget"} <= {one["id"] for one in version["measures"]}
    assert len(version["referenced"]) == 8
    assert (version["rounding"], version["rounding_stage"]) == ("half_up", "line")
    reading = next(one for one in version["readings"] if one["id"] == "loan_days")
    assert (reading["in_use"], reading["decided_by"]) == ("half_open", None)
    assert {choice["id"] for choice in reading["choices"]} == {"half_open", "inclusive"}
    assert bool(CHINESE.search(reading["question"])) == (language == "zh")
    assert tag


def test_a_policy_without_amounts(client: FlaskClient) -> None:
    """The predecessor is shown with its document and no measures."""
    version = json_of(client.get("/v1/policies/jzbf-2022-81"))
    assert (version["measures"], version["has_amounts"], version["rounding"]) == ([], False, None)
    assert version["in_force"]["certain_until"] == "2025-09-01"


@LANGUAGES
def test_one_measure(client: FlaskClient, headers: dict[str, str], language: Language, tag: str) -> None:
    """A measure shows inputs in asking order, conditions, terms and limits as the law says them."""
    measure = json_of(client.get("/v1/policies/jzbf-2026-3/measures/loan_interest", headers=headers))
    inputs = {one["id"]: one for one in measure["inputs"]}
    assert next(iter(inputs)) == "application_year"
    assert inputs["interest_periods"]["other"] == "interest_paid_days"
    assert inputs["other_interest_subsidy"]["default"] == "0.00"
    assert inputs["interest_paid_days"]["most"] == 366
    assert inputs["town_tier"]["codes"][0]["id"] == "provincial_key"
    assert inputs["town_name"]["need"] == "optional"
    assert (measure["terms"]["rate"], measure["terms"]["days_per_year"]) == ("1.5%", 365)
    assert [(limit["id"], limit["amount"], limit["share"]) for limit in measure["limits"]] == [
        ("interest_cap", None, "80%"),
        ("firm_cap", "1000000.00", None),
    ]
    assert measure["conditions"][0]["allowed"] == ["provincial_key", "provincial_characteristic"]
    assert {"loan_days", "rounding"} <= {one["id"] for one in measure["readings"]}
    assert "ad_base" not in {one["id"] for one in measure["readings"]}
    for label in (measure["title"], measure["departments"][0]["label"], inputs["disbursed_on"]["proof"]):
        assert bool(CHINESE.search(label)) == (language == "zh")
    assert tag


def test_a_measure_under_other_rules(client: FlaskClient) -> None:
    """A measure that the text names without an amount says under which rules it is paid."""
    measure = json_of(client.get("/v1/policies/jzbf-2026-3/measures/little_giant"))
    assert measure["status"] == "referenced"
    assert measure["under"]
    assert "terms" not in measure


def test_diff(client: FlaskClient) -> None:
    """Two versions are compared term by term; a version does not differ from itself."""
    changes = json_of(client.get("/v1/policies/jzbf-2022-81/diff/jzbf-2026-3"))
    paths = {change["path"] for change in changes["changes"]}
    assert {"document.number", "measures.loan_interest", "readings.loan_days"} <= paths
    assert json_of(client.get("/v1/policies/jzbf-2026-3/diff/jzbf-2026-3@1"))["changes"] == []


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/v1/policies/nothing", "jzbf-2026-3@1"),
        ("/v1/policies/jzbf-2026-3@7", "jzbf-2026-3@1"),
        ("/v1/policies/jzbf-2026-3/measures/nothing", "loan_interest"),
        ("/v1/policies/jzbf-2022-81/measures/loan_interest", ""),
        ("/v1/policies/jzbf-2026-3/diff/nothing", "jzbf-2026-3@1"),
    ],
)
@LANGUAGES
def test_what_is_not_there(
    client: FlaskClient, path: str, known: str, headers: dict[str, str], language: Language, tag: str
) -> None:
    """A name that does not exist is answered with those that do, in the caller's language."""
    response = client.get(path, headers=headers)
    detail = problem_of(response, 404, "not-found")["detail"]
    assert known in detail
    assert bool(CHINESE.search(detail)) == (language == "zh")
    assert response.headers["Content-Language"] == tag


def test_unknown_measure_and_unknown_address(client: FlaskClient) -> None:
    """An unknown measure names those that exist; an unknown address is a problem, too."""
    detail = problem_of(client.post("/v1/calculations/loans", json={}, headers=EN), 404, "not-found")["detail"]
    assert "loan_interest" in detail
    problem_of(client.get("/nothing"), 404, "not-found")
    problem_of(client.get("/v1/calculations/"), 404, "not-found")


@LANGUAGES
def test_defects_are_said(client: FlaskClient, headers: dict[str, str], language: Language, tag: str) -> None:
    """Every defect comes with pointer, code, message, what was given and what is expected, in the caller's language."""
    response = client.post(LOAN, json=loan(disbursed_amount=1.5, bogus=1), headers=headers)
    errors = problem_of(response, 422, "invalid-input")["errors"]
    assert [(one["pointer"], one["code"], one["given"]) for one in errors] == [
        ("/lines/0/disbursed_amount", "yuan_as_number", 1.5),
        ("/lines/0/bogus", "unknown_field", "bogus"),
    ]
    assert all(one["message"] and one["expected"] for one in errors)
    assert all(bool(CHINESE.search(one["message"])) == (language == "zh") for one in errors)
    assert response.headers["Content-Language"] == tag


def test_problem_stays_small_and_counts_the_rest(client: FlaskClient) -> None:
    """A thousand broken lines give a document under 20 kB that says how many defects it leaves out."""
    problem = problem_of(client.post(LOAN, json={"lines": [{}] * 1_000}), 422, "invalid-input")
    assert len(problem["errors"]) + problem["omitted"] == 7_000
    assert "7000" in problem["detail"]
    assert "omitted" not in problem_of(client.post(LOAN, json={"lines": [{}]}), 422, "invalid-input")


@pytest.mark.parametrize(
    "body",
    [
        loan(**{"k" * 50_000: 1}),
        loan(receipt_number="\u20ac" * 30_000),
        loan(receipt_number={"k" * 50_000: ["v" * 50_000]}),
        {"policy": "p" * 50_000, "lines": [{}]},
        {"lines": [LOAN_LINE], "readings": {f"{'r' * 900}{number}": "x" for number in range(100)}},
    ],
)
def test_what_was_given_is_clipped(client: FlaskClient, body: Body) -> None:
    """What was given is shown in at most 80 characters, whatever its size."""
    errors = problem_of(client.post(LOAN, json=body), 422, "invalid-input")["errors"]
    assert errors
    for one in errors:
        assert len(str(one["given"])) <= 80
        assert len(one["pointer"]) <= 200


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"lines": NaN}', b'{"lines": Infinity}', b"\xff", b'{"a": "\xed\xa0\x80"}', b"[" * 100_000]
)
@LANGUAGES
def test_malformed_json(
    client: FlaskClient, body: bytes, headers: dict[str, str], language: Language, tag: str
) -> None:
    """What is no JSON in UTF-8 is a 400 that says where."""
    response = client.post(LOAN, data=body, content_type="application/json", headers=headers)
    detail = problem_of(response, 400, "malformed-json")["detail"]
    assert ("line 1" if language == "en" else "第 1 行") in detail
    assert response.headers["Content-Language"] == tag


@pytest.mark.parametrize("number", [b"1e999", b"-0", b"9" * 400, b"1.0", b"1E2"])
def test_odd_numbers_are_refused(client: FlaskClient, number: bytes) -> None:
    """Numbers beyond all bounds are defects like any other."""
    body = orjson.dumps(loan(application_year=7, disbursed_amount="1")).replace(b"7,", number + b",", 1)
    response = client.post(LOAN, data=body, content_type="application/json")
    assert response.status_code in {400, 422}
    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"1", b"null", b"true"])
def test_body_that_is_no_object(client: FlaskClient, body: bytes) -> None:
    """JSON that is no object is refused at the root."""
    response = client.post(LOAN, data=body, content_type="application/json")
    errors = problem_of(response, 422, "invalid-input")["errors"]
    assert [(one["pointer"], one["code"]) for one in errors] == [("", "not_object")]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON; charset=UTF-8",
        "application/vnd.x+json",
    ],
)
def test_content_types_that_are_taken(client: FlaskClient, content_type: str) -> None:
    """JSON by any of its names is taken."""
    assert client.post(LOAN, data=orjson.dumps(loan()), content_type=content_type).status_code == HTTPStatus.OK


@pytest.mark.parametrize("path", [LOAN, "/v1/screenings"])
@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=gbk",
        "json",
        "text/x+json",
    ],
)
def test_content_types_that_are_refused(client: FlaskClient, path: str, content_type: str | None) -> None:
    """Anything else, or nothing, is refused with the cure."""
    headers = EN | ({} if content_type is None else {"Content-Type": content_type})
    response = client.post(path, data=orjson.dumps(loan()), headers=headers)
    assert "Content-Type: application/json" in problem_of(response, 415, "unsupported-media-type")["detail"]


def test_coded_bodies_are_refused(client: FlaskClient) -> None:
    """A compressed body is not unpacked."""
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    problem_of(client.post(LOAN, data=b"\x1f\x8b", headers=headers), 415, "unsupported-media-type")


def test_body_too_large(client: FlaskClient) -> None:
    """A body above the configured bytes is refused, and the message says how many are taken."""
    response = client.post(LOAN, data=b" " * 200_001, content_type="application/json")
    assert "200000" in problem_of(response, 413, "body-too-large")["detail"]
    assert (
        client.post(LOAN, data=orjson.dumps(loan()).ljust(200_000), content_type="application/json").status_code == 200
    )


@pytest.mark.parametrize("path", [LOAN, "/v1/screenings"])
def test_a_stream_of_unknown_length_is_not_cut(client: FlaskClient, path: str) -> None:
    """A body without a length is read to its end; one that goes on beyond the limit is refused, not cut."""

    def streamed(body: bytes) -> TestResponse:
        environ = {"wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
        return client.post(path, input_stream=BytesIO(body), environ_overrides=environ, content_type="application/json")

    body = orjson.dumps(loan() if path == LOAN else {"facts": {}})
    assert streamed(body).status_code == HTTPStatus.OK
    assert streamed(body.ljust(199_999)).status_code == HTTPStatus.OK
    problem_of(streamed(body.ljust(200_001)), 413, "body-too-large")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", LOAN, "POST"),
        ("DELETE", LOAN, "POST"),
        ("PUT", "/v1/screenings", "POST"),
        ("POST", "/v1/policies", "GET"),
        ("POST", "/healthz", "GET"),
        ("PATCH", "/docs", "GET"),
    ],
)
def test_methods(client: FlaskClient, method: str, path: str, allowed: str) -> None:
    """A method that an address does not take is answered with those that it does."""
    response = client.open(path, method=method)
    assert allowed in problem_of(response, 405, "method-not-allowed")["detail"]
    assert allowed in response.headers["Allow"]


def test_unforeseen_errors_leak_nothing(policies: Policies, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect of ours is a 500 without a trace; the log has it."""

    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("service.api.calculations.calculate", fail)
    app = create_app(Config(), policies)
    logged: list[object] = []
    monkeypatch.setattr(app.logger, "error", lambda *_, exc_info: logged.append(exc_info))
    response = app.test_client().post(LOAN, json=loan(), headers=EN)
    problem_of(response, 500, "internal-error")
    assert b"secret" not in response.data
    assert b"Traceback" not in response.data
    assert isinstance(logged[0], RuntimeError)
