"""Shares of a cost, fixed awards and the declining budget, against fractions."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calculators import declining_budget, fixed_award, share_of_cost
from calculators.exact import Rounding
from tests.calculators import references
from tests.calculators.references import by_group, column, fractions_of, pro_rata

FEN = st.integers(0, 10**13 - 1)
FEW = st.lists(FEN, max_size=3)
TEN_MILLION = 1_000_000_000
METHODS = ("compound", "linear", "compound_rounded_each_year")


@given(FEN, FEW, FEW, FEW)
def test_the_base_adds_deducts_and_bounds(cost: int, further: list[int], less: list[int], at_most: list[int]) -> None:
    """Costs are added, deductions stop at 0 one by one, bounds come last."""
    found = share_of_cost.base(
        [column([fen]) for fen in [cost, *further]], [column([fen]) for fen in less], [column([fen]) for fen in at_most]
    )
    expected = max(cost + sum(further) - sum(less), 0)
    assert found.tolist() == [min([expected, *at_most])]


def test_the_base_leaves_its_inputs_alone() -> None:
    """No column that is passed in is changed."""
    cost, less, bound = column([5]), column([3]), column([1])
    assert share_of_cost.base([cost, cost], [less], [bound]).tolist() == [1]
    assert (cost.tolist(), less.tolist(), bound.tolist()) == ([5], [3], [1])


@given(
    st.lists(st.tuples(FEN, st.integers(0, 2)), min_size=1, max_size=8),
    st.integers(1, 10**14),
)
@example([(60_000_000, 0), (1, 1), (49_999_999, 1)], 50_000_000)
def test_the_excess_is_spread_over_the_lines(lines: list[tuple[int, int]], threshold: int) -> None:
    """Each group's lines share what their sum has above the threshold, to the fen."""
    bases, groups = (list(part) for part in zip(*lines, strict=True))
    found = share_of_cost.above_threshold(column(bases), column(groups), threshold, 3)
    sums = [sum(base for base, own in lines if own == group) for group in range(3)]
    excess = [max(total - threshold, 0) for total in sums]
    assert found.tolist() == by_group(pro_rata, bases, groups, excess)


@given(st.lists(FEN, min_size=1, max_size=5))
def test_the_share_is_exact(bases: list[int]) -> None:
    """The amount is the base times the share, before any rounding."""
    terms = share_of_cost.Terms(Fraction(30, 100), ("ad_paid",))
    steps = share_of_cost.calculate(terms, base=column(bases))
    assert fractions_of(steps.by_share) == [base * Fraction(3, 10) for base in bases]
    assert steps.base.tolist() == bases


def test_an_award_is_fixed_or_proposed() -> None:
    """The law's amount goes before a proposal; with neither, the terms are refused."""
    fixed = fixed_award.Terms(amount=300)
    proposed = fixed_award.Terms(amount=None, proposed="proposed_award")
    asked = column([7, 0])
    assert fixed_award.award(fixed, lines=2, proposed=None).tolist() == [300, 300]
    assert fixed_award.award(fixed, lines=2, proposed=asked).tolist() == [300, 300]
    assert fixed_award.award(proposed, lines=2, proposed=asked).tolist() == [7, 0]
    assert fractions_of(fixed_award.calculate(award=asked).award) == [7, 0]
    with pytest.raises(ValueError, match="needs an amount or a proposal"):
        fixed_award.award(proposed, lines=2, proposed=None)


def budget_after(method: str, steps: int, rounding: Rounding) -> Fraction:
    """Work out the expo's budget after so many steps down, one step at a time."""
    if method == "linear":
        return max(Fraction(0), Fraction(TEN_MILLION) - steps * Fraction(TEN_MILLION, 10))
    amount = Fraction(TEN_MILLION)
    for _ in range(steps):
        amount = amount * 9 / 10
        if method == "compound_rounded_each_year":
            amount = Fraction(references.rounded(amount, rounding))
    return amount


@pytest.mark.parametrize("method", METHODS)
@given(st.lists(st.integers(-30, 180), min_size=1, max_size=6), st.sampled_from(Rounding))
@example([0, 1, 9, 10, 11, 174], Rounding.HALF_UP)
def test_the_budget_declines_step_by_step(method: str, declines: list[int], rounding: Rounding) -> None:
    """A line's budget is that after its steps down, exactly; before the base year it is not yet reduced."""
    terms = declining_budget.Terms(TEN_MILLION, 2026, Fraction(1, 10), method=method)  # type: ignore[arg-type]
    found = declining_budget.calculate(terms, declines=column(declines), rounding=rounding)
    assert fractions_of(found.scheduled) == [budget_after(method, max(steps, 0), rounding) for steps in declines]
    assert found.declines.tolist() == declines


def test_steps_are_years_or_editions() -> None:
    """Years are counted from the base year, editions as they were held; a first step comes on top."""
    year, editions = column([2026, 2030]), column([0, 3])
    by_year = declining_budget.Terms(TEN_MILLION, 2026, Fraction(1, 10), first_step=1)
    by_edition = declining_budget.Terms(TEN_MILLION, 2026, Fraction(1, 10), counted_by="edition")
    assert declining_budget.declines(by_year, year=year, editions=None).tolist() == [1, 5]
    assert declining_budget.declines(by_edition, year=year, editions=editions).tolist() == [0, 3]
    one_more = replace(by_edition, first_step=1)
    assert declining_budget.declines(one_more, year=year, editions=editions).tolist() == [1, 4]
    with pytest.raises(ValueError, match="needs the editions held"):
        declining_budget.declines(by_edition, year=year, editions=None)


@pytest.mark.parametrize("method", METHODS)
def test_the_budget_never_rises(method: str) -> None:
    """A later step is never above an earlier one, and 200 steps later still nothing is negative."""
    terms = declining_budget.Terms(TEN_MILLION, 2026, Fraction(1, 10), method=method)  # type: ignore[arg-type]
    found = declining_budget.calculate(terms, declines=column(list(range(201))), rounding=Rounding.HALF_UP)
    amounts = fractions_of(found.scheduled)
    assert amounts == sorted(amounts, reverse=True)
    assert amounts[0] == TEN_MILLION
    assert amounts[-1] >= 0
