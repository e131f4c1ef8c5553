"""What the ledger would have cost under other terms: another version of the policy, or other readings.

All grants are decided once more in the order in which they were proposed, each on what the grants before it would have
left of the ceilings. Releases, recoveries and imports happen when they happened. So under the terms that they were
granted under, all grants come out as they are: whatever differs comes from the terms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import orjson
from sqlalchemy import select

from service.engine import STATUSES
from service.errors import Defect, Refused
from service.intake.request import read_request
from service.ledger.books import grants_of, transitions_of
from service.ledger.database import Ledger
from service.ledger.running import WHOLE, Freed, Running, Used, grants_of_lines, groups_of, settled
from service.ledger.schema import USAGE
from service.lines import Column, Fen
from service.many import Asked, Before, Sheet, sheets_of
from service.policies import Policies, alone
from service.policies.model import Validity, Version

Json = dict[str, Any]
#: What stands for the policy of a ceiling where all grants are decided under one.
_ANY: Final = "*"


class Standing(NamedTuple):
    """A grant as it was proposed, and how it stands; fen. `gone`: it was released, or recovered as a whole."""

    id: str
    seq: int
    measure: str
    policy: str
    town_id: str | None
    applicant_id: str | None
    state: str
    amount: int
    gone: bool
    data: Json


class Events(NamedTuple):
    """Everything that moved a ceiling: the grants, what of them was freed when, and what was imported when."""

    grants: list[Standing]
    freed: list[Freed]
    imported: list[tuple[int, str, str, str, Json, int]]


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms to decide the ledger under: `version` None is each grant's own; `readings` shape either."""

    version: Version | None = None
    readings: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Recast:
    """A grant under other terms; fen. Without `defects` it can be computed: `amount` is what it would have been."""

    grant: Standing
    amount: int
    status: str
    rule: str
    defects: tuple[Defect, ...] = ()

    @property
    def moved(self) -> int:
        """The fen to be topped up, or below 0 to be recovered."""
        return 0 if self.defects else self.amount - self.grant.amount


def read_events(ledger: Ledger) -> Events:
    """Read the whole ledger in one state; Unavailable if it cannot be reached."""
    with ledger.reading() as connection:
        grants = [
            Standing(
                one.id, one.seq, one.measure, one.policy, one.town_id, one.applicant_id, one.state, one.amount,
                one.state == "released" or 0 < one.amount == one.recovered, orjson.loads(one.request),
            )
            for one in grants_of(connection)
        ]  # fmt: skip
        number = {one.id: place for place, one in enumerate(grants)}
        freed, done = [], dict.fromkeys(number, 0)
        for step in transitions_of(connection):
            place = number[step.grant_id]
            if step.verb == "release":
                freed.append(Freed(step.seq, place, 0, WHOLE))
            elif step.verb == "recover":
                end = WHOLE if step.recovered == grants[place].amount else step.recovered
                freed.append(Freed(step.seq, place, done[step.grant_id], end))
                done[step.grant_id] = step.recovered
        columns = (USAGE.c.seq, USAGE.c.policy, USAGE.c.measure, USAGE.c.limit_id, USAGE.c.group_key, USAGE.c.amount)
        rows = connection.execute(select(*columns).where(USAGE.c.grant_id.is_(None)).order_by(USAGE.c.seq))
        imported = [(seq, *of, orjson.loads(key), fen) for seq, *of, key, fen in rows]
    return Events(grants, freed, imported)


def recast(policies: Policies, events: Events, terms: Terms) -> list[Recast]:
    """Decide all grants under other terms, in their order; Refused for readings that no version knows."""
    policies.calendar(terms.readings)
    book = policies
    if terms.version is not None:
        book = alone(policies, terms.version, Validity(min(one.validity.start for one in policies.versions), None))
    asked = [_asked(book, one, terms) for one in events.grants]
    sheets = list(sheets_of(book, asked))
    order = np.array([one.seq for one in events.grants], dtype=np.int64)
    of_line = grants_of_lines(sheets)
    groups = groups_of(sheets, _ANY if terms.version else None)
    running = Running(of_line, order, groups, _imported(events, sheets, terms), events.freed)
    found = settled(book, sheets, running)
    ends = _ends(book, sheets, found.before)
    amount = np.zeros(len(order), dtype=np.int64)
    np.add.at(amount, of_line, found.amount)
    first = {grant: line for line, grant in reversed(list(enumerate(of_line.tolist())))}
    return [
        Recast(grant, int(amount[place]), *ends[first[place]])
        if place in first
        else _left_out(book, grant, asked[place])
        for place, grant in enumerate(events.grants)
    ]


def _asked(book: Policies, grant: Standing, terms: Terms) -> Asked:
    """Ask for a grant anew: under the other terms, on no history but what comes out."""
    data = {name: value for name, value in grant.data.items() if name not in {"granted_before", "facts"}}
    facts = grant.data.get("facts") or {}
    data["lines"] = [{**facts, **line} for line in grant.data["lines"]]
    if terms.version is not None:
        data["policy"] = terms.version.ref
    own = terms.version or next((one for one in book.versions if one.ref == grant.policy), book.newest)
    readings = {name: choice for name, choice in (terms.readings or {}).items() if name in own.readings}
    if readings:
        data["readings"] = {**data.get("readings", {}), **readings}
    return grant.measure, data


def _imported(events: Events, sheets: Sequence[Sheet], terms: Terms) -> list[Used]:
    """Count what was imported under the ceilings of these terms, as far as it names their keys."""
    per = {}
    for sheet in sheets:
        assert sheet.choice.provision is not None
        for one in sheet.choice.provision.measure.limits:
            per[sheet.measure, one.id] = one.per
    found = []
    for seq, policy, measure, limit, keys, fen in events.imported:
        own = per.get((measure, limit), ())
        if own and all(name in keys for name in own):
            key = orjson.dumps({name: keys[name] for name in own}, option=orjson.OPT_SORT_KEYS).decode()
            found.append(Used(seq, limit, (_ANY if terms.version else policy, measure, key), fen))
    return found


def _ends(book: Policies, sheets: Sequence[Sheet], before: Mapping[str, Fen]) -> list[tuple[str, str]]:
    """Tell how every line of the sheets ends: its status and rule."""
    found: list[tuple[str, str]] = []
    for sheet in sheets:
        here = slice(len(found), len(found) + sheet.lines.count)
        applied = sheet.decided(book, Before({limit: fen[here] for limit, fen in before.items()}))
        ends: list[tuple[str, str]] = [("not_in_force", "")] * sheet.lines.count
        for part in applied.parts:
            rules = part.decision.judgement.rules
            statuses: Column = part.decision.status
            for place, status, rule in zip(part.places, statuses, part.decision.rule, strict=True):
                ends[place] = (STATUSES[status], rules[rule])
        for place, reason in applied.outside():
            ends[place] = ("not_in_force", reason)
        found += ends
    return found


def _left_out(book: Policies, grant: Standing, asked: Asked) -> Recast:
    """Tell why a grant cannot be decided under these terms; a measure that they do not have pays nothing."""
    measure, data = asked
    if not any(measure in version.measures for version in book.versions):
        referenced = any(measure in version.referenced for version in book.versions)
        return Recast(grant, 0, *(("referenced", "by_other_rule") if referenced else ("not_in_force", "other_policy")))
    try:
        read_request(book, measure, data)
    except Refused as refused:
        return Recast(grant, 0, "needs_input", "", tuple(refused.defects))
    return Recast(grant, 0, "not_in_force", "other_policy")
