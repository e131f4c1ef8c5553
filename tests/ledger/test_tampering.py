"""Whatever is changed behind the triggers is found, in every column of every table."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from service.errors import Unavailable
from service.ledger.audit.auditing import audit_ledger
from service.ledger.audit.keeping import keep
from service.ledger.audit.report import report_of
from service.ledger.database import Ledger, file_of, url_of
from service.ledger.grants import propose
from service.ledger.history import import_history
from service.ledger.keys import create_key, revoke_keys
from service.ledger.log import Head, head_of
from service.ledger.opening import open_ledger
from service.ledger.schema import COMMITTED, LOG, METADATA
from service.ledger.sessions import sign_in, sign_out
from service.ledger.verbs import change
from service.ledger.verifying import verify
from service.policies import Policies
from tests.ledger.asking import award, loan
from tests.ledger.conftest import person

HISTORY = """\
application_year,town_tier,is_leading_industry,applicant_id,receipt_number,disbursed_amount,disbursed_on,\
interest_paid_days,interest_accrued,amount
2027,provincial_key,true,F9,R9,1000000.00,2027-01-01,365,50000.00,15000.00
"""
EACH_COLUMN = [
    pytest.param(table.name, str(column.name), id=f"{table.name}.{column.name}")
    for table in METADATA.sorted_tables
    for column in table.columns
]


def fill(ledger: Ledger, policies: Policies) -> None:
    """Write at least a row into every table."""
    one, other = person(ledger, "One", "proposer"), person(ledger, "Other", "approver")
    for number in range(3):
        grant, _ = propose(ledger, policies, loan(f"R{number}"), f"loan-{number}", one)
        change(ledger, grant.id, "approve", {"note": "looked at"}, other)
        change(ledger, grant.id, "pay", {"paid_on": "2027-12-01", "payee": "F1", "reference": f"B{number}"}, other)
        change(ledger, grant.id, "recover", {"amount": "1.00", "reason": "too much"}, other)
    propose(ledger, policies, award("P1"), "award", one)
    _, token = create_key(ledger, "Third", "auditor", by="root")
    for _ in range(2):
        _, session = sign_in(ledger, token)
        sign_out(ledger, session)
    with TemporaryDirectory() as folder:
        file = Path(folder, "earlier.csv")
        file.write_text(HISTORY, "utf-8")
        import_history(ledger, policies, file, "loan_interest", by="root")
        payouts = Path(folder, "payouts.csv")
        payouts.write_text("id,amount\nnone,1\n", "utf-8")
        keep(ledger, report_of(audit_ledger(ledger, policies, payouts)), "Auditor")
    revoke_keys(ledger, "Third", by="root")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, policies: Policies) -> Path:
    """Return the file of a ledger in which every table has rows."""
    file = tmp_path_factory.mktemp("tampering") / "ledger.sqlite"
    ledger = open_ledger(f"sqlite:///{file}")
    fill(ledger, policies)
    assert verify(ledger).flaw is None
    ledger.close()
    return file


@pytest.fixture
def copied(written: Path, tmp_path: Path) -> Path:
    """Return a copy of that file, to be tampered with."""
    return Path(shutil.copy(written, tmp_path / "copied.sqlite"))


def tamper(file: Path, *statements: str) -> None:
    """Change a file as somebody would who owns it: without triggers, without constraints, and leaving no trace."""
    with sqlite3.connect(file) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert connection.execute(statement).rowcount == 1, statement
        for _, sql in triggers:
            connection.execute(sql)
    connection.close()


def flaw_of(file: Path) -> tuple[int, str] | None:
    """Verify a file and return the first entry that does not fit, and why."""
    ledger = open_ledger(f"sqlite:///{file}", upgrade=False)
    flaw = verify(ledger).flaw
    ledger.close()
    return None if flaw is None else (flaw.seq, flaw.code)


def test_every_table_has_rows(written: Path) -> None:
    """The test below changes something in every table."""
    with sqlite3.connect(written) as connection:
        for table in METADATA.tables:
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0], table
    connection.close()


@pytest.mark.parametrize(("table", "column"), EACH_COLUMN)
def test_a_change_in_any_column_is_found(copied: Path, table: str, column: str) -> None:
    """One value of one row is changed a little: the entry that it belongs to no longer fits."""
    with sqlite3.connect(copied) as connection:
        rowid, seq, value = connection.execute(
            f"SELECT rowid, seq, {column} FROM {table} ORDER BY rowid LIMIT 1 OFFSET (SELECT count(*) / 2 FROM {table})"
        ).fetchone()
    connection.close()
    changed = "'x'" if value is None else f"{value + 1000}" if isinstance(value, int) else f"'{flipped(value)}'"
    tamper(copied, f"UPDATE {table} SET {column} = {changed} WHERE rowid = {rowid}")
    found = flaw_of(copied)
    assert found is not None
    assert found[0] == seq, found


def flipped(text: str) -> str:
    """Change the last character of a text."""
    return (text[:-1] + ("~" if text[-1:] != "~" else "!")).replace("'", "''")


@pytest.mark.parametrize("table", [table.name for table in COMMITTED])
def test_a_row_more_or_less_is_found(copied: Path, table: str, tmp_path: Path) -> None:
    """A row that is taken away is found, and one that is slipped in."""
    less = Path(shutil.copy(copied, tmp_path / "less.sqlite"))
    tamper(less, f"DELETE FROM {table} WHERE rowid = (SELECT max(rowid) FROM {table})")
    assert flaw_of(less) is not None
    with sqlite3.connect(copied) as connection:
        columns = [one[1] for one in connection.execute(f"PRAGMA table_info({table})")]
        primary = [one[1] for one in connection.execute(f"PRAGMA table_info({table})") if one[5]]
        unique = {"secret_sha256": "'s'", "idempotency_key": "'i'", "seq": "1", "number": "99", "n": "99"}
    connection.close()
    values = ", ".join(unique.get(one, "'new'" if one == primary[-1] else one) for one in columns)
    tamper(copied, f"INSERT INTO {table} SELECT {values} FROM {table} LIMIT 1")
    assert flaw_of(copied) is not None


def test_a_log_cut_off_is_found_by_its_checkpoint(copied: Path) -> None:
    """A ledger without its last entry is whole in itself; whoever kept a checkpoint knows better."""
    ledger = open_ledger(f"sqlite:///{copied}")
    with ledger.reading() as connection:
        kept = head_of(connection)
    assert verify(ledger, kept).flaw is None
    ledger.close()
    tamper(copied, f"DELETE FROM revocations WHERE seq = {kept.seq}", f"DELETE FROM log WHERE seq = {kept.seq}")
    assert flaw_of(copied) is None
    ledger = open_ledger(f"sqlite:///{copied}")
    flaw = verify(ledger, kept).flaw
    assert flaw is not None
    assert (flaw.seq, flaw.code) == (kept.seq, "cut-off")
    flaw = verify(ledger, Head(5, "f" * 64)).flaw
    assert flaw is not None
    assert (flaw.seq, flaw.code) == (5, "checkpoint-differs")
    ledger.close()


def test_a_ledger_without_its_triggers_is_found(copied: Path) -> None:
    """Whoever removes a trigger prepares something."""
    with sqlite3.connect(copied) as connection:
        connection.execute("DROP TRIGGER log_no_update")
    connection.close()
    assert flaw_of(copied) == (0, "triggers-missing")


def test_another_revision_is_told(copied: Path) -> None:
    """A changed number of the schema stops everybody before anything is read."""
    with sqlite3.connect(copied) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0099'")
    connection.close()
    with pytest.raises(Unavailable, match="ledger-newer"):
        open_ledger(f"sqlite:///{copied}")


def test_any_flipped_byte_is_found_or_changes_nothing(written: Path, tmp_path: Path) -> None:
    """Bytes of the file itself are flipped, all over it: what is stored is found changed, or is still the same."""
    data = written.read_bytes()
    same = stored(written)
    for place in range(4096, len(data), len(data) // 61):
        file = tmp_path / f"{place}.sqlite"
        file.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        try:
            found = flaw_of(file)
        except Unavailable:
            continue
        assert found is not None or stored(file) == same, place


def stored(file: Path) -> list[list[tuple[object, ...]]]:
    """Read all that a file stores."""
    connection = sqlite3.connect(file)
    try:
        return [connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in METADATA.tables]
    finally:
        connection.close()


@pytest.fixture
def rows(ledger: Ledger, policies: Policies) -> Iterator[Engine]:
    """Return the engine of a ledger with rows, on both databases."""
    fill(ledger, policies)
    yield ledger.engine
    assert verify(ledger).flaw is None


@pytest.mark.parametrize("table", [LOG.name, *(table.name for table in COMMITTED)])
def test_the_database_itself_refuses_changes(rows: Engine, table: str) -> None:
    """No row can be updated, deleted or swept away by somebody who only speaks SQL."""
    column = METADATA.tables[table].columns.keys()[0]
    refused = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
    if rows.dialect.name == "postgresql":
        refused.append(f"TRUNCATE {table} CASCADE")
    for statement in refused:
        with pytest.raises(DBAPIError, match="append-only"), rows.begin() as connection:
            connection.exec_driver_sql(statement)


def test_a_file_is_one(written: Path) -> None:
    """The file of an SQLite ledger is known."""
    assert file_of(url_of(f"sqlite:///{written}")) == written
