"""Is the ledger what was written? Every entry, every row and every running total is worked out again."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, Table, select, text
from sqlalchemy.exc import DatabaseError

from service.ledger import log
from service.ledger.database import Ledger
from service.ledger.limits import TOTALS, Group, Totals
from service.ledger.schema import COMMITTED, USAGE, VERBS
from service.ledger.verbs import LEADS
from service.policies.model import Language
from service.words import label_of, text_of

Json = dict[str, Any]
Rows = dict[str, list[Json]]


_START: Final = log.Head(0, log.GENESIS)


class Flaw(NamedTuple):
    """What does not fit: the number of the entry (0: the file as such), a code that words say, and facts."""

    seq: int
    code: str
    facts: Json


class Verified(NamedTuple):
    """How many entries fit, the end of the log, and the first flaw, if there is one."""

    entries: int
    head: log.Head
    flaw: Flaw | None


def in_words(flaw: Flaw, language: Language) -> str:
    """Say what does not fit, without the number of the entry."""
    named = {"verb": "verbs", "state": "grant_states", "limit": "limits"}
    labels = {name: label_of(kind, flaw.facts[name], language) for name, kind in named.items() if name in flaw.facts}
    return text_of("flaws", flaw.code, language, **{**flaw.facts, **labels})


def verify(ledger: Ledger, checkpoint: log.Head | None = None) -> Verified:
    """Go through the whole ledger and stop at the first entry that does not fit.

    A `checkpoint` that was kept elsewhere tells whether the log still holds that entry: that nothing was cut off, and
    that it was not written anew from the beginning. Unavailable if the ledger cannot be reached.
    """
    with ledger.reading() as connection:
        walk = _Walk(checkpoint)
        try:
            walk.flaw = walk.through(connection) or _damage(connection)
        except DatabaseError as error:  # SQLite stumbles over a damaged page
            reason = str(error.orig).partition("\n")[0]
            walk.flaw = Flaw(walk.head.seq + 1, "file-damaged", {"reason": reason})
        return Verified(walk.head.seq, walk.head, walk.flaw)


def committed(connection: Connection) -> Generator[tuple[Row[Any], Rows], None, None]:
    """Read the log entry by entry with the rows that it commits to; `Strays` for rows that no entry has."""
    with ExitStack() as closing_all:
        streams = [closing_all.enter_context(closing(_Stream(connection, table))) for table in COMMITTED]
        last = 0
        for entry in closing_all.enter_context(closing(log.entries(connection))):
            last = entry.seq
            yield entry, {stream.name: rows for stream in streams if (rows := stream.rows_of(last))}
        for stream in streams:
            stream.rows_of(last + 1)
            if stream.next is not None:
                raise Strays(stream.name, stream.next.seq)


class Strays(Exception):
    """Rows that belong to no entry of the log."""

    def __init__(self, table: str, seq: object) -> None:
        super().__init__(f"{table}: {seq}")
        self.table, self.seq = table, seq


class _Stream:
    """The rows of a table in the order of their entries."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self.name = str(table.name)
        chosen = select(table).order_by(table.c.seq)
        self._rows = connection.execute(chosen.execution_options(yield_per=1_000))
        self.next: Row[Any] | None = self._rows.fetchone()

    def close(self) -> None:
        """Let go of the rows that are left."""
        self._rows.close()

    def rows_of(self, seq: int) -> list[Json]:
        """Take the rows of an entry; Strays if there are some of none before it."""
        found = []
        while self.next is not None and self.next.seq == seq:
            found.append(log.plain(self.next))
            self.next = self._rows.fetchone()
        if self.next is not None and (type(self.next.seq) is not int or self.next.seq < seq):
            raise Strays(self.name, self.next.seq)
        return found


@dataclass(slots=True)
class _Walk:
    """A walk through the log: where it is, what it expects next."""

    checkpoint: log.Head | None
    head: log.Head = _START
    flaw: Flaw | None = None
    totals: dict[Group, Totals] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)

    def through(self, connection: Connection) -> Flaw | None:
        """Check entry after entry."""
        if self.checkpoint and self.checkpoint.seq == 0 and self.checkpoint != self.head:
            return Flaw(0, "checkpoint-differs", {"expected": self.checkpoint.hash})
        try:
            with closing(committed(connection)) as written:
                for entry, rows in written:
                    flaw = self._entry(entry, rows) or self._sums(entry, rows)
                    if flaw:
                        return flaw
                    self.head = log.Head(entry.seq, entry.hash)
        except Strays as strays:
            return Flaw(self.head.seq + 1, "rows-astray", {"table": strays.table, "found": strays.seq})
        if self.checkpoint and self.checkpoint.seq > self.head.seq:
            return Flaw(self.head.seq + 1, "cut-off", {"expected": self.checkpoint.seq})
        return None

    def _entry(self, entry: Row[Any], rows: Rows) -> Flaw | None:
        seq = self.head.seq + 1
        if entry.seq != seq:
            return Flaw(seq, "entry-missing", {"found": entry.seq})
        if entry.previous != self.head.hash:
            return Flaw(seq, "previous-differs", {"expected": self.head.hash})
        if log.hash_of_entry(log.plain(entry)) != entry.hash:
            return Flaw(seq, "entry-changed", {"verb": entry.verb, "subject": entry.subject})
        if log.hash_of_rows(rows) != entry.rows_sha256:
            return Flaw(seq, "rows-changed", {"verb": entry.verb, "subject": entry.subject})
        if self.checkpoint and self.checkpoint.seq == seq and self.checkpoint.hash != entry.hash:
            return Flaw(seq, "checkpoint-differs", {"expected": self.checkpoint.hash})
        return None

    def _sums(self, entry: Row[Any], rows: Rows) -> Flaw | None:
        """Check that the verb was allowed, and that every running total follows from the one before."""
        before = self.states.get(entry.subject)
        for step in rows.get("transitions", ()):
            if step["verb"] != entry.verb or not _leads(before, step):
                return Flaw(entry.seq, "state-impossible", {"subject": entry.subject, "state": before or "–"})
            self.states[entry.subject] = step["state"]
        for row in rows.get(USAGE.name, ()):
            group = Group(row["policy"], row["measure"], row["limit_id"], row["group_key"])
            expected = self.totals.get(group, Totals()).moved(entry.verb, before, row["amount"])
            if expected != Totals(row["n"], *(row[name] for name in TOTALS)):
                return Flaw(entry.seq, "totals-differ", {"limit": group.limit_id, "group": group.key})
            self.totals[group] = expected
        return None


def _leads(before: str | None, step: Mapping[str, Any]) -> bool:
    if step["verb"] == VERBS[0]:
        return before is None
    allowed, after = LEADS[step["verb"]]
    return before in allowed and step["state"] == after


def _damage(connection: Connection) -> Flaw | None:
    """Let SQLite look at its own file, and see that the triggers are all there."""
    if connection.dialect.name == "sqlite":
        found = connection.scalar(text("PRAGMA integrity_check(1)"))
        if found != "ok":
            return Flaw(0, "file-damaged", {"reason": found})
    missing = sorted(set(_TRIGGERS[connection.dialect.name]) - set(_triggers(connection)))
    return Flaw(0, "triggers-missing", {"names": ", ".join(missing)}) if missing else None


_ALL: Final = ("log", *(table.name for table in COMMITTED))
#: The triggers that keep rows as they are, by database.
_TRIGGERS: Final[Mapping[str, list[str]]] = {
    "sqlite": [f"{table}_no_{verb}" for table in _ALL for verb in ("update", "delete")],
    "postgresql": [f"{table}_append_only" for table in _ALL],
}


def _triggers(connection: Connection) -> list[str]:
    named = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
    }
    return list(connection.scalars(text(named[connection.dialect.name])))
