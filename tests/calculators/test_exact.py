"""Exact amounts: every figure against Fraction, every rounding, every guard against int64."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calculators.exact import (
    Exact,
    Rounding,
    all_of,
    least,
    portion,
    refuse_overflow,
    rounded,
    share,
    sum_of,
    total,
    whole_fen,
)
from tests.calculators import references
from tests.calculators.references import column, exact_of, fractions_of

LARGEST = 2**63 - 1
FEN = st.integers(0, 10**13 - 1)
RATES = st.builds(
    lambda low, high: Fraction(min(low, high), max(low, high)), st.integers(1, 9_999), st.integers(1, 9_999)
)
ROUNDINGS = st.sampled_from(Rounding)
PARTS = st.builds(lambda of, rest: Fraction(rest % of, of), st.integers(1, 40_000), st.integers(0))
AMOUNTS = st.builds(lambda fen, part: fen + part, FEN, PARTS)


@given(st.lists(FEN, min_size=1, max_size=8), RATES)
@example([10**13 - 1], Fraction(9_998, 9_999))
def test_portion_is_exact(amounts: list[int], rate: Fraction) -> None:
    """A portion is amount times rate to the last part, with a rest below its denominator."""
    found = portion(column(amounts), rate)
    assert fractions_of(found) == [amount * rate for amount in amounts]
    assert all(0 <= rest < rate.denominator for rest in found.rest)


@given(st.lists(st.tuples(FEN, st.sampled_from([365, 366])), min_size=1, max_size=8), st.integers(1, 999))
def test_portion_with_a_divisor_per_line_is_exact(lines: list[tuple[int, int]], numerator: int) -> None:
    """Where the divisor differs by line, each line is divided by its own."""
    amounts, divisors = (column(part) for part in zip(*lines, strict=True))
    found = portion(amounts, (numerator, divisors))
    assert fractions_of(found) == [Fraction(amount * numerator, of) for amount, of in lines]


@given(st.lists(AMOUNTS, min_size=1, max_size=8), ROUNDINGS)
def test_rounding_equals_that_of_fractions(amounts: list[Fraction], rounding: Rounding) -> None:
    """Each of the five roundings gives what the same rounding of a fraction gives."""
    payable = rounded(exact_of(amounts), rounding)
    assert payable.dtype == np.int64
    assert payable.tolist() == [references.rounded(amount, rounding) for amount in amounts]


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        (Rounding.HALF_UP, [1, 2, 3, 0, 10_100]),
        (Rounding.HALF_EVEN, [0, 2, 2, 0, 10_100]),
        (Rounding.FLOOR_FEN, [0, 1, 2, 0, 10_099]),
        (Rounding.FLOOR_YUAN, [0, 0, 0, 0, 10_000]),
        (Rounding.FLOOR_HUNDRED_YUAN, [0, 0, 0, 0, 10_000]),
    ],
)
def test_ties_go_where_the_rounding_says(rounding: Rounding, expected: list[int]) -> None:
    """Half a fen, one and a half, two and a half, a hair less than half, and a hair less than 101 yuan."""
    hair = Fraction(1, 10**9)
    half = Fraction(1, 2)
    amounts = [half, 1 + half, 2 + half, half - hair, 10_100 - hair]
    assert rounded(exact_of(amounts), rounding).tolist() == expected


@given(st.lists(FEN, min_size=1, max_size=8), ROUNDINGS)
def test_whole_fen_are_only_cut_to_the_unit(amounts: list[int], rounding: Rounding) -> None:
    """An amount of whole fen changes only where the unit is larger than a fen."""
    unit = rounding.value[0]
    assert rounded(whole_fen(column(amounts)), rounding).tolist() == [fen // unit * unit for fen in amounts]


@given(st.integers(0, 10**40), st.integers(1, 10**40), ROUNDINGS)
def test_parts_beyond_int64_are_rounded_exactly(rest: int, of: int, rounding: Rounding) -> None:
    """Compound rates have denominators of hundreds of digits; their rests round as well as small ones."""
    amount = 12_345 + Fraction(rest % of, of)
    parts = Exact(*(np.array([part], dtype=object) for part in (12_345, rest % of, of)))
    assert rounded(parts, rounding).tolist() == [references.rounded(amount, rounding)]


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=8))
@example([(Fraction(7, 3), Fraction(9, 4)), (Fraction(9, 4), Fraction(7, 3)), (Fraction(5), Fraction(5))])
def test_least_takes_the_smaller_of_each_pair(pairs: list[tuple[Fraction, Fraction]]) -> None:
    """The smaller of two exact amounts is found although they differ by parts of a fen."""
    first, second = zip(*pairs, strict=True)
    assert fractions_of(least(exact_of(first), exact_of(second))) == [min(pair) for pair in pairs]


@given(st.lists(AMOUNTS, min_size=1, max_size=8), ROUNDINGS)
def test_total_rounds_only_the_sum(amounts: list[Fraction], rounding: Rounding) -> None:
    """Exact amounts are added before anything is rounded."""
    assert total(exact_of(amounts), rounding) == references.rounded(sum(amounts, Fraction(0)), rounding)


@given(st.lists(st.integers(0, LARGEST), min_size=1, max_size=6))
@example([LARGEST])
@example([LARGEST // 2, LARGEST // 2])
@example([LARGEST // 2 + 1, LARGEST // 2 + 1])
def test_a_sum_is_exact_or_refused(amounts: list[int]) -> None:
    """A sum never wraps: it is right, or it is refused because it could have left int64."""
    if max(amounts) * len(amounts) > LARGEST:
        with pytest.raises(OverflowError, match=r"92,233,720,368,547,758\.07 yuan"):
            sum_of(column(amounts))
    else:
        assert sum_of(column(amounts)) == sum(amounts)


def test_nothing_adds_up_to_nothing() -> None:
    """An empty column is no overflow and sums to zero."""
    refuse_overflow(column([]))
    assert sum_of(column([])) == 0


@given(st.lists(st.booleans(), max_size=5))
def test_a_mask_holds_everywhere_or_not(mask: list[bool]) -> None:
    """A mask holds if no line fails it; of no lines none does."""
    assert all_of(np.array(mask, dtype=np.bool_)) == all(mask)


SUMS = st.integers(1, 2**61 - 1)


@given(
    st.lists(st.tuples(st.integers(0, 2**61 - 1), SUMS, st.integers(0)), min_size=1, max_size=6).map(
        lambda rows: [(room, of, part % (of + 1)) for room, of, part in rows]
    )
)
@example([(2**46, 2**46, 2**46)])
@example([(2**46 - 1, 2**61 - 1, 2**46 - 1), (1, 1, 1), (0, 5, 3)])
@example([(2**61 - 1, 2**61 - 1, 2**61 - 1)])
@example([(300_000_000, 7 * 10**13, 10**13 - 1)])
def test_share_divides_products_beyond_int64(rows: list[tuple[int, int, int]]) -> None:
    """Room times amount over a sum is exact up to sums near 2**61, whatever the product."""
    room, of, amount = (column(part) for part in zip(*rows, strict=True))
    quotient, remainder = share(room, amount, of)
    expected = [divmod(room * amount, of) for room, of, amount in rows]
    assert list(zip(quotient.tolist(), remainder.tolist(), strict=True)) == expected


@given(st.integers(0, 2**46), st.integers(0, 2**46), st.integers(2**46, 2**61 - 1))
def test_share_of_the_largest_inputs(room: int, amount: int, of: int) -> None:
    """Rooms and amounts up to 2**46 fen, more than any input may be, are shared exactly."""
    quotient, remainder = share(column([room]), column([amount]), column([of]))
    assert (int(quotient[0]), int(remainder[0])) == divmod(room * amount, of)


@pytest.mark.parametrize("of", [2**61, 2**62 - 1, LARGEST])
def test_share_of_a_sum_too_large_is_refused(of: int) -> None:
    """A sum of 2**61 fen and more is refused with words, not divided wrongly."""
    with pytest.raises(OverflowError, match=r"46,116,860,184,273,879\.03 yuan"):
        share(column([1]), column([1]), column([of]))
