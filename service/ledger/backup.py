"""Backup and restore of an SQLite ledger while it is in use. PostgreSQL has its own: pg_dump and pg_restore."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from sqlalchemy import select

from service.errors import Conflict, Unavailable
from service.ledger.database import Ledger, alone, engine_of, url_of
from service.ledger.log import Head, head_of
from service.ledger.opening import open_ledger
from service.ledger.schema import LOG
from service.ledger.verifying import verify

_COMPANIONS: Final = ("", "-wal", "-shm")


def back_up(ledger: Ledger, target: Path) -> Head:
    """Copy the ledger as it stands into a file of its own, and verify the copy; return where its log ends.

    Others go on reading and writing. The file appears only when it is whole. Conflict for a flaw, and for PostgreSQL.
    """
    if ledger.file is None:
        raise Conflict("backup-by-postgresql")
    with _beside(target) as copy:
        _copy(ledger.file, copy)
        head = _verified(copy)
        with closing(sqlite3.connect(copy)) as whole:
            whole.execute("PRAGMA journal_mode=DELETE")  # one file, and no others beside it
        copy.replace(target)
    return head


def restore(url: str | None, source: Path, *, force: bool = False) -> Head:
    """Put a backup in the place of the ledger; return where its log ends.

    The backup is brought up to date and verified first. Conflict if the ledger holds entries that the backup does not,
    unless `force` says to give them up. A ledger that cannot be read any more is kept beside, as `….damaged`.
    """
    ledger = Ledger(engine_of(url_of(url)))
    file = ledger.file
    if file is None:
        raise Conflict("backup-by-postgresql")
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(ledger), _beside(file) as copy:
        _copy(source, copy)
        open_ledger(f"sqlite:///{copy}").close()
        head = _verified(copy)
        with alone(file.with_name(f"{file.name}-queue")):
            if file.exists() and not force:
                _refuse_loss(ledger, head)
            ledger.close()
            _put(copy, file)
    return head


def _refuse_loss(ledger: Ledger, backup: Head) -> None:
    """Raise Conflict if the ledger goes on after the backup, or tells another story."""
    try:
        with ledger.reading() as connection:
            head = head_of(connection)
            same = connection.scalar(select(LOG.c.hash).where(LOG.c.seq == head.seq)) if head.seq else None
    except Unavailable:
        return  # nothing can be lost of what cannot be read
    if head.seq > backup.seq or (head.seq == backup.seq and same not in {None, backup.hash}):
        raise Conflict("restore-loses", last=head.seq, backup=backup.seq)


def _put(copy: Path, file: Path) -> None:
    """Write the copy over the file, in one transaction, so that whoever has it open goes on with it."""
    try:
        _copy(copy, file)
    except sqlite3.DatabaseError:
        for companion in _COMPANIONS:
            with suppress(FileNotFoundError):
                file.with_name(file.name + companion).replace(file.with_name(f"{file.name}.damaged{companion}"))
        shutil.copyfile(copy, file)


def _copy(source: Path, target: Path) -> None:
    reading = f"{source.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(reading, uri=True)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def _verified(file: Path) -> Head:
    """Return the end of the log of a file; Conflict if something in it does not fit."""
    ledger = open_ledger(f"sqlite:///{file}", upgrade=False)
    try:
        found = verify(ledger)
        if found.flaw is not None:
            raise Conflict("backup-flawed", file=file.name, seq=found.flaw.seq)
        return found.head
    finally:
        ledger.close()


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Give a file to write beside the target; what is left of it goes in the end."""
    with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as made:
        temporary = Path(made.name)
    try:
        yield temporary
    finally:
        for companion in (*_COMPANIONS, "-queue", "-upgrade"):
            temporary.with_name(temporary.name + companion).unlink(missing_ok=True)
