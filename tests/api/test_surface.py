"""Around the calculations: health, headers, the page of the API, settings, and the express lane."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from service import create_app
from service.config import Config
from service.errors import WrongSetting
from service.policies import Policies
from service.policies.model import Language
from tests.api.asking import loan
from tests.api.test_endpoints import EN, LANGUAGES, LOAN, json_of


def test_health(client: FlaskClient) -> None:
    """The process lives, and says with which policies it is ready."""
    assert client.get("/healthz").json == {"status": "ok"}
    assert json_of(client.get("/readyz"))["policies"] == ["jzbf-2022-81@1", "jzbf-2026-3@1"]


@pytest.mark.parametrize("path", ["/healthz", "/v1/policies", "/docs", "/openapi.json", "/nothing"])
def test_every_answer_is_strict(client: FlaskClient, path: str) -> None:
    """Every answer forbids guessing its type, framing it, and loading anything from another host."""
    headers = client.get(path, buffered=True).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert len(headers.getlist("Cache-Control")) == 1
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert not {"unsafe-inline", "unsafe-eval", "http:", "https:", "*"} & set(re.split(r"[ ;']+", policy))


def test_configuration() -> None:
    """The environment sets the file, the largest body and the database; nonsense is refused with the cure."""
    config = Config.from_environment({"TOWN_SUBSIDY_POLICIES": "/x.yaml", "MAX_BODY_BYTES": "9", "DATABASE_URL": "u"})
    assert (str(config.policies), config.max_body_bytes, config.database_url) == ("/x.yaml", 9, "u")
    assert Config.from_environment({"MAX_FILE_BYTES": "9"}) == Config(max_file_bytes=9)
    assert Config.from_environment({"DATABASE_URL": ""}) == Config(None, 2 * 1024 * 1024, 256 * 1024 * 1024, None)
    for text in ("0", "-1", "2MB", "１"):
        with pytest.raises(WrongSetting, match="MAX_BODY_BYTES"):
            Config.from_environment({"MAX_BODY_BYTES": text})


def test_settings_of_the_pages() -> None:
    """A secret is long and never shown; plain HTTP is allowed by 1, and by nothing that only resembles it."""
    secret = "s" * 32
    config = Config.from_environment({"SECRET_KEY": secret, "PLAIN_HTTP": "1", "DESK": "/x"})
    assert (config.secret_key, config.plain_http, str(config.desk)) == (secret, True, "/x")
    assert secret not in repr(config)
    for nothing in ({}, {"SECRET_KEY": "", "PLAIN_HTTP": "", "DESK": ""}, {"PLAIN_HTTP": "0"}):
        assert Config.from_environment(nothing) == Config(secret_key=None, plain_http=False)
    with pytest.raises(WrongSetting, match="SECRET_KEY, expected: ≥ 32 characters, given: 31") as short:
        Config.from_environment({"SECRET_KEY": secret[1:]})
    assert secret[1:] not in str(short.value)
    for text in ("yes", "true", "2", " 1", "１"):
        with pytest.raises(WrongSetting, match="PLAIN_HTTP"):
            Config.from_environment({"PLAIN_HTTP": text})


@LANGUAGES
def test_the_express_lane_answers_as_flask_does(
    client: FlaskClient, headers: dict[str, str], language: Language, tag: str
) -> None:
    """A plain calculation is answered at the door, byte for byte and header for header as Flask would answer it."""
    at_the_door = client.post(LOAN, data=orjson.dumps(loan()), content_type="application/json", headers=headers)
    by_flask = client.post(LOAN, data=orjson.dumps(loan()), content_type="application/x+json", headers=headers)
    assert at_the_door.data == by_flask.data
    assert sorted(at_the_door.headers) == sorted(by_flask.headers)
    assert (at_the_door.headers["Content-Language"], language) == (tag, "en" if tag == "en" else "zh")


@pytest.mark.parametrize("length", ["", "x", "-1", "0", "1" * 5_000, "１"])
def test_odd_lengths_reach_flask(client: FlaskClient, length: str) -> None:
    """A length that is no plain number of bytes is no reason to fail."""
    environ: dict[str, Any] = {"CONTENT_LENGTH": length}
    response = client.post(LOAN, environ_overrides=environ, content_type="application/json")
    assert HTTPStatus.BAD_REQUEST <= response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
    assert response.content_type == "application/problem+json"


def test_a_service_on_another_file_forgets_nothing(policies: Policies) -> None:
    """Two services in one process do not share what they made of their policies."""
    one, other = (create_app(Config(max_body_bytes=most), policies).test_client() for most in (10, 100_000))
    assert one.post(LOAN, json=loan(), headers=EN).status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert json_of(other.post(LOAN, json=loan(), headers=EN))["amount"] == "150000.00"
