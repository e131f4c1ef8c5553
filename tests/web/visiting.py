"""What a browser does with the pages' forms: it takes the token that stands in them along."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def token_of(client: FlaskClient, path: str) -> str:
    """Open a page and return the token of its form."""
    found = _TOKEN.search(client.get(path).text)
    assert found, f"{path} has no form with a token"
    return found[1]


def sign_in(client: FlaskClient, key: str, path: str = "/zh/sign-in", **fields: Any) -> TestResponse:
    """Fill the form in and send it."""
    return client.post(path, data={"key": key, "csrf_token": token_of(client, path), **fields})
