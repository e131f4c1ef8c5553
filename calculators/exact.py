"""Exact amounts and the only place where an amount is rounded to fen."""

from __future__ import annotations

from enum import Enum
from fractions import Fraction
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Column: TypeAlias = npt.NDArray[np.int64]
Fen: TypeAlias = Column
Days: TypeAlias = Column
Mask: TypeAlias = npt.NDArray[np.bool_]
#: Whole numbers too large for int64 (denominators of compound rates) live in object columns; the operators are the
#: same.
Whole: TypeAlias = npt.NDArray[np.int64] | npt.NDArray[np.object_]

INT64_MAX = 2**63 - 1


class Rounding(Enum):
    """How an exact amount becomes payable; the value is (the unit in fen, what happens to a half)."""

    HALF_UP = (1, "up")
    HALF_EVEN = (1, "even")
    FLOOR_FEN = (1, "down")
    FLOOR_YUAN = (100, "down")
    FLOOR_HUNDRED_YUAN = (10_000, "down")


class Exact(NamedTuple):
    """A column of exact amounts as mixed numbers: `whole + rest/of` fen with `0 <= rest < of`."""

    whole: Whole
    rest: Whole
    of: int | Whole


def portion(amount: Whole, rate: Fraction | tuple[int, Whole]) -> Exact:
    """Take `rate` of `amount` exactly.

    `rate` is one fraction for the column, or (numerator, column of denominators) where the divisor differs by line.
    The product with the numerator must fit int64: the policy loader proves that for every rate and the largest input.
    """
    numerator, of = (rate.numerator, rate.denominator) if isinstance(rate, Fraction) else rate
    product = amount * numerator
    whole = product // of
    return Exact(whole, product - whole * of, of)


def whole_fen(amount: Fen) -> Exact:
    """See a column of fen as exact amounts."""
    return Exact(amount, np.zeros_like(amount), 1)


def rounded(amount: Exact, rounding: Rounding) -> Fen:
    """Round exact amounts to payable fen. This is the only rounding; the article is reading `rounding`."""
    unit, half = rounding.value
    if half == "up":
        payable = amount.whole + (2 * amount.rest >= amount.of)
    elif half == "even":
        twice = 2 * amount.rest
        payable = amount.whole + ((twice > amount.of) | ((twice == amount.of) & (amount.whole % 2 == 1)))
    else:
        payable = amount.whole - amount.whole % unit
    return np.asarray(payable, dtype=np.int64)


def least(first: Exact, second: Exact) -> Exact:
    """Take the smaller of two columns of exact amounts, line by line."""
    nearer = first.rest * np.asarray(second.of, dtype=object) <= second.rest * np.asarray(first.of, dtype=object)
    take_first = (first.whole < second.whole) | ((first.whole == second.whole) & nearer.astype(np.bool_))
    return Exact(*(np.where(take_first, ours, theirs) for ours, theirs in zip(first, second, strict=True)))


def total(amount: Exact, rounding: Rounding) -> int:
    """Add exact amounts up and round only the sum (reading `rounding_stage: total`)."""
    of = np.broadcast_to(np.asarray(amount.of, dtype=object), amount.rest.shape)
    rests = sum(
        (Fraction(int(rest), int(parts)) for rest, parts in zip(amount.rest, of, strict=True) if rest), Fraction(0)
    )
    exact = Fraction(int(sum_of(np.asarray(amount.whole, dtype=np.int64)))) + rests
    parts = portion(np.array([exact.numerator], dtype=object), Fraction(1, exact.denominator))
    return int(rounded(parts, rounding)[0])


def all_of(mask: Mask) -> bool:
    """Tell whether a mask holds everywhere; several times quicker on short columns than `mask.all()`."""
    return int(np.count_nonzero(mask)) == mask.size


def sum_of(amount: Fen) -> int:
    """Add up a column; a sum that could leave int64 raises OverflowError instead of wrapping silently."""
    refuse_overflow(amount)
    return int(amount.sum())


def refuse_overflow(amount: Fen) -> None:
    """Raise OverflowError where the sum of a column could exceed int64."""
    if amount.size > 1 and int(amount.max()) > INT64_MAX // amount.size:
        raise OverflowError("the amounts add up to more than 92,233,720,368,547,758.07 yuan")


def share(room: Fen, amount: Fen, of: Fen) -> tuple[Fen, Fen]:
    """Divide `room * amount` by `of`: the whole quotient and the remainder, although the product may exceed int64.

    All columns have the same length; 0 <= amount <= of, of > 0, room + of < 2**62. Long division, a few bits of `room`
    at a time.
    """
    largest = int(of.max())
    bits = 62 - largest.bit_length()
    if bits < 1:
        raise OverflowError("a shared ceiling faces requests above 46,116,860,184,273,879.03 yuan")
    quotient, remainder = np.zeros_like(room), np.zeros_like(room)
    low_bits = (1 << bits) - 1
    for shift in reversed(range(0, max(int(room.max()).bit_length(), 1), bits)):
        digit = (room >> shift) & low_bits
        dividend = (remainder << bits) + digit * amount
        step = dividend // of
        quotient = (quotient << bits) + step
        remainder = dividend - step * of
    return quotient, remainder
