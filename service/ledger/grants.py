"""Proposing a grant: calculated on what the ledger knows, and reserved, in one transaction.

Whatever can be refused without the ledger is refused before the lock is taken. Within it the ledger fills in the
request's `granted_before`; from there on it is a calculation like any other, which everybody can repeat.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
from sqlalchemy import Connection, bindparam, func, select

from service.applying import applicable, event_days
from service.calculation import sealed
from service.canonical import canonical, sha256_of
from service.errors import Conflict, Defect, HeaderMissing, NothingToGrant, Refused
from service.intake.envelope import parsed, readings_of
from service.intake.request import Request, read_request
from service.ledger import guard, limits, log
from service.ledger.books import Grant, grant_by_key, proposed
from service.ledger.database import Ledger
from service.ledger.guard import Identifier
from service.ledger.keys import Actor
from service.ledger.schema import GRANTS, IDENTIFIERS, TRANSITIONS, USAGE
from service.lines import year_of
from service.money import fen_of
from service.policies import Policies
from service.policies.model import Input, Provision

Json = dict[str, Any]
_HEADER: Final = "Idempotency-Key"
_IDEMPOTENCY_KEY: Final = re.compile(r"[!-~]{1,128}")
_LAST_NUMBER: Final = select(func.max(GRANTS.c.number)).where(
    GRANTS.c.measure == bindparam("measure"), GRANTS.c.year == bindparam("year")
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal that was read: nothing in it can be refused any more, whatever the ledger holds.

    `groups` names the group of every line by shared limit; `body_sha256` tells one body from another.
    """

    measure: str
    data: Json
    body_sha256: str
    request: Request
    provision: Provision
    groups: dict[str, Sequence[str]]
    year: int


def read_proposal(policies: Policies, body: bytes | Json) -> Proposal:
    """Read a calculation request with its measure; Refused with every defect, NotFound for an unknown measure."""
    whole = dict(parsed(body))
    data = {name: value for name, value in whole.items() if name != "measure"}
    measure = whole.get("measure")
    if not isinstance(measure, str):
        code = "not_text" if "measure" in whole else "missing"
        raise Refused([Defect("/measure", code, measure, None, {"field": "measure"})])
    if "granted_before" in data:
        raise Refused([Defect("/granted_before", "ledger_knows", None, None)])
    request = read_request(policies, measure, data)
    provision = _provision(policies, request)
    _refuse_other_readings(policies, data, provision)
    _refuse_unnamed(request, provision)
    texts = {name: [row.get(name) for row in request.rows] for name in limits.text_keys(provision)}
    groups = limits.groups_of(request.lines, texts, provision)
    year = int(year_of(event_days(provision.measure, request.lines))[0])
    return Proposal(measure, data, sha256_of(whole), request, provision, groups, year)


def _provision(policies: Policies, request: Request) -> Provision:
    """Find the one version that all lines are under; NothingToGrant if there is none, Refused for several."""
    if request.provision is None:
        raise NothingToGrant(sealed(policies, request))
    measure = request.provision.measure
    applies = applicable(policies, measure, request.lines, request.policy, request.readings)
    versions = np.unique(applies[applies >= 0]).tolist()
    if len(versions) > 1:
        names = ", ".join(policies.versions[version].ref for version in versions)
        raise Refused([Defect("/lines", "several_policies", names, None)])
    if not versions:
        raise NothingToGrant(sealed(policies, request))
    return policies.provision(policies.versions[versions[0]], measure.id, request.readings)


def _refuse_other_readings(policies: Policies, data: Json, provision: Provision) -> None:
    """Refuse what-if readings: money is granted under those in use, so that all share the same ceilings."""
    version = policies.version(f"{provision.policy}@{provision.version}")
    asked = readings_of(data, version, [])
    defects = [
        Defect(f"/readings/{name}", "reading_not_in_use", choice, version.readings[name].in_use)
        for name, choice in asked.items()
        if choice != version.readings[name].in_use
    ]
    if defects:
        raise Refused(defects)


def _refuse_unnamed(request: Request, provision: Provision) -> None:
    """Refuse lines that do not name what their ceilings are shared by, or what is granted once."""
    keys = [name for limit in limits.shared_limits(provision.measure) for name in limit.per]
    keys += [name for per in guard.once_per(provision) for name in per]
    texts = [name for name in dict.fromkeys(keys) if name in provision.fields]
    defects = [
        Defect(f"/lines/{place}/{name}", "grant_needs_key", None, None, {"field": name})
        for place, row in enumerate(request.rows)
        for name in texts
        if row.get(name) is None and not _is_filled_in(provision.measure.inputs.get(name))
    ]
    if defects:
        raise Refused(defects)


def _is_filled_in(asked: Input | None) -> bool:
    """Tell whether a value that is not given is taken from elsewhere."""
    return asked is not None and (asked.default is not None or asked.same_as is not None)


def propose(
    ledger: Ledger, policies: Policies, body: bytes | Json, idempotency_key: str | None, actor: Actor
) -> tuple[Grant, bool]:
    """Propose a grant: calculate it on the ledger's history and reserve it; tell whether it is new.

    The same person's same key and body return the same grant; Conflict for another body. Raises Refused, NotFound,
    NothingToGrant with the result, HeaderMissing without a key, Unavailable if nothing could be stored.
    """
    key = _checked(idempotency_key)
    digest = sha256_of(parsed(body))
    with ledger.reading() as connection:
        known = _known(connection, actor, key, digest)
    if known:
        return known, False
    proposal = read_proposal(policies, body)
    with ledger.writing() as connection:
        known = _known(connection, actor, key, digest)
        if known:
            return known, False
        return store(connection, policies, proposal, key, actor), True


def _checked(key: str | None) -> str:
    if not key:
        raise HeaderMissing("idempotency-key-missing", header=_HEADER)
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise HeaderMissing("idempotency-key-malformed", header=_HEADER)
    return key


def _known(connection: Connection, actor: Actor, key: str, digest: str) -> Grant | None:
    known = grant_by_key(connection, actor.person, key)
    if known and known.body_sha256 != digest:
        raise Conflict("idempotency-key-reused", header=_HEADER, grant=known.id)
    return known


def store(connection: Connection, policies: Policies, proposal: Proposal, key: str, actor: Actor) -> Grant:
    """Calculate a proposal on what the ledger holds and add the grant, within a transaction that writes."""
    provision = proposal.provision
    data = {**proposal.data, "granted_before": limits.granted_before(connection, provision, proposal.groups)}
    result = sealed(policies, read_request(policies, proposal.measure, data))
    reviewed = any(line["status"] == "manual_review" for line in result["lines"])
    if not (fen_of(result["amount"]) or reviewed):
        raise NothingToGrant(result)
    claimed = guard.claims(proposal.request, provision, result["lines"])
    duplicates = guard.duplicates(connection, claimed)
    row = _row(connection, proposal, data, result) | {"proposer": actor.person, "idempotency_key": key}
    state = "manual_review" if reviewed or duplicates else "reserved"
    payload = {"key": actor.key_id, "state": state, "amount": row["amount"], "duplicates": duplicates}
    return _written(connection, row, payload, _taken(proposal, result), claimed)


def _row(connection: Connection, proposal: Proposal, data: Json, result: Json) -> Json:
    """Make the grant's row, under the next number of its measure and year."""
    named = {"measure": proposal.measure, "year": proposal.year}
    number = (connection.scalar(_LAST_NUMBER, named) or 0) + 1
    return {
        **named,
        "id": f"{proposal.measure}-{proposal.year}-{number:06d}",
        "number": number,
        "body_sha256": proposal.body_sha256,
        "policy": f"{proposal.provision.policy}@{proposal.provision.version}",
        "policy_sha256": result["policy"]["sha256"],
        "engine": result["engine"],
        "town_id": _common(proposal.request, "town_id"),
        "applicant_id": _common(proposal.request, "applicant_id"),
        "amount": fen_of(result["amount"]),
        "request": canonical(data).decode(),
        "request_sha256": result["inputs_sha256"],
        "result": orjson.dumps(result).decode(),
        "result_sha256": result["result_sha256"],
    }


def _taken(proposal: Proposal, result: Json) -> dict[limits.Group, int]:
    return limits.shares(proposal.provision, proposal.groups, [fen_of(line["amount"]) for line in result["lines"]])


def _written(
    connection: Connection, row: Json, payload: Json, taken: Mapping[limits.Group, int], claimed: Iterable[Identifier]
) -> Grant:
    """Add the grant with all that belongs to it as one entry of the log."""
    at, grant_id, amount = log.now(), row["id"], row["amount"]
    transition = {"grant_id": grant_id, "n": 1, "at": at, "verb": "propose", "state": payload["state"]}
    transition |= {"person": row["proposer"], "amount": amount, "recovered": 0}
    hashes = {name: row[name] for name in ("request_sha256", "result_sha256", "policy_sha256")}
    entry = log.Entry(row["proposer"], "propose", grant_id, payload, at, **hashes)
    rows: log.Rows = {
        GRANTS: [row],
        TRANSITIONS: [transition],
        USAGE: limits.changes(connection, taken, "propose", None, grant_id),
        IDENTIFIERS: [{**identifier._asdict(), "grant_id": grant_id} for identifier in claimed],
    }
    seq = log.write(connection, entry, rows)
    return proposed(row | {"seq": seq}, at, payload)


def _common(request: Request, name: str) -> str | None:
    """Return the text that all lines agree in."""
    values = {row.get(name) for row in request.rows}
    return values.pop() if len(values) == 1 else None
