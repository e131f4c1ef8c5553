"""The dictionary's types as strict marshmallow fields: text and whole numbers in, numbers of a column out.

A value that is not exactly what its type asks for is refused with a `Defect`, never repaired: no
float, no number as text, no full-width digit, no blank. `expected` says in one line what is right,
`json_schema` says the same to OpenAPI.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, cast

from marshmallow import ValidationError, fields

from service.errors import Defect
from service.lines import FIRST_YEAR, LAST_YEAR
from service.money import FEN_BOUND, YUAN_PATTERN, days_of, fen_of
from service.policies.model import Field

LONGEST_TEXT = 64
LONGEST_YUAN = 64
CREDIT_CODE_LENGTH = 18

#: Controls, line separators, marks that turn the direction of writing, the byte order mark.
_UNSEEN = r"\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
TEXT_PATTERN = rf"[^\s{_UNSEEN}]([^{_UNSEEN}]{{0,62}}[^\s{_UNSEEN}])?"
DATE_PATTERN = r"(19\d\d|2[01]\d\d|2200)-\d\d-\d\d"
_TEXT = re.compile(TEXT_PATTERN)
_UNSEEN_ANYWHERE = re.compile(rf"[{_UNSEEN}\ud800-\udfff]")
_YUAN = re.compile(YUAN_PATTERN, re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Json = dict[str, Any]


def defects_of(error: ValidationError) -> list[Defect]:
    """Return the defects that an error of a field carries: the only messages there are."""
    return cast("list[Defect]", error.messages)


def wrong(code: str, given: Any, expected: str, *, pointer: str = "", **facts: Any) -> ValidationError:
    """Make the error that carries one defect; the pointer is relative to the field."""
    return ValidationError([Defect(pointer, code, given, expected, facts)])


class Entry(fields.Field[Any]):
    """A field of the dictionary. Subclasses say what they expect and read one value."""

    expected = ""

    def __init__(self, entry: Field | None = None, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.entry = entry

    def read(self, value: Any) -> Any:
        """Return the value as a column holds it; ValidationError with a Defect for anything else."""
        raise NotImplementedError

    @property
    def json_schema(self) -> Json:
        """Describe the accepted values in JSON Schema 2020-12."""
        raise NotImplementedError

    def read_given(self, data: Mapping[str, Any], key: str) -> Any:
        """Read the value under a key that must be there and must not be null."""
        if key not in data:
            raise self.make_error("required")
        if data[key] is None:
            raise self.make_error("null")
        return self.read(data[key])

    def make_error(self, key: str, **facts: Any) -> ValidationError:
        """Say `missing` or `null` as a Defect."""
        if key == "required":
            return wrong("missing", None, self.expected, **facts)
        return wrong("null", None, self.expected, **facts)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> Any:
        return self.read(value)


class Text(Entry):
    """An identifier or a name: 1 to 64 visible characters, no blank at either end."""

    expected = f"1..{LONGEST_TEXT} characters"

    def read(self, value: Any) -> str:
        """Return the text unchanged."""
        if type(value) is not str:
            raise wrong("not_text", value, self.expected)
        if not _TEXT.fullmatch(value) or _UNSEEN_ANYWHERE.search(value):
            raise wrong(_what_is_wrong_with(value), value, self.expected)
        return value

    @property
    def json_schema(self) -> Json:
        """Give the pattern and the length."""
        return {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_TEXT,
            "pattern": f"^{TEXT_PATTERN}$",
        }


def _what_is_wrong_with(text: str) -> str:
    if not 1 <= len(text) <= LONGEST_TEXT:
        return "text_length"
    return "text_characters" if _UNSEEN_ANYWHERE.search(text) else "text_blank_ends"


class CreditCode(Text):
    """An applicant: any identifier, but one of 18 characters must be a valid GB 32100 code."""

    expected = "1..64 characters; 18 characters: GB 32100"

    def read(self, value: Any) -> str:
        """Return the identifier; a unified social credit code in upper case."""
        text = super().read(value)
        if len(text) != CREDIT_CODE_LENGTH:
            return text
        code = _credit_code(text)
        if code is None:
            raise wrong("credit_code_wrong", value, "GB 32100")
        return code


@lru_cache(maxsize=65_536)
def _credit_code(text: str) -> str | None:
    """Return the normal form of a unified social credit code, None for what is none."""
    # Imported here: it brings all of ssl along, which files need not wait for.
    from stdnum.cn import uscc
    from stdnum.exceptions import ValidationError as NotACreditCode

    if not text.isascii():
        return None
    try:
        code: str = uscc.validate(text)
    except NotACreditCode:
        return None
    return code


class Code(Entry):
    """One of the entry's codes; its position in a column."""

    def __init__(self, entry: Field, **keywords: Any) -> None:
        super().__init__(entry, **keywords)
        self.positions = {code: position for position, code in enumerate(entry.codes)}
        self.expected = " | ".join(entry.codes)

    def read(self, value: Any) -> int:
        """Return the code's position in the dictionary."""
        if type(value) is not str:
            raise wrong("not_text", value, self.expected)
        position = self.positions.get(value)
        if position is None:
            raise wrong("unknown_code", value, self.expected)
        return position

    @property
    def json_schema(self) -> Json:
        """List the codes."""
        return {"type": "string", "enum": list(self.positions)}


class Flag(Entry):
    """True or false; 1 or 0 in a column."""

    expected = "true | false"

    def read(self, value: Any) -> int:
        """Return 1 or 0."""
        if value is True:
            return 1
        if value is False:
            return 0
        raise wrong("not_flag", value, self.expected)

    @property
    def json_schema(self) -> Json:
        """Ask for a boolean."""
        return {"type": "boolean"}


class Yuan(Entry):
    """An amount of money as text with at most two decimals; fen in a column."""

    expected = f"^{YUAN_PATTERN}$, ≤ 99999999999.99"

    def read(self, value: Any) -> int:
        """Return fen."""
        if type(value) is not str:
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            raise wrong("yuan_as_number" if is_number else "not_yuan", value, self.expected)
        try:
            fen = fen_of(value) if len(value) <= LONGEST_YUAN else _fen_of_long(value)
        except ValueError:
            raise wrong("not_yuan", value, self.expected) from None
        if fen >= FEN_BOUND:
            raise wrong("yuan_too_large", value, self.expected)
        return fen

    @property
    def json_schema(self) -> Json:
        """Give the pattern: leading zeros are harmless, more than eleven digits are not."""
        return {
            "type": "string",
            "pattern": r"^0*[0-9]{1,11}(\.[0-9]{1,2})?$",
            "maxLength": LONGEST_YUAN,
        }


def _fen_of_long(text: str) -> int:
    """Tell an amount that is written too long from text that is no amount."""
    if not _YUAN.fullmatch(text):
        raise ValueError("not an amount")
    return FEN_BOUND


@lru_cache(maxsize=16_384)
def days_of_text(text: str) -> int:
    """Read YYYY-MM-DD as days since 1970-01-01; ValueError for anything else or outside 1900..2200."""
    if not _DATE.fullmatch(text):
        raise ValueError("not YYYY-MM-DD")
    day = date.fromisoformat(text)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError("the year is out of range")
    return days_of(day)


class IsoDate(Entry):
    """A day as YYYY-MM-DD; days since 1970-01-01 in a column."""

    expected = f"YYYY-MM-DD, {FIRST_YEAR}..{LAST_YEAR}"

    def read(self, value: Any) -> int:
        """Return days since 1970-01-01."""
        if type(value) is not str:
            raise wrong("not_date", value, self.expected)
        try:
            return days_of_text(value)
        except ValueError:
            raise wrong("not_date", value, self.expected) from None

    @property
    def json_schema(self) -> Json:
        """Ask for a full date of the years that are calculated."""
        return {"type": "string", "format": "date", "pattern": f"^{DATE_PATTERN}$"}


class WholeNumber(Entry):
    """A whole number between two bounds, both included."""

    code = "not_count"

    def __init__(self, least: int, most: int, entry: Field | None = None, **keywords: Any) -> None:
        super().__init__(entry, **keywords)
        self.least, self.most = least, most
        self.expected = f"{least}..{most}"

    def read(self, value: Any) -> int:
        """Return the number."""
        if type(value) is not int or not self.least <= value <= self.most:
            raise wrong(self.code, value, self.expected, least=self.least, most=self.most)
        return value

    @property
    def json_schema(self) -> Json:
        """Give the bounds."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


class Year(WholeNumber):
    """A calendar year."""

    code = "not_year"

    def __init__(self, entry: Field | None = None, **keywords: Any) -> None:
        super().__init__(FIRST_YEAR, LAST_YEAR, entry, **keywords)


class Count(WholeNumber):
    """A number of days or editions, up to what the dictionary allows."""

    def __init__(self, entry: Field, **keywords: Any) -> None:
        super().__init__(0, entry.most or 0, entry, **keywords)


def escaped(key: object) -> str:
    """Write a key as a part of a JSON pointer (RFC 6901)."""
    return str(key).replace("~", "~0").replace("/", "~1")
