"""What was due: the grants of the ledger that a file of payments is about, each with its approval and its payment."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Final, TypeVar

from sqlalchemy import Column, Connection, bindparam, select

from service.ledger.audit.payouts import Payout
from service.ledger.guard import normal
from service.ledger.schema import GRANTS, TRANSITIONS
from service.money import days_of

#: Names in one question to the database.
_AT_A_TIME: Final = 1_000
_LAST_HOUR_OF_THE_DAY: Final = 16  # in UTC: China is eight hours ahead
_STEPS: Final = (
    select(
        GRANTS.c.id,
        GRANTS.c.measure,
        GRANTS.c.year,
        GRANTS.c.amount,
        GRANTS.c.town_id,
        GRANTS.c.applicant_id,
        TRANSITIONS.c.at,
        TRANSITIONS.c.verb,
        TRANSITIONS.c.state,
        TRANSITIONS.c.person,
        TRANSITIONS.c.recovered,
        TRANSITIONS.c.paid_on,
        TRANSITIONS.c.payee,
        TRANSITIONS.c.reference,
    )
    .join(TRANSITIONS, TRANSITIONS.c.grant_id == GRANTS.c.id)
    .order_by(GRANTS.c.seq, TRANSITIONS.c.n)
)

Name = TypeVar("Name")


@dataclass(slots=True)
class Due:
    """Something to be paid: by whom it may be had, how much (fen), for which years, and what became of it.

    `payees` are in normal form; none is known of a grant for several. `approved_on` is the day in China, counted from
    1970-01-01. `paid_on` and `reference` are those of the payment that the ledger holds. A due that was computed anew
    has no approval, and `needs_approval` is False.
    """

    id: str
    measure: str
    amount: int
    years: set[int]
    applicant_id: str | None = None
    town_id: str | None = None
    payees: set[str] = field(default_factory=set)
    state: str = ""
    approved_on: int | None = None
    approved_at: str | None = None
    approved_by: str | None = None
    paid_on: str | None = None
    reference: str | None = None
    recovered: int = 0
    needs_approval: bool = True
    keys: tuple[str | None, ...] = ()

    @property
    def approved(self) -> bool:
        """Tell whether it may be paid at all: it was approved, and not released since."""
        return self.approved_on is not None and self.state != "released"

    @property
    def is_paid(self) -> bool:
        """Tell whether the ledger holds a payment of it."""
        return self.state in {"paid", "recovered"}


class Dues:
    """The dues that a file of payments may be about, in the order in which they were proposed."""

    def __init__(self, dues: Iterable[Due]) -> None:
        self.by_id: dict[str, Due] = {}
        self.by_payee: dict[str, list[Due]] = {}
        self.by_town: dict[str, list[Due]] = {}
        self.by_keys: dict[tuple[str | None, ...], list[Due]] = {}
        for due in dues:
            self._add(due)

    def _add(self, due: Due) -> None:
        self.by_id[normal(due.id)] = due
        for payee in due.payees:
            self.by_payee.setdefault(payee, []).append(due)
        if due.town_id is not None:
            self.by_town.setdefault(normal(due.town_id), []).append(due)
        if any(due.keys):
            self.by_keys.setdefault(due.keys, []).append(due)


def dues_of(connection: Connection, payouts: Sequence[Payout]) -> Dues:
    """Read the grants that payments name, and those of the payees and towns of payments that name none."""
    nameless = [payout for payout in payouts if payout.grant_id is None]
    payees = {payout.applicant_id for payout in nameless if payout.applicant_id is not None}
    towns = {payout.town_id for payout in nameless if payout.applicant_id is None and payout.town_id is not None}
    named = {normal(payout.grant_id) for payout in payouts if payout.grant_id is not None}
    found: dict[str, Due] = {}
    _read(connection, GRANTS.c.id, named, found)
    if nameless:
        _read(connection, GRANTS.c.applicant_id, _spellings(payees), found)
        _read(connection, GRANTS.c.town_id, _spellings(towns), found)
    return Dues(found.values())


def _spellings(names: Collection[str]) -> set[str]:
    """List the ways in which the ledger may write these names."""
    plain = {unicodedata.normalize("NFKC", name).strip() for name in names}
    return {*names, *plain, *(name.upper() for name in plain)}


def _read(connection: Connection, column: Column[Any], names: Collection[str], found: dict[str, Due]) -> None:
    """Read the grants in which a column is one of these names."""
    chosen = _STEPS.where(column.in_(bindparam("names", expanding=True)))
    for some in in_turn(names):
        for step in connection.execute(chosen, {"names": some}).all():
            _take(found, step)


def in_turn(names: Collection[Name]) -> Iterator[list[Name]]:
    """Divide names into as many as fit in one question, in the same order every time."""
    ordered = sorted(names)  # type: ignore[type-var]
    for start in range(0, len(ordered), _AT_A_TIME):
        yield ordered[start : start + _AT_A_TIME]


def _take(found: dict[str, Due], step: Sequence[Any]) -> None:
    """Take a step of a grant: the last one tells its state."""
    grant_id, measure, year, amount, town, applicant, at, verb, state, person, recovered, *payment = step
    due = found.get(grant_id)
    if due is None:
        payees = {normal(applicant)} if applicant else set()
        due = found[grant_id] = Due(grant_id, measure, amount, {year}, applicant, town, payees)
    due.state, due.recovered = state, recovered
    if verb == "approve":
        due.approved_on, due.approved_at, due.approved_by = day_in_china(at[:13]), at, person
    elif verb == "pay":
        due.paid_on, payee, due.reference = payment
        if payee:
            due.payees.add(normal(payee))


@lru_cache(maxsize=4_096)
def day_in_china(hour: str) -> int:
    """Return the day in China of an hour in UTC, such as 2027-03-01T08."""
    day = days_of(date.fromisoformat(hour[:10]))
    return day + (int(hour[11:13]) >= _LAST_HOUR_OF_THE_DAY)


def is_year(key: str) -> bool:
    """Tell whether a key of a group holds a year."""
    return key == "year" or key.endswith((".year", "_year"))
