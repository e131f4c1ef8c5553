"""A request for a calculation: JSON in, columns out, or every defect at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from operator import contains
from typing import Any, Final, NamedTuple

from service.canonical import sha256_of
from service.errors import Defect
from service.intake.columns import lines_from
from service.intake.envelope import (
    Body,
    Defects,
    chosen,
    facts_of,
    known_measure,
    parsed,
    refuse,
    unknown_keys,
)
from service.intake.granted import coded, read_granted
from service.intake.schemas import LINE_ID, LineReader, Values
from service.lines import Granted, Lines
from service.policies import Policies
from service.policies.model import Input, Provision

MOST_LINES: Final = 1_000
_KEYS: Final = ("policy", "readings", "facts", "lines", "granted_before")
_READERS_AT_MOST: Final = 1_000
_READERS: Final[dict[tuple[Policies, Provision | None], LineReader]] = {}
_NO_FACTS: Final[dict[str, Any]] = {}


class Request(NamedTuple):
    """A request that was read: everything in it is right by type and bounds.

    `provision` is that of the policy named, or in force on the first line's event date; None for a
    measure that is paid under other rules. `policy` is as it was asked for. `rows` holds each line's values as they
    were read, the texts among them.
    """

    measure: str
    policy: str | None
    readings: dict[str, str]
    provision: Provision | None
    lines: Lines
    granted_before: tuple[Granted, ...]
    inputs_sha256: str
    warnings: tuple[Defect, ...] = ()
    rows: Sequence[Values] = ()


def read_request(policies: Policies, measure: str, body: bytes | Body) -> Request:
    """Read a request; Refused with every defect found, NotFound for a measure that no version knows."""
    data = parsed(body)
    known_measure(policies, measure)
    defects = unknown_keys(data, _KEYS)
    facts = _facts(data, defects)
    choice = chosen(policies, data, measure, _first(data, facts), defects)
    reader = reader_for(policies, choice.provision)
    rows = _rows(reader, facts, _sent(data, choice.provision, defects), defects)
    ids = _ids(rows, defects)
    entries = read_granted(data.get("granted_before"), choice.provision, reader, defects)
    refuse(defects)
    lines = lines_from(ids, rows, reader.layout)
    granted, warnings = coded(entries, lines, rows)
    digest = sha256_of({"measure": measure, **data})
    policy, readings, _, provision = choice
    return Request(measure, policy, readings, provision, lines, granted, digest, tuple(warnings), rows)


def reader_for(policies: Policies, provision: Provision | None) -> LineReader:
    """Return the reader of a provision's lines; without one, of lines that hold facts only."""
    key = (policies, provision)
    reader = _READERS.get(key)
    if reader is None:
        inputs = {fact: Input(fact, "optional") for fact in policies.facts}
        if provision is not None:
            inputs = provision.measure.asked(policies.facts)
        reader = _READERS[key] = LineReader(inputs, policies.fields)
        while len(_READERS) > _READERS_AT_MOST:
            _READERS.pop(next(iter(_READERS)), None)
    return reader


def _facts(data: Body, defects: Defects) -> dict[str, Any]:
    facts = facts_of(data, defects)
    if LINE_ID in facts:
        defects.append(Defect(f"/facts/{LINE_ID}", "unknown_field", LINE_ID, "/lines/…", {"field": LINE_ID}))
        del facts[LINE_ID]
    return facts


def _first(data: Body, facts: dict[str, Any]) -> Body:
    """Return the first line with the facts, as far as it can be seen before anything is validated."""
    lines = data.get("lines")
    first = lines[0] if isinstance(lines, list) and lines else _NO_FACTS
    return {**facts, **first} if isinstance(first, Mapping) else facts


def _sent(data: Body, provision: Provision | None, defects: Defects) -> list[Any]:
    """Return the lines as they were sent, at most as many as are read."""
    lines = data.get("lines")
    if lines is None:
        if provision is not None:
            defects.append(Defect("/lines", "missing", None, "[{…}, …]", {"field": "lines"}))
            return []
        return [{}]
    if not isinstance(lines, list):
        defects.append(Defect("/lines", "not_list", lines, "[{…}, …]"))
        return []
    if not lines:
        defects.append(Defect("/lines", "list_length", 0, f"1..{MOST_LINES}", {"most": MOST_LINES}))
    if len(lines) > MOST_LINES:
        facts = {"most": MOST_LINES}
        defects.append(Defect("/lines", "too_many_lines", len(lines), f"1..{MOST_LINES}", facts))
    return lines[:MOST_LINES]


def _rows(reader: LineReader, facts: dict[str, Any], sent: list[Any], defects: Defects) -> list[Values]:
    """Read every line with the facts merged in; what is wrong with a fact is said once."""
    rows: list[Values] = []
    of_facts = _of_hidden_facts(reader, facts, sent) if facts else {}
    for position, line in enumerate(sent):
        if not isinstance(line, Mapping):
            defects.append(Defect(f"/lines/{position}", "not_object", line, "{…}"))
            rows.append({})
            continue
        values, found = reader.read({**facts, **line} if facts else line)
        rows.append(values)
        for defect in found:
            field_name = defect.facts["field"]
            if field_name in facts and field_name not in line:
                moved = replace(defect, pointer=f"/facts{defect.pointer}")
                of_facts[moved.pointer, moved.code] = moved
            else:
                defects.append(replace(defect, pointer=f"/lines/{position}{defect.pointer}"))
    defects.extend(of_facts.values())
    return rows


def _of_hidden_facts(reader: LineReader, facts: dict[str, Any], sent: list[Any]) -> dict[tuple[str, str], Defect]:
    """Check the facts that every line overrides: they change nothing, and are wrong all the same."""
    lines = [line for line in sent if isinstance(line, Mapping)]
    hidden = [name for name in facts if all(map(contains, lines, repeat(name)))]
    return {
        (pointer := f"/facts{defect.pointer}", defect.code): replace(defect, pointer=pointer)
        for name in hidden
        for defect in reader.check(name, facts[name])
    }


def _ids(rows: list[Values], defects: Defects) -> list[str]:
    """Return the lines' ids; those that have none are L1, L2, … by position."""
    ids = [row.get(LINE_ID) or f"L{position}" for position, row in enumerate(rows, start=1)]
    if len(set(ids)) < len(ids):
        seen: set[str] = set()
        for position, line_id in enumerate(ids):
            if line_id in seen:
                pointer = f"/lines/{position}/{LINE_ID}"
                defects.append(Defect(pointer, "duplicate_line_id", line_id, "…"))
            seen.add(line_id)
    return ids
