"""The duplicate guard: what is paid once is held when somebody asks for it again, anywhere in the ledger.

Receipts, contracts and invoices (`paid: once` in the dictionary) are compared across measures, firms, towns and years,
and what a measure awards once per town (a condition of the kind `first`) across years. Released grants hold nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, or_, select

from service.canonical import canonical
from service.conditions import First
from service.intake.request import Request
from service.ledger.prepared import Prepared
from service.ledger.schema import IDENTIFIERS, LOG, TRANSITIONS
from service.policies.model import Field, Provision

Json = dict[str, Any]
RECOGNITION: Final = "recognition"
_STATE: Final = (
    select(TRANSITIONS.c.state)
    .where(TRANSITIONS.c.grant_id == IDENTIFIERS.c.grant_id)
    .order_by(TRANSITIONS.c.n.desc())
    .limit(1)
    .scalar_subquery()
)
_ANY_HOLDERS: Final = (
    select(LOG.c.subject)
    .join(IDENTIFIERS, IDENTIFIERS.c.seq == LOG.c.seq)
    .where(IDENTIFIERS.c.kind == bindparam("kind"), or_(IDENTIFIERS.c.grant_id.is_(None), _STATE != "released"))
    .order_by(LOG.c.seq)
)
_HOLDERS: Final = Prepared(_ANY_HOLDERS.where(IDENTIFIERS.c.value == bindparam("value")))
_ALL_HOLDERS: Final = _ANY_HOLDERS.with_only_columns(IDENTIFIERS.c.value, LOG.c.subject).where(
    IDENTIFIERS.c.value.in_(bindparam("values", expanding=True))
)
_AT_ONCE: Final = 500


class Identifier(NamedTuple):
    """What is paid once: the field that names it (or a recognition), and its value in normal form."""

    kind: str
    value: str


def normal(text: str) -> str:
    """Return the form in which two ways to write a number are the same: width, case and blanks do not matter."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def once_fields(fields: Mapping[str, Field]) -> list[str]:
    """List the fields of the dictionary whose value is paid for once."""
    return [name for name, field in fields.items() if field.paid_once]


def once_per(provision: Provision) -> list[tuple[str, ...]]:
    """List by what a measure is granted once: the keys of its `first` conditions that no field covers already."""
    covered = set(once_fields(provision.fields))
    firsts = [one.per for one in provision.measure.conditions if isinstance(one, First)]
    return [per for per in firsts if not covered.issuperset(per)]


def identifiers(provision: Provision, row: Mapping[str, Any]) -> Iterator[Identifier]:
    """Find what a line claims of what is paid once."""
    for name in once_fields(provision.fields):
        if row.get(name):
            yield Identifier(name, normal(row[name]))
    for per in once_per(provision):
        if all(row.get(name) for name in per):
            keys = {name: normal(str(row[name])) for name in per}
            yield Identifier(RECOGNITION, canonical({"measure": provision.measure.id, **keys}).decode())


def claims(request: Request, provision: Provision, lines: Sequence[Json]) -> dict[Identifier, list[str]]:
    """Tell which lines claim what; lines that get nothing, and are not to be reviewed, claim nothing."""
    found: dict[Identifier, list[str]] = {}
    for row, line in zip(request.rows, lines, strict=True):
        if line["status"] in {"eligible", "manual_review"}:
            for identifier in identifiers(provision, row):
                found.setdefault(identifier, []).append(line["line_id"])
    return found


def named(fields: Mapping[str, Field], number: str) -> list[Identifier]:
    """List what a number may be of all that is paid once: a receipt, a contract, an invoice."""
    return [Identifier(name, normal(number)) for name in once_fields(fields)]


def claiming(identifiers: Iterable[Identifier]) -> Select[Any]:
    """Choose the ids of the grants that claim any of these, released or not."""
    each = [and_(IDENTIFIERS.c.kind == one.kind, IDENTIFIERS.c.value == one.value) for one in identifiers]
    return select(IDENTIFIERS.c.grant_id).where(or_(*each), IDENTIFIERS.c.grant_id.is_not(None))


def holders_of(connection: Connection, identifiers: Iterable[Identifier]) -> dict[Identifier, list[str]]:
    """Tell by which grants or imports each of many identifiers was claimed before; those that nobody did have none."""
    by_kind: dict[str, list[str]] = {}
    for identifier in identifiers:
        by_kind.setdefault(identifier.kind, []).append(identifier.value)
    found: dict[Identifier, list[str]] = {}
    for kind, values in by_kind.items():
        for start in range(0, len(values), _AT_ONCE):
            chosen = {"kind": kind, "values": values[start : start + _AT_ONCE]}
            for value, subject in connection.execute(_ALL_HOLDERS, chosen):
                found.setdefault(Identifier(kind, value), []).append(subject)
    return found


def duplicates(connection: Connection, claimed: Mapping[Identifier, Sequence[str]]) -> list[Json]:
    """List what was claimed before, or twice at once: by which lines, and by which grants or imports."""
    return listed(claimed, {one: list(_HOLDERS.execute(connection, one._asdict()).scalars()) for one in claimed})


def listed(claimed: Mapping[Identifier, Sequence[str]], holders: Mapping[Identifier, Sequence[str]]) -> list[Json]:
    """List what has holders, or is claimed twice at once."""
    return [
        {**identifier._asdict(), "lines": list(lines), "grants": list(grants)}
        for identifier, lines in claimed.items()
        if (grants := holders.get(identifier, ())) or len(lines) > 1
    ]
