"""What a form asks: worked out once per measure, version, readings and language, from the dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple

from service.describe import Json, default_of, measure_of, shared_limits
from service.intake.envelope import chosen
from service.policies import Policies
from service.policies.model import FieldType, Input, Language, Provision, Version
from service.web.applicants.forms import ROWS, Form, number_of
from service.web.wording import Wording
from service.words import label_of

_KEPT: Final = 256
_YEAR: Final = ".year"


@dataclass(frozen=True, slots=True)
class Question:
    """One field of a form. `codes` are its options; `otherwise` says what holds where it is left empty."""

    id: str
    label: str
    kind: FieldType
    need: str = "optional"
    codes: tuple[tuple[str, str], ...] = ()
    proof: str | None = None
    other: str | None = None
    otherwise: str | None = None

    @property
    def required(self) -> bool:
        """Tell whether there is no answer without it."""
        return self.need in {"required", "nullable"}

    @property
    def columns(self) -> tuple[tuple[str, FieldType], ...]:
        """Return the columns of a field of several rows, with their types."""
        return tuple(ROWS.get(self.kind, {}).items())


class Reading(NamedTuple):
    """A question that the text leaves open, to be answered otherwise than it is by us."""

    id: str
    question: str
    article: str
    in_use: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A form: `facts` hold for all lines, `inputs` are asked line by line; each may stand in the other's place.

    `other_facts` are those that the measure does not ask for.
    """

    measure: Json
    facts: tuple[Question, ...]
    other_facts: tuple[Question, ...]
    inputs: tuple[Question, ...]
    limits: tuple[tuple[str, str], ...]
    groups: tuple[Question, ...]
    readings: tuple[Reading, ...]
    versions: tuple[tuple[str, str], ...]

    @property
    def all_facts(self) -> tuple[Question, ...]:
        """Return the facts that the measure asks for, then the others."""
        return self.facts + self.other_facts

    def unshown(self, form: Form) -> dict[str, str]:
        """Return what a form holds that has no field on the page and is right all the same: it must not get lost."""
        return {
            name: text
            for name, text in form.values.items()
            if text and not self.shows(name, form) and not form.defect_at(name)
        }

    def shows(self, name: str, form: Form) -> bool:
        """Tell whether the page has a field of this name, so that a link may lead to it."""
        area, *parts = name.split(".")
        place = number_of(parts[0]) if parts else None
        if area == "lines" and parts:
            asked = len(parts) == 1 or self._asks(parts[1]) or parts[1] == "line_id"
            return place is not None and place < form.lines and asked
        if area == "facts" and parts:
            return self._asks(parts[0])
        if area == "granted" and parts:
            key = ".".join(parts[2:])
            known = not key or any(one.id == key for one in self.groups)
            return place is not None and place < form.granted and known
        return area in {"policy", "lines"} or (area == "readings" and any(one.id in parts for one in self.readings))

    def _asks(self, name: str) -> bool:
        return any(one.id == name for one in (*self.all_facts, *self.inputs))


def layout_of(policies: Policies, measure: str, form: Form, language: Language) -> Layout:
    """Lay out the form of a measure, as the version and the readings that its request asks for have it."""
    data = form.data
    lines = data.get("lines")
    first = lines[0] if isinstance(lines, list) and lines and isinstance(lines[0], Mapping) else {}
    facts = data.get("facts") if isinstance(data.get("facts"), Mapping) else {}
    choice = chosen(policies, data, measure, {**(facts or {}), **first}, [])
    return _layout(policies, choice.version, measure, choice.provision, language)


@lru_cache(maxsize=_KEPT)
def _layout(
    policies: Policies, version: Version, measure: str, provision: Provision | None, language: Language
) -> Layout:
    described = measure_of(policies, version, measure, language)
    t = Wording(language)
    having = [one for one in policies.versions if measure in one.measures]
    versions = tuple(
        (one.ref, t("applicants.version_named", document=one.document.number, ref=one.ref)) for one in having
    )
    if provision is None:
        return Layout(described, (), (), (), (), (), (), versions)
    asked = provision.measure.asked(policies.facts).values()
    questions = [question_of(policies, one, language) for one in asked]
    shared = {limit.id: limit for limit in shared_limits(policies, provision)}
    keys = dict.fromkeys(key for limit in shared.values() for key in limit.per)
    return Layout(
        measure=described,
        facts=tuple(one for one in questions if one.id in policies.facts and one.id in provision.measure.inputs),
        other_facts=tuple(one for one in questions if one.id not in provision.measure.inputs),
        inputs=tuple(one for one in questions if one.id not in policies.facts),
        limits=tuple((name, label_of("limits", name, language)) for name in shared),
        groups=tuple(_group(policies, key, language) for key in keys),
        readings=tuple(_reading(one) for one in described["readings"]),
        versions=versions,
    )


def question_of(policies: Policies, asked: Input, language: Language) -> Question:
    """Ask for a field of the dictionary, as a measure asks for it."""
    known = policies.fields[asked.field]
    return Question(
        id=known.id,
        label=known.label.to(language),
        kind=known.type,
        need=asked.need,
        codes=tuple((code, words.to(language)) for code, words in known.codes.items()),
        proof=known.proof.to(language) if known.proof else None,
        other=policies.fields[asked.other].label.to(language) if asked.other else None,
        otherwise=_otherwise(policies, asked, language),
    )


def _otherwise(policies: Policies, asked: Input, language: Language) -> str | None:
    """Say what holds where nothing is given."""
    t = Wording(language)
    if asked.same_as is not None:
        return t("applicants.same_as", field=policies.fields[asked.same_as].label.to(language))
    value = default_of(policies.fields[asked.field], asked.default)
    if value is None:
        return None
    return t("applicants.default", value=t(f"applicants.{str(value).lower()}") if isinstance(value, bool) else value)


def _group(policies: Policies, key: str, language: Language) -> Question:
    """Ask for a part of the group that a limit is shared by: a field, or the year of a date."""
    asked = question_of(policies, Input(key.removesuffix(_YEAR), "optional"), language)
    if not key.endswith(_YEAR):
        return asked
    return replace(asked, id=key, kind="year", label=Wording(language)("applicants.year_of", field=asked.label))


def _reading(reading: Json) -> Reading:
    choices = tuple((choice["id"], choice["label"]) for choice in reading["choices"])
    return Reading(reading["id"], reading["question"], reading["article"], dict(choices)[reading["in_use"]], choices)
