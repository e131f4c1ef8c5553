"""The query of a list: what to choose by, where to go on, how much at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict

from service.errors import Defect, Refused
from service.intake.fields import Text, Year, defects_of
from service.policies import Policies

MOST_AT_A_TIME: Final = 500
_USUAL: Final = 100
#: What can be chosen by: the values that a name takes, or None for any text.
Names = Mapping[str, tuple[str, ...] | None]


class Query(NamedTuple):
    """What was asked for; `cursor` is the `next` of the page before."""

    filters: dict[str, Any]
    cursor: str | None
    page_size: int


def read_query(sent: MultiDict[str, str], names: Names) -> Query:
    """Read a query; Refused with every parameter that is unknown, doubled, or of no use."""
    known = (*names, "year", "cursor", "page_size")
    filters: dict[str, Any] = {}
    defects = []
    for name, values in sent.lists():
        pointer = f"/{name}"
        if name not in known:
            defects.append(Defect(pointer, "unknown_field", name, ", ".join(known), {"field": name}))
        elif len(values) > 1:
            defects.append(Defect(pointer, "asked_twice", values[-1], None, {"field": name}))
        else:
            try:
                filters[name] = _value(name, values[0], names)
            except ValidationError as error:
                defects += [Defect(pointer, one.code, one.given, one.expected, one.facts) for one in defects_of(error)]
    if defects:
        raise Refused(defects)
    cursor, page_size = filters.pop("cursor", None), filters.pop("page_size", _USUAL)
    return Query(filters, cursor, page_size)


def measures_of(policies: Policies) -> tuple[str, ...]:
    """List the measures that any version can calculate."""
    return tuple(dict.fromkeys(measure for version in policies.versions for measure in version.measures))


def seq_of(cursor: str | None) -> int:
    """Read a cursor that is the number of an entry; Refused for one that is none, 0 where there is none."""
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):  # noqa: PLR2004 - int64
        raise Refused([Defect("/cursor", "cursor_wrong", cursor, None)])
    return int(cursor or 0)


def _value(name: str, text: str, names: Names) -> Any:
    match name:
        case "year":
            return Year().read(_whole(text))
        case "page_size":
            number = _whole(text)
            if not (isinstance(number, int) and 1 <= number <= MOST_AT_A_TIME):
                facts = {"least": 1, "most": MOST_AT_A_TIME}
                raise ValidationError([Defect("", "not_count", text, f"1..{MOST_AT_A_TIME}", facts)])
            return number
        case "cursor":
            return text
    choices = names[name]
    if choices is not None and text not in choices:
        raise ValidationError([Defect("", "unknown_code", text, " | ".join(choices))])
    return Text().read(text)


def _whole(text: str) -> int | str:
    """Read a whole number; anything else stays as it is, to be refused."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else text  # noqa: PLR2004 - years
