"""公示表: the grants of a year that were approved or paid, as they are made public, identifiers masked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from service.canonical import sha256_of
from service.ledger import log
from service.ledger.audit.dues import day_in_china
from service.ledger.books import Grant, grants_of
from service.ledger.exports.masking import is_personal, masked, masked_name
from service.ledger.schema import GRANTS, TRANSITIONS
from service.money import day_of, yuan

Json = dict[str, Any]
_PUBLISHED: Final = frozenset({"approved", "paid", "recovered"})


def publicity_list(connection: Connection, filters: Mapping[str, Any]) -> Json:
    """List the grants (`filters`: year, measure, town_id) whose approval stands, in the order of their proposal.

    What was recovered is taken off; a grant that was recovered whole is not listed. `sha256` covers all the rest.
    """
    approvals = _approvals(connection, filters)
    rows: list[Json] = []
    total = 0
    for grant in grants_of(connection, filters):
        amount = grant.amount - grant.recovered
        if grant.state in _PUBLISHED and amount:
            total += amount
            rows.append({"number": len(rows) + 1, **_row(grant, amount, approvals[grant.id])})
    head = log.head_of(connection)
    found = {**_asked(filters), "rows": rows, "total": yuan(total), "checkpoint": head._asdict()}
    return found | {"sha256": sha256_of(found)}


def _asked(filters: Mapping[str, Any]) -> Json:
    return {name: filters.get(name) for name in ("year", "measure", "town_id")}


def _approvals(connection: Connection, filters: Mapping[str, Any]) -> dict[str, str]:
    """Read when grants were approved: the day in China."""
    chosen = select(TRANSITIONS.c.grant_id, TRANSITIONS.c.at).where(TRANSITIONS.c.verb == "approve")
    chosen = chosen.join(GRANTS, GRANTS.c.id == TRANSITIONS.c.grant_id)
    for name, value in filters.items():
        chosen = chosen.where(GRANTS.c[name] == value)
    return {grant_id: day_of(day_in_china(at[:13])).isoformat() for grant_id, at in connection.execute(chosen)}


def _row(grant: Grant, amount: int, approved_on: str) -> Json:
    applicant = grant.applicant_id
    names = _names(grant.request)
    name = names["applicant_name"]
    if name and applicant and is_personal(applicant):
        name = masked_name(name)
    return {
        "grant": grant.id,
        "measure": grant.measure,
        "town_id": grant.town_id,
        "town_name": names["town_name"],
        "applicant_name": name,
        "applicant_id": masked(applicant) if applicant else None,
        "amount": yuan(amount),
        "approved_on": approved_on,
    }


def _names(request: bytes) -> dict[str, str | None]:
    """Find the names that a request gives, where all its lines agree."""
    data = orjson.loads(request)
    facts = data.get("facts") or {}
    found: dict[str, str | None] = {}
    for name in ("town_name", "applicant_name"):
        given = {line.get(name, facts.get(name)) for line in data.get("lines") or [{}]}
        found[name] = given.pop() if len(given) == 1 else None
    return found
