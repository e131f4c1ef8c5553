"""The commands keys, log, db and ledger, and backup and restore while the ledger is in use."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from service.cli import main
from service.ledger.backup import back_up
from service.ledger.database import Ledger
from service.ledger.grants import propose
from service.ledger.opening import open_ledger
from service.ledger.verifying import verify
from service.policies import Policies
from tests.ledger.asking import loan
from tests.ledger.conftest import person
from tests.ledger.service import Service, json_of
from tests.ledger.test_history import LOANS

Run = Callable[..., Result]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the file of a ledger that is not there yet."""
    return tmp_path / "data" / "ledger.sqlite"


@pytest.fixture
def run(file: Path) -> Run:
    """Call the command line on that ledger, in English."""

    def called(*arguments: str, url: str = f"sqlite:///{file}") -> Result:
        environment = {"DATABASE_URL": url, "LANG": "en", "LC_ALL": None, "LC_MESSAGES": None}
        return CliRunner().invoke(main, arguments, env=environment, catch_exceptions=False)

    return called


@pytest.fixture
def opened(file: Path) -> Iterator[Ledger]:
    """Return the ledger, open, as a running service would have it."""
    ledger = open_ledger(f"sqlite:///{file}")
    yield ledger
    ledger.close()


def said(done: Result, code: int = 0) -> str:
    """Return what a command printed."""
    assert done.exit_code == code, done.output
    return done.output


def test_keys(run: Run) -> None:
    """A key is made, shown once, listed without its secret, and revoked."""
    assert "no keys" in said(run("keys", "list"))
    made = run("keys", "create", "李伟", "--role", "proposer", "--expires", "2199-12-31")
    token = made.stdout.strip()
    assert token.startswith("ts-")
    listed = said(run("keys", "list"))
    assert "李伟" in listed
    assert "2199-12-31T16:00:00" in listed
    assert token[16:] not in listed
    assert "revoked" in said(run("keys", "revoke", "李伟"))
    assert "revoked" in said(run("keys", "list"))
    assert "There is no key" in said(run("keys", "revoke", "李伟"), 2)
    assert "YYYY-MM-DD" in said(run("keys", "create", "x", "--role", "admin", "--expires", "soon"), 2)
    assert "passed" in said(run("keys", "create", "x", "--role", "admin", "--expires", "2020-01-01"), 2)


def test_log(run: Run, opened: Ledger, policies: Policies, file: Path) -> None:
    """The log is verified, its end is printed, and it is exported whole."""
    propose(opened, policies, loan(), "one", person(opened, "Li", "proposer"))
    checkpoint = run("log", "checkpoint").stdout.strip()
    assert f"Checkpoint {checkpoint}" in said(run("log", "verify"))
    said(run("log", "verify", "--checkpoint", checkpoint))
    assert "given 7" in said(run("log", "verify", "--checkpoint", "7"), 2)
    assert "cut off" in said(run("log", "verify", "--checkpoint", f"9:{checkpoint[2:]}"), 1)
    exported = [orjson.loads(line) for line in run("log", "export").stdout_bytes.splitlines()]
    assert [one["verb"] for one in exported] == ["create-key", "propose"]
    assert exported[1]["rows"]["grants"][0]["amount"] == 15_000_000
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TRIGGER grants_no_update")
        connection.execute("UPDATE grants SET amount = amount + 1")
    connection.close()
    assert "entry 2: rows that came with it were changed" in said(run("log", "verify"), 1)


def test_schema(run: Run, opened: Ledger) -> None:
    """The schema is made, checked, and a setting that is none is told."""
    assert "up to date" in said(run("db", "upgrade"))
    assert "OK" in said(run("db", "check"))
    assert opened.file is not None


def test_what_is_wrong_is_told(run: Run, tmp_path: Path) -> None:
    """No ledger, no database, no such setting: words and an exit code, never a trace."""
    assert "db upgrade" in said(run("db", "check"), 2)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ledger.sqlite").write_text("this is no database, whatever it is called" * 50, "utf-8")
    assert "not a database" in said(run("log", "verify"), 2)
    assert "postgresql://" in said(run("db", "check", url="mysql://h/x"), 2)
    unreachable = "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=2"
    assert "cannot be used now" in said(run("db", "upgrade", url=unreachable), 2)
    assert "pg_dump" in said(run("db", "restore", str(tmp_path / "data" / "ledger.sqlite"), url=unreachable), 2)


def test_history(run: Run, tmp_path: Path) -> None:
    """A file of earlier decisions is counted; a second time it is refused."""
    history = tmp_path / "earlier.csv"
    history.write_text(LOANS, "utf-8")
    command = ("ledger", "import-history", str(history), "--measure", "loan_interest")
    assert "imported 2 rows, 912,328.77 yuan in all, counted in 2 groups" in said(run(*command))
    assert "imported before" in said(run(*command), 2)
    assert "no such file" in said(run(*command[:2], "missing.csv", *command[3:]), 2)
    said(run(*command[:4], "none"), 2)


def test_backup_and_restore(run: Run, opened: Ledger, policies: Policies, tmp_path: Path) -> None:
    """A backup is made while the ledger is in use, is one file, and is restored under a service that goes on."""
    proposer = person(opened, "Li", "proposer")
    propose(opened, policies, loan("R1"), "one", proposer)
    backup = tmp_path / "backup" / "ledger.sqlite"
    backup.parent.mkdir()
    with opened.reading():
        assert "backed up and verified" in said(run("db", "backup", str(backup)))
    assert list(backup.parent.iterdir()) == [backup]
    propose(opened, policies, loan("R2"), "two", proposer)
    assert "would lose entries" in said(run("db", "restore", str(backup)), 2)
    assert verify(opened).entries == 3
    assert "verified and restored" in said(run("db", "restore", str(backup), "--force"))
    assert (verify(opened).entries, verify(opened).flaw) == (2, None)
    propose(opened, policies, loan("R3"), "three", proposer)
    assert verify(opened).entries == 3


def test_a_damaged_ledger_is_replaced(run: Run, file: Path, policies: Policies, tmp_path: Path) -> None:
    """A backup takes the place of a file that cannot be read; the damaged one is kept beside."""
    ledger = open_ledger(f"sqlite:///{file}")
    propose(ledger, policies, loan("R1"), "one", person(ledger, "Li", "proposer"))
    backup = tmp_path / "backup.sqlite"
    head = back_up(ledger, backup)
    ledger.close()
    file.write_bytes(b"damaged" * 1000)
    assert f"checkpoint {head.seq}:{head.hash}" in said(run("db", "restore", str(backup)))
    assert file.with_name("ledger.sqlite.damaged").exists()
    assert "OK" in said(run("log", "verify"))


def test_a_backup_that_does_not_fit_is_not_restored(
    run: Run, opened: Ledger, policies: Policies, tmp_path: Path
) -> None:
    """A backup that was changed is refused, and the ledger stays as it is."""
    propose(opened, policies, loan("R1"), "one", person(opened, "Li", "proposer"))
    backup = tmp_path / "backup.sqlite"
    back_up(opened, backup)
    with sqlite3.connect(backup) as connection:
        connection.execute("DROP TRIGGER grants_no_update")
        connection.execute("UPDATE grants SET town_id = 'T9'")
    connection.close()
    assert "entry 2" in said(run("db", "restore", "--force", str(backup)), 2)
    assert verify(opened).flaw is None


def test_a_backup_of_postgresql_is_its_own_business(ledger: Ledger, url: str, run: Run, tmp_path: Path) -> None:
    """PostgreSQL is backed up by its own tools, and says so."""
    done = run("db", "backup", str(tmp_path / "b"), url=url)
    if ledger.file is None:
        assert "pg_dump" in said(done, 2)
    else:
        said(done)


def test_the_ledger_is_described(service: Service) -> None:
    """The example of the OpenAPI document can be proposed as it stands."""
    document = service.client.get("/openapi.json").json
    assert document is not None
    operation = document["paths"]["/v1/grants"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    json_of(service.propose(example), 201)
