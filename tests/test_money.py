"""Fen and yuan at the edges: text, and py-moneyed for callers who work with it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from moneyed import CNY, USD, Money

from service.money import fen_of, from_money, to_money, yuan


@pytest.mark.parametrize(
    ("fen", "text"), [(0, "0.00"), (1, "0.01"), (150_000_00, "150000.00"), (10**13 - 1, "99999999999.99")]
)
def test_fen_text_and_money_say_the_same(fen: int, text: str) -> None:
    """An amount survives every way out and back, also where a float would lose the fen."""
    assert yuan(fen) == text
    assert fen_of(text) == fen
    assert to_money(fen) == Money(Decimal(text), CNY)
    assert from_money(to_money(fen)) == fen


@pytest.mark.parametrize(
    "money", [Money("0.005", CNY), Money("1.00", USD), Money(Decimal("NaN"), CNY), Money(Decimal("Infinity"), CNY)]
)
def test_money_that_is_no_whole_number_of_fen_is_refused(money: Money) -> None:
    """A part of a fen, another currency and what is no number never become an amount."""
    with pytest.raises(ValueError, match="whole number of fen"):
        from_money(money)
