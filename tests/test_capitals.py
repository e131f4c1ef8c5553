"""Amounts in capitals: the examples of the rules, another program over the whole range, the way back."""

from __future__ import annotations

import re

import cn2an
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.capitals import capitals
from service.money import FEN_BOUND, yuan

WHOLE_RANGE = st.integers(0, FEN_BOUND - 1)
#: Amounts with many zeros, of which a uniform choice finds few.
SPARSE = st.lists(st.sampled_from("000123456789"), min_size=1, max_size=13).map(lambda digits: int("".join(digits)))
DIGITS = "零壹贰叁肆伍陆柒捌玖"
WEIGHTS = {"拾": 10, "佰": 100, "仟": 1000}


@pytest.mark.parametrize(("fen", "words"), [
    # the examples of the rules themselves, in the form without 零 where they allow two
    (140_950, "壹仟肆佰零玖元伍角"),
    (600_714, "陆仟零柒元壹角肆分"),
    (168_032, "壹仟陆佰捌拾元叁角贰分"),
    (10_700_053, "壹拾万柒仟元伍角叁分"),
    (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
    (32_504, "叁佰贰拾伍元零肆分"),
    # what subsidies come to
    (0, "零元整"),
    (1, "壹分"),
    (50, "伍角"),
    (15_000_000, "壹拾伍万元整"),
    (42_857_143, "肆拾贰万捌仟伍佰柒拾壹元肆角叁分"),
    (300_000_000, "叁佰万元整"),
    (387_420_489, "叁佰捌拾柒万肆仟贰佰零肆元捌角玖分"),
    (100_000_000_00, "壹亿元整"),
    (400_003_500_00, "肆亿零叁仟伍佰元整"),
    (1_000_200_000_000_00, "壹万零贰亿元整"),
    (1_000_000_000_000_00, "壹万亿元整"),
    (1_000_000_010_000_05, "壹万亿零壹万元零伍分"),
])  # fmt: skip
def test_amounts_are_written_as_the_rules_say(fen: int, words: str) -> None:
    """Units, zeros and 整 stand where the rules put them."""
    assert capitals(fen) == words


@given(WHOLE_RANGE | SPARSE)
@example(FEN_BOUND - 1)
@example(400_003_500_00)
def test_another_program_writes_the_same(fen: int) -> None:
    """cn2an, written by others, agrees over the whole range of inputs.

    Where all of 万 is zeros and thousands follow, the rules allow both: we write 零, cn2an does not.
    """
    theirs = cn2an.an2cn(yuan(fen), "rmb")
    thousands, millions = fen // 100_000 % 10, fen // 1_000_000 % 10_000
    assert capitals(fen) == (theirs.replace("亿", "亿零") if thousands and not millions else theirs)


@given(st.integers(0, 10**18 - 1) | SPARSE)
def test_what_is_written_can_be_read_back(fen: int) -> None:
    """No amount loses anything, and no two are written alike, also beyond what a single input may be."""
    assert read_back(capitals(fen)) == fen


@pytest.mark.parametrize("fen", [-1, -15_000_000, 10**18])
def test_what_has_no_words_is_refused(fen: int) -> None:
    """A negative amount is not written without its sign, and one beyond the units not wrongly."""
    with pytest.raises(ValueError, match="no amount"):
        capitals(fen)


def read_back(words: str) -> int:
    """Read capitals, the other way round than they are written: unit by unit."""
    found = re.fullmatch(r"(?:(?P<yuan>\w+)元)?(?:零?(?:(?P<jiao>\w)角)?(?:(?P<rest>\w)分)?|整)", words)
    assert found is not None, words
    high, _, low = (found["yuan"] or "零").rpartition("亿")
    whole = of_myriads(high) * 100_000_000 + of_myriads(low)
    return whole * 100 + DIGITS.index(found["jiao"] or "零") * 10 + DIGITS.index(found["rest"] or "零")


def of_myriads(words: str) -> int:
    """Read up to eight digits."""
    high, _, low = words.rpartition("万")
    return of_thousands(high) * 10_000 + of_thousands(low)


def of_thousands(words: str) -> int:
    """Read up to four digits."""
    total = 0
    for digit, unit in re.findall(r"([壹贰叁肆伍陆柒捌玖])([拾佰仟]?)", words):
        total += DIGITS.index(digit) * WEIGHTS.get(unit, 1)
    return total
