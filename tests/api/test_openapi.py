"""The OpenAPI document: valid, exact, and true to what the service answers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from marshmallow import ValidationError

from service.intake.dictionary import entry_for
from service.intake.fields import Entry
from service.policies import Policies, load
from tests.api.asking import Body, loan
from tests.api.test_endpoints import EN, LOAN

JSON, PROBLEM = "application/json", "application/problem+json"
Document = dict[str, Any]


def validator(openapi: Document, schema: Body) -> Draft202012Validator:
    """Return a validator of a schema that may refer to components."""
    whole = {**schema, "components": openapi["components"]}
    return Draft202012Validator(whole, format_checker=FormatChecker(["date"]))


def operations(openapi: Document) -> Iterator[tuple[str, str, Document]]:
    """List path, method and operation."""
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def public(openapi: Document) -> Iterator[tuple[str, str, Document]]:
    """List the operations that need no key; tests/ledger looks at the others."""
    return (one for one in operations(openapi) if {} in one[2].get("security", [{}]))


def references(node: Any) -> Iterator[str]:
    """Find every reference in a document."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_schema_is_one(openapi: Document) -> None:
    """The document is OpenAPI 3.1, and every component is valid JSON Schema 2020-12."""
    assert openapi["openapi"] == "3.1.0"
    schemas = openapi["components"]["schemas"]
    assert len(schemas) > 60
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def test_references_lead_somewhere_and_nothing_is_left_over(openapi: Document) -> None:
    """Every reference names a component, and every component is used."""
    used = {reference.removeprefix("#/components/schemas/") for reference in references(openapi)}
    assert used <= openapi["components"]["schemas"].keys()
    assert openapi["components"]["schemas"].keys() <= used


def test_operations_have_names_of_their_own(openapi: Document) -> None:
    """No two operations share an id, and every one says what it answers."""
    names = [operation["operationId"] for _, _, operation in operations(openapi)]
    assert len(names) == len(set(names))
    for path, _, operation in operations(openapi):
        assert operation["summary"], path
        assert {"200", "201"} & operation["responses"].keys(), path


def test_there_is_a_path_for_every_measure(openapi: Document, policies: Policies) -> None:
    """Each measure, computable or not, has a path and a body of its own."""
    named = {path.removeprefix("/v1/calculations/") for path in openapi["paths"] if "/calculations/" in path}
    assert named == {*policies.newest.measures, *policies.newest.referenced}


def test_examples_work_and_answers_are_as_described(client: FlaskClient, openapi: Document) -> None:
    """Every example is valid by its own schema, is answered with 200, and the answer is valid by its schema."""
    tried = 0
    for path, method, operation in public(openapi):
        if method == "post" and JSON in operation["requestBody"]["content"]:
            content = operation["requestBody"]["content"][JSON]
            validator(openapi, content["schema"]).validate(content["example"])
            answer = client.post(path, json=content["example"], headers=EN)
            assert answer.status_code == 200, path
            validator(openapi, operation["responses"]["200"]["content"][JSON]["schema"]).validate(answer.json)
            assert "measures" in (answer.json or {}) or answer.json["status"] in {"eligible", "referenced"}  # type: ignore[index]
            tried += 1
    assert tried == 17


def test_every_policy_page_is_as_described(client: FlaskClient, openapi: Document) -> None:
    """Versions, measures and differences are answered as described, for every version and measure there is."""
    for path, method, operation in public(openapi):
        if method != "get":
            continue
        schema = validator(openapi, operation["responses"]["200"]["content"][JSON]["schema"])
        for address in addresses(path, operation):
            answer = client.get(address)
            if answer.status_code == 200:
                schema.validate(answer.json)
            else:
                assert (answer.status_code, answer.content_type) == (404, PROBLEM), address


def addresses(path: str, operation: Document) -> Iterator[str]:
    """Fill in every combination of a path's parameters."""
    named = [one for one in operation.get("parameters", ()) if one["in"] == "path"]
    if not named:
        yield path
        return
    first = named[0]
    rest = {**operation, "parameters": named[1:]}
    for value in first["schema"]["enum"]:
        yield from addresses(path.replace("{" + first["name"] + "}", value), rest)


@pytest.mark.parametrize(
    "body",
    [{}, {"lines": []}, loan(disbursed_amount=1.0), loan(bogus=1), loan(interest_accrued=None), {"lines": [{}] * 999}],
)
def test_problems_are_as_described(client: FlaskClient, openapi: Document, body: Body) -> None:
    """What is refused is a problem as described; what breaks the schema by its types is refused."""
    answer = client.post(LOAN, json=body)
    assert answer.status_code == 422
    described = openapi["paths"][LOAN]["post"]["responses"]["422"]["content"][PROBLEM]["schema"]
    validator(openapi, described).validate(answer.json)
    schema = openapi["paths"][LOAN]["post"]["requestBody"]["content"][JSON]["schema"]
    assert not validator(openapi, schema).is_valid(body)


def test_result_describes_more_than_nothing(client: FlaskClient, openapi: Document) -> None:
    """The schema of a result refuses what the service would never answer."""
    described = validator(openapi, {"$ref": "#/components/schemas/Result"})
    result = client.post(LOAN, json=loan()).json
    assert result is not None
    described.validate(result)
    for broken in (
        result | {"amount": 150000},
        result | {"status": "granted"},
        result | {"extra": 1},
        {name: value for name, value in result.items() if name != "result_sha256"},
    ):
        assert not described.is_valid(broken)


TEXTS = (
    st.text(max_size=3)
    | st.from_regex(r"[0-9]{0,13}(\.[0-9]{0,3})?", fullmatch=True)
    | st.dates().map(str)
    | st.sampled_from(["x" * 64, "x" * 65, "0" * 63 + "1", "0" * 64 + "1"])
    | st.sampled_from(["1899-12-31", "1900-01-01", "2200-12-31", "2201-01-01", "2027-02-29"])
    | st.sampled_from(["municipal", "excellent", "design_rnd", "other"])
    | st.sampled_from([" x", "x ", "x\u3000", "\u3000", "a\u200eb", "１", "\u2028"])
)
ANYTHING = st.none() | st.booleans() | st.integers(-1, 2300) | st.floats() | TEXTS | st.lists(TEXTS, max_size=1)


@cache
def described_fields() -> list[tuple[Entry, Draft202012Validator]]:
    """Return every field of the dictionary with the validator of its schema."""
    fields = load().fields.values()
    entries = [entry_for(field, required=True) for field in fields]
    return [(entry, validator({"components": {}}, entry.json_schema)) for entry in entries]


@given(value=ANYTHING)
def test_fields_take_exactly_what_they_say(value: object) -> None:
    """For every field of the dictionary, what the schema allows is accepted and what it forbids is refused."""
    assume(not str(value).endswith("\n"))  # only to Python does `$` stand before a last line feed, too
    for entry, schema in described_fields():
        accepted = takes(entry, value)
        if isinstance(value, float) and value.is_integer():
            assert not accepted  # 1.0 is an integer to JSON Schema, and no whole number to us
        else:
            assert schema.is_valid(value) == accepted, entry


def takes(entry: Entry, value: object) -> bool:
    """Tell whether a field accepts a value."""
    try:
        entry.deserialize(value)
    except ValidationError:
        return False
    return True


def test_document_is_small_and_kept(client: FlaskClient) -> None:
    """The document is prebuilt JSON of moderate size."""
    response = client.get("/openapi.json")
    assert response.content_type == JSON
    assert len(response.data) < 190_000
    assert response.headers["Cache-Control"] == "public, max-age=60"
    assert orjson.loads(response.data)["info"]["version"]
