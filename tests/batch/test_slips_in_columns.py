"""What is unusual in a column, and which numbers come again: whole columns find it as a person row by row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.batch.doubled import Doubled
from service.batch.magnitudes import LEAST_USUAL, ROWS_NAMED, Magnitudes
from service.lines import Lines, Periods, Unnamed


def sized(amounts: Sequence[int]) -> Magnitudes:
    """Count amounts of yuan by size, row by row from 1."""
    magnitudes = Magnitudes()
    magnitudes.add(np.array(amounts) * 100, np.arange(1, len(amounts) + 1))
    return magnitudes


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ([5_000_000] * LEAST_USUAL + [500], {9: "amounts_below_usual"}),
        ([5_000_000] * (LEAST_USUAL - 1) + [500], {}),
        ([500] * LEAST_USUAL + [5_000_000], {9: "amounts_above_usual"}),
        ([5_000_000, 80_000_000, 900_000, 0] * 8 + [0, 8_000], {34: "amounts_below_usual"}),
        ([5_000_000] * 20 + [5_000], {}),  # a thousandth is another slip, or none
        ([5_000_000] * 20 + [5], {}),
        ([5_000_000 * 3 ** (-place // 4) for place in range(60)], {}),  # no gap: amounts of every size
        ([0] * 50, {}),
    ],
)
def test_what_is_unusual(amounts: list[int], expected: dict[int, str]) -> None:
    """A gap, a factor of about 10,000, and enough that is usual."""
    unusual = sized(amounts).unusual()
    assert {row: one.code for one in unusual for row, _ in one.rows} == expected


def test_many_unusual_amounts_are_counted() -> None:
    """The first rows are named with their amounts, all are counted; half a column in 万元 is told as the other half."""
    (found,) = sized([600, 7_000_000, 900] * 30).unusual()
    assert (found.code, found.count) == ("amounts_above_usual", 30)
    (found,) = sized([600, 7_000_000, 900, 5_000_000, 2_000_000] * 30).unusual()
    assert (found.code, found.count, len(found.rows)) == ("amounts_below_usual", 60, ROWS_NAMED)
    assert found.rows[:3] == [(1, 60_000), (3, 90_000), (6, 60_000)]
    low, high = found.usual
    assert low <= 200_000_000
    assert high >= 700_000_000


DOCUMENTS = st.lists(
    st.tuples(
        st.integers(0, 3),  # the number of the receipt, 0 for none
        st.sampled_from([2027, 2028]),
        st.sampled_from([100, 200]),  # the principal
        st.sampled_from([None, -3, 0, 5]),  # the first day of interest
    ),
    min_size=1,
    max_size=30,
)


def by_hand(documents: Sequence[tuple[int, int, int, int | None]]) -> dict[int, int]:
    """Find repeated receipts row by row from 1: which row, and the row before it."""
    first: dict[tuple[int, int], tuple[int, int, int | None]] = {}
    parts: dict[tuple[int, int, int | None], int] = {}
    found = {}
    for row, (number, year, principal, begins) in enumerate(documents, 1):
        if not number:
            continue
        earlier, of, began = first.setdefault((number, year), (row, principal, begins))
        if earlier == row:
            continue
        if None not in {begins, began} and of == principal and begins != began:
            earlier = parts.setdefault((number, year, begins), row)
        if earlier != row:
            found[row] = earlier
    return found


@given(DOCUMENTS, st.integers(1, 30))
def test_repeated_numbers_in_parts_of_any_length(documents: list[tuple[int, int, int, int | None]], part: int) -> None:
    """Whole columns find what a person finds who reads row by row."""
    doubled = Doubled()
    found: dict[int, int] = {}
    for start in range(0, len(documents), part):
        numbers, years, principals, begins = zip(*documents[start : start + part], strict=True)
        rows = np.arange(start + 1, start + len(numbers) + 1)
        columns = {"receipt_number": numbers, "application_year": years, "disbursed_amount": principals}
        lines = Lines(Unnamed(len(numbers)), {name: np.array(column) for name, column in columns.items()})
        lines.columns["disbursed_on"] = np.zeros(len(numbers), dtype=np.int64)
        paid = np.array([(line, day) for line, day in enumerate(begins) if day is not None], dtype=np.int64)
        if len(paid):
            lines.periods["interest_periods"] = Periods(paid[:, 0], paid[:, 1], paid[:, 1] + 30)
        again, earlier = doubled.again("receipt_number", lines, rows, "application_year")
        found |= dict(zip(rows[again].tolist(), earlier.tolist(), strict=True))
    assert found == by_hand(documents)


@given(st.lists(st.sampled_from([0, 3, 600, 90_000, 7_000_000, 10**11 - 1]), min_size=1), st.integers(1, 40))
def test_sizes_in_parts_of_any_length(amounts: list[int], part: int) -> None:
    """However a column is cut, what is unusual in it is the same."""
    magnitudes = Magnitudes()
    for start in range(0, len(amounts), part):
        piece = np.array(amounts[start : start + part]) * 100
        magnitudes.add(piece, np.arange(start + 1, start + len(piece) + 1))
    assert magnitudes.unusual() == sized(amounts).unusual()
