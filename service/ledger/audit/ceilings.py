"""What was paid above the ceilings that grants share: by a firm and year, a town and year, a project.

Grants themselves never pass a ceiling. So only money paid beyond them can: too much, once more, or without any grant.
Of a group that is above its ceiling, the excess is found in such payments, the last ones of the file first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import orjson
from sqlalchemy import Connection, bindparam, select

from service.canonical import canonical
from service.errors import NotFound
from service.ledger.audit.dues import Due, in_turn, is_year
from service.ledger.audit.findings import ABOVE_CEILING, PAID_IN_LEDGER, Finding, Judged
from service.ledger.audit.payouts import PAYEE, TOWN, Payout
from service.ledger.ceilings import ceiling_of
from service.ledger.limits import Group, groups_in_use, parts, shared_limits, totals_of
from service.ledger.schema import GRANTS, USAGE
from service.money import yuan
from service.policies import Policies

Shares = Mapping[str, Mapping[Group, int]]
#: Tells what was paid in a group, by whatever the file does not tell of.
Paid = Callable[[Iterable[Group]], Mapping[Group, int]]

_SHARES: Final = (
    select(USAGE.c.grant_id, USAGE.c.policy, USAGE.c.measure, USAGE.c.limit_id, USAGE.c.group_key, USAGE.c.amount)
    .join(GRANTS, GRANTS.c.seq == USAGE.c.seq)
    .where(USAGE.c.grant_id.in_(bindparam("names", expanding=True)))
    .order_by(USAGE.c.seq, USAGE.c.policy, USAGE.c.measure, USAGE.c.limit_id, USAGE.c.group_key)
)
#: So many groups are asked for one by one; of more, all of their measures are read.
_ONE_BY_ONE: Final = 500


def find_above_ceilings(rows: Sequence[Judged], policies: Policies, shares: Shares, paid: Paid) -> None:
    """Add what was paid above a ceiling to the payments that are beyond what is due.

    `shares` tell what every due takes of its groups, `paid` what the ledger holds as paid in a group.
    """
    wanted = _wanted(rows, policies, shares)
    if not wanted:
        return
    spent = dict.fromkeys(wanted, 0)
    for group, amount in paid(wanted).items():
        spent[group] += amount
    for one in rows:
        for group, amount in _spent_by(one, policies, shares):
            if group in spent:
                spent[group] += amount
    for group, amount in _told_twice(rows, shares):
        if group in spent:
            spent[group] -= amount
    excess = {group: max(spent[group] - ceiling, 0) for group, ceiling in wanted.items()}
    _attribute(rows, policies, shares, wanted, excess)


def _wanted(rows: Sequence[Judged], policies: Policies, shares: Shares) -> dict[Group, int]:
    """List the groups of payments beyond what is due, with their ceilings."""
    wanted: dict[Group, int] = {}
    for one in rows:
        for group in _first_groups(one, policies, shares) if one.surplus else ():
            ceiling = wanted[group] if group in wanted else ceiling_of(policies, group)
            if ceiling is not None:
                wanted[group] = ceiling
    return wanted


def _first_groups(one: Judged, policies: Policies, shares: Shares) -> Sequence[Group]:
    """Return the group of every limit that a surplus counts in: the first of its due, else that of the row itself."""
    if one.due is None:
        return own_groups(policies, one.payout.measure, one.payout)
    of_limits: dict[str, Group] = {}
    for group in shares.get(one.due.id, ()):
        of_limits.setdefault(group.limit_id, group)
    return list(of_limits.values())


def own_groups(policies: Policies, measure: str | None, payout: Payout) -> list[Group]:
    """Find the groups that a row names by itself, by its payee, town and year."""
    version = policies.newest
    try:
        provision = policies.provision(version, measure or "")
    except NotFound:
        return []
    found = []
    for limit in shared_limits(provision.measure):
        named = {PAYEE: payout.applicant_id, TOWN: payout.town_id}
        keys = {key: payout.year if is_year(key) else named.get(key) for key in limit.per}
        if None not in keys.values():
            found.append(Group(version.id, provision.measure.id, limit.id, canonical(keys).decode()))
    return found


def _spent_by(one: Judged, policies: Policies, shares: Shares) -> Iterator[tuple[Group, int]]:
    """Tell what a payment takes of its groups: what is due in the order of the grant, then the surplus."""
    if one.due is not None:
        yield from parts(shares.get(one.due.id, {}), 0, (one.payout.amount or 0) - one.surplus).items()
    if one.surplus:
        yield from ((group, one.surplus) for group in _first_groups(one, policies, shares))


def _told_twice(rows: Sequence[Judged], shares: Shares) -> Iterator[tuple[Group, int]]:
    """Tell what the ledger holds as paid and the file tells of, too."""
    dues: dict[str, Due] = {}
    for one in rows:
        if one.due is not None and one.due.is_paid and all(found.code != PAID_IN_LEDGER for found in one.findings):
            dues[one.due.id] = one.due
    for due in dues.values():
        taken = shares.get(due.id, {})
        back = parts(taken, 0, due.recovered)
        yield from ((group, amount - back.get(group, 0)) for group, amount in taken.items())


def _attribute(
    rows: Sequence[Judged], policies: Policies, shares: Shares, ceilings: Mapping[Group, int], excess: dict[Group, int]
) -> None:
    """Find the excess in payments beyond what is due, the last ones first; of several limits the one most exceeded."""
    before = dict(excess)
    for one in reversed(rows):
        above = 0
        named: Group | None = None
        for group in _first_groups(one, policies, shares) if one.surplus else ():
            part = min(one.surplus, excess.get(group, 0))
            excess[group] = excess.get(group, 0) - part
            if part > above:
                above, named = part, group
        if named is not None:
            facts = {
                "limit": named.limit_id,
                "group": orjson.loads(named.key),
                "ceiling": yuan(ceilings[named]),
                "paid": yuan(ceilings[named] + before[named]),
            }
            one.findings.append(Finding(ABOVE_CEILING, ABOVE_CEILING, above, facts))


def shares_of(connection: Connection, rows: Sequence[Judged]) -> Shares:
    """Read what the grants of a file take of their groups; nothing where no payment is beyond its grant."""
    shares: dict[str, dict[Group, int]] = {}
    if any(one.surplus for one in rows):
        for some in in_turn({one.due.id for one in rows if one.due is not None}):
            for grant_id, *group, amount in connection.execute(_SHARES, {"names": some}).all():
                shares.setdefault(grant_id, {})[Group(*group)] = amount
    return shares


def paid_in_ledger(connection: Connection) -> Paid:
    """Return the function that tells what the ledger holds as paid, with what was imported from before it."""

    def paid(groups: Iterable[Group]) -> Mapping[Group, int]:
        asked = list(groups)
        if len(asked) <= _ONE_BY_ONE:
            return {group: totals_of(connection, group).paid for group in asked}
        measures = sorted({group.measure for group in asked})
        wanted = set(asked)
        used = (one for measure in measures for one in groups_in_use(connection, {"measure": measure}))
        return {one.group: one.totals.paid for one in used if one.group in wanted}

    return paid
