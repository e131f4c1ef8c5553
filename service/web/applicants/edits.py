"""The buttons of a form that calculate nothing: lines and rows are added, copied and removed, the unit is changed."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from service.intake.granted import MOST_ENTRIES
from service.intake.request import MOST_LINES
from service.intake.schemas import LINE_ID
from service.intake.tables import MOST_PERIODS
from service.policies import Policies
from service.web.applicants.forms import ROWS, Form, form_of, request_of
from service.web.typed import unit_of

_LINE: Final = re.compile(r"(copy|remove)-line-(\d{1,9})", re.ASCII)
_ROW: Final = re.compile(r"add-row-(facts|lines\.\d{1,9})\.(\w{1,64})", re.ASCII)
_UNIT: Final = re.compile(r"unit-(yuan|wan)")


def edited(policies: Policies, form: Form, do: str) -> tuple[Form, str | None]:
    """Return the form after a button was pressed, and the field to go on with; as it was if there is no such button."""
    # Whatever the request is (a file may hold anything), what its fields hold is a request in form.
    data = request_of(policies, MultiDict({**form.values, "unit": form.unit})).data
    unit = form.unit
    focus: str | None = None
    if do == "add-line":
        focus = f"lines.{_add(data, 'lines', MOST_LINES)}"
    elif do == "add-granted":
        focus = f"granted.{_add(data, 'granted_before', MOST_ENTRIES)}.limit"
    elif found := _LINE.fullmatch(do):
        focus = _change_line(data.get("lines") or [], found[1], int(found[2]))
    elif found := _ROW.fullmatch(do):
        focus = _add_row(policies, data, found[1], found[2])
    elif found := _UNIT.fullmatch(do):
        unit = unit_of(found[1])
    return form_of(policies, data, unit), focus


def _add(data: dict[str, Any], key: str, most: int) -> int:
    """Add an empty entry, and return its place; beside none stands one already, as a form shows it."""
    entries = data.setdefault(key, [{}])
    if len(entries) < most:
        entries.append({})
    return len(entries) - 1


def _change_line(lines: list[dict[str, Any]], verb: str, place: int) -> str | None:
    if place >= len(lines):
        return None
    if verb == "remove":
        del lines[place]
        return f"lines.{min(place, len(lines) - 1)}" if lines else None
    if len(lines) < MOST_LINES:
        copied = {name: value for name, value in lines[place].items() if name != LINE_ID}
        lines.insert(place + 1, deepcopy(copied))
    return f"lines.{min(place + 1, len(lines) - 1)}"


def _add_row(policies: Policies, data: dict[str, Any], where: str, name: str) -> str | None:
    known = policies.fields.get(name)
    if known is None or known.type not in ROWS:
        return None
    if where == "facts":
        entries = data.setdefault("facts", {})
    else:
        lines, place = data.get("lines") or [], int(where.partition(".")[2])
        if place >= len(lines):
            return None
        entries = lines[place]
    rows = entries.get(name) or [{}]
    if len(rows) < MOST_PERIODS:
        rows = entries[name] = [*rows, {}]
    return f"{where}.{name}.{len(rows) - 1}.{next(iter(ROWS[known.type]))}"
