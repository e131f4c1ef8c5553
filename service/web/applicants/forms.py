"""Between the fields of a form and a request: what a browser sends becomes the request, and a request fills the form.

A field's name tells its place: `facts.town_tier`, `lines.0.disbursed_on`, `lines.0.outstanding.1.balance`,
`granted.0.group.application_year`, `readings.loan_days`, `policy`. Beside a field may stand `….none`, a box that is
ticked to say null: not yet, or (in a line) not what the facts say. What is left empty is not in the request. Names of
any other form belong to nobody and are passed over.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

from werkzeug.datastructures import MultiDict

from service.errors import Defect
from service.policies import Policies
from service.policies.model import FieldType
from service.web.typed import Unit, text_of, unit_of, value_of

Json: TypeAlias = dict[str, Any]
Sent: TypeAlias = MultiDict[str, str]
#: The texts of one line, of the facts or of one entry, by the names of its fields.
Texts: TypeAlias = dict[str, str]

NONE: Final = "none"
#: What a row of several holds, in the order of asking.
ROWS: Final[Mapping[FieldType, Mapping[str, FieldType]]] = {
    "periods": {"paid_from": "date", "paid_to": "date"},
    "balances": {"balance": "yuan", "from": "date", "to": "date"},
}
_WORD: Final = r"[A-Za-z0-9_]{1,64}"
_NUMBER: Final = r"[0-9]{1,9}"
_ENTRY: Final = rf"{_WORD}(?:\.{NONE}|\.{_NUMBER}\.{_WORD})?"
_SINGLE: Final = re.compile(rf"(facts)\.({_ENTRY})|(readings)\.({_WORD})")
_NUMBERED: Final = re.compile(
    rf"(lines)\.({_NUMBER})\.({_ENTRY})|(granted)\.({_NUMBER})\.(limit|amount|group\.{_WORD}(?:\.year)?)"
)
#: How the parts of a request are called in names of fields.
_AREAS: Final = {"granted_before": "granted"}


class Filled(NamedTuple):
    """What the fields of a form hold: `values` every text that a browser would send, by the fields' names.

    `tables` counts the rows of fields that have several; `given` names the fields that the request gives, null among
    them.
    """

    values: Mapping[str, str]
    tables: Mapping[str, int]
    given: frozenset[str]


@dataclass(frozen=True)
class Form:
    """A form as it stands: the request that it says, the unit of its amounts, what is wrong with it.

    What its fields hold is worked out when somebody looks: an answer needs none of it.
    """

    policies: Policies = field(repr=False)
    data: Json
    unit: Unit = "yuan"
    defects: tuple[Defect, ...] = ()

    @cached_property
    def filled(self) -> Filled:
        """What the fields hold, as far as a form can show the request."""
        places = {"facts": _mapped(self.data.get("facts"))}
        places |= {f"lines.{place}": line for place, line in enumerate(_listed(self.data.get("lines")))}
        values = {f"{place}.line_id": "" for place in places if place != "facts"}
        tables: dict[str, int] = {}
        for place, entries in places.items():
            for name, value in entries.items():
                values |= _texts(f"{place}.{name}", _kind(self.policies, name), value, self.unit)
                if isinstance(value, list):
                    tables[f"{place}.{name}"] = len(value)
        for number, entry in enumerate(_listed(self.data.get("granted_before"))):
            for name, text in _granted_texts(self.policies, entry, self.unit):
                values[f"granted.{number}.{name}"] = text
        for name, choice in _mapped(self.data.get("readings")).items():
            values[f"readings.{name}"] = text_of("text", choice, self.unit)
        values["policy"] = text_of("text", self.data.get("policy"), self.unit)
        given = frozenset(f"{place}.{name}" for place, entries in places.items() for name in entries)
        return Filled(values, tables, given)

    @cached_property
    def values(self) -> Mapping[str, str]:
        """The text of every field that a browser would send, by the fields' names."""
        return self.filled.values

    @cached_property
    def lines(self) -> int:
        """The number of lines."""
        return len(_listed(self.data.get("lines")))

    @cached_property
    def granted(self) -> int:
        """The number of entries of what was granted before."""
        return len(_listed(self.data.get("granted_before")))

    @cached_property
    def at(self) -> Mapping[str, tuple[Defect, ...]]:
        """What is wrong, by the names of the fields."""
        at: dict[str, tuple[Defect, ...]] = defaultdict(tuple)
        for defect in self.defects:
            at[name_of(defect.pointer)] += (defect,)
        return dict(at)

    @cached_property
    def _wrong(self) -> frozenset[str]:
        return frozenset(".".join(name.split(".")[: 3 if name.startswith("lines.") else 2]) for name in self.at)

    @property
    def unit_in_link(self) -> str | None:
        """The unit as a link names it: None for yuan, which goes without saying."""
        return None if self.unit == "yuan" else self.unit

    def refused(self, defects: Iterable[Defect]) -> Form:
        """Return the form with what is wrong with it besides."""
        every = {(one.pointer, one.code): one for one in (*self.defects, *defects)}
        return replace(self, defects=tuple(every.values()))

    def defect_at(self, name: str) -> tuple[Defect, ...]:
        """Return what is wrong with the field of this name."""
        return self.at.get(name, ())

    def touched(self, place: str, names: Iterable[str]) -> bool:
        """Tell whether any of the fields at a place is given or wrong, so that it must not be folded away."""
        return any((name := f"{place}.{one}") in self.filled.given or name in self._wrong for one in names)

    def shows_day(self, name: str) -> bool:
        """Tell whether a browser's own field for dates can show what was typed: a day that there is, or nothing."""
        text = self.values.get(name, "")
        try:
            return not text or date.fromisoformat(text).isoformat() == text
        except ValueError:
            return False

    def rows(self, name: str) -> int:
        """Count the rows to show of a field that holds several; there is one to begin with."""
        return max(1, self.filled.tables.get(name, 1))


def name_of(pointer: str) -> str:
    """Name the field at a JSON pointer of a request."""
    area, *parts = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:] or [""])
    return ".".join([_AREAS.get(area, area), *parts])


def number_of(part: str) -> int | None:
    """Return which of several a part of a field's name counts; None for what counts nothing, as any key may be."""
    return int(part) if re.fullmatch(_NUMBER, part) else None


def asked_above(policies: Policies, defects: Iterable[Defect]) -> Iterator[Defect]:
    """Place what is missing in the lines where a form asks for it: the facts stand above the lines."""
    for defect in defects:
        name = defect.pointer.rpartition("/")[2]
        above = defect.code == "missing" and defect.pointer.startswith("/lines/") and name in policies.facts
        yield replace(defect, pointer=f"/facts/{name}") if above else defect


def request_of(policies: Policies, sent: Sent) -> Form:
    """Read what a browser sent; what cannot be right goes into the request as it was typed."""
    unit = unit_of(sent.get("unit"))
    single, numbered = _sorted(sent)
    slips: list[Defect] = []
    lines = [_entries(policies, texts, unit, f"/lines/{place}", slips) for place, texts in enumerate(numbered["lines"])]
    granted = (_granted(policies, texts, unit) for texts in numbered["granted"])
    data = {
        "policy": sent.get("policy", "").strip(),
        "readings": {name: text.strip() for name, text in single["readings"].items() if text.strip()},
        "facts": _entries(policies, single["facts"], unit, "/facts", slips),
        "lines": lines,
        "granted_before": [entry for entry in granted if entry],
    }
    return form_of(policies, {key: value for key, value in data.items() if value}, unit).refused(slips)


def form_of(policies: Policies, request: Mapping[str, Any], unit: Unit = "yuan") -> Form:
    """Make the form that is filled with a request, as far as a form can show it."""
    return Form(policies, dict(request), unit)


def _sorted(sent: Sent) -> tuple[dict[str, Texts], dict[str, list[Texts]]]:
    """Sort the texts by the part of a request that they belong to, and those of lists by number."""
    single: dict[str, Texts] = {"facts": {}, "readings": {}}
    numbered: dict[str, dict[int, Texts]] = {"lines": defaultdict(dict), "granted": defaultdict(dict)}
    for name, text in sent.items():
        area, number, inner = _place_of(name)
        if area in numbered:
            numbered[area][number][inner] = text
        elif area:
            single[area][inner] = text
    return single, {area: [texts for _, texts in sorted(by.items())] for area, by in numbered.items()}


@lru_cache(maxsize=4096)
def _place_of(name: str) -> tuple[str, int, str]:
    """Tell which part of a request a field belongs to, which of several, and its name there; "" for none of ours."""
    if found := _SINGLE.fullmatch(name):
        area, inner = filter(None, found.groups())
        return area, 0, inner
    if found := _NUMBERED.fullmatch(name):
        area, number, inner = filter(None, found.groups())
        return area, int(number), inner
    return "", 0, ""


def _kind(policies: Policies, name: str) -> FieldType:
    """Tell the type of a field; what the dictionary does not know is text."""
    known = policies.fields.get(name)
    if known is None:
        return "year" if name.endswith(".year") else "text"
    return known.type


def _entries(policies: Policies, texts: Texts, unit: Unit, pointer: str, slips: list[Defect]) -> Json:
    """Read the fields of a line, or of the facts."""
    entries: Json = {}
    tables: dict[str, Texts] = {}
    empty: list[str] = []
    for place, text in texts.items():
        name, _, part = place.partition(".")
        kind = _kind(policies, name)
        if part == NONE:
            if text:
                empty.append(name)
        elif kind in ROWS:
            tables.setdefault(name, {})[part] = text
        elif not part and (value := value_of(kind, text, unit)) is not None:
            entries[name] = value
    for name, parts in tables.items():
        if rows := _rows(ROWS[_kind(policies, name)], parts, unit):
            entries[name] = rows
    for name in empty:
        if name in entries:
            slips.append(Defect(f"{pointer}/{name}", "value_and_none", entries[name]))
        entries.setdefault(name, None)
    return entries


def _rows(columns: Mapping[str, FieldType], parts: Texts, unit: Unit) -> list[Json]:
    """Read a field of several rows; a row that was left empty is none."""
    rows: dict[int, Json] = defaultdict(dict)
    for part, text in parts.items():
        number, _, column = part.partition(".")
        if column in columns and (value := value_of(columns[column], text, unit)) is not None:
            rows[int(number)][column] = value
    return [row for _, row in sorted(rows.items())]


def _granted(policies: Policies, texts: Texts, unit: Unit) -> Json:
    """Read an entry of what was granted before; nothing where all of it was left empty."""
    entry: Json = {
        "limit": texts.get("limit", "").strip(),
        "amount": value_of("yuan", texts.get("amount", ""), unit),
        "group": {},
    }
    for name, text in texts.items():
        area, _, key = name.partition(".")
        if area == "group" and (value := value_of(_kind(policies, key), text, unit)) is not None:
            entry["group"][key] = value
    return {key: value for key, value in entry.items() if value not in ("", None, {})}


def _texts(place: str, kind: FieldType, value: Any, unit: Unit) -> dict[str, str]:
    """Write the value of a field at a place."""
    if value is None:
        return {f"{place}.{NONE}": "1"}
    if kind in ROWS and isinstance(value, list):
        return {
            f"{place}.{number}.{column}": text_of(inner, row.get(column), unit)
            for number, row in enumerate(_listed(value))
            for column, inner in ROWS[kind].items()
        }
    return {place: text_of(kind, value, unit)}


def _granted_texts(policies: Policies, entry: Mapping[str, Any], unit: Unit) -> Iterator[tuple[str, str]]:
    yield "limit", text_of("text", entry.get("limit"), unit)
    yield "amount", text_of("yuan", entry.get("amount"), unit)
    for key, value in _mapped(entry.get("group")).items():
        yield f"group.{key}", text_of(_kind(policies, key), value, unit)


def _mapped(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _listed(value: Any) -> list[Mapping[str, Any]]:
    """Return a list's entries; one that is no object is shown empty."""
    return [_mapped(one) for one in value] if isinstance(value, list) else []
