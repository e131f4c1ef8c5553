"""The pages on a real SQLite ledger, and visitors: signed out, or signed in with a key of a role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service import create_app
from service.config import Config
from service.ledger.database import Ledger
from service.ledger.keys import create_key
from service.ledger.opening import open_ledger
from service.policies import Policies
from tests.web.visiting import sign_in

PEOPLE = {"proposer": "李伟", "approver": "王芳", "auditor": "张敏", "admin": "刘洋"}


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Return the URL of an SQLite ledger that does not exist yet."""
    return f"sqlite:///{tmp_path / 'ledger.sqlite'}"


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    """Return that ledger, open."""
    opened = open_ledger(database)
    yield opened
    opened.close()


@pytest.fixture
def app(database: str, policies: Policies, tmp_path: Path) -> Iterator[Flask]:
    """Return the service on that ledger."""
    made = create_app(Config(database_url=database, desk=tmp_path / "desk"), policies)
    yield made
    made.extensions["ledger"].close()


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    """Return somebody who is not signed in."""
    return app.test_client()


@pytest.fixture
def keys(ledger: Ledger) -> dict[str, str]:
    """Return a key of every role."""
    return {role: create_key(ledger, person, role, by="root")[1] for role, person in PEOPLE.items()}


@pytest.fixture
def signed_in(app: Flask, keys: dict[str, str]) -> Callable[[str], FlaskClient]:
    """Return a function that signs somebody of a role in, each time on a browser of its own."""

    def made(role: str) -> FlaskClient:
        client = app.test_client()
        assert sign_in(client, keys[role]).status_code == 303
        return client

    return made
