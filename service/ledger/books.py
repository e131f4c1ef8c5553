"""The grants as they stand: each with the state that its latest transition left it in."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, Select, bindparam, func, select

from service.errors import NotFound
from service.ledger.guard import claiming
from service.ledger.schema import GRANTS, LOG, TRANSITIONS
from service.money import yuan

Json = dict[str, Any]
_LATER: Final = TRANSITIONS.alias("later")
_NEWEST: Final = (
    select(func.max(_LATER.c.n)).where(_LATER.c.grant_id == GRANTS.c.id).correlate(GRANTS).scalar_subquery()
)
_STANDING: Final = (
    select(
        GRANTS,
        LOG.c.at.label("proposed_at"),
        LOG.c.payload,
        TRANSITIONS.c.n,
        TRANSITIONS.c.state,
        TRANSITIONS.c.at.label("changed_at"),
        TRANSITIONS.c.recovered,
    )
    .join(LOG, LOG.c.seq == GRANTS.c.seq)
    .join(TRANSITIONS, (TRANSITIONS.c.grant_id == GRANTS.c.id) & (TRANSITIONS.c.n == _NEWEST))
)
_BY_ID: Final = _STANDING.where(GRANTS.c.id == bindparam("id"))
_BY_KEY: Final = _STANDING.where(
    GRANTS.c.proposer == bindparam("proposer"), GRANTS.c.idempotency_key == bindparam("idempotency_key")
)


#: The columns that a grant shows as they are.
_PLAIN: Final = (
    "id", "seq", "measure", "year", "amount", "proposer", "policy", "policy_sha256", "engine", "town_id",
    "applicant_id", "request_sha256", "result_sha256", "body_sha256",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant: what was asked, what was decided, and how it stands. Amounts in fen, times in UTC.

    `request` is the calculation request as JSON, with the `granted_before` that the ledger knew; `result` is what
    `service.calculation.sealed` makes of it, as JSON: everything that `result_sha256` covers, no words of any language.
    `change` counts the transitions so far.
    """

    id: str
    seq: int
    measure: str
    year: int
    state: str
    amount: int
    recovered: int
    proposer: str
    proposed_at: str
    changed_at: str
    change: int
    policy: str
    policy_sha256: str
    engine: str
    town_id: str | None
    applicant_id: str | None
    request: bytes
    request_sha256: str
    result: bytes
    result_sha256: str
    body_sha256: str
    duplicates: tuple[Json, ...]

    @property
    def paid(self) -> int:
        """The fen that were paid out, whether or not some were recovered since."""
        return self.amount if self.state in {"paid", "recovered"} else 0

    def summary(self) -> Json:
        """Write out what a list of grants tells of it."""
        return {
            "id": self.id,
            "measure": self.measure,
            "year": self.year,
            "state": self.state,
            "amount": yuan(self.amount),
            "paid": yuan(self.paid),
            "recovered": yuan(self.recovered),
            "policy": self.policy,
            "town_id": self.town_id,
            "applicant_id": self.applicant_id,
            "proposed_by": self.proposer,
            "proposed_at": self.proposed_at,
            "changed_at": self.changed_at,
            "duplicates": list(self.duplicates),
        }


def grant_of(connection: Connection, grant_id: str) -> Grant:
    """Read a grant; NotFound if there is none of this id."""
    found = connection.execute(_BY_ID, {"id": grant_id}).first()
    if found is None:
        raise NotFound("grant", grant_id, [])
    return _grant(found)


def grant_by_key(connection: Connection, proposer: str, idempotency_key: str) -> Grant | None:
    """Find the grant that a person proposed under an idempotency key."""
    found = connection.execute(_BY_KEY, {"proposer": proposer, "idempotency_key": idempotency_key}).first()
    return None if found is None else _grant(found)


def grants_of(
    connection: Connection, filters: Mapping[str, Any] | None = None, after: int = 0, most: int | None = None
) -> Generator[Grant, None, None]:
    """Read the grants in the order in which they were proposed, after the one whose `seq` is named.

    `filters`: any of id, measure, state, town_id, applicant_id, year; `claims` are identifiers of which it claims one.
    """
    chosen: Select[Any] = _STANDING.where(GRANTS.c.seq > after).order_by(GRANTS.c.seq).limit(most)
    for name, value in (filters or {}).items():
        if name == "claims":
            chosen = chosen.where(GRANTS.c.id.in_(claiming(value)))
            continue
        column = TRANSITIONS.c.state if name == "state" else GRANTS.c[name]
        chosen = chosen.where(column == value)
    with connection.execute(chosen.execution_options(yield_per=500)) as rows:
        for row in rows:
            yield _grant(row)


def transitions_of(connection: Connection, grant_id: str | None = None) -> Generator[Row[Any], None, None]:
    """Read the transitions of a grant, or of all in the order of the log."""
    chosen = select(TRANSITIONS).order_by(TRANSITIONS.c.seq)
    if grant_id is not None:
        chosen = chosen.where(TRANSITIONS.c.grant_id == grant_id)
    with connection.execute(chosen.execution_options(yield_per=1_000)) as rows:
        yield from rows


def proposed(row: Mapping[str, Any], at: str, payload: Mapping[str, Any]) -> Grant:
    """Make the grant of a row that was just added."""
    return made(
        row, payload["duplicates"], proposed_at=at, state=payload["state"], changed_at=at, recovered=0, change=1
    )


def _grant(row: Row[Any]) -> Grant:
    columns = dict(row._mapping)
    standing = {name: columns[name] for name in ("proposed_at", "state", "changed_at", "recovered")}
    return made(columns, orjson.loads(row.payload)["duplicates"], **standing, change=row.n)


def made(row: Mapping[str, Any], duplicates: Iterable[Json], **standing: Any) -> Grant:
    """Make the grant of a row and of how it stands."""
    texts = {name: row[name].encode() for name in ("request", "result")}
    return Grant(**{name: row[name] for name in _PLAIN}, **texts, **standing, duplicates=tuple(duplicates))
