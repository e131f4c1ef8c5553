"""What all requests have around their lines: JSON, the policy that is named, the readings that are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import orjson

from service.errors import Defect, NotFound, Refused
from service.intake.fields import days_of_text, escaped
from service.lines import FIRST_YEAR, LAST_YEAR
from service.policies import Policies
from service.policies.model import Provision, Version

Body: TypeAlias = Mapping[str, Any]
Defects: TypeAlias = list[Defect]


def parsed(body: bytes | Body) -> Body:
    """Parse JSON; what is not an object is refused at once, as nothing else can be said about it."""
    data = body
    if isinstance(body, bytes | bytearray | memoryview | str):
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            facts = {"line": error.lineno, "column": error.colno}
            raise Refused([Defect("", "malformed_json", None, "JSON (UTF-8)", facts)]) from None
    if not isinstance(data, Mapping):
        raise Refused([Defect("", "not_object", data, "{…}")])
    return data


def refuse(defects: Defects) -> None:
    """Raise Refused if anything is wrong."""
    if defects:
        raise Refused(defects)


def unknown_keys(data: Body, known: tuple[str, ...], pointer: str = "") -> Defects:
    """Report the keys of an object that nobody asked for."""
    return [
        Defect(f"{pointer}/{escaped(key)}", "unknown_field", key, ", ".join(known), {"field": key})
        for key in data
        if key not in known
    ]


def facts_of(data: Body, defects: Defects) -> dict[str, Any]:
    """Return the facts that hold for all lines; null is none."""
    facts = data.get("facts")
    if facts is None:
        return {}
    if not isinstance(facts, Mapping):
        defects.append(Defect("/facts", "not_object", facts, "{…}"))
        return {}
    return dict(facts)


class Chosen(NamedTuple):
    """By which version a request is read; without a provision its measure is paid under other rules."""

    policy: str | None
    readings: dict[str, str]
    version: Version
    provision: Provision | None


def chosen(policies: Policies, data: Body, measure: str, first: Body, defects: Defects) -> Chosen:
    """Choose the version for a request on a measure; `first` is its first line with the facts."""
    policy = data.get("policy")
    version = None if policy is None else _named(policies, policy, measure, defects)
    if version is None:
        version = _in_force(policies, measure, first, data.get("readings"))
    readings = readings_of(data, version, defects)
    computable = measure in version.measures
    provision = policies.provision(version, measure, readings) if computable else None
    return Chosen(policy, readings, version, provision)


def known_measure(policies: Policies, measure: str) -> None:
    """Raise NotFound if no version has the measure."""
    if not any(measure in one.measures or measure in one.referenced for one in policies.versions):
        names = (name for one in policies.versions for name in (*one.measures, *one.referenced))
        raise NotFound("measure", measure, list(dict.fromkeys(names)))


def named_version(policies: Policies, policy: object, defects: Defects) -> Version | None:
    """Find the version that a request names, if it can be calculated with."""
    expected = ", ".join(one.ref for one in policies.versions if one.has_amounts)
    if not isinstance(policy, str):
        defects.append(Defect("/policy", "not_text", policy, expected))
        return None
    try:
        version = policies.version(policy)
    except NotFound:
        defects.append(Defect("/policy", "unknown_policy", policy, expected))
        return None
    if not version.has_amounts:
        defects.append(Defect("/policy", "policy_without_amounts", policy, expected))
        return None
    return version


def _named(policies: Policies, policy: object, measure: str, defects: Defects) -> Version | None:
    version = named_version(policies, policy, defects)
    if version is None or measure in version.measures or measure in version.referenced:
        return version
    expected = ", ".join((*version.measures, *version.referenced))
    defects.append(Defect("/policy", "measure_not_in_policy", measure, expected))
    return None


def _in_force(policies: Policies, measure: str, first: Body, readings: Any) -> Version:
    """Find the version in force on the first line's event date; without one, the newest with the measure."""
    having = [one for one in policies.versions if measure in one.measures]
    if len(having) == 1:
        return having[0]
    if not having:
        return _newest(one for one in policies.versions if measure in one.referenced)
    newest = _newest(having)
    day = _event_day(first.get(newest.measures[measure].event))
    if day is None:
        return newest
    try:
        calendar = policies.calendar(readings)
    except (Refused, AttributeError, TypeError):  # the readings are refused below, by name
        calendar = policies.calendar()
    position = int(calendar.applies(np.array([day]))[0])
    in_force = policies.versions[position] if position >= 0 else newest
    return in_force if in_force in having else newest


def _newest(versions: Iterable[Version]) -> Version:
    return max(versions, key=lambda one: one.validity.start)


def _event_day(value: object) -> int | None:
    """Read a date, or the last day of a year; None for what is neither."""
    if type(value) is int and FIRST_YEAR <= value <= LAST_YEAR:
        return days_of_text(f"{value}-12-31")
    try:
        return days_of_text(value) if isinstance(value, str) else None
    except ValueError:
        return None


def readings_of(data: Body, version: Version, defects: Defects) -> dict[str, str]:
    """Return the readings that the version knows; report all others, and all unknown choices."""
    asked = data.get("readings")
    if not asked and (asked is None or isinstance(asked, Mapping)):
        return {}
    if not isinstance(asked, Mapping):
        defects.append(Defect("/readings", "not_object", asked, "{…}"))
        return {}
    readings = {}
    for name, choice in asked.items():
        pointer, known = f"/readings/{escaped(name)}", version.readings.get(name)
        if known is None:
            expected = ", ".join(version.readings)
            defects.append(Defect(pointer, "unknown_reading", name, expected))
        elif not isinstance(choice, str) or choice not in known.choices:
            expected = " | ".join(known.choices)
            defects.append(Defect(pointer, "unknown_choice", choice, expected))
        else:
            readings[name] = choice
    return readings
