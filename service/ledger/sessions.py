"""Sessions: signing in with a key for some hours. What is kept is a hash; who signed in when is an entry of the log."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select

from service.errors import Denied
from service.ledger import log
from service.ledger.database import Ledger
from service.ledger.keys import Actor, actor_of, holder_of
from service.ledger.schema import ENDED_SESSIONS, SESSIONS
from service.ledger.tokens import form_of, hashed, new_token, row_of

SIGN_IN: Final = "sign-in"
SIGN_OUT: Final = "sign-out"
_PREFIX: Final = "ss"
_FORM: Final = form_of(_PREFIX)
_BY_ID: Final = (
    select(SESSIONS, ENDED_SESSIONS.c.seq.label("ended_by"))
    .outerjoin(ENDED_SESSIONS, ENDED_SESSIONS.c.session_id == SESSIONS.c.id)
    .where(SESSIONS.c.id == bindparam("id"))
)


def sign_in(ledger: Ledger, token: str, *, hours: int = 8) -> tuple[Actor, str]:
    """Begin a session of the person whose key this is; return who it is and, once and for all, the session's token.

    Denied for a key that is unknown, revoked or expired; nothing is written then.
    """
    with ledger.glancing() as connection:
        actor_of(connection, token)  # who only guesses keys never takes the writer's turn
    session_id, session_token = new_token(_PREFIX)
    with ledger.writing() as connection:
        actor = actor_of(connection, token)  # it may have been revoked meanwhile
        began = datetime.now(UTC)
        until = log.stamp(began + timedelta(hours=hours))
        row = {"id": session_id, "key_id": actor.key_id, "secret_sha256": hashed(session_token), "expires": until}
        payload = {"key": actor.key_id, "expires": until}
        entry = log.Entry(actor.person, SIGN_IN, _subject(session_id), payload, log.stamp(began))
        log.write(connection, entry, {SESSIONS: [row]})
    return actor, session_token


def sign_out(ledger: Ledger, session_token: str) -> None:
    """End a session; one that has ended, by whatever cause, or never was one is left as it is."""
    with suppress(Denied):
        with ledger.glancing() as connection:
            _live(connection, session_token)  # what is no session never takes the writer's turn
        with ledger.writing() as connection:
            session, actor = _live(connection, session_token)  # it may have been ended meanwhile
            entry = log.Entry(actor.person, SIGN_OUT, _subject(session.id), {"key": actor.key_id}, log.now())
            log.write(connection, entry, {ENDED_SESSIONS: [{"session_id": session.id}]})


def session_actor(connection: Connection, session_token: str) -> Actor:
    """Find who is signed in; Denied for a session that is unknown, ended or expired, or whose key is no longer valid.

    So whoever revokes a key ends its sessions at once.
    """
    return _live(connection, session_token)[1]


def _live(connection: Connection, session_token: str) -> tuple[Row[Any], Actor]:
    found = row_of(connection, _BY_ID, _FORM, session_token)
    if found is None:
        raise Denied("session-unknown", known=False)
    if found.ended_by is not None:
        raise Denied("session-ended", known=False, key=found.key_id)
    if found.expires <= log.now():
        raise Denied("session-expired", known=False, key=found.key_id)
    return found, holder_of(connection, found.key_id)


def _subject(session_id: str) -> str:
    return f"session-{session_id}"
