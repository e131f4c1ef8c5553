"""The schema: made from nothing, brought up from the revision before, and the one that the code expects."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import select

from service.errors import Unavailable
from service.ledger.database import Ledger, engine_of, revision_of, url_of
from service.ledger.grants import propose
from service.ledger.keys import create_key, revoke_keys
from service.ledger.opening import check_schema, open_ledger, upgrade_schema
from service.ledger.schema import LOG, REVISION
from service.ledger.sessions import session_actor, sign_in
from service.ledger.verifying import verify
from service.policies import Policies
from tests.ledger.asking import loan
from tests.ledger.conftest import person


def test_the_code_expects_the_newest_revision() -> None:
    """The revision that the code names is the head of the only line of revisions."""
    config = Config()
    config.set_main_option("script_location", str(files("service.ledger").joinpath("migrations")))
    assert ScriptDirectory.from_config(config).get_heads() == [REVISION]


def test_from_nothing(url: str) -> None:
    """An empty database gets the tables that the code describes, and a second upgrade finds nothing to do."""
    for _ in range(2):
        ledger = open_ledger(url, upgrade=True)
        check_schema(ledger.engine)
        assert verify(ledger).flaw is None
        ledger.close()


def test_from_the_first_revision(url: str) -> None:
    """A ledger of the first revision is told, and brought up to date."""
    engine = engine_of(url_of(url))
    upgrade_schema(engine, "0001")
    assert revision_of(engine) == "0001"
    with pytest.raises(Unavailable, match="ledger-older"):
        open_ledger(url, upgrade=False)
    with pytest.raises(Unavailable, match="ledger-older"):
        check_schema(engine)
    engine.dispose()
    ledger = open_ledger(url, upgrade=True)
    create_key(ledger, "Li", "auditor", by="root")
    check_schema(ledger.engine)
    assert (verify(ledger).flaw, verify(ledger).entries) == (None, 1)
    ledger.close()


def test_from_the_revision_before(url: str, policies: Policies) -> None:
    """What was written under the revision before is kept and still proves itself, and who had a key can sign in."""
    engine = engine_of(url_of(url))
    upgrade_schema(engine, "0003")
    older = Ledger(engine)
    propose(older, policies, loan(), "one", person(older, "Li", "proposer"))
    _, token = create_key(older, "Wang", "auditor", by="root")
    revoke_keys(older, "Li", by="root")
    with older.reading() as connection:
        before = list(connection.execute(select(LOG).order_by(LOG.c.seq)))
    older.close()
    ledger = open_ledger(url, upgrade=True)
    check_schema(ledger.engine)
    assert (verify(ledger).flaw, verify(ledger).entries) == (None, len(before))
    actor, session = sign_in(ledger, token)
    with ledger.reading() as connection:
        assert list(connection.execute(select(LOG).order_by(LOG.c.seq)))[:-1] == before
        assert session_actor(connection, session) == actor
    assert verify(ledger).flaw is None
    ledger.close()


def test_a_difference_is_told(url: str) -> None:
    """A table that somebody changed by hand is found by the check."""
    ledger = open_ledger(url, upgrade=True)
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE imports ADD COLUMN remark TEXT")
    with pytest.raises(Unavailable, match="ledger-differs"):
        check_schema(ledger.engine)
    ledger.close()


def test_sqlite_is_made_by_itself_and_postgresql_is_not(empty: Callable[[str], str]) -> None:
    """A file is made and brought up to date when it is opened; a PostgreSQL is only ever changed by a command."""
    file = empty("sqlite")
    open_ledger(file).close()
    server = empty("postgresql")
    with pytest.raises(Unavailable, match="ledger-empty"):
        open_ledger(server)
    open_ledger(server, upgrade=True).close()
    open_ledger(server).close()


def test_a_ledger_of_another_release_is_not_touched(url: str) -> None:
    """A newer schema is left alone and told."""
    ledger = open_ledger(url, upgrade=True)
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    ledger.close()
    with pytest.raises(Unavailable, match="ledger-newer"):
        open_ledger(url)


CALCULATES = """
import sys
from service import create_app
from service.api.access import Access
client = create_app().test_client()
line = {"town_tier": "provincial_key", "recognised_on": "2027-03-01"}
assert client.post("/v1/calculations/national_cluster_award", json={"lines": [line]}).status_code == 200
assert client.get("/v1/grants").status_code == 401
found = {"sqlalchemy", "alembic", "psycopg", "sqlite3"} & set(sys.modules)
assert not found, found
"""


def test_who_only_calculates_needs_no_database() -> None:
    """A service that calculates imports no database, makes no file, and turns away who has no key."""
    done = subprocess.run([sys.executable, "-c", CALCULATES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
