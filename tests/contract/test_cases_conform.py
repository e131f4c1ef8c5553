"""Every case is a request that /openapi.json allows, and its answer one that it describes."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from service import create_app
from tests.case_files import Case, all_cases

EACH_CASE = pytest.mark.parametrize("case", all_cases(), ids=str)
JSON = "application/json"


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    """Return a client of the service."""
    return create_app().test_client()


@pytest.fixture(scope="module")
def document(client: FlaskClient) -> dict[str, Any]:
    """Return the description of the service."""
    return dict(client.get("/openapi.json").get_json())


def breach(document: dict[str, Any], content: dict[str, Any], data: Any) -> str | None:
    """Say where data breaks the schema of some content, if it does."""
    schema = {**content[JSON]["schema"], "components": document["components"]}
    error = best_match(Draft202012Validator(schema).iter_errors(data))
    return error and f"{error.json_path}: {error.message}"[:300]


@EACH_CASE
def test_case_conforms(case: Case, client: FlaskClient, document: dict[str, Any]) -> None:
    """Request and answer keep the schemas of their operation."""
    path = f"/v1/calculations/{case.measure}"
    operation = document["paths"][path]["post"]
    assert breach(document, operation["requestBody"]["content"], case.body) is None
    answer = client.post(path, json=case.body)
    assert breach(document, operation["responses"]["200"]["content"], answer.get_json()) is None
