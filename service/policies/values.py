"""The kinds of values in a policy file: strict, each with what an editor must know about it.

marshmallow's own fields forgive much (`1_000`, ` 5 `, `1e3`, full-width digits); a law must not be forgiving.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, ClassVar, Final, TypeAlias

from marshmallow import Schema, ValidationError, fields

#: A value as it stands in the file, or what it was converted to.
Value: TypeAlias = Any
#: What marshmallow hands on.
Given: TypeAlias = Any

EPOCH: Final = date(1970, 1, 1)
FEN_AT_MOST: Final = 10**13 - 1
NAME: Final = r"^[a-z][a-z0-9_]*$"

_PERCENT = re.compile(r"((?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,6})?)%")
_RATIO = re.compile(r"([1-9][0-9]{0,17})/([1-9][0-9]{0,17})")
_AMOUNT = re.compile(r"(?:0|[1-9][0-9]{0,2}(?:,[0-9]{3})*)\.[0-9]{2}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a value, and the cure."""

    problem: str
    cure: str


def complaint(problem: str, cure: str) -> ValidationError:
    """Make the error that a field or schema raises."""
    return ValidationError([Complaint(problem, cure)])


def rate(text: str) -> Fraction:
    """Read `1.5%` or `3/200`: more than 0, at most 1."""
    if found := _PERCENT.fullmatch(text):
        value = Fraction(found[1]) / 100
    elif found := _RATIO.fullmatch(text):
        value = Fraction(int(found[1]), int(found[2]))
    else:
        raise complaint("is no rate", "write a rate such as 1.5% or 3/200")
    if not 0 < value <= 1:
        raise complaint("is a rate out of bounds", "a rate is more than 0 and at most 100%")
    return value


def amount(text: str) -> int:
    """Read "10,000,000.00" as fen."""
    if not _AMOUNT.fullmatch(text):
        raise complaint("is no amount", 'write yuan with thousands separators and fen, quoted: "10,000,000.00"')
    fen = int(text.replace(",", "").replace(".", ""))
    if fen > FEN_AT_MOST:
        raise complaint("is too large an amount", "amounts end at 99,999,999,999.99 yuan")
    return fen


def days(text: str) -> int:
    """Read 2026-01-30 as days since 1970-01-01."""
    if not _DATE.fullmatch(text):
        raise complaint("is no date", "write year-month-day: 2026-01-30")
    try:
        return (date.fromisoformat(text) - EPOCH).days
    except ValueError:
        raise complaint("is no day of the calendar", "write a day that exists, as 2026-01-30") from None


class Strict(fields.Field[Any]):
    """A value of exactly one kind: `kind` is its Python type, `editor` its JSON Schema."""

    kind: ClassVar[type] = str
    said: ClassVar[str] = "text"
    editor: ClassVar[Mapping[str, Any]] = {"type": "string"}

    def _deserialize(self, value: Value, attr: str | None, data: Given, **kwargs: Given) -> Value:
        if type(value) is not self.kind:
            raise complaint(f"is no {self.said}", f"write {self.said}")
        return self.parsed(value)

    def parsed(self, value: Value) -> Value:
        """Convert the value; raise a complaint if it means nothing."""
        return value


class Text(Strict):
    """Some text, not empty."""

    editor: ClassVar[Mapping[str, Any]] = {"type": "string", "minLength": 1, "pattern": r"\S"}

    def parsed(self, value: str) -> str:
        """Refuse blank text."""
        if not value.strip():
            raise complaint("is empty", "write some text")
        return value


class Name(Strict):
    """An identifier."""

    said = "name"
    editor: ClassVar[Mapping[str, Any]] = {"type": "string", "pattern": NAME}

    def parsed(self, value: str) -> str:
        """Refuse what is no identifier."""
        if not re.fullmatch(NAME, value, re.ASCII):
            raise complaint("is no name", "write small letters, digits and _, a letter first")
        return value


class PolicyId(Strict):
    """The identifier of a policy or version, as in `jzbf-2026-3@1`."""

    said = "identifier in quotes"
    editor: ClassVar[Mapping[str, Any]] = {"type": "string", "pattern": r"^[a-z0-9][a-z0-9.-]*$"}

    def parsed(self, value: str) -> str:
        """Refuse what could not stand in an address."""
        if not re.fullmatch(str(self.editor["pattern"]), value, re.ASCII):
            raise complaint("is no identifier", "write small letters, digits, - and .")
        return value


class Rate(Strict):
    """A rate as text, as an exact fraction."""

    said = "rate such as 1.5% or 3/200"
    editor: ClassVar[Mapping[str, Any]] = {"type": "string", "pattern": f"^(?:{_PERCENT.pattern}|{_RATIO.pattern})$"}

    def parsed(self, value: str) -> Fraction:
        """Read the rate."""
        return rate(value)


class Amount(Strict):
    """An amount of yuan as quoted text, as fen."""

    said = 'amount in quotes: "10,000,000.00"'
    editor: ClassVar[Mapping[str, Any]] = {"type": "string", "pattern": f"^{_AMOUNT.pattern}$"}

    def parsed(self, value: str) -> int:
        """Read the amount."""
        return amount(value)


class IsoDate(Strict):
    """A day, as days since 1970-01-01."""

    said = "date such as 2026-01-30"
    editor: ClassVar[Mapping[str, Any]] = {"type": "string", "pattern": f"^{_DATE.pattern}$"}

    def parsed(self, value: str) -> int:
        """Read the day."""
        return days(value)


class IssueDate(Strict):
    """The day, or only the month, on which a document was issued; kept as text."""

    said = "date such as 2026-01-30 or 2026-01"
    editor: ClassVar[Mapping[str, Any]] = {"type": "string", "pattern": f"^(?:{_DATE.pattern}|{_MONTH.pattern})$"}

    def parsed(self, value: str) -> str:
        """Check that the day or month exists."""
        if not _MONTH.fullmatch(value):
            days(value)
        return value


class Whole(Strict):
    """A whole number from `least` to `most`."""

    kind = int
    said = "whole number"

    def __init__(self, least: int, most: int, **kwargs: Given) -> None:
        super().__init__(**kwargs)
        self.least, self.most = least, most
        self.editor = {"type": "integer", "minimum": least, "maximum": most}  # type: ignore[misc]

    def parsed(self, value: int) -> int:
        """Refuse numbers out of bounds."""
        if not self.least <= value <= self.most:
            raise complaint("is out of bounds", f"write a whole number from {self.least} to {self.most}")
        return value


class OneOf(Strict):
    """One of several words (or whole numbers)."""

    def __init__(self, *words: str, **kwargs: Given) -> None:
        super().__init__(**kwargs)
        self.words = words
        self.editor = {"enum": list(words)}  # type: ignore[misc]

    def _deserialize(self, value: Value, attr: str | None, data: Given, **kwargs: Given) -> Value:
        if not isinstance(value, str) or value not in self.words:
            raise complaint("is not known here", f"write one of {', '.join(self.words)}")
        return value


class DaysPerYear(Strict):
    """A number of days, or `actual`: those of the year."""

    editor: ClassVar[Mapping[str, Any]] = {
        "anyOf": [{"type": "integer", "minimum": 360, "maximum": 366}, {"const": "actual"}]
    }

    def _deserialize(self, value: Value, attr: str | None, data: Given, **kwargs: Given) -> Value:
        if value == "actual" or (type(value) is int and 360 <= value <= 366):  # noqa: PLR2004
            return value
        raise complaint("is no number of days", "write a whole number from 360 to 366, or actual")


class Anything(Strict):
    """A value that is checked elsewhere: in the place where a reading puts it, or against the dictionary."""

    editor: ClassVar[Mapping[str, Any]] = {}

    def _deserialize(self, value: Value, attr: str | None, data: Given, **kwargs: Given) -> Value:
        return value


class Scalar(Strict):
    """Text, a whole number or a truth value; which of them, the dictionary tells."""

    editor: ClassVar[Mapping[str, Any]] = {"type": ["string", "integer", "boolean"]}

    def _deserialize(self, value: Value, attr: str | None, data: Given, **kwargs: Given) -> Value:
        if type(value) not in {str, int, bool}:
            raise complaint("is no single value", "write text, a whole number, true or false")
        return value


class Some(fields.List[Any]):
    """A list of values, without repetition, of at least `least`."""

    def __init__(self, inner: fields.Field[Any], *, least: int = 0, distinct: bool = True, **kwargs: Given) -> None:
        super().__init__(inner, **kwargs)
        self.least, self.distinct = least, distinct
        self.editor: dict[str, Any] = {"minItems": least} if least else {}
        if distinct:
            self.editor["uniqueItems"] = True

    def _deserialize(self, value: Value, attr: str | None, data: Given, **kwargs: Given) -> list[Any]:
        if not isinstance(value, list):
            raise complaint("is no list", "write a list: [a, b]")
        if len(value) < self.least:
            raise complaint("is an empty list", "name at least one")
        found = super()._deserialize(value, attr, data, **kwargs)
        if self.distinct and len({repr(one) for one in value}) < len(value):
            raise complaint("names something twice", "keep one of them")
        return found


class Named(fields.Dict):
    """A mapping from names to values of one kind."""

    def __init__(self, inner: fields.Field[Any], *, least: int = 0, pattern: str = NAME, **kwargs: Given) -> None:
        super().__init__(values=inner, **kwargs)
        self.inner, self.least, self.pattern = inner, least, pattern
        self.editor: dict[str, Any] = {"propertyNames": {"pattern": pattern}}
        if least:
            self.editor["minProperties"] = least

    def _deserialize(self, value: Value, attr: str | None, data: Given, **kwargs: Given) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise complaint("is no mapping", "write names with values: {a: …, b: …}")
        if len(value) < self.least:
            raise complaint("is an empty mapping", "name at least one")
        found: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, one in value.items():
            try:
                if not re.fullmatch(self.pattern, name, re.ASCII):
                    raise complaint("is no name", "write small letters, digits and _, a letter first")
                found[name] = self.inner.deserialize(one, name, value)
            except ValidationError as error:
                errors[name] = error.messages
        if errors:
            raise ValidationError(errors, valid_data=found)
        return found


class Variant(fields.Field[Any]):
    """A mapping whose key `by` tells which schema it follows."""

    def __init__(self, by: str, schemas: Mapping[str, type[Schema]], **kwargs: Given) -> None:
        super().__init__(**kwargs)
        self.by = by
        self.schemas = {name: schema() for name, schema in schemas.items()}

    def _deserialize(self, value: Value, attr: str | None, data: Given, **kwargs: Given) -> Value:
        if not isinstance(value, dict):
            raise complaint("is no mapping", f"write a mapping with the key {self.by}")
        name = value.get(self.by)
        if not isinstance(name, str) or name not in self.schemas:
            problem = "is not known" if self.by in value else "is missing"
            cure = f"write one of {', '.join(self.schemas)}"
            raise ValidationError({self.by: [Complaint(problem, cure)]})
        return self.schemas[name].load(value)


class Need(fields.Field[Any]):
    """What a measure asks of an input: a word, or a mapping with exactly one of `default`, `same_as`, `or`."""

    words: ClassVar[Sequence[str]] = ("required", "optional", "nullable")
    editor: ClassVar[Mapping[str, Any]] = {
        "anyOf": [
            {"enum": list(words)},
            *(
                {"type": "object", "properties": {key: kind}, "required": [key], "additionalProperties": False}
                for key, kind in (
                    ("default", Scalar.editor),
                    ("same_as", Name.editor),
                    ("or", Name.editor),
                )
            ),
        ]
    }

    def _deserialize(self, value: Value, attr: str | None, data: Given, **kwargs: Given) -> Value:
        if isinstance(value, str) and value in self.words:
            return value
        if isinstance(value, dict) and len(value) == 1:
            ((key, inner),) = value.items()
            if key == "default" and type(inner) in {str, int, bool}:
                return value
            if key in {"same_as", "or"} and isinstance(inner, str):
                return value
        raise complaint(
            "is no way to ask", f"write {', '.join(self.words)}, {{default: …}}, {{same_as: …}} or {{or: …}}"
        )
