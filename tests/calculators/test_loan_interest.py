"""Days of interest: the table of periods against sets of days, line by line."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Literal

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calculators.exact import Days
from calculators.loan_interest import Periods, Terms, at_most, balance_days, calculate, net_interest, paid_days
from tests.calculators import references
from tests.calculators.references import Period, column, days_of, fractions_of

TERMS = Terms(rate=Fraction(3, 200), days_per_year=365)
ENDS = pytest.mark.parametrize("ends", ["half_open", "inclusive"])
DAYS = st.integers(-40, 60)
FEN = st.integers(0, 10**13 - 1)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Period], list[tuple[int, int]]]:
    """Periods of up to four lines in any order, overlapping as they like, and each line's window."""
    lines = draw(st.integers(1, 4))
    spans = st.tuples(DAYS, DAYS).map(lambda pair: (min(pair), max(pair)))
    periods = draw(st.lists(st.tuples(st.integers(0, lines - 1), spans), max_size=12))
    windows = draw(st.lists(spans, min_size=lines, max_size=lines))
    return [(line, start, end) for line, (start, end) in periods], windows


def table(periods: list[Period], balances: list[int] | None = None) -> Periods:
    """Write periods as the table that the calculator takes."""
    line, start, end = (column([period[part] for period in periods]) for part in range(3))
    return Periods(line, start, end, None if balances is None else column(balances))


def window(windows: list[tuple[int, int]]) -> dict[str, Days]:
    """Write the windows as two columns."""
    return {"opens": column([opens for opens, _ in windows]), "closes": column([closes for _, closes in windows])}


@ENDS
@given(tables())
@example(([(1, 0, 5), (0, 3, 9), (1, 4, 8), (0, 3, 3)], [(0, 10), (0, 10)]))
@example(([(0, -40, 60), (0, 1, 2), (0, 50, 60)], [(0, 10)]))
@example(([], [(0, 10), (3, 3)]))
def test_a_day_is_never_paid_twice(ends: str, case: tuple[list[Period], list[tuple[int, int]]]) -> None:
    """The days counted are those of the union of a line's periods within its window."""
    periods, windows = case
    counted = paid_days(table(periods), ends=ends, **window(windows))
    assert counted.tolist() == references.paid_days(periods, windows, ends)


@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_periods_does_not_matter(case: tuple[list[Period], list[tuple[int, int]]], chance: object) -> None:
    """A shuffled table counts the same days."""
    periods, windows = case
    shuffled = list(periods)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    straight = paid_days(table(periods), ends="half_open", **window(windows))
    assert paid_days(table(shuffled), ends="half_open", **window(windows)).tolist() == straight.tolist()


def test_far_days_of_one_line_do_not_reach_into_the_next() -> None:
    """A line paid until the year 2200 takes no day from the line after it, not among thousands either."""
    lines = 3_000
    periods: list[Period] = [(line, -25_567, 84_370 if line % 2 == 0 else 5) for line in range(lines)]
    counted = paid_days(table(periods), ends="half_open", **window([(0, 365)] * lines))
    assert counted.tolist() == [365, 5] * (lines // 2)


@st.composite
def balances(draw: st.DrawFn) -> tuple[list[Period], list[int], list[tuple[int, int]]]:
    """Balances that do not overlap within a line, of up to three lines, in any order, and each line's window."""
    lines = draw(st.integers(1, 3))
    periods: list[Period] = []
    for line in range(lines):
        marks = sorted(draw(st.lists(DAYS, max_size=7)))
        periods += [(line, start, end) for start, end in pairwise(marks) if draw(st.booleans())]
    periods = draw(st.permutations(periods))
    of_periods = draw(st.lists(FEN, min_size=len(periods), max_size=len(periods)))
    spans = st.tuples(DAYS, DAYS).map(lambda pair: (min(pair), max(pair)))
    return periods, of_periods, draw(st.lists(spans, min_size=lines, max_size=lines))


@ENDS
@pytest.mark.parametrize("days_at_most", [None, 20])
@given(balances())
def test_balances_are_summed_by_the_day(
    ends: Literal["half_open", "inclusive"],
    days_at_most: int | None,
    case: tuple[list[Period], list[int], list[tuple[int, int]]],
) -> None:
    """Each day counts with the balance of its period; beyond the most days the latest ones fall away."""
    periods, of_periods, windows = case
    terms = Terms(TERMS.rate, 365, days_at_most=days_at_most, ends=ends, principal="outstanding")
    days, fen_days = balance_days(table(periods, of_periods), terms=terms, **window(windows))
    for line, span in enumerate(windows):
        by_day = sorted(
            (day, balance)
            for period, balance in zip(periods, of_periods, strict=True)
            if period[0] == line
            for day in days_of(period, span, "half_open")
        )[:days_at_most]
        assert (days[line], fen_days[line]) == (len(by_day), sum(balance for _, balance in by_day))


def test_balances_need_amounts() -> None:
    """A table without balances is refused with words."""
    with pytest.raises(ValueError, match="need a balance"):
        balance_days(table([(0, 0, 5)]), terms=TERMS, **window([(0, 10)]))


@given(FEN, FEN)
def test_other_subsidies_reduce_the_interest_to_nothing_at_most(accrued: int, other: int) -> None:
    """Net interest is never below 0; read gross, nothing is deducted."""
    columns = {"accrued": column([accrued]), "other_subsidy": column([other])}
    assert net_interest(TERMS, **columns).tolist() == [max(accrued - other, 0)]
    gross = Terms(TERMS.rate, 365, other_subsidy="gross")
    assert net_interest(gross, **columns).tolist() == [accrued]


def test_days_are_bounded_only_where_the_terms_say_so() -> None:
    """366 days stay 366 unless at most 365 count."""
    days = column([0, 365, 366])
    assert at_most(TERMS, days).tolist() == [0, 365, 366]
    assert at_most(Terms(TERMS.rate, 365, days_at_most=365), days).tolist() == [0, 365, 365]


@given(FEN, st.integers(0, 366), st.sampled_from([365, 366]))
@example(10**13 - 1, 366, 366)
def test_interest_is_exact(principal: int, days: int, days_of_year: int) -> None:
    """Principal × rate × days ÷ days of the year, to the last part, whatever divides."""
    columns = {
        "days": column([days]), "fen_days": column([principal * days]), "days_of_year": column([days_of_year]),
    }  # fmt: skip
    for divisor, terms in ((365, TERMS), (days_of_year, Terms(TERMS.rate, "actual"))):
        steps = calculate(terms, **columns)
        assert fractions_of(steps.by_days) == [Fraction(principal * days * 15, 1000 * divisor)]
        assert np.array_equal(steps.days, columns["days"])
