"""What a request says was granted before, under the limits that several lines share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
from marshmallow import ValidationError

from service.errors import Defect
from service.intake.envelope import Defects, unknown_keys
from service.intake.fields import Entry, Year, Yuan, defects_of, escaped
from service.intake.schemas import LINE_ID, LineReader, Values
from service.intake.tables import Table
from service.lines import LINE, Granted, Lines
from service.policies.model import Limit, Provision

MOST_ENTRIES: Final = 1_000
#: No line has this number: what names no line of the request changes nothing.
NOWHERE: Final[Mapping[str, int]] = {LINE: -1}
_KEYS: Final = ("limit", "group", "amount")
_YEAR: Final = Year()
_YUAN: Final = Yuan()


class Read(NamedTuple):
    """An entry that is right by type and bounds; the group's values are as `Entry.read` returns them."""

    position: int
    limit: str
    group: dict[str, Any]
    amount: int


def read_granted(sent: Any, provision: Provision | None, reader: LineReader, defects: Defects) -> list[Read]:
    """Read the list `granted_before`; null is an empty one."""
    if not sent and (sent is None or isinstance(sent, list)):
        return []
    if not isinstance(sent, list):
        defects.append(Defect("/granted_before", "not_list", sent, "[{limit, group?, amount}, …]"))
        return []
    if len(sent) > MOST_ENTRIES:
        expected = f"0..{MOST_ENTRIES}"
        facts = {"most": MOST_ENTRIES}
        defects.append(Defect("/granted_before", "list_length", len(sent), expected, facts))
    limits = provision.measure.limits if provision else ()
    shared = {limit.id: limit for limit in limits if limit.shared}
    return [_entry(position, entry, shared, reader, defects) for position, entry in enumerate(sent[:MOST_ENTRIES])]


def _entry(position: int, sent: Any, shared: Mapping[str, Limit], reader: LineReader, defects: Defects) -> Read:
    pointer = f"/granted_before/{position}"
    if not isinstance(sent, Mapping):
        defects.append(Defect(pointer, "not_object", sent, ", ".join(_KEYS)))
        return Read(position, "", {}, 0)
    defects += unknown_keys(sent, _KEYS, pointer)
    name = sent.get("limit")
    limit = shared.get(name) if isinstance(name, str) else None
    if limit is None:
        code = "unknown_limit" if "limit" in sent else "missing"
        facts = {"field": "limit"}
        defects.append(Defect(f"{pointer}/limit", code, name, " | ".join(shared), facts))
    amount = _value(_YUAN, sent, "amount", pointer, defects)
    group = _group(sent.get("group"), limit, reader, pointer, defects)
    return Read(position, limit.id if limit else "", group, amount or 0)


def _group(sent: Any, limit: Limit | None, reader: LineReader, pointer: str, defects: Defects) -> dict[str, Any]:
    if sent is None:
        return {}
    if not isinstance(sent, Mapping):
        defects.append(Defect(f"{pointer}/group", "not_object", sent, "{…}"))
        return {}
    entries = {
        name: entry for name, entry in reader.entries.items() if name != LINE_ID and not isinstance(entry, Table)
    }
    entries |= {name: _YEAR for name in (limit.per if limit else ()) if name.endswith(".year")}
    defects += unknown_keys(sent, tuple(entries), f"{pointer}/group")
    return {
        name: _value(entry, sent, name, f"{pointer}/group", defects) for name, entry in entries.items() if name in sent
    }


def _value(entry: Entry, sent: Mapping[str, Any], key: str, pointer: str, defects: Defects) -> Any:
    try:
        return entry.read_given(sent, key)
    except ValidationError as error:
        place = f"{pointer}/{escaped(key)}"
        defects += [
            replace(one, pointer=place + one.pointer, facts={**one.facts, "field": key}) for one in defects_of(error)
        ]
    return None


def coded(entries: Sequence[Read], lines: Lines, rows: Sequence[Values]) -> tuple[tuple[Granted, ...], list[Defect]]:
    """Turn the groups' values into numbers of the columns; an entry that names no line is kept, and warned of."""
    granted, warnings = [], []
    for entry in entries:
        group = _numbers(entry.group, lines, rows)
        if group is None:
            pointer = f"/granted_before/{entry.position}"
            warnings.append(Defect(pointer, "granted_before_matches_no_line"))
        granted.append(Granted(entry.limit, NOWHERE if group is None else group, entry.amount))
    return tuple(granted), warnings


def _numbers(group: Mapping[str, Any], lines: Lines, rows: Sequence[Values]) -> dict[str, int] | None:
    """Number the values of a group; None if no line has all of them."""
    agreeing = np.ones(lines.count, dtype=np.bool_)
    numbers: dict[str, int] = {}
    for name, value in group.items():
        if not lines.has(name.removesuffix(".year")):
            return None
        column, number = lines.column(name), value
        if isinstance(value, str):
            texts = [row.get(name) for row in rows]
            if value not in texts:
                return None
            number = int(column[texts.index(value)])
        agreeing &= column == number
        if name in lines.given:
            agreeing &= lines.given[name]
        numbers[name] = number
    return numbers if agreeing.any() else None
