"""The same request is answered with the same bytes, in any process, in any order."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

import orjson
import pytest
from flask.testing import FlaskClient

from service import create_app
from tests.case_files import all_cases

#: Reads [path, body] line by line, and writes the answer of the service to each.
ASKED = """
import sys, orjson
from service import create_app
client = create_app().test_client()
for line in sys.stdin.buffer:
    path, body = orjson.loads(line)
    answer = client.get(path) if body is None else client.post(path, json=body)
    sys.stdout.buffer.write(b"%d %s\\n" % (answer.status_code, answer.data))
"""
READ = ["/openapi.json", "/v1/policies", "/v1/policies/jzbf-2026-3", "/v1/policies/jzbf-2026-3/diff/jzbf-2022-81"]


@cache
def requests() -> bytes:
    """Write every case, a screening, a refusal and what is only read, one request a line."""
    asked: list[tuple[str, object]] = [(f"/v1/calculations/{case.measure}", case.body) for case in all_cases()]
    asked += [("/v1/screenings", {"facts": {"town_tier": "provincial_key", "year": 2027}})]
    asked += [("/v1/calculations/advertising", {"lines": [{"ad_paid": 1.5, "z": 1, "y": 2, "x": 3}], "b": 1, "a": 2})]
    asked += [(path, None) for path in READ]
    return b"\n".join(orjson.dumps(one) for one in asked)


def answers(seed: str) -> bytes:
    """Let a process of its own answer them all, with another order of sets and hashes."""
    environment = os.environ | {"PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", ASKED], input=requests(), capture_output=True, check=True, env=environment, timeout=120
    )
    return done.stdout


@cache
def first_answers() -> bytes:
    """Answer once with the first order."""
    return answers("0")


@pytest.mark.parametrize("seed", ["1", "4242"])
def test_two_processes_answer_with_the_same_bytes(seed: str) -> None:
    """Every case, a screening, a refusal and the descriptions are the same to the byte, hashes included."""
    again = answers(seed)
    assert len(again.splitlines()) == len(all_cases()) + 2 + len(READ)
    assert again.count(b'"result_sha256"') > len(all_cases())
    assert again == first_answers()


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    """Return a client of the service."""
    return create_app().test_client()


def test_asking_again_changes_nothing(client: FlaskClient) -> None:
    """A service that has answered everything, forwards and backwards, still answers as at first."""
    asked = [orjson.loads(line) for line in requests().splitlines()]
    given = [client.get(path).data if body is None else client.post(path, json=body).data for path, body in asked]
    for (path, body), before in reversed(list(zip(asked, given, strict=True))):
        assert (client.get(path) if body is None else client.post(path, json=body)).data == before
