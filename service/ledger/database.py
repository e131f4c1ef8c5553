"""Where the ledger is kept: SQLite or PostgreSQL, one writer at a time, and what is told when it cannot be reached."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from orjson import JSONDecodeError
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from service.errors import Unavailable
from service.ledger.schema import REVISION

DEFAULT_URL: Final = "sqlite:///data/town-subsidy.sqlite"
#: How long a writer waits for its turn: less than gunicorn waits for a worker.
_WAIT_SECONDS: Final = 20
#: How long to nap before trying again, by how long one has waited: as a rule it is one's turn within milliseconds.
_NAPS: Final = ((0.01, 0.0001), (1, 0.0005), (_WAIT_SECONDS, 0.005))
#: Names our lock among the advisory locks of a PostgreSQL database: "town" in ASCII.
_PG_LOCK: Final = 0x746F776E
#: What a connection is for, among SQLAlchemy's execution options.
_WRITES: Final = "writes"
_GLANCES: Final = "glances"


def url_of(given: str | None) -> URL:
    """Read DATABASE_URL; Unavailable tells the two forms that there are."""
    try:
        url = make_url(given or DEFAULT_URL)
    except ArgumentError:
        raise _wrong(given) from None
    kind = url.drivername.partition("+")[0]
    if kind in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    if kind == "sqlite" and url.database and url.database != ":memory:":
        return url.set(drivername="sqlite+pysqlite")
    raise _wrong(given)


def _wrong(given: str | None) -> Unavailable:
    """Tell what was given without what may be a password in it."""
    return Unavailable("ledger-url-wrong", given=str(given).partition(":")[0])


def engine_of(url: URL) -> Engine:
    """Make the engine; nothing is connected yet. Never share it across a fork."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    options = f"-c timezone=UTC -c lock_timeout={_WAIT_SECONDS * 1000}"
    engine = create_engine(
        url, pool_pre_ping=True, pool_size=2, connect_args={"connect_timeout": 5, "options": options}
    )
    event.listen(engine, "begin", _lock_postgresql)
    return engine


def _lock_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITES):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_PG_LOCK})")


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": _WAIT_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves: Python's own comes too late
        for pragma in ("foreign_keys=ON", "synchronous=FULL", "journal_mode=WAL", "wal_autocheckpoint=4000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get(_GLANCES):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITES) else "BEGIN")

    return engine


def file_of(url: URL) -> Path | None:
    """Return the file of an SQLite ledger."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


@dataclass(frozen=True, slots=True)
class Ledger:
    """An open ledger; made by `opening.open_ledger`, and never shared across a fork."""

    engine: Engine

    @property
    def file(self) -> Path | None:
        """The file of an SQLite ledger."""
        return file_of(self.engine.url)

    def reading(self) -> AbstractContextManager[Connection]:
        """Read one state of the ledger, whoever writes meanwhile; Unavailable if it cannot be reached."""
        return reading(self.engine)

    def glancing(self) -> AbstractContextManager[Connection]:
        """Read by single statements, each on the state of its moment, without the cost of a transaction."""
        return glancing(self.engine)

    def writing(self) -> AbstractContextManager[Connection]:
        """Be the only writer until the end, then commit, or undo all; Unavailable if nothing can be written."""
        return writing(self.engine)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Read one state of the ledger, whoever writes meanwhile; Unavailable if it cannot be reached."""
    with _told():
        isolation = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        with engine.connect().execution_options(**isolation) as connection, connection.begin():
            yield connection


@contextmanager
def glancing(engine: Engine) -> Iterator[Connection]:
    """Read by single statements, each on the state of its moment; Unavailable if it cannot be reached."""
    with _told(), engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.execution_options(**{_GLANCES: True})
        else:
            connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Be the only writer until the end, then commit, or undo everything; Unavailable if nothing can be written."""
    with _told(), engine.connect() as connection:
        connection.execution_options(**{_WRITES: True})
        with _queued(engine), connection.begin():
            yield connection


@contextmanager
def _queued(engine: Engine) -> Iterator[None]:
    """Wait for one's turn to write to a file: SQLite's own naps grow to a tenth of a second, and some starve."""
    file = file_of(engine.url)
    if file is None:
        yield
        return
    with alone(file.with_name(f"{file.name}-queue")):
        yield


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Hold a lock on a file; a process that ends, in whatever way, lets go of it. Unavailable if not to be had."""
    try:
        held = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise Unavailable("ledger-unreachable", reason=f"{error.strerror}: {file.name}") from error
    try:
        _take(held, file)
        yield
    finally:
        os.close(held)


def _take(held: int, file: Path) -> None:
    """Try again and again, so that waiting has an end: an answer of 503 rather than none."""
    began = monotonic()
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = monotonic() - began
            if waited > _WAIT_SECONDS:
                raise Unavailable("ledger-unreachable", reason=f"{file.name} is held by another writer") from None
            sleep(next(nap for upto, nap in _NAPS if waited <= upto))
        else:
            return


@contextmanager
def _told() -> Iterator[None]:
    """Tell a database that is gone, full, locked or damaged from our own mistakes."""
    try:
        yield
    except JSONDecodeError as error:  # what callers send is read before
        raise Unavailable("ledger-damaged", reason=str(error)) from error
    except (IntegrityError, ProgrammingError, DataError):
        raise
    except (DBAPIError, PoolTimeoutError) as error:
        cause = getattr(error, "orig", None) or error
        raise Unavailable("ledger-unreachable", reason=str(cause).strip().partition("\n")[0]) from error


def revision_of(engine: Engine) -> str | None:
    """Return the revision of the schema that is there; None for an empty database."""
    with reading(engine) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def refuse_other_revision(engine: Engine) -> None:
    """Raise Unavailable unless the schema is the one of this release."""
    found = revision_of(engine)
    if found == REVISION:
        return
    if found is None:
        raise Unavailable("ledger-empty", expected=REVISION)
    known = found.isdigit() and found < REVISION
    raise Unavailable("ledger-older" if known else "ledger-newer", found=found, expected=REVISION)
