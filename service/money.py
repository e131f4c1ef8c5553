"""Whole numbers and how people write them: fen and yuan, days and dates, fractions and rates.

The only place that knows `moneyed.Money`; inside the product money is a whole number of fen.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moneyed import Money

#: Money at every edge: ASCII digits, at most two decimals.
YUAN_PATTERN = r"\d+(\.\d{1,2})?"
#: Inputs stay below this, so that no product or sum of the engine can leave int64.
FEN_BOUND = 10**13
_YUAN = re.compile(YUAN_PATTERN, re.ASCII)
_EPOCH = date(1970, 1, 1).toordinal()


def fen_of(text: str) -> int:
    """Read yuan text ("1234.5") as fen; ValueError for anything that is not plainly that."""
    if not _YUAN.fullmatch(text):
        raise ValueError(f"not an amount in yuan with at most two decimals: {text!r}")
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))


def yuan(fen: int, *, grouped: bool = False) -> str:
    """Write fen as yuan with two decimals: "1234.50", grouped "1,234.50"."""
    if fen < 0:
        return "-" + yuan(-fen, grouped=grouped)
    return f"{fen // 100:,}.{fen % 100:02d}" if grouped else f"{fen // 100}.{fen % 100:02d}"


def to_money(fen: int) -> Money:
    """Hand fen to callers who work with py-moneyed."""
    from moneyed import CNY, Money

    return Money(Decimal(fen).scaleb(-2), CNY)


def from_money(money: Money) -> int:
    """Take renminbi from callers who work with py-moneyed; ValueError for another currency or a part of a fen."""
    from moneyed import CNY

    fen = money.amount.scaleb(2) if money.currency == CNY and money.amount.is_finite() else None
    if fen is None or fen != fen.to_integral_value():
        raise ValueError(f"not a whole number of fen in CNY: {money!r}")
    return int(fen)


@lru_cache(maxsize=4096)
def day_of(days: int) -> date:
    """Return the date that lies `days` after 1970-01-01."""
    return date.fromordinal(days + _EPOCH)


def days_of(day: date) -> int:
    """Count the days from 1970-01-01 to a date."""
    return day.toordinal() - _EPOCH


@lru_cache(maxsize=256)
def rate_text(rate: Fraction) -> str:
    """Write a rate as people do: "1.5%", or "1/3" where a percentage would not end."""
    per_cent = rate * 100
    for decimals in range(5):
        scaled = per_cent * 10**decimals
        if scaled.denominator == 1:
            digits = f"{scaled.numerator:0{decimals + 1}d}"
            return f"{digits[:-decimals]}.{digits[-decimals:]}%" if decimals else f"{digits}%"
    return f"{rate.numerator}/{rate.denominator}"
