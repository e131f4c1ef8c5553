"""API keys: who may propose, decide, or only read. Secrets are shown once and kept as hashes."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, bindparam, select

from service.errors import Defect, Denied, NotFound, Refused
from service.intake.fields import Text, defects_of
from service.ledger import log
from service.ledger.database import Ledger
from service.ledger.schema import KEYS, LOG, REVOCATIONS, ROLES
from service.ledger.tokens import form_of, hashed, new_token, row_of

_PREFIX: Final = "ts"
_FORM: Final = form_of(_PREFIX)
_SELECTED: Final = (
    select(KEYS, REVOCATIONS.c.seq.label("revoked_by"), LOG.c.at.label("created_at"))
    .join(LOG, LOG.c.seq == KEYS.c.seq)
    .outerjoin(REVOCATIONS, REVOCATIONS.c.key_id == KEYS.c.id)
)
_BY_ID: Final = _SELECTED.where(KEYS.c.id == bindparam("id"))


class Actor(NamedTuple):
    """Whoever does something: a person, by one of this person's keys."""

    key_id: str
    person: str
    role: str


def same_person(one: str, other: str) -> bool:
    """Tell whether two names are one person's: width, case and blanks do not matter."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def create_key(ledger: Ledger, person: str, role: str, by: str, expires: datetime | None = None) -> tuple[str, str]:
    """Create a key for a person; return its id and, once and for all, the key itself.

    `expires` is in UTC. Refused for a name that is none, a role that is none, or a time that has passed.
    """
    _refuse_wrong(person, role, expires)
    key_id, token = new_token(_PREFIX)
    until = None if expires is None else log.stamp(expires)
    row = {"id": key_id, "person": person, "role": role, "secret_sha256": hashed(token), "expires": until}
    payload = {"person": person, "role": role, "expires": until}
    with ledger.writing() as connection:
        log.write(connection, log.Entry(by, "create-key", f"key-{key_id}", payload, log.now()), {KEYS: [row]})
    return key_id, token


def _refuse_wrong(person: str, role: str, expires: datetime | None) -> None:
    from marshmallow import ValidationError

    defects = []
    try:
        Text().read(person)
    except ValidationError as error:
        defects += [Defect("/person", one.code, one.given, one.expected) for one in defects_of(error)]
    if role not in ROLES:
        defects.append(Defect("/role", "unknown_code", role, " | ".join(ROLES)))
    if expires is not None and expires <= datetime.now(UTC):
        defects.append(Defect("/expires", "expires_in_the_past", expires.isoformat(), None))
    if defects:
        raise Refused(defects)


def list_keys(ledger: Ledger) -> list[Row[Any]]:
    """List all keys in the order of their making, without their secrets' hashes being of any use."""
    with ledger.reading() as connection:
        return list(connection.execute(_SELECTED.order_by(KEYS.c.seq)))


def revoke_keys(ledger: Ledger, named: str, by: str) -> list[str]:
    """Revoke a key by its id, or all keys of a person; return the ids. NotFound if there is none left to revoke."""
    with ledger.writing() as connection:
        rows = list(connection.execute(_SELECTED.order_by(KEYS.c.seq)))
        live = [row for row in rows if row.revoked_by is None]
        chosen = [row.id for row in live if row.id == named] or [
            row.id for row in live if same_person(row.person, named)
        ]
        if not chosen:
            raise NotFound("key", named, [f"{row.id} ({row.person})" for row in live])
        for key_id in chosen:
            entry = log.Entry(by, "revoke-key", f"key-{key_id}", {}, log.now())
            log.write(connection, entry, {REVOCATIONS: [{"key_id": key_id}]})
    return chosen


def actor_of(connection: Connection, token: str) -> Actor:
    """Find whose key this is; Denied for one that is unknown, revoked or expired."""
    found = row_of(connection, _BY_ID, _FORM, token)
    if found is None:
        raise Denied("key-unknown", known=False)
    return _valid(found)


def holder_of(connection: Connection, key_id: str) -> Actor:
    """Find who holds a key of ours by its id; Denied for one that is revoked, expired, or not there any more."""
    found = connection.execute(_BY_ID, {"id": key_id}).first()
    if found is None:
        raise Denied("key-unknown", known=False)
    return _valid(found)


def _valid(found: Row[Any]) -> Actor:
    if found.revoked_by is not None:
        raise Denied("key-revoked", known=False, key=found.id)
    if found.expires is not None and found.expires <= log.now():
        raise Denied("key-expired", known=False, key=found.id)
    return Actor(found.id, found.person, found.role)


def admitted(connection: Connection, token: str, *roles: str) -> Actor:
    """Find whose key this is; Denied unless it is one of ours that has one of these roles."""
    return in_a_role(actor_of(connection, token), *roles)


def in_a_role(actor: Actor, *roles: str) -> Actor:
    """Return whoever has one of these roles; Denied to all others."""
    if actor.role not in roles:
        raise Denied("role-lacking", known=True, key=actor.key_id, role=actor.role, allowed=", ".join(roles))
    return actor


def could_be_a_key(token: str) -> bool:
    """Tell whether a text has the form of our keys."""
    return _FORM.fullmatch(token) is not None
