"""The words for a result's reasons: requirements, findings, steps, limits, readings, in the reader's language.

Takes entries of the JSON of a calculation or a screening; decides and calculates nothing. Whoever shows them lays them
out: `service.derivation` as text, the pages as tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from service.conditions import Allowed, Condition, First, Given, WithinValidity
from service.policies import Policies
from service.policies.model import Field, Language, Reading, Version
from service.words import label_of

Json = Mapping[str, Any]

_AMOUNT: Final = re.compile(r"(-?)(\d+)(\.\d\d)", re.ASCII)
_KEPT: Final = 1024
_NUMERALS: Final = "一二三四五六七八九"

#: Words that only the telling of a result needs: Chinese, English.
_WORDS: Final = {
    "article": ("第{}条", "art. {}"),
    "days": ("{} 天", "{} days"),
    "none": ("无", "none"),
    "or": ("或", " or "),
    "not": ("{}以外", "not {}"),
    "and": ("、", ", "),
    "not_null": ("已有日期", "a date"),
    "within": ("政策有效期内", "while the policy is in force"),
    "first": ("同一{}首次", "the first of its {}"),
    "true": ("是", "yes"),
    "false": ("否", "no"),
    "undecided": ("尚未决定", "undecided"),
    "decided": ("{}决定（{}）", "decided by {} ({})"),
}

#: What stands in the place of an article where a question comes from elsewhere.
_OTHER_SOURCES: Final = {
    "印发日期": ("印发日期", "the day of issue"),
    "未规定": ("文件未规定", "not settled by the text"),
}


class ToldOutcome(NamedTuple):
    """Status, amount ("" for none) and rule ("" where it says no more than the status)."""

    status: str
    amount: str
    rule: str


class ToldCondition(NamedTuple):
    """A condition: `met` is None where it could not be judged; what there is not is ""."""

    met: bool | None
    label: str
    article: str
    required: str
    actual: str
    shortfall: str


class ToldStep(NamedTuple):
    """A step: `formula` is "" where it is nothing but its result."""

    label: str
    formula: str
    result: str


class ToldLimit(NamedTuple):
    """A ceiling with its figures, "" where the entry has none; `shared` tells whether several lines share it."""

    id: str
    label: str
    ceiling: str
    granted_before: str
    remaining: str
    requested: str
    earlier_lines: str
    shared: bool
    binding: bool


class ToldReading(NamedTuple):
    """An ambiguous place: the choice that holds, the one in use, the others by id and label, who decided ("")."""

    id: str
    question: str
    article: str
    choice: str
    in_use: str
    asked_instead: bool
    others: tuple[tuple[str, str], ...]
    decided: str


@lru_cache(maxsize=4096)
def figure(text: str) -> str:
    """Put thousands separators into an amount; anything else stays as it is."""
    found = _AMOUNT.fullmatch(text)
    return f"{found[1]}{int(found[2]):,}{found[3]}" if found else text


def article(number: str, language: Language) -> str:
    """Cite an article, in English with its number in digits; or say where else a question comes from."""
    if number in _OTHER_SOURCES:
        return _OTHER_SOURCES[number][language == "en"]
    if language == "en":
        number = "".join(str(_NUMERALS.find(sign) + 1) if sign in _NUMERALS else sign for sign in number)
    return _word("article", language, number.replace("、", _word("and", language)))


@dataclass(frozen=True, slots=True)
class Teller:
    """Finds the words for the results of one version in one language."""

    policies: Policies
    version: Version
    language: Language

    def title(self, measure: str) -> str:
        """Say what a measure is called, with or without an amount."""
        known = self.version.measures.get(measure) or self.version.referenced[measure]
        return known.title.to(self.language)

    def outcome(self, entry: Json) -> ToldOutcome:
        """Tell status, amount and rule of a result, a line or a screened measure."""
        amount, ruling = entry["amount"], entry["rule"]
        status = label_of("statuses", entry["status"], self.language)
        rule = "" if ruling is None else label_of("rules", ruling, self.language)
        return ToldOutcome(status, "" if amount is None else figure(amount), "" if rule == status else rule)

    def conditions(
        self, lines: Sequence[Sequence[Json]], measure: str, readings: Mapping[str, str]
    ) -> list[list[ToldCondition]]:
        """Tell the conditions of lines judged under the readings named; an entry that lines share is told once."""
        if not any(lines):
            return [[] for _ in lines]
        known = _conditions_of(self, measure, tuple(readings.items()))
        told: dict[int, ToldCondition] = {}
        for entries in lines:
            for entry in entries:
                if id(entry) not in told:
                    told[id(entry)] = self._condition(entry, known[entry["id"]])
        return [[told[id(entry)] for entry in entries] for entries in lines]

    def step(self, entry: Json) -> ToldStep:
        """Tell a step: what it is called, its formula, its result."""
        result = self._word("days", entry["days"]) if entry["amount"] is None else figure(entry["amount"])
        formula = entry["formula"]
        if entry["id"] == "rounding_of_total":
            formula = self.version.readings["rounding"].choices[formula].label.to(self.language)
        return ToldStep(label_of("steps", entry["id"], self.language), "" if formula == result else formula, result)

    def limit(self, entry: Json) -> ToldLimit:
        """Tell a ceiling, what is left of it, and whether it bound."""
        return ToldLimit(
            entry["id"],
            label_of("limits", entry["id"], self.language),
            figure(entry["ceiling"]),
            figure(entry["granted_before"]),
            figure(entry.get("remaining") or ""),
            figure(entry.get("requested") or ""),
            figure(entry.get("earlier_lines") or ""),
            "remaining" in entry,
            entry["binding"],
        )

    def readings(self, readings: Mapping[str, str]) -> list[ToldReading]:
        """Tell how the ambiguous places were read, and whether the bureau has decided them."""
        return [self._reading(self.version.readings[name], choice) for name, choice in readings.items()]

    def names(self, fields: Sequence[str]) -> str:
        """List fields by their labels."""
        return self._word("and").join(self.policies.fields[name].label.to(self.language) for name in fields)

    # ── their parts ──

    def _condition(self, entry: Json, condition: Condition) -> ToldCondition:
        demand = _demand(self, condition, entry["article"], entry["required"])
        shortfall = entry["shortfall"]
        return ToldCondition(
            entry["met"], *demand, self._finding(entry, condition), figure(shortfall) if shortfall else ""
        )

    def requirement(self, condition: Condition, required: str | None) -> str:
        """Say in words what a condition requires."""
        if required is None:
            return ""
        match condition:
            case Allowed():
                return self._one_of(required.split(" | "), condition)
            case Given():
                return self._word("not_null")
            case WithinValidity():
                return self._word("within")
            case First():
                return self._word("first", self._word("and").join(map(self._field_name, condition.per)))
            case _:
                return re.sub(_AMOUNT, lambda found: figure(found[0]), required.removeprefix("= "))

    def _one_of(self, allowed: Sequence[str], condition: Allowed) -> str:
        """Say which values are allowed, or shorter, which single one is not."""
        others = [code for code in self.policies.fields[condition.field].codes if code not in allowed]
        if len(others) == 1 and len(allowed) > len(others) + 1:
            return self._word("not", self._value(others[0], condition))
        return self._word("or").join(self._value(value, condition) for value in allowed)

    def _finding(self, entry: Json, condition: Condition) -> str:
        """Say what was found."""
        if entry["actual"] is None:
            return self._word("none") if entry["met"] is False and isinstance(condition, Given) else ""
        return self._value(entry["actual"], condition)

    def _value(self, text: str, condition: Condition) -> str:
        """Say a value as people do: codes and flags by their names, amounts with separators."""
        if isinstance(condition, Allowed):
            codes = self.policies.fields[condition.field].codes
            return codes[text].to(self.language) if codes else self._word(text)
        return figure(text)

    def _field_name(self, key: str) -> str:
        """Say which field a group's key is."""
        known: Field | None = self.policies.fields.get(key.removesuffix(".year"))
        return known.label.to(self.language) if known else key

    def _reading(self, reading: Reading, choice: str) -> ToldReading:
        labels = {one.id: one.label.to(self.language) for one in reading.choices.values()}
        return ToldReading(
            reading.id,
            reading.question.to(self.language),
            article(reading.article, self.language),
            labels.pop(choice),
            labels.get(reading.in_use, ""),
            choice != reading.in_use,
            tuple(labels.items()),
            self._decided(reading),
        )

    def _decided(self, reading: Reading) -> str:
        """Say who decided, if anybody."""
        if reading.decided_by is None:
            return ""
        return self._word("decided", reading.decided_by, reading.decision_ref)

    def _word(self, code: str, *facts: object) -> str:
        return _word(code, self.language, *facts)


@lru_cache(maxsize=_KEPT)
def _conditions_of(teller: Teller, measure: str, readings: tuple[tuple[str, str], ...]) -> Mapping[str, Condition]:
    """Collect the conditions by id: those that were applied, and those of other versions, for lines under them."""
    others = [one.measures[measure] for one in teller.policies.versions if measure in one.measures]
    applied = teller.policies.provision(teller.version, measure, dict(readings)).measure
    return {condition.id: condition for one in (*others, applied) for condition in one.conditions}


@lru_cache(maxsize=_KEPT)
def _demand(teller: Teller, condition: Condition, number: str, required: str | None) -> tuple[str, str, str]:
    """Tell what a condition is called, its article, and what it requires."""
    label = label_of("conditions", condition.id, teller.language)
    return label, article(number, teller.language), teller.requirement(condition, required)


def undecided(language: Language) -> str:
    """Say that nobody has decided yet."""
    return _word("undecided", language)


def _word(code: str, language: Language, *facts: object) -> str:
    return _WORDS[code][language == "en"].format(*facts)
