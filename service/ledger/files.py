"""A whole file granted: every row that something is due for becomes a grant, all of them in one transaction or none.

The file is decided by the batch that decides any file; what is due then is proposed row by row, in the order of the
file, each row finding used what the rows before it got. Where rows depend on one another (a ceiling shared in
proportion, a threshold of a group) those of one group are one grant: a grant must be computable again by itself.

One entry of the log, before those of the grants, holds what came of the file. Whoever asks again under the same key
gets the same answer out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import orjson
import polars as pl
from sqlalchemy import Connection, func, select

from service.batch.decisions import OUTCOMES, Outcome
from service.batch.headers import Headers
from service.batch.joining import joined, shared_keys
from service.batch.run import ALL, Options, Run, streams
from service.batch.sources import Piece
from service.batch.table import Table
from service.canonical import sha256_of
from service.errors import Conflict, Defect, NothingToGrant, Refused
from service.intake.request import MOST_LINES
from service.ledger import guard, limits, log
from service.ledger.database import Ledger
from service.ledger.grants import checked_key, entry_of, row_of
from service.ledger.guard import Identifier
from service.ledger.keys import Actor
from service.ledger.limits import Group, Totals
from service.ledger.proposals import Calculated, Proposal, calculated, read_proposal
from service.ledger.rows import requested
from service.ledger.running import Running, Used, grants_of_lines, groups_of, settled
from service.ledger.schema import GRANTS, LOG
from service.lines import Column, Lines
from service.many import sealed_each, sheets_of
from service.money import fen_of, yuan
from service.policies import Policies

Json = dict[str, Any]
VERB: Final = "grant-file"
GRANT_ID: Final = "grant_id"
STATE: Final = "state"
#: Rows of which something may be due.
_DUE: Final = frozenset({"eligible", "manual_review"})


def refuse_options(options: Options, history: Path | None) -> None:
    """Refuse what a file that is granted cannot be asked with; Refused with everything."""
    defects = []
    if options.measure == ALL:
        defects.append(Defect("/grant", "grants_one_measure", ALL, None))
    if options.explain:
        defects.append(Defect("/explain", "grants_explain_themselves", "true", "false"))
    if history is not None:
        defects.append(Defect("/history", "ledger_knows", history.name, None))
    if defects:
        raise Refused(defects)


def signed(ledger: Ledger, actor: Actor, key: str | None, files: Sequence[Path], options: Options) -> Signed:
    """Sign files; without a key of the caller's own they are known by what they say and what is asked.

    HeaderMissing for a key that is none.
    """
    digests = []
    for file in files:
        with file.open("rb") as opened:
            digests.append(file_digest(opened, "sha256").hexdigest())
    digest = sha256_of({"files": digests, "measure": options.measure, "policy": options.policy})
    return Signed(ledger, actor, digest if key is None else checked_key(key), digest)


@dataclass(frozen=True, slots=True)
class Signed:
    """Who grants a file, under which key; `digest` is that of the files' bytes and of the options."""

    ledger: Ledger
    actor: Actor
    key: str
    digest: str

    @property
    def subject(self) -> str:
        """What the log calls this file: the same person's same key is the same file."""
        named = sha256_of([self.actor.person, self.key])
        return f"file-{named[:16]}"


class InvalidRows(Refused):
    """Rows of a file cannot be used: nothing of it was granted."""


class Unit(NamedTuple):
    """Rows of a file that are one grant, by position in the file, and the proposal that they are."""

    rows: tuple[int, ...]
    proposal: Proposal


class Standing(NamedTuple):
    """What became of a row: status, fen, rule, and the grant that it is part of with the state that it came into."""

    status: str
    amount: int
    rule: str
    grant_id: str | None = None
    state: str | None = None


@dataclass(slots=True)
class GrantRun(Run):
    """The files of one measure under way into the ledger."""

    signed: Signed = field(kw_only=True)

    def decided(
        self, pieces: Iterator[Piece], again: Callable[[], Iterator[Piece]] | None = None
    ) -> Iterator[pl.DataFrame]:
        """Grant the rows of a source and write out what became of each; InvalidRows before anything is granted."""
        held, tables = [], []
        for piece, table in self._tables(pieces):
            held.append(piece)
            tables.append(table)
        self._refuse_invalid(held, tables)
        lines, _ = joined(tables)
        outcome = self._outcome(tables)
        self._stand(outcome, self._granted(held, tables, lines, outcome))
        self.totals.add(outcome)
        start = 0
        for piece, table in zip(held, tables, strict=True):
            yield self._written(piece, table, outcome, start)
            start += piece.texts.height

    def _headers_of(self, piece: Piece) -> tuple[Headers, pl.Schema]:
        headers, _ = Run._headers_of(self, piece)
        return headers, pl.Schema({GRANT_ID: pl.String, STATE: pl.String})

    def _refuse_invalid(self, pieces: Sequence[Piece], tables: Sequence[Table]) -> None:
        """Refuse the whole file for one bad row, with every defect of every row."""
        defects = [
            replace(named, pointer=f"{piece.place} {piece.rows[row]}: {named.pointer}")
            for piece, table in zip(pieces, tables, strict=True)
            for row in sorted(table.defects)
            for named in (self._named(defect, piece.texts.columns) for defect in table.defects[row])
        ]
        if defects:
            raise InvalidRows(defects)

    def _granted(
        self, pieces: Sequence[Piece], tables: Sequence[Table], lines: Lines, outcome: Outcome
    ) -> dict[int, Standing]:
        """Grant what is due, or find what was granted before under this key."""
        with self.signed.ledger.reading() as connection:
            known = standings(connection, self.signed)
        if known is not None:
            return known
        sent = [one for piece, table in zip(pieces, tables, strict=True) for one in requested(self, piece, table)]
        places = [f"{piece.place} {row}" for piece in pieces for row in piece.rows]
        due = {row for row, status in enumerate(outcome.status.tolist()) if OUTCOMES[status] in _DUE}
        units = self._units(_together(self, lines), due, sent, places)
        names = list(dict.fromkeys(piece.place for piece in pieces))
        payload = {"key": self.signed.actor.key_id, "files": names, "measure": self.options.measure, "rows": len(sent)}
        return grant_units(self.policies, self.signed, units, payload)

    def _units(
        self, together: Sequence[tuple[int, ...]], due: set[int], sent: Sequence[Json], places: Sequence[str]
    ) -> list[Unit]:
        """Read the proposals of all groups of rows of which something may be due; InvalidRows with every defect."""
        units, defects = [], []
        for rows in together:
            if due.isdisjoint(rows):
                continue
            if len(rows) > MOST_LINES:
                facts = {"most": MOST_LINES}
                defects.append(Defect(places[rows[0]], "group_too_large", len(rows), f"1..{MOST_LINES}", facts))
                continue
            body: Json = {"measure": self.options.measure, "lines": [sent[row] for row in rows]}
            if self.options.policy is not None:
                body["policy"] = self.options.policy
            if self.options.readings:
                body["readings"] = self.options.readings
            try:
                units.append(Unit(rows, read_proposal(self.policies, body)))
            except Refused as refused:
                defects += [_placed(defect, rows, places) for defect in refused.defects]
            except NothingToGrant:  # no version is in force on the days of these rows: they stay as they were decided
                continue
        if defects:
            raise InvalidRows(defects)
        return units

    def _stand(self, outcome: Outcome, standings: Mapping[int, Standing]) -> None:
        """Put what became of the granted rows in the place of what they were decided without the ledger."""
        grant_ids: list[str | None] = [None] * len(outcome.status)
        states = grant_ids.copy()
        for row, standing in standings.items():
            outcome.status[row], outcome.amount[row] = OUTCOMES.index(standing.status), standing.amount
            if standing.rule not in outcome.rules:
                outcome.rules.append(standing.rule)
            outcome.rule[row] = outcome.rules.index(standing.rule)
            grant_ids[row], states[row] = standing.grant_id, standing.state
        outcome.explained = {GRANT_ID: pl.Series(GRANT_ID, grant_ids), STATE: pl.Series(STATE, states)}
        for name, column in outcome.explained.items():
            outcome.explained[name] = column.cast(pl.String)


def _placed(defect: Defect, rows: Sequence[int], places: Sequence[str]) -> Defect:
    """Say of a line's defect which row of the file it is in."""
    _, _, rest = defect.pointer.partition("/lines/")
    line, _, name = rest.partition("/")
    row = rows[int(line)] if line.isdigit() else rows[0]
    return replace(defect, pointer=f"{places[row]}: {name or defect.pointer}")


def _together(run: Run, lines: Lines) -> list[tuple[int, ...]]:
    """Group the rows that must be decided together, in the order of the first row of each; mostly each by itself."""
    if streams(run.policies, run.options):
        return [(row,) for row in range(lines.count)]
    root = np.arange(lines.count)
    columns = [lines.groups(per)[0] for per in shared_keys(run.provision.measure)]
    while True:
        before = root
        for group in columns:
            root = _least(group, root)[group]
        if np.array_equal(before, root):
            break
    members: dict[int, list[int]] = {}
    for row, first in enumerate(root.tolist()):
        members.setdefault(first, []).append(row)
    return [tuple(rows) for rows in members.values()]


def _least(group: Column, of: Column) -> Column:
    """Find the least number in each group."""
    least = np.full(int(group.max()) + 1, len(of))
    np.minimum.at(least, group, of)
    return least


def standings(connection: Connection, signed: Signed) -> dict[int, Standing] | None:
    """Read what came of a file that was granted under this key; None if there was none, Conflict for another file."""
    entry = next(log.entries(connection, signed.subject), None)
    if entry is None:
        return None
    payload = orjson.loads(entry.payload)
    if payload["sha256"] != signed.digest:
        raise Conflict("file-key-reused", entry=entry.seq)
    found = {
        row: Standing(status, fen_of(amount), rule)
        for status, amount, rule, rows in payload["not_granted"]
        for row in rows
    }
    chosen = select(GRANTS.c.id, GRANTS.c.result, LOG.c.payload).join(LOG, LOG.c.seq == GRANTS.c.seq)
    of_file = GRANTS.c.seq.between(entry.seq + 1, entry.seq + len(payload["granted"]))
    rows_of_grants = iter(payload["granted"])
    for grant_id, result, proposed in connection.execute(chosen.where(of_file).order_by(GRANTS.c.seq)):
        state = orjson.loads(proposed)["state"]
        for row, line in zip(next(rows_of_grants), orjson.loads(result)["lines"], strict=True):
            found[row] = Standing(line["status"], fen_of(line["amount"]), line["rule"], grant_id, state)
    return found


def grant_units(policies: Policies, signed: Signed, units: Sequence[Unit], payload: Json) -> dict[int, Standing]:
    """Grant the units one after another in one transaction; Conflict if another file came first under this key."""
    with signed.ledger.writing() as connection:
        known = standings(connection, signed)
        if known is not None:
            return known
        used = _used(connection, units)
        found = _calculated(policies, units, used)
        granted = [(unit, one) for unit, one in zip(units, found, strict=True) if not one.is_nothing]
        payload |= {
            "sha256": signed.digest,
            "amount": yuan(sum(one.amount for _, one in granted)),
            "granted": [unit.rows for unit, _ in granted],
            "not_granted": _nothing(units, found),
        }
        entry = log.Entry(signed.actor.person, VERB, signed.subject, payload, log.now())
        log.write_all(connection, [(entry, {}), *_entries(connection, signed, granted, used)])
        stood = standings(connection, signed)
    assert stood is not None
    return stood


def _used(connection: Connection, units: Sequence[Unit]) -> dict[Group, Totals]:
    """Read what all the groups of the units have used."""
    named = dict.fromkeys(
        Group(unit.proposal.provision.policy, unit.proposal.measure, limit, key)
        for unit in units
        for limit, keys in unit.proposal.groups.items()
        for key in keys
    )
    return limits.totals_of_all(connection, named)


def _calculated(policies: Policies, units: Sequence[Unit], used: Mapping[Group, Totals]) -> list[Calculated]:
    """Calculate the units, each on what those before it leave."""
    asked = [(unit.proposal.measure, unit.proposal.data) for unit in units]
    sheets = list(sheets_of(policies, asked))
    stood = [Used(-1, of.limit_id, (of.policy, of.measure, of.key), totals.used) for of, totals in used.items()]
    running = Running(grants_of_lines(sheets), np.arange(len(units)), groups_of(sheets), stood)
    before = settled(policies, sheets, running).before
    first = {grant: line for line, grant in reversed(list(enumerate(running.of_line.tolist())))}
    asked = []
    for number, unit in enumerate(units):
        found = _before_of(unit, before, range(first[number], first[number] + len(unit.rows)))
        asked.append((unit.proposal.measure, {**unit.proposal.data, "granted_before": found}))
    results = sealed_each(policies, asked)
    return [_made(unit, data, result) for unit, (_, data), result in zip(units, asked, results, strict=True)]


def _before_of(unit: Unit, before: Mapping[str, Column], lines: range) -> list[Json]:
    """List what the groups of a unit have used, in the form of a request's `granted_before`."""
    used: dict[Group, Totals] = {}
    for limit, keys in unit.proposal.groups.items():
        for key, line in zip(keys, lines, strict=True):
            group = Group(unit.proposal.provision.policy, unit.proposal.measure, limit, key)
            used[group] = Totals(reserved=int(before[limit][line]))
    return limits.granted_before(used)


def _made(unit: Unit, data: Json, result: Json | Refused) -> Calculated:
    if isinstance(result, Refused):
        raise result
    return calculated(unit.proposal, data, result)


def _nothing(units: Sequence[Unit], found: Sequence[Calculated]) -> list[tuple[str, str, str, list[int]]]:
    """List the rows of which nothing is left to grant, by status, amount and rule."""
    alike: dict[tuple[str, str, str], list[int]] = {}
    for unit, one in zip(units, found, strict=True):
        if one.is_nothing:
            for row, line in zip(unit.rows, one.result["lines"], strict=True):
                alike.setdefault((line["status"], line["amount"], line["rule"]), []).append(row)
    return [(*ended, rows) for ended, rows in alike.items()]


def _entries(
    connection: Connection,
    signed: Signed,
    granted: Sequence[tuple[Unit, Calculated]],
    used: Mapping[Group, Totals],
) -> Iterator[tuple[log.Entry, log.Rows]]:
    """Make the entry of each grant, as if they had been proposed one after another."""
    holders = guard.holders_of(connection, dict.fromkeys(one for _, found in granted for one in found.claimed))
    numbers: dict[tuple[str, int], int] = {}
    totals = dict(used)
    for position, (unit, found) in enumerate(granted, 1):
        named = (unit.proposal.measure, unit.proposal.year)
        numbers[named] = (numbers[named] if named in numbers else _last_number(connection, *named)) + 1
        # No key of a single proposal has a blank in it.
        signature = {"proposer": signed.actor.person, "idempotency_key": f"{signed.key} {position}"}
        row = row_of(unit.proposal, found, numbers[named]) | signature
        duplicates = guard.listed(found.claimed, holders)
        entry, rows = entry_of(row, found, totals, duplicates, signed.actor)
        for group, amount in found.taken.items():
            totals[group] = totals[group].moved("propose", None, amount)
        for identifier in found.claimed:
            _hold(holders, identifier, row["id"])
        yield entry, rows


def _hold(holders: dict[Identifier, list[str]], identifier: Identifier, grant_id: str) -> None:
    holders.setdefault(identifier, []).append(grant_id)


def _last_number(connection: Connection, measure: str, year: int) -> int:
    chosen = select(func.max(GRANTS.c.number)).where(GRANTS.c.measure == measure, GRANTS.c.year == year)
    return connection.scalar(chosen) or 0
