"""Which column of a file holds which input: by id or label, in either language, in yuan or in ten thousand yuan."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias

from service.errors import Defect, Refused
from service.policies.model import Field, Provision

Unit: TypeAlias = Literal["yuan", "ten_thousand_yuan"]

#: The two columns that together are one period of interest paid.
PAID_FROM: Final = "paid_from"
PAID_TO: Final = "paid_to"
PERIOD_ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    PAID_FROM: ("paid_from", "付息起", "付息起始日", "Paid from"),
    PAID_TO: ("paid_to", "付息止", "付息截止日", "Paid to"),
}
_UNITS: Final[Mapping[str, Unit]] = {
    "元": "yuan",
    "yuan": "yuan",
    "万元": "ten_thousand_yuan",
    "10,000 yuan": "ten_thousand_yuan",
}
_WITH_UNIT: Final = re.compile(r"(.*?)\s*\((元|万元|yuan|10,000 yuan)\)")
_WITH_REMARK: Final = re.compile(r"(.+?)\s*\([^()]*\)")
_FULL_WIDTH: Final = str.maketrans("（），＊", "(),*")


class Source(NamedTuple):
    """The column of the file that holds an input, and the unit of its amounts."""

    column: str
    unit: Unit = "yuan"


@dataclass(frozen=True, slots=True)
class Headers:
    """Where the inputs of a measure stand in a file, and which columns are only carried through."""

    sources: Mapping[str, Source]
    carried: tuple[str, ...]


def find_inputs(headers: Sequence[str], provision: Provision, facts: Sequence[str]) -> Headers:
    """Match the headers of a file with a measure's inputs; Refused if one is missing or stands there twice."""
    inputs = provision.measure.asked(facts)
    known = _known(provision, tuple(inputs))
    sources: dict[str, Source] = {}
    carried, defects = [], []
    for header in headers:
        found = match(header, known, provision.fields)
        if found is None:
            carried.append(header)
        elif found[0] in sources:
            defects.append(Defect(header, "doubled_column", header, sources[found[0]].column))
        else:
            sources[found[0]] = Source(header, found[1])
    for name, asked in inputs.items():
        lacking = name not in sources and asked.need in {"required", "nullable"}
        if asked.need == "either" and asked.other is not None:
            lacking = not _any_given(name, sources) and not _any_given(asked.other, sources)
        if lacking:
            label = provision.fields[name].label.zh
            near = get_close_matches(label, carried, n=1) or get_close_matches(name, carried, n=1)
            defects.append(Defect(label, "missing_column", near[0] if near else None, f"{name} | {label}"))
    if defects:
        raise Refused(defects)
    return Headers(sources, tuple(carried))


def _any_given(name: str, sources: Mapping[str, Source]) -> bool:
    return name in sources or (name == "interest_periods" and PAID_FROM in sources and PAID_TO in sources)


def match(header: str, known: Mapping[str, str], fields: Mapping[str, Field]) -> tuple[str, Unit] | None:
    """Find the input that a header names, and its unit; None for a column that nobody asked for."""
    plain = header.translate(_FULL_WIDTH).strip().rstrip("*").strip()
    unit: Unit = "yuan"
    name = known.get(key_of(plain))
    if name is None and (with_unit := _WITH_UNIT.fullmatch(plain)):
        unit = _UNITS[with_unit[2]]
        name = known.get(key_of(with_unit[1]))
        if name is not None and (name not in fields or fields[name].type != "yuan"):
            return None
    return None if name is None else (name, unit)


def key_of(header: str) -> str:
    """Return the form in which headers are compared: blanks and case do not matter."""
    return "".join(header.split()).casefold()


def names_of(provision: Provision, facts: Sequence[str]) -> Mapping[str, str]:
    """Map every way to write a header, without its unit, to the input it names; see `match`."""
    return _known(provision, tuple(provision.measure.asked(facts)))


@lru_cache(maxsize=256)
def _known(provision: Provision, inputs: tuple[str, ...]) -> Mapping[str, str]:
    """Map every way to write a header to the input it names."""
    known = ways_to_write(provision.fields[name] for name in inputs)
    if "interest_periods" in inputs:
        known |= {key_of(text): end for end, texts in PERIOD_ENDS.items() for text in texts}
    return known


def ways_to_write(fields: Iterable[Field]) -> dict[str, str]:
    """Map the keys of every way to write a header (id, labels, labels without their remark) to the field it names."""
    known: dict[str, str] = {}
    for field in fields:
        written = [field.id]
        for text in (field.label.zh.translate(_FULL_WIDTH), field.label.en):
            remark = _WITH_REMARK.fullmatch(text)
            written += [text, *([remark[1]] if remark else [])]
        known |= {key_of(text): field.id for text in written}
    return known
