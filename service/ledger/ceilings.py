"""What is left of every ceiling that was ever used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection

from service.errors import NotFound
from service.ledger.limits import Group, InUse, groups_in_use
from service.money import fen_of, yuan
from service.policies import Policies

Json = dict[str, Any]


def groups_with_ceilings(
    connection: Connection,
    policies: Policies,
    filters: Mapping[str, Any],
    after: Group | None = None,
    most: int | None = None,
) -> Iterator[tuple[Group, Json]]:
    """Write out group after group: its ceiling, what is reserved, granted, paid, what was recovered, what is left.

    `filters`: policy, measure, limit, year, or any key of a group. A ceiling that is a share of something, or that the
    policy does not have any more, is None.
    """
    wanted = {"limit_id" if name == "limit" else name: value for name, value in filters.items()}
    for used in groups_in_use(connection, wanted, after, most):
        yield used.group, _entry(used, ceiling_of(policies, used.group))


def ceiling_of(policies: Policies, group: Group) -> int | None:
    """Find the fen of a ceiling in the newest version of its policy."""
    try:
        measure = policies.provision(policies.version(group.policy), group.measure).measure
    except NotFound:
        return None
    return next((limit.amount for limit in measure.limits if limit.id == group.limit_id), None)


def _entry(used: InUse, ceiling: int | None) -> Json:
    group, totals = used.group, used.totals
    return {
        "policy": group.policy,
        "measure": group.measure,
        "limit": group.limit_id,
        "group": used.keys,
        "ceiling": None if ceiling is None else yuan(ceiling),
        "reserved": yuan(totals.reserved),
        "granted": yuan(totals.granted),
        "paid": yuan(totals.paid),
        "recovered": yuan(totals.recovered),
        "remaining": None if ceiling is None else yuan(max(ceiling - totals.used, 0)),
    }


def share_used(entry: Json) -> Fraction | None:
    """Tell which part of its ceiling a group has used, at most 1; None where there is no ceiling to compare with.

    A ceiling of nothing is used up from the start.
    """
    if entry["ceiling"] is None:
        return None
    ceiling = fen_of(entry["ceiling"])
    return Fraction(ceiling - fen_of(entry["remaining"]), ceiling) if ceiling else Fraction(1)
