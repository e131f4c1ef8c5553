"""Signing in with a key: who is signed in, until when, and what is written down of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Any

import orjson
import pytest

from service.errors import Denied
from service.ledger import log
from service.ledger.database import Ledger
from service.ledger.keys import actor_of, could_be_a_key, create_key, revoke_keys
from service.ledger.schema import REVOCATIONS
from service.ledger.sessions import session_actor, sign_in, sign_out
from service.ledger.verifying import committed, verify

Json = dict[str, Any]


@pytest.fixture
def key(ledger: Ledger) -> str:
    """Return the key of an auditor."""
    return create_key(ledger, "李伟", "auditor", by="root")[1]


def written(ledger: Ledger) -> list[Json]:
    """Read what was logged of sessions, with the rows that came with it."""
    with ledger.reading() as connection:
        found = [{**log.told(entry), "rows": rows} for entry, rows in committed(connection)]
    assert verify(ledger).flaw is None
    return [one for one in found if one["verb"].startswith("sign-")]


def denied(ledger: Ledger, token: str) -> Denied:
    """Return why nobody is signed in by a token: the same on the state of a moment and within a transaction."""
    found = []
    for way in (ledger.glancing, ledger.reading):
        with pytest.raises(Denied) as caught, way() as connection:
            session_actor(connection, token)
        found.append(caught.value)
    assert str(found[0]) == str(found[1])
    assert not found[0].known
    return found[0]


def changed(token: str) -> str:
    """Change the last character of a token."""
    return token[:-1] + ("A" if token[-1] != "A" else "B")


def test_who_has_a_key_signs_in(ledger: Ledger, key: str) -> None:
    """The session is the key's person with the key's role; signing in twice gives two sessions."""
    actor, token = sign_in(ledger, key)
    _, other = sign_in(ledger, key)
    assert (actor.person, actor.role) == ("李伟", "auditor")
    assert token != other
    with ledger.glancing() as connection:
        assert actor == actor_of(connection, key)
        assert session_actor(connection, token) == session_actor(connection, other) == actor


def test_who_and_when_is_written_down(ledger: Ledger, key: str) -> None:
    """An entry says who signed in when and until when, another who signed out; both commit to a row."""
    actor, token = sign_in(ledger, key, hours=3)
    sign_out(ledger, token)
    session_id = token.split("-")[1]
    came, left = written(ledger)
    for entry, verb in ((came, "sign-in"), (left, "sign-out")):
        assert (entry["actor"], entry["verb"], entry["subject"]) == ("李伟", verb, f"session-{session_id}")
        assert entry["payload"]["key"] == actor.key_id
    (row,) = came["rows"]["sessions"]
    assert (row["id"], row["key_id"]) == (session_id, actor.key_id)
    until = datetime.fromisoformat(row["expires"])
    assert until - datetime.fromisoformat(came["at"]) == timedelta(hours=3)
    assert left["rows"] == {"ended_sessions": [{"session_id": session_id, "seq": left["seq"]}]}


def test_a_session_lasts_eight_hours_unless_told(ledger: Ledger, key: str) -> None:
    """The default is a day at work."""
    sign_in(ledger, key)
    (came,) = written(ledger)
    lasts = datetime.fromisoformat(came["payload"]["expires"]) - datetime.fromisoformat(came["at"])
    assert lasts == timedelta(hours=8)


def test_no_secret_is_kept(ledger: Ledger, key: str) -> None:
    """Neither the key nor the session's token is found in anything that is written."""
    _, token = sign_in(ledger, key)
    sign_out(ledger, token)
    with ledger.reading() as connection:
        kept = orjson.dumps([[log.told(entry), rows] for entry, rows in committed(connection)]).decode()
    for secret in (key, token):
        assert secret[16:] not in kept
    assert token.split("-")[1] in kept


@pytest.mark.parametrize("wrong", ["", "x", "ts-000000000000-" + "A" * 43, "ss-000000000000-" + "A" * 43, "密钥"])
def test_what_is_no_key_signs_nobody_in(ledger: Ledger, wrong: str) -> None:
    """Noise, or a key that nobody has, is denied and leaves nothing behind."""
    with pytest.raises(Denied, match="key-unknown"):
        sign_in(ledger, wrong)
    assert written(ledger) == []


def test_a_session_is_no_key_and_a_key_no_session(ledger: Ledger, key: str) -> None:
    """A session signs nobody in and opens no interface; a key is not taken for a session."""
    _, token = sign_in(ledger, key)
    assert not could_be_a_key(token)
    with pytest.raises(Denied, match="key-unknown"):
        sign_in(ledger, token)
    assert denied(ledger, key).code == "session-unknown"


def test_what_is_no_session_is_unknown(ledger: Ledger, key: str) -> None:
    """Noise, a session that nobody has, and the right id with another secret."""
    _, token = sign_in(ledger, key)
    for wrong in ("", "ss-", "ss-000000000000-" + "A" * 43, changed(token), f"{token}\n", f" {token}", "登录"):
        assert denied(ledger, wrong).code == "session-unknown"


def test_a_key_that_is_no_longer_valid_signs_nobody_in(ledger: Ledger) -> None:
    """A revoked key and an expired one are denied by what they are."""
    soon = datetime.now(UTC) + timedelta(seconds=0.5)
    _, short = create_key(ledger, "Qian", "auditor", by="root", expires=soon)
    _, revoked = create_key(ledger, "Zhao", "auditor", by="root")
    revoke_keys(ledger, "Zhao", by="root")
    with pytest.raises(Denied, match="key-revoked"):
        sign_in(ledger, revoked)
    wait_until(soon)
    with pytest.raises(Denied, match="key-expired"):
        sign_in(ledger, short)
    assert written(ledger) == []


def wait_until(moment: datetime) -> None:
    """Wait for a moment that is near."""
    while (left := moment - datetime.now(UTC)) >= timedelta():
        sleep(left.total_seconds() + 0.001)


def test_a_key_revoked_meanwhile_signs_nobody_in(ledger: Ledger, key: str) -> None:
    """Who waits for another writer is looked at once more: what that one revoked signs nobody in."""
    with ThreadPoolExecutor(1) as pool:
        with ledger.writing() as connection:
            waiting = pool.submit(sign_in, ledger, key)
            sleep(0.3)  # the key is valid now, and the writer's turn is ours
            assert not waiting.done()
            entry = log.Entry("root", "revoke-key", "key", {}, log.now())
            log.write(connection, entry, {REVOCATIONS: [{"key_id": actor_of(connection, key).key_id}]})
        with pytest.raises(Denied, match="key-revoked"):
            waiting.result()
    assert written(ledger) == []


def test_a_session_ends_when_it_is_ended(ledger: Ledger, key: str) -> None:
    """Who signed out is signed out, in this session and no other."""
    actor, token = sign_in(ledger, key)
    _, other = sign_in(ledger, key)
    sign_out(ledger, token)
    why = denied(ledger, token)
    assert (why.code, why.facts) == ("session-ended", {"key": actor.key_id})
    with ledger.glancing() as connection:
        assert session_actor(connection, other) == actor


def test_a_session_ends_by_itself(ledger: Ledger, key: str) -> None:
    """A session of no hours has expired as soon as it begins."""
    actor, token = sign_in(ledger, key, hours=0)
    why = denied(ledger, token)
    assert (why.code, why.facts) == ("session-expired", {"key": actor.key_id})


def test_a_session_ends_when_its_key_is_revoked(ledger: Ledger, key: str) -> None:
    """Whoever revokes a key ends its sessions at once, and nobody else's."""
    actor, token = sign_in(ledger, key)
    second, other = sign_in(ledger, create_key(ledger, "李伟", "proposer", by="root")[1])
    revoke_keys(ledger, actor.key_id, by="root")
    why = denied(ledger, token)
    assert (why.code, why.facts) == ("key-revoked", {"key": actor.key_id})
    with ledger.glancing() as connection:
        assert session_actor(connection, other) == second


def test_a_session_ends_when_its_key_expires(ledger: Ledger) -> None:
    """A session does not outlive its key."""
    soon = datetime.now(UTC) + timedelta(seconds=1.5)
    key_id, key = create_key(ledger, "Qian", "auditor", by="root", expires=soon)
    _, token = sign_in(ledger, key)
    wait_until(soon)
    why = denied(ledger, token)
    assert (why.code, why.facts) == ("key-expired", {"key": key_id})


def ended(ledger: Ledger, token: str) -> None:
    """End a session before its time."""
    sign_out(ledger, token)


def revoked(ledger: Ledger, _: str) -> None:
    """End all sessions of a key."""
    revoke_keys(ledger, "李伟", by="root")


@pytest.mark.parametrize("end", [ended, revoked])
def test_what_has_ended_is_not_ended_again(ledger: Ledger, key: str, end: Callable[[Ledger, str], None]) -> None:
    """Signing out of what has ended, expired or never was, does nothing and logs nothing."""
    _, token = sign_in(ledger, key)
    _, expired = sign_in(ledger, key, hours=0)
    end(ledger, token)
    before = written(ledger)
    for one in (token, expired, changed(token), "ss-000000000000-" + "A" * 43, key, ""):
        sign_out(ledger, one)
    assert written(ledger) == before


def test_only_the_token_ends_a_session(ledger: Ledger, key: str) -> None:
    """Who knows the id of a session, which is no secret, cannot end it."""
    actor, token = sign_in(ledger, key)
    sign_out(ledger, changed(token))
    with ledger.glancing() as connection:
        assert session_actor(connection, token) == actor


def test_of_many_at_once_one_signs_out(ledger: Ledger, key: str) -> None:
    """A button that is pressed many times ends the session once; people who sign in at once all do."""
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda _: sign_in(ledger, key)[1], range(8)))
        list(pool.map(lambda _: sign_out(ledger, tokens[0]), range(8)))
    assert len(set(tokens)) == 8
    assert [one["verb"] for one in written(ledger)] == ["sign-in"] * 8 + ["sign-out"]
