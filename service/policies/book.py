"""All policies of a file: finds versions, resolves measures under readings, keeps a calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeVar

from service.canonical import sha256_of
from service.errors import Defect, NotFound, Refused
from service.money import day_of
from service.policies import build
from service.policies.calendar import Calendar, calendar
from service.policies.file_schema import VersionEntry
from service.policies.model import Field, Measure, Provision, Validity, Version, Words
from service.policies.report import Tree
from service.policies.resolve import computed_with, resolved

PROVISIONS_AT_MOST: Final = 1_000
CALENDARS_AT_MOST: Final = 100

_RESOLVED: Final = VersionEntry(only=("in_force", "rounding", "rounding_stage", "town_classes", "measures"))
_KEPT: Final = tuple(_RESOLVED.fields)

Readings = Mapping[str, str]
_K = TypeVar("_K")
_V = TypeVar("_V")
_Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Policies:
    """What a policy file says. Nothing changes it; what was resolved once is kept.

    `versions` are in the order of the file.
    """

    file: Path
    fields: Mapping[str, Field]
    facts: tuple[str, ...]
    departments: Mapping[str, Words]
    versions: tuple[Version, ...]
    _in_use: dict[tuple[Version, str], Provision] = field(default_factory=dict, repr=False)
    _asked: dict[tuple[Version, str, _Key], Provision] = field(default_factory=dict, repr=False)
    _calendars: dict[_Key, Calendar] = field(default_factory=dict, repr=False)
    _lock: Any = field(default_factory=Lock, repr=False)

    @property
    def newest(self) -> Version:
        """The version with amounts that begins last."""
        return max((one for one in self.versions if one.has_amounts), key=lambda one: one.validity.start)

    def version(self, ref: str) -> Version:
        """Find `jzbf-2026-3@1`, or by `jzbf-2026-3` the latest version of it; NotFound tells which there are."""
        policy, at, number = ref.partition("@")
        found = [one for one in self.versions if one.id == policy and (not at or one.version == number)]
        if not found:
            raise NotFound("policy", ref, [one.ref for one in self.versions])
        return max(found, key=lambda one: one.validity.start)

    def provision(self, version: Version, measure: str, readings: Readings | None = None) -> Provision:
        """Resolve a measure under the readings in use, or those asked for instead.

        Raises NotFound for a measure that the version does not have, Refused for unknown readings
        or choices. A reading that cannot shape the measure is accepted.
        """
        if not readings:
            kept = self._in_use.get((version, measure))
            if kept is None:
                kept = self._in_use[version, measure] = self._resolve(version, measure, {})
            return kept
        key = (version, measure, tuple(sorted(readings.items())))
        kept = self._asked.get(key)
        if kept is None:
            kept = self._resolve(version, measure, readings)
            self._keep(self._asked, key, kept, PROVISIONS_AT_MOST)
        return kept

    def calendar(self, readings: Readings | None = None) -> Calendar:
        """Lay out which version covers which days, under the readings in use or those asked for instead.

        A version takes the readings that it has; Refused if none has one of them, or the choice.
        """
        key = tuple(sorted(readings.items())) if readings else ()
        kept = self._calendars.get(key)
        if kept is None:
            asked = readings or {}
            self._refuse_readings_of_none(asked)
            kept = calendar((_validity(one, asked), one.has_amounts) for one in self.versions)
            self._keep(self._calendars, key, kept, CALENDARS_AT_MOST)
        return kept

    def _resolve(self, version: Version, measure: str, readings: Readings) -> Provision:
        if measure not in version.measures:
            raise NotFound("measure", measure, list(version.measures))
        refuse_unknown(version, readings)
        holding = {one.id: readings.get(one.id, one.in_use) for one in version.readings.values()}
        tree = resolved(version.tree, holding, measure)
        parsed = loaded(tree)
        return Provision(
            policy=version.id,
            version=version.version,
            document=version.document,
            validity=build.validity(parsed["in_force"]),
            rounding=build.rounding(parsed["rounding"]),
            rounding_stage=parsed["rounding_stage"],
            measure=measure_of(measure, parsed, self.fields),
            readings={one: holding[one] for one in version.shaped_by[measure]},
            sha256=sha256_of(computed_with(tree)),
            fields=self.fields,
        )

    def _keep(self, where: dict[_K, _V], key: _K, value: _V, at_most: int) -> None:
        """Keep a value, at the cost of the oldest."""
        with self._lock:
            where[key] = value
            while len(where) > at_most:
                del where[next(iter(where))]

    def _refuse_readings_of_none(self, readings: Readings) -> None:
        """Refuse what no version understands."""
        versions = [one for one in self.versions if one.has_amounts]
        found = [_unknown(one, readings) for one in versions]
        if found and all(found):
            _refuse(min(found, key=len))


def alone(policies: Policies, version: Version, time: Validity) -> Policies:
    """Make a book of one version, in force at another time than the law says."""
    until = None if time.until is None else day_of(time.until).isoformat()
    tree = {**version.tree, "in_force": {"from": day_of(time.start).isoformat(), "until": until}}
    only = replace(version, validity=time, tree=tree)
    return Policies(policies.file, policies.fields, policies.facts, policies.departments, (only,))


def loaded(tree: Tree) -> dict[str, Any]:
    """Parse the parts of a resolved version that a reading may change."""
    parsed: dict[str, Any] = _RESOLVED.load({key: tree[key] for key in _KEPT if key in tree})
    return parsed


def measure_of(name: str, parsed: Mapping[str, Any], fields: Mapping[str, Field]) -> Measure:
    """Make a measure of a parsed version."""
    return build.measure(name, parsed["measures"][name], fields, parsed["town_classes"])


def refuse_unknown(version: Version, readings: Readings) -> None:
    """Raise Refused with every reading and choice that a version does not know."""
    _refuse(_unknown(version, readings))


def _validity(version: Version, readings: Readings) -> Validity:
    """Find a version's validity under readings."""
    asked = {
        one: choice
        for one, choice in readings.items()
        if one in version.readings and choice in version.readings[one].choices
    }
    if not asked:
        return version.validity
    holding = {one.id: asked.get(one.id, one.in_use) for one in version.readings.values()}
    tree = resolved(version.tree, holding)
    parsed: dict[str, Any] = _RESOLVED.fields["in_force"].deserialize(tree["in_force"])
    return build.validity(parsed)


def _unknown(version: Version, readings: Readings) -> list[Defect]:
    """List the readings and choices that a version does not know."""
    defects = []
    for name, choice in readings.items():
        pointer = f"/readings/{name.replace('~', '~0').replace('/', '~1')}"
        known = version.readings.get(name)
        if known is None:
            defects.append(Defect(pointer, "unknown_reading", name, ", ".join(version.readings)))
        elif choice not in known.choices:
            defects.append(Defect(pointer, "unknown_choice", choice, ", ".join(known.choices)))
    return defects


def _refuse(defects: list[Defect]) -> None:
    if defects:
        raise Refused(defects)
