"""Reports of audits kept in the ledger: stored once, hashed, and an entry of the log like everything else."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection, Row, Select, func, select

from service.errors import NotFound
from service.ledger import log
from service.ledger.database import Ledger
from service.ledger.schema import AUDITS, LOG
from service.money import fen_of

Json = dict[str, Any]
VERB: Final = "audit"
_KEPT: Final = select(AUDITS, LOG.c.at, LOG.c.actor).join(LOG, LOG.c.seq == AUDITS.c.seq)


class Kept(NamedTuple):
    """A report that is kept: under which id, who made it when (UTC), and the report."""

    id: str
    at: str
    by: str
    report: Json

    def whole(self) -> Json:
        """Write out the record with its report."""
        return {"id": self.id, "made_by": self.by, "made_at": self.at, **self.report}


def keep(ledger: Ledger, report: Json, by: str, key: str | None = None) -> Kept:
    """Store a report for good; `key` is the id of the API key that was used. Unavailable if nothing could be stored."""
    figures = {
        "file": report["file"],
        "file_sha256": report["file_sha256"],
        "rows": report["rows"],
        "accused": report["accused"]["rows"],
        "at_stake": fen_of(report["accused"]["at_stake"]),
    }
    with ledger.writing() as connection:
        number = (connection.scalar(select(func.max(AUDITS.c.number))) or 0) + 1
        audit_id, at = f"audit-{number:06d}", log.now()
        row = {"id": audit_id, "number": number, **figures}
        row |= {"report": orjson.dumps(report).decode(), "report_sha256": report["sha256"]}
        hashes = {"request_sha256": report["file_sha256"], "result_sha256": report["sha256"]}
        log.write(connection, log.Entry(by, VERB, audit_id, {"key": key, **figures}, at, **hashes), {AUDITS: [row]})
    return Kept(audit_id, at, by, report)


def kept_of(connection: Connection, audit_id: str) -> Kept:
    """Read a report; NotFound if there is none of this id."""
    found = connection.execute(_KEPT.where(AUDITS.c.id == audit_id)).first()
    if found is None:
        raise NotFound("audit", audit_id, [])
    return _made(found)


def kept(
    connection: Connection, year: int | None = None, after: int = 0, most: int | None = None, *, newest: bool = False
) -> list[Row[Any]]:
    """List the reports (of a year in UTC, or all), without what is in them, in the order in which they were made.

    `newest` turns the order round. Only those that come after the one whose `seq` is named, at most so many.
    """
    columns = [column for column in AUDITS.columns if column.name != "report"]
    chosen: Select[Any] = select(*columns, LOG.c.at, LOG.c.actor).join(LOG, LOG.c.seq == AUDITS.c.seq)
    if year is not None:
        chosen = chosen.where(LOG.c.at.startswith(f"{year}-"))
    if newest:
        chosen = chosen.where(AUDITS.c.seq < after) if after else chosen
        return list(connection.execute(chosen.order_by(AUDITS.c.seq.desc()).limit(most)))
    return list(connection.execute(chosen.where(AUDITS.c.seq > after).order_by(AUDITS.c.seq).limit(most)))


def _made(row: Row[Any]) -> Kept:
    return Kept(row.id, row.at, row.actor, orjson.loads(row.report))
