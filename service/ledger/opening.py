"""Opening a ledger: its schema is brought up to date, or it is told what is to be done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from service.errors import Unavailable
from service.ledger.database import Ledger, alone, engine_of, file_of, refuse_other_revision, revision_of, url_of
from service.ledger.schema import REVISION

if TYPE_CHECKING:
    from alembic.config import Config


def open_ledger(url: str | None = None, *, upgrade: bool | None = None) -> Ledger:
    """Open the ledger at DATABASE_URL; Unavailable if it cannot be used, or the URL is none.

    `upgrade` None brings an SQLite file up to date (and makes it where there is none), and leaves PostgreSQL to
    `town-subsidy db upgrade`; True upgrades both, False none.
    """
    engine = engine_of(url_of(url))
    try:
        _prepare(engine, upgrade)
    except BaseException:
        engine.dispose()
        raise
    return Ledger(engine)


def _prepare(engine: Engine, upgrade: bool | None) -> None:
    file = file_of(engine.url)
    if upgrade or (upgrade is None and file is not None and _is_behind(engine, file)):
        upgrade_schema(engine)
    if file is not None and not file.exists():
        raise Unavailable("ledger-empty", expected=REVISION)
    refuse_other_revision(engine)


def _is_behind(engine: Engine, file: Path) -> bool:
    if not file.exists():
        return True
    found = revision_of(engine)
    return found is None or (found.isdigit() and found < REVISION)


def upgrade_schema(engine: Engine, revision: str = "head") -> None:
    """Bring the schema up to a revision; whoever comes second waits, and finds it done."""
    from alembic import command

    file = file_of(engine.url)
    if file is not None:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable("ledger-unreachable", reason=f"{error.strerror}: {file.parent.name}") from error
        with alone(file.with_name(f"{file.name}-upgrade")), _migrating(engine) as config:
            command.upgrade(config, revision)
        return
    with _migrating(engine) as config:
        command.upgrade(config, revision)


def check_schema(engine: Engine) -> None:
    """Raise Unavailable if the tables that are there are not those of this release."""
    from alembic import command
    from alembic.util.exc import CommandError

    refuse_other_revision(engine)
    try:
        with _migrating(engine) as config:
            command.check(config)
    except CommandError as error:
        raise Unavailable("ledger-differs", reason=str(error)) from error


@contextmanager
def _migrating(engine: Engine) -> Iterator[Config]:
    """Configure Alembic to work on one connection, which commits or undoes everything."""
    from alembic.config import Config

    from service.ledger.database import writing

    with writing(engine) as connection:
        config = Config(stdout=StringIO())
        config.set_main_option("script_location", str(files("service.ledger").joinpath("migrations")))
        config.attributes["connection"] = connection
        yield config
