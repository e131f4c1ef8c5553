"""What people type is helped only where nothing can go wrong."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.money import yuan
from service.policies.model import FieldType
from service.web.typed import text_of, value_of


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("yuan", "１０００.５", "1000.5"),
        ("yuan", " 1,000,000.50 ", "1000000.50"),
        ("yuan", "1，000", "1000"),
        ("yuan", "1,00", "1,00"),
        ("yuan", "1000,000", "1000,000"),
        ("yuan", "1 000", "1 000"),
        ("yuan", "1.", "1."),
        ("yuan", "-1", "-1"),
        ("yuan", "1e6", "1e6"),
        ("yuan", "=1+1", "=1+1"),
        ("yuan", "¥1", "¥1"),
        ("yuan", "9" * 10_000, "9" * 10_000),
        ("yuan", "", None),
        ("yuan", "  ", None),
        ("year", "２０２７", 2027),
        ("year", "2027.0", "2027.0"),
        ("count", "0", 0),
        ("count", "-1", "-1"),
        ("count", "9" * 10_000, "9" * 10_000),
        ("date", "２０２７-０１-３１", "2027-01-31"),
        ("date", "31.1.2027", "31.1.2027"),
        ("flag", "true", True),
        ("flag", "false", False),
        ("flag", "True", "True"),
        ("text", " 汾酒（集团） ", "汾酒（集团）"),
        ("credit_code", "９１１１００００６０００３７３４１Ｌ", "91110000600037341L"),
        ("credit_code", "企业（甲）", "企业（甲）"),
    ],
)
def test_typing_is_helped_where_it_is_safe(kind: FieldType, typed: str, value: Any) -> None:
    """Full-width digits, blanks and commas are put right; anything else goes on as it was typed."""
    assert value_of(kind, typed, "yuan") == value


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1000", "10000000"),
        ("1,000.5", "10005000"),
        ("0.000001", "0.01"),
        ("0.0000001", "0.001"),
        ("1234567.123456", "12345671234.56"),
        ("1.", "1."),
        ("一千", "一千"),
    ],
)
def test_ten_thousands_become_exact_yuan(typed: str, value: str) -> None:
    """The decimal point is moved, and nothing is rounded: what is finer than a fen is left to be refused."""
    assert value_of("yuan", typed, "wan") == value


@given(st.integers(0, 10**13 - 1))
def test_no_fen_is_lost_between_units(fen: int) -> None:
    """Every amount that can be asked for is shown in 万元 and read back as the same amount."""
    shown = text_of("yuan", yuan(fen), "wan")
    back = value_of("yuan", shown, "wan")
    assert Decimal(back) == Decimal(yuan(fen))
    assert Decimal(shown) * 10_000 == Decimal(yuan(fen))
