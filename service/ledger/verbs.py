"""What happens to a grant after it was proposed: approve, release, pay, recover. Each is one entry of the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from marshmallow import ValidationError
from sqlalchemy import Connection

from service.errors import Conflict, Defect, Denied, Refused
from service.intake.envelope import parsed, unknown_keys
from service.intake.fields import Entry, IsoDate, Json, Text, Yuan, defects_of, wrong
from service.ledger import limits, log
from service.ledger.books import Grant, grant_of
from service.ledger.database import Ledger
from service.ledger.keys import Actor, same_person
from service.ledger.schema import TRANSITIONS, USAGE
from service.money import day_of, yuan

#: From which states a verb leads on, and to which.
LEADS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "approve": (("reserved", "manual_review"), "approved"),
    "release": (("reserved", "manual_review", "approved"), "released"),
    "pay": (("approved",), "paid"),
    "recover": (("paid", "recovered"), "recovered"),
}
#: The time of day in China.
CHINA: Final = timezone(timedelta(hours=8))
_LONGEST: Final = 500


class Remark(Text):
    """A sentence or two."""

    expected = f"1..{_LONGEST} characters"

    def read(self, value: Any) -> str:
        """Return the text; line breaks and other controls are refused."""
        if type(value) is not str:
            raise wrong("not_text", value, self.expected)
        if not 1 <= len(value) <= _LONGEST:
            raise wrong("remark_length", len(value), self.expected, most=_LONGEST)
        if not value.isprintable():
            raise wrong("text_characters", value, self.expected)
        return value

    @property
    def json_schema(self) -> Json:
        """Give the length."""
        return {"type": "string", "minLength": 1, "maxLength": _LONGEST}


_REASON: Final[dict[str, Entry]] = {"reason": Remark(), "note": Remark()}
_PAYMENT: Final[dict[str, Entry]] = {"paid_on": IsoDate(), "payee": Text(), "reference": Text(), "note": Remark()}
#: What the body of each verb may say.
BODIES: Final[Mapping[str, dict[str, Entry]]] = {
    "approve": _REASON,
    "release": _REASON,
    "pay": _PAYMENT,
    "recover": {"amount": Yuan(), **_REASON},
}


def change(
    ledger: Ledger, grant_id: str, verb: str, body: bytes | Json, actor: Actor, seen: int | None = None
) -> Grant:
    """Take a grant to its next state; Conflict says from which states the verb leads on.

    `seen` is the number of changes (`Grant.change`) that the caller knew of: Conflict if there were more since.

    Raises Refused with every defect of the body, NotFound, Denied for one's own proposal, Unavailable.
    """
    said = _read(verb, body)
    with ledger.writing() as connection:
        grant = grant_of(connection, grant_id)
        if seen is not None and seen != grant.change:
            raise Conflict("changed-meanwhile", grant=grant.id)
        allowed, state = LEADS[verb]
        if grant.state not in allowed:
            raise Conflict("state-forbids", grant=grant.id, verb=verb, state=grant.state, allowed=", ".join(allowed))
        if verb == "approve":
            _refuse_approval(grant, said, actor)
        amount = _recoverable(grant, said) if verb == "recover" else grant.amount
        _write(connection, grant, verb, state, amount, said, actor)
        return grant_of(connection, grant_id)


def _read(verb: str, body: bytes | Json) -> Json:
    """Read the body of a verb; none at all is an empty one."""
    entries = BODIES[verb]
    data = parsed(body or {})
    defects = unknown_keys(data, tuple(entries))
    said: Json = {}
    for name, entry in entries.items():
        if data.get(name) is not None:
            try:
                said[name] = entry.read(data[name])
            except ValidationError as error:
                defects += [
                    Defect(f"/{name}", one.code, one.given, one.expected, {**one.facts, "field": name})
                    for one in defects_of(error)
                ]
    if defects:
        raise Refused(defects)
    if verb == "pay":
        said["paid_on"] = day_of(said["paid_on"]).isoformat() if "paid_on" in said else today()
    return said


def today() -> str:
    """Tell the day in China."""
    return datetime.now(UTC).astimezone(CHINA).date().isoformat()


def _refuse_approval(grant: Grant, said: Json, actor: Actor) -> None:
    """Refuse one's own proposal, nothing to approve, and a decision on a held grant without a reason."""
    if same_person(grant.proposer, actor.person):
        raise Denied("own-proposal", known=True, grant=grant.id, person=actor.person)
    if not grant.amount:
        raise Conflict("nothing-to-approve", grant=grant.id)
    if grant.state == "manual_review" and "reason" not in said:
        raise Refused([Defect("/reason", "review_needs_reason", None, None, {"field": "reason"})])


def _recoverable(grant: Grant, said: Json) -> int:
    """Return the fen to recover: what is named, or all that is left."""
    left = grant.amount - grant.recovered
    if not left:
        raise Conflict("all-recovered", grant=grant.id)
    amount: int = said.get("amount", left)
    if not 0 < amount <= left:
        facts = {"most": yuan(left, grouped=True)}
        raise Refused([Defect("/amount", "recovers_too_much", yuan(amount), f"0.01..{yuan(left)}", facts)])
    return amount


def _write(connection: Connection, grant: Grant, verb: str, state: str, amount: int, said: Json, actor: Actor) -> None:
    at = log.now()
    words = {name: value for name, value in said.items() if name != "amount"}
    recovered = grant.recovered + (amount if verb == "recover" else 0)
    row = {"grant_id": grant.id, "n": grant.change + 1, "at": at, "verb": verb, "state": state, "person": actor.person}
    taken = limits.taken_by(connection, grant.id)
    if verb == "recover":
        taken = limits.parts(taken, grant.recovered, amount)
    payload = {"key": actor.key_id, "state": state, "amount": amount, **words}
    hashes = (grant.request_sha256, grant.result_sha256, grant.policy_sha256)
    rows: log.Rows = {
        TRANSITIONS: [{**row, "amount": amount, "recovered": recovered, **words}],
        USAGE: limits.changes(taken, limits.totals_of_all(connection, taken), verb, grant.state, grant.id),
    }
    log.write(connection, log.Entry(actor.person, verb, grant.id, payload, at, *hashes), rows)
