"""One cell of a file: text that clerks write, read by the same dictionary entry as in a request.

What a cell may look like besides what a request says: labels instead of codes, 是/否, dates in the usual styles,
periods in one text. Anything else is refused by the entry itself, in its own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from service.batch.headers import Unit
from service.intake.dictionary import entry_for
from service.intake.fields import Entry
from service.policies.model import Field

Read = Callable[[str], Any]

_DIGITS: Final = re.compile(r"[0-9]{1,9}")
_TEN_THOUSANDS: Final = re.compile(r"([0-9]+)(?:\.([0-9]{1,6}))?")
#: Year first, month, day: the only order in which a date cannot be mistaken.
_DATES: Final = (
    re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?: 00:00:00(?:\.0{1,9})?)?"),
    re.compile(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})"),
    re.compile(r"([0-9]{4})\.([0-9]{1,2})\.([0-9]{1,2})"),
    re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日"),
    re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})"),
)
_FLAGS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("true", "TRUE", "True", "是", "yes"), True),
    **dict.fromkeys(("false", "FALSE", "False", "否", "no"), False),
}


def reader_of(field: Field, unit: Unit = "yuan") -> Read:
    """Return the function that reads a cell of this field; it raises marshmallow's ValidationError with Defects."""
    entry = entry_for(field)
    match field.type:
        case "code":
            labels = {text: code for code, words in field.codes.items() for text in (words.zh, words.en, code)}
            return lambda cell: entry.read(labels.get(cell, cell))
        case "flag":
            return lambda cell: entry.read(_FLAGS.get(cell, cell))
        case "year" | "count":
            return lambda cell: entry.read(int(cell) if _DIGITS.fullmatch(cell) else cell)
        case "date":
            return lambda cell: entry.read(iso_date(cell))
        case "periods":
            return lambda cell: entry.read([_period(part) for part in _parts(cell)])
        case "balances":
            return lambda cell: entry.read([_balance(part) for part in _parts(cell)])
        case "yuan" if unit == "ten_thousand_yuan":
            return lambda cell: _ten_thousands(entry, cell)
        case _:
            return entry.read


def iso_date(cell: str) -> str:
    """Write a date in one of the usual styles as YYYY-MM-DD; anything else stays as it is, to be refused."""
    for style in _DATES:
        if found := style.fullmatch(cell):
            year, month, day = found.groups()
            return f"{year}-{month:0>2}-{day:0>2}"
    return cell


def _ten_thousands(entry: Entry, cell: str) -> Any:
    """Read 万元 exactly: the decimal point moves by four places, and no part of a fen may be left."""
    found = _TEN_THOUSANDS.fullmatch(cell)
    if not found:
        return entry.read(cell if not _TEN_THOUSANDS.match(cell) else f"{cell} 万元")
    decimals = (found[2] or "").ljust(6, "0")
    return entry.read(f"{found[1]}{decimals[:4]}.{decimals[4:]}")


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.replace("；", ";").split(";") if part.strip()]


def _period(part: str) -> dict[str, str]:
    start, _, end = part.partition("/")
    return {"paid_from": start, "paid_to": end}


def _balance(part: str) -> dict[str, str]:
    amount, _, period = part.partition("@")
    start, _, end = period.partition("/")
    return {"balance": amount, "from": start, "to": end}
