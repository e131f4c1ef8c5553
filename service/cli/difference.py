"""`policies diff`: the terms that differ between versions or readings, and the money that this moves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from service.cli.applications import Placed, applications
from service.cli.console import Session, Unusable, told_missing
from service.cli.layout import titled
from service.cli.moved import Moved, Sum, moved, moved_in_ledger, sides
from service.describe import policies_list
from service.errors import NotFound
from service.money import yuan
from service.policies import Change, changed_terms
from service.policies.model import Version

if TYPE_CHECKING:
    from service.ledger.database import Ledger

_ROOM = 50


@dataclass(frozen=True, slots=True)
class Difference:
    """Two versions, or one under other readings, and what differs."""

    before: Version
    after: Version
    readings: Mapping[str, str]
    changes: Sequence[Change]
    money: Moved | None = None

    def written(self, session: Session) -> dict[str, Any]:
        """Write the difference as plain data, as the REST API does; then the readings and the money."""
        heads = {one["ref"]: one for one in policies_list(session.policies)["policies"]}
        data: dict[str, Any] = {
            "before": heads[self.before.ref],
            "after": heads[self.after.ref],
            "changes": [asdict(one) for one in self.changes],
            "readings": dict(self.readings),
        }
        return data if self.money is None else data | {"money": _money_written(self.money)}

    def told(self, session: Session) -> list[str]:
        """Tell the difference as tables."""
        titles = [session.say("path"), session.say("before"), session.say("after")]
        rows = [[one.path, _shown(one.before, session), _shown(one.after, session)] for one in self.changes]
        told = titled(titles, rows) if rows else [session.say("same")]
        return told if self.money is None else [*told, "", *self._money_told(self.money, session)]

    def _money_told(self, money: Moved, session: Session) -> list[str]:
        """Tell the sums as a table with a total, then what is not in it."""
        titles = ("measure", "town", "lines", "before_yuan", "after_yuan", "moved", "out_before", "out_after")
        rows = [[self._title(one, session), *_row(one, session)] for one in money.sums]
        rows.append([session.say("total"), "", *_row(_total(money.sums), session)[1:]])
        told = titled([session.say(one) for one in titles], rows, right=range(2, len(titles)))
        besides = {"by_other_rules": money.referenced, "bound": money.bound}
        return told + [session.say(code, count=count) for code, count in besides.items() if count]

    def _title(self, one: Sum, session: Session) -> str:
        """Find what a measure is called, in whichever version has it."""
        for version in (self.after, self.before):
            if known := version.measures.get(one.measure) or version.referenced.get(one.measure):
                return known.title.to(session.language)
        return one.measure


def between(before: Version, after: Version, readings: Mapping[str, str]) -> Difference:
    """Compare two versions; `after` is read as asked."""
    return Difference(before, after, readings, changed_terms(before, after, readings))


def with_money(session: Session, difference: Difference, data: bytes, file: str) -> Difference:
    """Add what the applications in a file would be paid."""
    for version in (difference.before, difference.after):
        if not version.has_amounts:
            raise Unusable(session.say("no_amounts_in", ref=version.ref))
    one, other = sides(session.policies, difference.before, difference.after, difference.readings)
    found = applications(data, file, session)
    _refuse_unknown_measures(found, session)
    return replace(difference, money=moved(found, one, other))


def with_ledger(session: Session, difference: Difference, ledger: Ledger) -> Difference:
    """Add what the grants of the ledger would have cost under both."""
    from service.ledger.other_terms import Terms

    for version in (difference.before, difference.after):
        if not version.has_amounts:
            raise Unusable(session.say("no_amounts_in", ref=version.ref))
    one, other = Terms(difference.before), Terms(difference.after, difference.readings)
    return replace(difference, money=moved_in_ledger(session.policies, ledger, one, other))


def _refuse_unknown_measures(found: Sequence[Placed], session: Session) -> None:
    versions = session.policies.versions
    known = list(dict.fromkeys(name for one in versions for name in (*one.measures, *one.referenced)))
    unknown = [(place, one["measure"]) for place, one in found if one["measure"] not in known]
    if unknown:
        told = [(place, told_missing(NotFound("measure", measure, known), session)) for place, measure in unknown]
        raise Unusable("\n".join(session.say("at", place=place, what=what) for place, what in told))


def _money_written(money: Moved) -> dict[str, Any]:
    return {
        "sums": [one.written() for one in money.sums],
        "total": _total(money.sums).written() | {"measure": None},
        "lines_by_other_rules": money.referenced,
        "applications_bound_to_other_policies": money.bound,
    }


def _total(sums: Sequence[Sum]) -> Sum:
    total = Sum("", None)
    for one in sums:
        total.lines += one.lines
        total.before += one.before
        total.after += one.after
        total.not_in_force_before += one.not_in_force_before
        total.not_in_force_after += one.not_in_force_after
    return total


def _row(one: Sum, session: Session) -> list[str]:
    moved_fen = one.after - one.before
    amounts = [yuan(one.before, grouped=True), yuan(one.after, grouped=True)]
    amounts.append(("+" if moved_fen > 0 else "") + yuan(moved_fen, grouped=True))
    outside = [str(one.not_in_force_before), str(one.not_in_force_after)]
    return [one.town or session.say("no_town"), str(one.lines), *amounts, *outside]


def _shown(value: object, session: Session) -> str:
    """Write a term as it stands in the file; a whole entry by its title, or as far as there is room."""
    if value is None:
        return session.say("nothing")
    if isinstance(value, dict) and isinstance(value.get("title"), dict):
        value = value["title"][session.language]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _ROOM else text[: _ROOM - 1] + "…"
