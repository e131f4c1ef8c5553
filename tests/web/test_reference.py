"""The page of the REST API says what the OpenAPI document says, and its examples work."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from html import unescape
from http import HTTPStatus
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from service.api import openapi
from service.policies import Policies
from service.policies.model import Language
from service.web.reference.reading import HERE, Operation, reference_of
from service.web.reference.shapes import Row, Shapes
from tests.web.markup import Page

LANGUAGES: tuple[Language, ...] = ("zh", "en")


@pytest.fixture(scope="module")
def document(policies: Policies) -> bytes:
    """Return the OpenAPI document."""
    return openapi.document(policies)


def operations(document: bytes, language: Language = "zh") -> list[Operation]:
    """List all operations as the page has them."""
    return [one for group in reference_of(document, language).groups for one in group.operations]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_operation_is_told(visitor: FlaskClient, document: bytes, language: Language) -> None:
    """Method, path and summary of every operation, in the reader's language alone; and every object of an answer."""
    html = visitor.get(f"/{language}/docs").text
    assert Page(html).flaws == []
    page = " ".join(unescape(re.sub("<[^>]+>", " ", html)).split())
    described = orjson.loads(document)
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            chinese, _, english = operation["summary"].partition(" · ")
            mine, other = (chinese, english) if language == "zh" else (english, chinese)
            assert f"{method.upper()} {path} {mine}" in page
            assert f"{path} {other}" not in page
    components = {name: rows for name, _, rows in reference_of(document, language).components}
    assert components.keys() >= {"Result", "Problem", "Audit", "Policy"}
    assert all(components.values())


@pytest.mark.parametrize(("headers", "tag"), [({}, "zh-CN"), ({"Accept-Language": "en"}, "en")])
def test_the_address_without_a_language(visitor: FlaskClient, headers: dict[str, str], tag: str) -> None:
    """/docs is the page in the language that the caller asks for; its own addresses say which."""
    answer = visitor.get("/docs", headers=headers)
    assert answer.status_code == HTTPStatus.OK
    assert f'<html lang="{tag}">' in answer.text
    assert answer.text == visitor.get(f"/{tag[:2]}/docs").text


def test_links_within_the_page_lead_somewhere(visitor: FlaskClient) -> None:
    """Every object that is linked has its table, every table is linked from somewhere, and every name stands once."""
    page = visitor.get("/en/docs").text
    names = re.findall(r'\bid="([^"]+)"', page)
    assert len(set(names)) == len(names)
    linked = set(re.findall(r'href="#([^"]+)"', page))
    assert linked <= set(names)
    assert {name for name in names if name.startswith("of-")} <= linked


def arguments(example: str) -> Iterator[tuple[str, str]]:
    """Read a command for curl: the options and what follows them, the address as ""."""
    words = iter(shlex.split(example.replace("\\\n", " "))[2:])
    for word in words:
        yield (word, next(words)) if word.startswith("-") else ("", word)


def sent_to(visitor: FlaskClient, example: str) -> Any:
    """Do what an example does."""
    given = list(arguments(example))
    headers = dict(value.split(": ") for option, value in given if option == "-H")
    (address,) = (value for option, value in given if not option)
    bodies = [value for option, value in given if option == "-d"]
    method, body = ("POST", bodies[0]) if bodies else ("GET", None)
    return visitor.open(address.replace(HERE, ""), method=method, headers=headers, data=body, buffered=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_examples_work(visitor: FlaskClient, document: bytes, language: Language) -> None:
    """Every example that needs no key is answered as it stands, in the reader's language."""
    tried = [one for one in operations(document, language) if one.key != "required"]
    assert len(tried) > 20
    for one in tried:
        answer = sent_to(visitor, one.example)
        assert answer.status_code == HTTPStatus.OK, one.example
        assert answer.headers.get("Content-Language", language)[:2] == language
    assert {one.id for one in operations(document) if one.sent} >= {"calculate_loan_interest", "screen"}


def test_examples_of_the_ledger_work(visitor: FlaskClient, keys: dict[str, str], document: bytes) -> None:
    """One after another, each with a key of a role that it names: a grant is proposed, approved, paid and recovered."""
    answers = {}
    tried = [one for one in operations(document) if one.key == "required"]
    tried.sort(key=lambda one: one.id != "propose_grant")
    for one in tried:
        answers[one.id] = sent_to(visitor, one.example.replace("$KEY", keys[one.roles[0]]))
    paid = answers.pop("release_grant")
    assert (paid.status_code, paid.json["type"]) == (HTTPStatus.CONFLICT, "/problems/conflict")
    assert {one.status_code for one in answers.values()} == {HTTPStatus.OK, HTTPStatus.CREATED}
    assert answers["recover_grant"].json["state"] == "recovered"
    assert answers["audit_payouts"].json["matched"] == {"rows": 1, "amount": "3000000.00"}


def test_files_are_told_whole(document: bytes) -> None:
    """The parts of a form that are no parameters, and the headers that come with a result."""
    files = {one.id: one for one in operations(document) if "multipart/form-data" in one.types}
    parts = {name: [(row.path, row.need, row.kind) for row in one.members] for name, one in files.items()}
    assert parts["decide_files"] == [("file", "required", "一个或多个文件"), ("history", "optional", "文件")]
    assert parts["audit_payouts"] == [("file", "required", "文件")]
    headers = {row.path: (row.kind, row.component) for row in files["decide_files"].answers[0].headers}
    assert headers["Batch-Totals"] == ("对象，键不固定，值为对象", "Totals")
    assert headers["Batch-Notes"] == ("对象", "BatchNotes")
    assert headers["Batch-Invalid"] == ("整数", "")


def test_what_a_key_is_needed_for(document: bytes) -> None:
    """Calculations need none; the ledger does, and files only where they grant. What is sent by the page needs none."""
    keys = {one.id: one.key for one in operations(document)}
    assert keys["calculate_loan_interest"] == keys["screen"] == ""
    assert keys["decide_files"] == "optional"
    assert keys["propose_grant"] == keys["audit_payouts"] == keys["list_limits"] == "required"
    assert not [one.id for one in operations(document) if one.sent and one.key]
    assert all("$KEY" in one.example for one in operations(document) if one.key == "required")


def test_members_of_a_request(document: bytes, policies: Policies) -> None:
    """What a measure asks for stands in its table as the policy says; a field for all lines is told once."""
    (loan,) = (one for one in operations(document) if one.id == "calculate_loan_interest")
    rows = {row.path: row for row in loan.members}
    measure = policies.newest.measures["loan_interest"]
    assert {f"lines[].{name}" for name in measure.inputs} < set(rows)
    needs = {name: rows[f"lines[].{name}"].need for name, asked in measure.inputs.items() if asked.need == "required"}
    assert set(needs.values()) == {"required"}
    assert rows["lines[].interest_periods"].need == rows["lines[].interest_paid_days"].need == "alternative"
    assert rows["lines[].interest_periods[].paid_from"].kind == "日期"
    assert rows["lines[].disbursed_amount"] == Row(
        "lines[].disbursed_amount", "required", "金额（元）", "放款本金", (), "10000000.00", ""
    )
    assert rows["lines[].town_tier"].allowed == tuple(policies.fields["town_tier"].codes)
    assert rows["readings"].component == "Readings"
    assert [path for path in rows if path.startswith("facts")] == ["facts"]
    (expo,) = (one for one in operations(document) if one.id == "calculate_expo_budget")
    assert "granted_before" not in {row.path for row in expo.members}
    (screening,) = (one for one in operations(document) if one.id == "screen")
    assert [(row.path, row.component) for row in screening.members][-1] == ("facts", "Facts")


def test_kinds_of_values() -> None:
    """Each part of JSON Schema that our document uses, in words; null is told where something must be there."""
    schema = {
        "type": "object",
        "required": ["day", "maybe", "map"],
        "properties": {
            "day": {"type": "string", "format": "date"},
            "maybe": {"type": ["string", "null"], "pattern": r"^-?[0-9]+\.[0-9]{2}$"},
            "map": {"type": "object", "additionalProperties": {"type": "integer"}},
            "free": {"type": "object", "additionalProperties": {}},
            "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
            "empty": {"type": ["array", "null"], "maxItems": 0},
            "either": {"anyOf": [{"$ref": "#/components/schemas/Year"}, {"type": "null"}]},
            "only": {"const": "CNY"},
            "names": {"type": "array", "items": {"type": "string"}},
            "never": {"type": "null"},
            "any": {},
            "sum": {"$ref": "#/components/schemas/Year", "description": "另一年 · another year"},
        },
    }
    year = {"type": "integer", "minimum": 1900, "maximum": 2200, "description": "年度 · year", "examples": [2027]}
    document = {"paths": {}, "components": {"schemas": {"Year": year}}}
    rows = list(Shapes(document, "en").rows(schema))
    assert [(row.path, row.need, row.kind, row.told, row.allowed, row.example) for row in rows] == [
        ("day", "required", "day", "", (), ""),
        ("maybe", "required", "amount in yuan, or null", "", (), ""),
        ("map", "required", "object with any keys, each: whole number", "", (), ""),
        ("free", "optional", "object with any keys", "", (), ""),
        ("files", "optional", "one or more files", "", (), ""),
        ("either", "optional", "whole number, 1900 to 2200", "year", (), "2027"),
        ("only", "optional", "code", "", ("CNY",), ""),
        ("names", "optional", "list of texts", "", (), ""),
        ("any", "optional", "anything", "", (), ""),
        ("sum", "optional", "whole number, 1900 to 2200", "another year", (), "2027"),
    ]


def test_examples_name_the_service_that_was_asked(visitor: FlaskClient) -> None:
    """What is copied from the page works where it is pasted."""
    answer = visitor.get("/en/docs", headers={"Host": "subsidies.example:8080"})
    assert "curl -s http://subsidies.example:8080/v1/policies\n" in unescape(answer.text).replace(" \\\n", "\n")
