"""Parsed entries of a policy file as the frozen things of `service.policies.model`. What gets here is checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calculators.exact import Rounding
from service import conditions as kinds
from service.conditions import Condition
from service.policies.measure_schema import TERMS
from service.policies.model import (
    Choice,
    Document,
    Field,
    Input,
    Limit,
    Measure,
    NotModelled,
    Reading,
    Referenced,
    Terms,
    Validity,
    Words,
)
from service.policies.values import Value, amount, complaint, days

Entry = Mapping[str, Any]
Fields = Mapping[str, Field]


def words(entry: Entry) -> Words:
    """Make a text in both languages."""
    return Words(entry["zh"], entry["en"])


def field(name: str, entry: Entry) -> Field:
    """Make an entry of the dictionary."""
    return Field(
        id=name,
        type=entry["type"],
        label=words(entry["label"]),
        proof=words(entry["proof"]) if "proof" in entry else None,
        codes={code: words(label) for code, label in entry.get("codes", {}).items()},
        most=entry.get("most"),
        absent=entry.get("absent", "group"),
        paid_once=entry.get("paid") == "once",
    )


def as_column(of: Field, value: Value) -> int:
    """Convert a value of the file to the whole number that stands in the field's column."""
    if of.type == "flag" and isinstance(value, bool):
        return int(value)
    if of.type in {"year", "count"} and type(value) is int:
        return value
    if isinstance(value, str):
        if of.type == "yuan":
            return amount(value)
        if of.type == "date":
            return days(value)
        if of.type == "code" and value in of.codes:
            return list(of.codes).index(value)
    raise complaint(f"is no value of {of.id}", f"write {_said(of)}")


def _said(of: Field) -> str:
    examples = {
        "flag": "true or false",
        "year": "a year",
        "count": "a whole number",
        "yuan": 'an amount such as "0.00"',
        "date": "a date such as 2026-01-30",
        "code": f"one of {', '.join(of.codes)}",
    }
    return examples.get(of.type, f"nothing here: fields of type {of.type} have no such values")


def input_of(name: str, entry: Value, fields: Fields) -> Input:
    """Make what a measure asks of an input."""
    if isinstance(entry, str):
        return Input(name, entry)  # type: ignore[arg-type]
    if "or" in entry:
        return Input(name, "either", other=entry["or"])
    if "same_as" in entry:
        return Input(name, "optional", same_as=entry["same_as"])
    return Input(name, "optional", default=as_column(fields[name], entry["default"]))


def condition(name: str, entry: Entry, fields: Fields, town_classes: Entry) -> Condition:
    """Make a condition; a class of towns becomes the codes that it stands for."""
    said = {key: value for key, value in entry.items() if key != "kind"}
    match entry["kind"]:
        case "town_class" | "allowed":
            values = said.get("allowed") or town_classes[said["town_class"]]
            allowed = tuple(as_column(fields[said["field"]], value) for value in values)
            return kinds.Allowed(name, said["otherwise"], said["field"], allowed)
        case "threshold" | "first":
            said["per"] = tuple(said["per"])
    made: Condition = _KINDS[entry["kind"]](name, **said)
    return made


_KINDS: dict[str, Any] = {
    "given": kinds.Given,
    "in_force": kinds.WithinValidity,
    "same_year": kinds.SameYear,
    "threshold": kinds.Threshold,
    "positive": kinds.Positive,
    "first": kinds.First,
    "before": kinds.Before,
}


def limit(name: str, entry: Entry) -> Limit:
    """Make a ceiling."""
    return Limit(
        id=name,
        amount=entry.get("amount"),
        share=entry.get("share"),
        of=entry.get("of"),
        per=tuple(entry["per"]),
        allocation=entry.get("allocation", "in_order"),
    )


def terms(calculator: str, entry: Entry) -> Terms:
    """Make the calculator's Terms."""
    _, taken = TERMS[calculator]
    made: Terms = taken(**{key: tuple(one) if isinstance(one, list) else one for key, one in entry.items()})
    return made


def measure(name: str, entry: Entry, fields: Fields, town_classes: Entry) -> Measure:
    """Make a measure."""
    return Measure(
        id=name,
        title=words(entry["title"]),
        who=words(entry["who"]),
        article=entry["article"],
        departments=tuple(entry["departments"]),
        funding_mode=entry["funding_mode"],
        earmark=words(entry["earmark"]) if "earmark" in entry else None,
        materials=tuple(words(one) for one in entry["materials"]),
        event=entry["event"],
        inputs={one: input_of(one, said, fields) for one, said in entry["inputs"].items()},
        conditions=tuple(condition(one, said, fields, town_classes) for one, said in entry["conditions"].items()),
        calculator=entry["calculator"],
        terms=terms(entry["calculator"], entry["terms"]),
        limits=tuple(limit(one, said) for one, said in entry["limits"].items()),
    )


def referenced(name: str, entry: Entry) -> Referenced:
    """Make a measure that is paid under other rules."""
    return Referenced(
        id=name,
        title=words(entry["title"]),
        article=entry["article"],
        departments=tuple(entry["departments"]),
        under=words(entry["under"]),
    )


def reading(name: str, entry: Entry) -> Reading:
    """Make a reading with its choices."""
    return Reading(
        id=name,
        question=words(entry["question"]),
        article=entry["article"],
        in_use=entry["in_use"],
        decided_by=entry["decided_by"],
        decision_ref=entry["decision_ref"],
        choices={one: Choice(one, words(said["label"]), said.get("set", {})) for one, said in entry["choices"].items()},
    )


def document(entry: Entry) -> Document:
    """Make the document."""
    return Document(entry["number"], entry["title"], entry["issuer"], entry["issued"])


def validity(entry: Entry) -> Validity:
    """Make the days of validity."""
    return Validity(entry["start"], entry["until"], entry.get("certain_until"))


def rounding(word: str) -> Rounding:
    """Find the rounding."""
    return Rounding[word.upper()]


def not_modelled(entry: Entry) -> NotModelled:
    """Make a sentence that moves no money."""
    return NotModelled(entry["article"], words(entry["text"]))
