"""Proposing a grant: calculated on what the ledger knows, and reserved, in one transaction.

Whatever can be done without the lock is done before it is taken, even the calculation: if nobody else has used the same
ceilings meanwhile, which is the rule, it holds within the lock as well; if somebody has, it is made anew there. The
ledger fills in the request's `granted_before`: it is then a calculation like any other, which everybody can repeat.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from service.canonical import sha256_of
from service.errors import Conflict, HeaderMissing, NotFound, NothingToGrant, Refused
from service.intake.envelope import parsed
from service.ledger import guard, limits, log
from service.ledger.books import Grant, grant_by_key, proposed
from service.ledger.database import Ledger
from service.ledger.keys import Actor
from service.ledger.limits import Group, Totals
from service.ledger.prepared import Prepared
from service.ledger.proposals import Calculated, Proposal, calculate_proposal, read_proposal
from service.ledger.schema import GRANTS, IDENTIFIERS, LOG, TRANSITIONS, USAGE
from service.policies import Policies

Json = dict[str, Any]
_HEADER: Final = "Idempotency-Key"
_IDEMPOTENCY_KEY: Final = re.compile(r"[!-~]{1,128}")
_LAST_NUMBER: Final = select(func.max(GRANTS.c.number)).where(
    GRANTS.c.measure == bindparam("measure"), GRANTS.c.year == bindparam("year")
)
_KNOWN: Final = select(GRANTS.c.id).where(
    GRANTS.c.proposer == bindparam("proposer"), GRANTS.c.idempotency_key == bindparam("idempotency_key")
)
_LAST_ENTRY: Final = select(LOG).order_by(LOG.c.seq.desc()).limit(1)
#: All that a proposal asks of the ledger besides its groups, in one question: time within the lock is everybody's time.
_ASKED: Final = Prepared(select(
    _KNOWN.scalar_subquery().label("known"),
    _LAST_NUMBER.scalar_subquery().label("number"),
    _LAST_ENTRY.with_only_columns(LOG.c.seq).scalar_subquery().label("seq"),
    _LAST_ENTRY.with_only_columns(LOG.c.hash).scalar_subquery().label("hash"),
))  # fmt: skip


def propose(
    ledger: Ledger, policies: Policies, body: bytes | Json, idempotency_key: str | None, actor: Actor
) -> tuple[Grant, bool]:
    """Propose a grant: calculate it on the ledger's history and reserve it; tell whether it is new.

    The same person's same key and body return the same grant; Conflict for another body. Raises Refused, NotFound,
    NothingToGrant with the result, HeaderMissing without a key, Unavailable if nothing could be stored.
    """
    key = checked_key(idempotency_key)
    digest = sha256_of(parsed(body))
    try:
        proposal = read_proposal(policies, body)
    except (Refused, NotFound, NothingToGrant):
        with ledger.glancing() as connection:
            known = _known(connection, actor, key, digest)
        if known:  # what was granted stays granted, whatever the policies say now
            return known, False
        raise
    with ledger.glancing() as connection:
        used = limits.used_by(connection, proposal.provision, proposal.groups)
    guess = calculate_proposal(policies, proposal, used)
    with ledger.writing() as connection:
        return store(connection, policies, proposal, key, actor, guess)


def checked_key(key: str | None) -> str:
    """Return the name that a caller gave to a proposal; HeaderMissing for none, or one that is none."""
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


def store(
    connection: Connection,
    policies: Policies,
    proposal: Proposal,
    key: str,
    actor: Actor,
    guess: Calculated | None = None,
) -> tuple[Grant, bool]:
    """Calculate a proposal on what the ledger holds and add the grant, within a transaction that writes.

    `guess` was calculated before; it is used if its history is still that of the ledger. Tells whether the grant is
    new; otherwise as `propose`.
    """
    named = {"measure": proposal.measure, "year": proposal.year}
    signed = {"proposer": actor.person, "idempotency_key": key}
    asked = _ASKED.execute(connection, named | signed).one()
    if asked.known is not None:
        known = _known(connection, actor, key, proposal.body_sha256)
        assert known is not None
        return known, False
    used = limits.used_by(connection, proposal.provision, proposal.groups)
    found = guess
    if found is None or found.data["granted_before"] != limits.granted_before(used):
        found = calculate_proposal(policies, proposal, used)
    if found.is_nothing:
        raise NothingToGrant(found.result)
    duplicates = guard.duplicates(connection, found.claimed)
    row = row_of(proposal, found, (asked.number or 0) + 1) | signed
    entry, rows = entry_of(row, found, used, duplicates, actor)
    seq = log.write(connection, entry, rows, log.Head(asked.seq or 0, asked.hash or log.GENESIS))
    return proposed(row | {"seq": seq}, entry.at, entry.payload), True


def row_of(proposal: Proposal, found: Calculated, number: int) -> Json:
    """Make the grant's row under a number of its measure and year, all but who proposed it."""
    grant_id = f"{proposal.measure}-{proposal.year}-{number:06d}"
    return {**found.columns, "measure": proposal.measure, "year": proposal.year, "number": number, "id": grant_id}


def entry_of(
    row: Json, found: Calculated, used: Mapping[Group, Totals], duplicates: Sequence[Json], actor: Actor
) -> tuple[log.Entry, log.Rows]:
    """Make the entry of the log for a new grant, with all the rows that belong to it."""
    state = "manual_review" if found.reviewed or duplicates else "reserved"
    payload = {"key": actor.key_id, "state": state, "amount": found.amount, "duplicates": duplicates}
    at, grant_id, amount = log.now(), row["id"], row["amount"]
    transition = {"grant_id": grant_id, "n": 1, "at": at, "verb": "propose", "state": payload["state"]}
    transition |= {"person": row["proposer"], "amount": amount, "recovered": 0}
    hashes = {name: row[name] for name in ("request_sha256", "result_sha256", "policy_sha256")}
    entry = log.Entry(row["proposer"], "propose", grant_id, payload, at, **hashes)
    rows: log.Rows = {
        GRANTS: [row],
        TRANSITIONS: [transition],
        USAGE: limits.changes(found.taken, used, "propose", None, grant_id),
        IDENTIFIERS: [{**identifier._asdict(), "grant_id": grant_id} for identifier in found.claimed],
    }
    return entry, rows
