"""A client of the service, shared by the tests of the API."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from service import create_app
from service.config import Config
from service.policies import Policies


@pytest.fixture(scope="session")
def client(policies: Policies) -> FlaskClient:
    """Return a client of a service with small bodies."""
    return create_app(Config(max_body_bytes=200_000), policies).test_client()


@pytest.fixture(scope="session")
def openapi(client: FlaskClient) -> dict[str, Any]:
    """Return the OpenAPI document."""
    document = client.get("/openapi.json").json
    assert isinstance(document, dict)
    return document
