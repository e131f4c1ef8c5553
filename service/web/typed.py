"""What people type into a field, and the value of a request that it stands for: helped only where nothing can go wrong.

Full-width digits, blanks at the ends and thousands commas in the right places are put right; 万元 becomes yuan. What is
anything else stays as it was typed: the reader of requests refuses it, in words, at its field.
"""

from __future__ import annotations

import re
from decimal import Context
from typing import Any, Final, Literal, TypeAlias
from unicodedata import normalize

from service.canonical import canonical
from service.intake.fields import CREDIT_CODE_LENGTH
from service.policies.model import FieldType

#: What amounts are typed in: yuan, or ten thousands of them.
Unit: TypeAlias = Literal["yuan", "wan"]

_WAN_DIGITS: Final = 4
_LONGEST_NUMBER: Final = 64
#: Wide enough that a number of at most _LONGEST_NUMBER characters is moved without rounding.
_EXACTLY: Final = Context(prec=2 * _LONGEST_NUMBER)
_AMOUNT: Final = re.compile(r"(\d+|\d{1,3}(,\d{3})+)(\.\d+)?", re.ASCII)
_WHOLE: Final = re.compile(r"\d{1,18}", re.ASCII)
_CREDIT_CODE: Final = re.compile(rf"[0-9A-Za-z]{{{CREDIT_CODE_LENGTH}}}")
_FLAGS: Final = {"true": True, "false": False}
_LONGEST_SHOWN: Final = 200


def unit_of(text: str | None) -> Unit:
    """Read the unit that a form names; yuan where it names none."""
    return "wan" if text == "wan" else "yuan"


def value_of(kind: FieldType, typed: str, unit: Unit) -> Any:
    """Return the value that a request holds for what was typed; None where nothing was."""
    text = typed.strip()
    if not text:
        return None
    if kind == "flag":
        return _FLAGS.get(text, text)
    if kind == "credit_code":
        plain = normalize("NFKC", text)
        return plain if _CREDIT_CODE.fullmatch(plain) else text
    if kind in {"text", "code"} or len(text) > _LONGEST_NUMBER:
        return text
    plain = normalize("NFKC", text)
    if kind == "yuan":
        return _yuan(plain, unit) if _AMOUNT.fullmatch(plain) else text
    if kind in {"year", "count"}:
        return int(plain) if _WHOLE.fullmatch(plain) else text
    return plain


def text_of(kind: FieldType, value: Any, unit: Unit) -> str:
    """Write a value of a request as it is typed: `value_of` takes it back."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value) if isinstance(value, int) and kind != "yuan" else _shown(value)
    if kind == "yuan" and unit == "wan" and len(value) <= _LONGEST_NUMBER and _AMOUNT.fullmatch(value):
        wan = _moved(value, -_WAN_DIGITS)
        return wan.rstrip("0").rstrip(".") if "." in wan else wan
    return value


def _yuan(number: str, unit: Unit) -> str:
    plain = number.replace(",", "")
    return _moved(plain, _WAN_DIGITS) if unit == "wan" else plain


def _moved(number: str, places: int) -> str:
    """Move the decimal point of a plain number, exactly."""
    return format(_EXACTLY.create_decimal(number).scaleb(places, _EXACTLY), "f")


def _shown(value: Any) -> str:
    """Show a value of a wrong type as the JSON that it is, so that it is refused again."""
    return canonical(value).decode()[:_LONGEST_SHOWN]
