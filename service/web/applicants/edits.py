"""The buttons of a form that calculate nothing: lines and rows are added, copied and removed, the unit is changed."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any, Final

from service.intake.granted import MOST_ENTRIES
from service.intake.request import MOST_LINES
from service.intake.schemas import LINE_ID
from service.intake.tables import MOST_PERIODS
from service.policies import Policies
from service.web.applicants.forms import ROWS, Form, form_of
from service.web.applicants.typed import unit_of

_LINE: Final = re.compile(r"(copy|remove)-line-(\d{1,9})", re.ASCII)
_ROW: Final = re.compile(r"add-row-(facts|lines\.\d{1,9})\.(\w{1,64})", re.ASCII)
_UNIT: Final = re.compile(r"unit-(yuan|wan)")


def edited(policies: Policies, form: Form, do: str) -> Form:
    """Return the form after a button was pressed; as it was where there is no such button."""
    data, unit = deepcopy(form.data), form.unit
    if do == "add-line":
        _add(data, "lines", MOST_LINES)
    elif do == "add-granted":
        _add(data, "granted_before", MOST_ENTRIES)
    elif found := _LINE.fullmatch(do):
        _change_line(data.get("lines", []), found[1], int(found[2]))
    elif found := _ROW.fullmatch(do):
        _add_row(policies, data, found[1], found[2])
    elif found := _UNIT.fullmatch(do):
        unit = unit_of(found[1])
    return form_of(policies, data, unit)


def _add(data: dict[str, Any], key: str, most: int) -> None:
    """Add an empty entry; beside none stands one already, as a form shows it."""
    entries = data.setdefault(key, [{}] if key == "lines" else [])
    if len(entries) < most:
        entries.append({})


def _change_line(lines: list[dict[str, Any]], verb: str, place: int) -> None:
    if place >= len(lines):
        return
    if verb == "remove":
        del lines[place]
    elif len(lines) < MOST_LINES:
        copied = {name: value for name, value in lines[place].items() if name != LINE_ID}
        lines.insert(place + 1, deepcopy(copied))


def _add_row(policies: Policies, data: dict[str, Any], where: str, name: str) -> None:
    known = policies.fields.get(name)
    if known is None or known.type not in ROWS:
        return
    entries = data.setdefault("facts", {})
    if where != "facts":
        lines, place = data.get("lines", []), int(where.partition(".")[2])
        if place >= len(lines):
            return
        entries = lines[place]
    rows = entries.get(name) or [{}]
    if len(rows) < MOST_PERIODS:
        entries[name] = [*rows, {}]
