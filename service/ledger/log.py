"""The log: one entry per change, each holding the hash of the one before and of every row that came with it.

An entry's `hash` is the SHA-256 of the canonical JSON of all its other columns. Its `rows_sha256` is that of the rows
that other tables hold with its `seq`, as {table: [row, …]}, rows in the order of their canonical JSON. So whatever is
changed, added or taken away afterwards, in any column of any table, no longer fits an entry; a chain cut off at its end
is found by a checkpoint that was kept elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection, Row, Table, insert, select

from service.canonical import canonical
from service.errors import Defect, Refused
from service.ledger.prepared import Prepared
from service.ledger.schema import LOG

Json = dict[str, Any]
Rows = Mapping[Table, Sequence[Json]]

#: What the first entry holds as the hash of the one before it.
GENESIS: Final = "0" * 64
_HASHED: Final = tuple(str(column.name) for column in LOG.columns if column.name != "hash")
_CHECKPOINT: Final = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})", re.ASCII)
_LAST: Final = select(LOG.c.seq, LOG.c.hash).order_by(LOG.c.seq.desc()).limit(1)


class Head(NamedTuple):
    """The last entry of the log; of an empty one, 0 and the genesis hash."""

    seq: int
    hash: str


def head_of(connection: Connection) -> Head:
    """Read the last entry's number and hash: what a checkpoint holds."""
    last = connection.execute(_LAST).first()
    return Head(last.seq, last.hash) if last else Head(0, GENESIS)


def read_head(text: str) -> Head:
    """Read a checkpoint that was noted down, `seq:hash`; Refused for what is none."""
    found = _CHECKPOINT.fullmatch(text.strip())
    if found is None:
        raise Refused([Defect("/checkpoint", "checkpoint_form", text, None)])
    return Head(int(found[1]), found[2])


def now() -> str:
    """Tell the time in UTC to the microsecond, always in the same form."""
    return stamp(datetime.now(UTC))


def stamp(moment: datetime) -> str:
    """Write a time in UTC to the microsecond: such texts sort as their times do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Entry(NamedTuple):
    """What is to be written down: who did what to which subject (a grant, a key, an import), when, by which hashes."""

    actor: str
    verb: str
    subject: str
    payload: Json
    at: str
    request_sha256: str | None = None
    result_sha256: str | None = None
    policy_sha256: str | None = None


def write(connection: Connection, entry: Entry, rows: Rows, last: Head | None = None) -> int:
    """Add an entry with the rows that it commits to, which get its number; return the number.

    Only within `database.writing`, which makes sure that nobody else adds one at the same time. `last` is the end of
    the log where it is known already.
    """
    return write_all(connection, [(entry, rows)], last)


def write_all(connection: Connection, entries: Iterable[tuple[Entry, Rows]], last: Head | None = None) -> int:
    """Add entries in their order, each with its rows; return the number of the last. As `write`, but in bulk."""
    seq, previous = last or head_of(connection)
    written: dict[Table, list[Json]] = {LOG: []}
    for entry, rows in entries:
        seq += 1
        complete = {table: [_complete(table, row, seq) for row in of_table] for table, of_table in rows.items()}
        values = entry._asdict() | {
            "seq": seq,
            "payload": canonical(entry.payload).decode(),
            "rows_sha256": hash_of_rows({table.name: of_table for table, of_table in complete.items()}),
            "previous": previous,
        }
        previous = hash_of_entry(values)
        written[LOG].append({**values, "hash": previous})
        for table, of_table in complete.items():
            written.setdefault(table, []).extend(of_table)
    for table, of_table in written.items():
        if of_table:
            _adding(table).execute(connection, of_table[0] if len(of_table) == 1 else of_table)
    return seq


def _complete(table: Table, row: Json, seq: int) -> Json:
    """Give a row its entry's number, and every column that it leaves empty."""
    return {name: row.get(name) for name in columns_of(table)} | {"seq": seq}


@cache
def columns_of(table: Table) -> tuple[str, ...]:
    """List the names of a table's columns, as plain text."""
    return tuple(str(column.name) for column in table.columns)


@cache
def _adding(table: Table) -> Prepared:
    return Prepared(insert(table), columns_of(table))


def hash_of_entry(entry: Mapping[str, Any]) -> str:
    """Hash an entry: all its columns but the hash."""
    return sha256(_canonical({name: entry[name] for name in _HASHED})).hexdigest()


def hash_of_rows(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Hash the rows of an entry by table; a table without rows is left out."""
    digest = sha256()
    for table in sorted(rows):
        if rows[table]:
            digest.update(b"%s:[" % table.encode())
            for row in sorted(map(_canonical, rows[table])):
                digest.update(row + b"\n")
            digest.update(b"]")
    return digest.hexdigest()


def _canonical(row: Mapping[str, Any]) -> bytes:
    """Write a row as canonical JSON, even one that somebody filled with what does not belong there."""
    return orjson.dumps(dict(row), option=orjson.OPT_SORT_KEYS, default=repr)


def entries(connection: Connection, subject: str | None = None, after: int = 0) -> Generator[Row[Any], None, None]:
    """Read the entries in their order, of one subject (a grant, a key) or all."""
    chosen = select(LOG).where(LOG.c.seq > after).order_by(LOG.c.seq)
    if subject is not None:
        chosen = chosen.where(LOG.c.subject == subject)
    with connection.execute(chosen.execution_options(yield_per=1_000)) as rows:
        yield from rows


def newest(connection: Connection, before: int | None = None, most: int | None = None) -> Sequence[Row[Any]]:
    """Read the latest entries, the newest first: those before an entry, at most so many."""
    chosen = select(LOG).order_by(LOG.c.seq.desc()).limit(most)
    return connection.execute(chosen if before is None else chosen.where(LOG.c.seq < before)).all()


def told(entry: Row[Any]) -> Json:
    """Write an entry as plain data, its payload unpacked."""
    return plain(entry) | {"payload": orjson.loads(entry.payload)}


def plain(row: Row[Any]) -> Json:
    """Turn a row into plain data."""
    return {str(name): value for name, value in row._mapping.items()}
