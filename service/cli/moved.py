"""What money another version or reading would move: every application calculated twice, summed by measure and town."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from service.calculation import calculate
from service.errors import Defect, Refused
from service.intake.request import read_request
from service.money import fen_of, yuan
from service.policies import Policies, alone
from service.policies.model import Validity, Version

if TYPE_CHECKING:
    from service.ledger.database import Ledger
    from service.ledger.other_terms import Recast, Terms

Application = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Side:
    """The terms of one version under some readings, applied to a time."""

    policies: Policies
    version: Version
    readings: Mapping[str, str]

    def results(self, application: Application) -> list[dict[str, Any]]:
        """Calculate an application: its lines. A measure that this version does not have pays nothing."""
        measure = application["measure"]
        if measure not in self.version.measures and measure not in self.version.referenced:
            return [{"status": "not_in_force", "amount": "0.00"}] * len(_towns(application))
        body = {key: value for key, value in application.items() if key != "measure"}
        body["policy"] = self.version.ref
        if self.readings and isinstance(body.setdefault("readings", {}), dict):
            body["readings"] = {**body["readings"], **self.readings}
        request = read_request(self.policies, measure, body)
        lines: list[dict[str, Any]] = calculate(self.policies, request, "zh")["lines"]
        return lines


@dataclass(slots=True)
class Sum:
    """The lines of one measure in one town (None: not named), in fen."""

    measure: str
    town: str | None
    lines: int = 0
    before: int = 0
    after: int = 0
    not_in_force_before: int = 0
    not_in_force_after: int = 0

    def add(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Count a line as it is before and after."""
        self.lines += 1
        self.before += fen_of(before["amount"] or "0")
        self.after += fen_of(after["amount"] or "0")
        self.not_in_force_before += before["status"] == "not_in_force"
        self.not_in_force_after += after["status"] == "not_in_force"

    def add_grant(self, before: Recast, after: Recast) -> None:
        """Count a grant of the ledger as it is before and after."""
        self.lines += len(before.grant.data["lines"])
        self.before += before.amount
        self.after += after.amount
        self.not_in_force_before += before.status == "not_in_force"
        self.not_in_force_after += after.status == "not_in_force"

    def written(self) -> dict[str, Any]:
        """Write the sum as plain data, amounts in yuan."""
        amounts = {"before": yuan(self.before), "after": yuan(self.after), "moved": yuan(self.after - self.before)}
        return asdict(self) | amounts


def sides(policies: Policies, before: Version, after: Version, readings: Mapping[str, str]) -> tuple[Side, Side]:
    """Set two versions against each other; `readings` shape the second.

    Two versions are never in force on the same day, so each is applied to the time of both.
    """
    if before is after:
        return Side(policies, before, {}), Side(policies, after, readings)
    time = _both(before.validity, after.validity)
    return Side(alone(policies, before, time), before, {}), Side(alone(policies, after, time), after, readings)


def _both(one: Validity, other: Validity) -> Validity:
    ends = [until for until in (one.until, other.until) if until is not None]
    return Validity(min(one.start, other.start), max(ends) if len(ends) == 2 else None)  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Moved:
    """Sums by measure and town; what is not in them: lines without an amount, applications bound to another policy."""

    sums: Sequence[Sum]
    referenced: int
    bound: int


def moved(applications: Iterable[tuple[str, Application]], before: Side, after: Side) -> Moved:
    """Calculate every application on both sides.

    Refused with the defects of all applications; each pointer begins with the application's place.
    """
    sums: dict[tuple[str, str | None], Sum] = {}
    defects: list[Defect] = []
    referenced = bound = 0
    for place, application in applications:
        if not _concerns(application, before.version, after.version):
            bound += 1
            continue
        try:
            pairs = list(zip(before.results(application), after.results(application), strict=True))
        except Refused as refused:
            defects += [replace(defect, pointer=f"{place}: {defect.pointer}") for defect in refused.defects]
            continue
        for town, pair in zip(_towns(application), pairs, strict=True):
            key = application["measure"], town
            if all(line["status"] == "referenced" for line in pair):
                referenced += 1
            else:
                sums.setdefault(key, Sum(*key)).add(*pair)
    if defects:
        raise Refused(defects)
    return Moved(_in_order(sums.values(), after.version), referenced, bound)


def moved_in_ledger(policies: Policies, ledger: Ledger, before: Terms, after: Terms) -> Moved:
    """Decide all grants of the ledger on both sides; what was released or recovered as a whole counts nothing.

    Refused for grants that cannot be decided under one of them; each pointer begins with the grant.
    """
    from service.ledger.other_terms import read_events, recast

    events = read_events(ledger)
    sums: dict[tuple[str, str | None], Sum] = {}
    defects: list[Defect] = []
    referenced = 0
    for pair in zip(recast(policies, events, before), recast(policies, events, after), strict=True):
        grant = pair[0].grant
        if grant.gone:
            continue
        defects += [replace(one, pointer=f"{grant.id}: {one.pointer}") for side in pair for one in side.defects]
        if all(side.status == "referenced" for side in pair):
            referenced += len(grant.data["lines"])
        else:
            key = grant.measure, grant.town_id
            sums.setdefault(key, Sum(*key)).add_grant(*pair)
    if defects:
        raise Refused(defects)
    assert after.version is not None
    return Moved(_in_order(sums.values(), after.version), referenced, 0)


def _concerns(application: Application, *versions: Version) -> bool:
    """Tell whether an application names none or one of the versions compared."""
    named = application.get("policy")
    return named is None or any(named in (version.id, version.ref) for version in versions)


def _towns(application: Application) -> list[str | None]:
    facts = application.get("facts") or {}
    merged = [{**facts, **line} for line in application.get("lines") or [{}]]
    return [line.get("town_id") or line.get("town_name") for line in merged]


def _in_order(sums: Iterable[Sum], version: Version) -> list[Sum]:
    """Sort by the measures' order in the law, then by town."""
    known: Sequence[str] = [*version.measures, *version.referenced]
    place = {measure: number for number, measure in enumerate(known)}
    return sorted(sums, key=lambda one: (place.get(one.measure, len(place)), one.town is None, one.town or ""))
