"""Codes of 18 characters: whole columns are judged as the library judges one, so a file takes what a request takes."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
from stdnum.cn import uscc

from service.batch.columns import _check_digits_hold
from service.policies import Policies
from tests.batch.files import decided, table, write
from tests.batch.test_bad_rows import GOOD

LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
#: With the right check digit, but a letter where the library asks for digits.
LETTER_FIRST = "N2140100MA0GTHKP79"


def codes(rng: random.Random, count: int) -> list[str]:
    """Make codes with right check digits, and change a letter in every other one."""
    made = []
    for number in range(count):
        begin = "".join(rng.choices("0123456789" if number % 3 else LETTERS, k=8))
        body = begin + "".join(rng.choices(LETTERS, k=9))
        code = body + uscc.calc_check_digit(body + "0")
        if number % 2:
            place = rng.randrange(18)
            code = code[:place] + rng.choice(LETTERS + "IOSVZa ") + code[place + 1 :]
        made.append(code)
    return made


def test_whole_columns_are_judged_as_the_library_judges_one() -> None:
    """Only codes that the library takes as they stand are plainly right."""
    made = [*codes(random.Random(32100), 4_000), LETTER_FIRST]
    found = _check_digits_hold(pl.Series(made)).tolist()
    expected = [uscc.is_valid(code) and uscc.compact(code) == code for code in made]
    assert found == expected
    assert 0.2 < sum(found) / len(found) < 0.8


def test_a_file_refuses_what_a_request_refuses(policies: Policies, tmp_path: Path) -> None:
    """A letter in front of a code is an unusable row, not a number."""
    source = write(table([GOOD, GOOD | {"applicant_id": LETTER_FIRST}]), tmp_path / "in.csv")
    found, _ = decided(policies, source, tmp_path / "out.csv", "loan_interest")
    assert found["status"].to_list() == ["eligible", "invalid"]
