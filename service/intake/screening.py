"""A request for a screening: one flat set of facts, whatever measure they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from service.canonical import sha256_of
from service.errors import Defect
from service.intake.columns import layout_of, lines_from
from service.intake.envelope import (
    Body,
    facts_of,
    named_version,
    parsed,
    readings_of,
    refuse,
    unknown_keys,
)
from service.intake.schemas import LineReader
from service.lines import Lines
from service.policies import Policies
from service.policies.model import Field, Input, Measure

_KEYS: Final = ("policy", "readings", "facts")
_READERS: Final[dict[Policies, LineReader]] = {}
_READERS_AT_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Screening:
    """A screening that was read: `facts` holds numbers as in a column, texts and rows of periods as read.

    A fact that was answered with null (not yet in production) is there as None.
    """

    policy: str | None
    readings: dict[str, str]
    facts: dict[str, Any]
    inputs_sha256: str


def read_screening(policies: Policies, body: bytes | Body) -> Screening:
    """Read a screening; Refused with every defect found."""
    data = parsed(body)
    defects = unknown_keys(data, _KEYS)
    policy = data.get("policy")
    version = None if policy is None else named_version(policies, policy, defects)
    readings = readings_of(data, version or policies.newest, defects)
    sent = facts_of(data, defects)
    values, found = reader_of_all(policies).read(sent)
    defects += [_in_facts(defect) for defect in found]
    defects += _both_given(policies, sent)
    refuse(defects)
    values.update((name, None) for name, value in sent.items() if value is None)
    return Screening(policy, readings, values, sha256_of(data))


def lines_of(facts: Mapping[str, Any], measure: Measure, fields: Mapping[str, Field]) -> tuple[Lines, list[str]]:
    """Lay the facts out as one line of a measure, and list what is missing for it, in asking order.

    Of two inputs that stand for one another the first is asked for.
    """
    row = {
        name: facts[name]
        for name, asked in measure.inputs.items()
        if facts.get(name) is not None or (asked.need == "nullable" and name in facts)
    }
    missing = [name for name, asked in measure.inputs.items() if _lacking(name, asked, facts, measure)]
    return lines_from(["L1"], [row], layout_of(measure.inputs, fields)), missing


def reader_of_all(policies: Policies) -> LineReader:
    """Return the reader that takes every field of the dictionary and asks for none."""
    reader = _READERS.get(policies)
    if reader is None:
        inputs = {name: Input(name, "optional") for name in policies.fields}
        reader = LineReader(inputs, policies.fields, with_id=False)
        _READERS[policies] = reader
        while len(_READERS) > _READERS_AT_MOST:
            _READERS.pop(next(iter(_READERS)), None)
    return reader


def _lacking(name: str, asked: Input, facts: Mapping[str, Any], measure: Measure) -> bool:
    if asked.need == "nullable":
        return name not in facts
    if asked.need == "required":
        return facts.get(name) is None
    if asked.need == "either" and asked.other is not None:
        names = list(measure.inputs)
        comes_first = names.index(name) < names.index(asked.other)
        return comes_first and facts.get(name) is None and facts.get(asked.other) is None
    return False


def _in_facts(defect: Defect) -> Defect:
    return Defect(f"/facts{defect.pointer}", defect.code, defect.given, defect.expected, defect.facts)


def _both_given(policies: Policies, sent: Mapping[str, Any]) -> list[Defect]:
    """Refuse both of two inputs that stand for one another."""
    pairs = {
        (name, asked.other)
        for version in policies.versions
        for measure in version.measures.values()
        for name, asked in measure.inputs.items()
        if asked.other and sent.get(name) is not None and sent.get(asked.other) is not None
    }
    return [
        Defect(f"/facts/{other}", "either_both", None, f"{one} | {other}", {"one": one, "other": other, "field": other})
        for one, other in sorted(pairs)
        if list(policies.fields).index(one) < list(policies.fields).index(other)
    ]
