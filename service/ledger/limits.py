"""What every group has used of its ceilings: a row per change, which holds the running totals after it.

A group is what a ceiling is per: a firm and a year, a town, a project. Its newest row answers everything, however long
its history is. Money is `reserved` when it is proposed, `granted` once approved, then `paid`; these three count against
the ceiling. What is released or recovered is free again; `recovered` only remembers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection, bindparam, func, select, tuple_

from service.canonical import canonical
from service.ledger.prepared import Prepared
from service.ledger.schema import USAGE
from service.lines import Lines
from service.money import day_of, yuan
from service.policies.model import Field, Limit, Measure, Provision

Json = dict[str, Any]
TOTALS: Final = ("reserved", "granted", "paid", "recovered")
#: How a verb moves money, by the total that it comes from and the one that it goes to.
_MOVES: Final[Mapping[tuple[str, str | None], tuple[str | None, str | None]]] = {
    ("propose", None): (None, "reserved"),
    ("approve", "reserved"): ("reserved", "granted"),
    ("approve", "manual_review"): ("reserved", "granted"),
    ("release", "reserved"): ("reserved", None),
    ("release", "manual_review"): ("reserved", None),
    ("release", "approved"): ("granted", None),
    ("pay", "approved"): ("granted", "paid"),
    ("recover", "paid"): ("paid", "recovered"),
    ("recover", "recovered"): ("paid", "recovered"),
    ("import-history", None): (None, "paid"),
}
_KEY: Final = (USAGE.c.policy, USAGE.c.measure, USAGE.c.limit_id, USAGE.c.group_key)
_KEY_NAMES: Final = tuple(str(column.name) for column in _KEY)
_NEWEST: Final = Prepared(
    select(USAGE.c.n, *(USAGE.c[name] for name in TOTALS))
    .where(*(column == bindparam(column.name) for column in _KEY))
    .order_by(USAGE.c.n.desc())
    .limit(1)
)


class Group(NamedTuple):
    """A group of a shared ceiling; `key` is canonical JSON of the keys and their values."""

    policy: str
    measure: str
    limit_id: str
    key: str


class Totals(NamedTuple):
    """The running totals of a group after its change number `n`; 0 where nothing happened yet. Fen."""

    n: int = 0
    reserved: int = 0
    granted: int = 0
    paid: int = 0
    recovered: int = 0

    @property
    def used(self) -> int:
        """What counts against the ceiling."""
        return self.reserved + self.granted + self.paid

    def moved(self, verb: str, state: str | None, amount: int) -> Totals:
        """Move money as a verb does to a grant in a state (None: a new one)."""
        source, target = _MOVES[verb, state]
        values = self._asdict() | {"n": self.n + 1}
        if source is not None:
            values[source] -= amount
        if target is not None:
            values[target] += amount
        return Totals(**values)


def shared_limits(measure: Measure) -> list[Limit]:
    """List the ceilings that grants share."""
    return [limit for limit in measure.limits if limit.shared]


def groups_of(
    lines: Lines, texts: Mapping[str, Sequence[str | None]], provision: Provision
) -> dict[str, Sequence[str]]:
    """Name the group of every line, for each shared limit: canonical JSON of the values of the limit's keys.

    `texts` holds what the columns of texts stand for: per field the text of every line.
    """
    groups: dict[str, Sequence[str]] = {}
    for limit in shared_limits(provision.measure):
        columns = [_values(lines, texts, provision.fields, name) for name in limit.per]
        of_lines = zip(*columns, strict=True)
        groups[limit.id] = [canonical(dict(zip(limit.per, keys, strict=True))).decode() for keys in of_lines]
    return groups


def _values(
    lines: Lines, texts: Mapping[str, Sequence[str | None]], fields: Mapping[str, Field], name: str
) -> Sequence[Any]:
    """Return a key of every line as a request would write it."""
    field = fields.get(name)
    if is_text(field):
        return texts[name]
    return as_sent(field, _column(lines, name))


def as_sent(field: Field | None, numbers: Sequence[int]) -> Sequence[Any]:
    """Write the numbers of a column (None: of years) as a request would; texts have none."""
    if field is None or field.type in {"year", "count"}:
        return numbers
    match field.type:
        case "code":
            codes = tuple(field.codes)
            return [codes[number] for number in numbers]
        case "flag":
            return [bool(number) for number in numbers]
        case "date":
            return [day_of(number).isoformat() for number in numbers]
        case _:
            return [yuan(number) for number in numbers]


def is_text(field: Field | None) -> bool:
    """Tell whether a field's column holds numbers that stand for texts."""
    return field is not None and field.type in {"text", "credit_code"}


def text_keys(provision: Provision) -> list[str]:
    """List the keys of shared limits that are texts."""
    keys = dict.fromkeys(name for limit in shared_limits(provision.measure) for name in limit.per)
    return [name for name in keys if is_text(provision.fields.get(name))]


def _column(lines: Lines, name: str) -> list[int]:
    numbers: list[int] = lines.column(name).tolist()
    return numbers


def totals_of(connection: Connection, group: Group) -> Totals:
    """Read the newest totals of a group."""
    found = _NEWEST.execute(connection, dict(zip(_KEY_NAMES, group, strict=True))).first()
    return Totals(*found) if found else Totals()


def shares(provision: Provision, groups: Mapping[str, Sequence[str]], amounts: Sequence[int]) -> dict[Group, int]:
    """Add up the lines' fen by group of every shared ceiling; `groups` holds each line's group by limit."""
    taken: dict[Group, int] = {}
    for limit_id, keys in groups.items():
        for key, amount in zip(keys, amounts, strict=True):
            if amount:
                group = Group(provision.policy, provision.measure.id, limit_id, key)
                taken[group] = taken.get(group, 0) + amount
    return taken


def used_by(connection: Connection, provision: Provision, groups: Mapping[str, Sequence[str]]) -> dict[Group, Totals]:
    """Read the newest totals of every group of these lines; `groups` holds each line's group by limit."""
    named = [
        Group(provision.policy, provision.measure.id, limit_id, key)
        for limit_id, keys in groups.items()
        for key in dict.fromkeys(keys)
    ]
    return totals_of_all(connection, named)


def totals_of_all(connection: Connection, groups: Iterable[Group]) -> dict[Group, Totals]:
    """Read the newest totals of groups."""
    return {group: totals_of(connection, group) for group in groups}


def changes(
    taken: Mapping[Group, int], before: Mapping[Group, Totals], verb: str, state: str | None, grant_id: str | None
) -> list[Json]:
    """Make the rows by which a verb moves these amounts, after the totals `before`."""
    return [
        {
            "policy": group.policy,
            "measure": group.measure,
            "limit_id": group.limit_id,
            "group_key": group.key,
            "grant_id": grant_id,
            "amount": amount,
            **before[group].moved(verb, state, amount)._asdict(),
        }
        for group, amount in taken.items()
    ]


def taken_by(connection: Connection, grant_id: str) -> dict[Group, int]:
    """Tell what a grant took of each group when it was proposed."""
    first = select(*_KEY, USAGE.c.amount).where(USAGE.c.grant_id == grant_id).order_by(USAGE.c.seq, *_KEY)
    taken: dict[Group, int] = {}
    for *key, amount in connection.execute(first):
        taken.setdefault(Group(*key), amount)
    return taken


def parts(taken: Mapping[Group, int], done: int, amount: int) -> dict[Group, int]:
    """Spread a recovery over the groups of each limit in their order, after `done` fen that were recovered before.

    A grant of one group per limit, which is the rule, has nothing to spread.
    """
    found: dict[Group, int] = {}
    starts: dict[str, int] = {}
    for group, of_group in taken.items():
        start = starts.get(group.limit_id, 0)
        starts[group.limit_id] = start + of_group
        part = min(start + of_group, done + amount) - max(start, done)
        if part > 0:
            found[group] = part
    return found


def granted_before(used: Mapping[Group, Totals]) -> list[Json]:
    """List what groups have used, in the form of a request's `granted_before`."""
    return [
        {"limit": group.limit_id, "group": orjson.loads(group.key), "amount": yuan(totals.used)}
        for group, totals in used.items()
        if totals.used
    ]


class InUse(NamedTuple):
    """A group that has used something of a ceiling: its keys by name, and its newest totals."""

    group: Group
    keys: Json
    totals: Totals


def groups_in_use(
    connection: Connection,
    filters: Mapping[str, Any] | None = None,
    after: Group | None = None,
    most: int | None = None,
) -> Iterator[InUse]:
    """List the groups that were ever used with their newest totals, in the order of their names.

    `filters`: `measure`, `limit_id` and `policy` by column; any other names a key of the group (`town_id`,
    `applicant_id`), and `year` whatever key holds a year. Only groups after `after`, at most so many.
    """
    later = USAGE.alias("later")
    same = [later.c[column.name] == column for column in _KEY]
    newest = select(func.max(later.c.n)).where(*same).correlate(USAGE).scalar_subquery()
    chosen = select(*_KEY, USAGE.c.n, *(USAGE.c[name] for name in TOTALS)).where(USAGE.c.n == newest).order_by(*_KEY)
    wanted = dict(filters or {})
    for column in _KEY[:3]:
        if column.name in wanted:
            chosen = chosen.where(column == wanted.pop(column.name))
    if after is not None:
        chosen = chosen.where(tuple_(*_KEY) > tuple_(*after))
    found = 0
    with connection.execute(chosen.execution_options(yield_per=1_000)) as rows:
        for row in rows:
            keys = orjson.loads(row.group_key)
            if all(_has(keys, name, value) for name, value in wanted.items()):
                yield InUse(Group(*row[: len(_KEY)]), keys, Totals(*row[len(_KEY) :]))
                found += 1
                if found == most:
                    return


def _has(keys: Json, name: str, value: Any) -> bool:
    """Tell whether a group has this key; a year is held by any key that says so."""
    if name == "year":
        return any(keys[key] == value for key in keys if key == "year" or key.endswith((".year", "_year")))
    return bool(keys.get(name) == value)
