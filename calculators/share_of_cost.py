"""A share of a cost: platform equipment 30%, platform operators 50% (article 一), advertising 20% (article 六)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

import numpy as np

from calculators.exact import Column, Exact, Fen, portion
from calculators.limits import pro_rata, sums


@dataclass(frozen=True, slots=True)
class Terms:
    """`cost` are added, `less` deducted, `at_most` bound the result; each names columns of fen."""

    share: Fraction
    cost: tuple[str, ...]
    less: tuple[str, ...] = ()
    at_most: tuple[str, ...] = ()
    counts: Literal["whole", "excess"] = "whole"


class Steps(NamedTuple):
    """What was computed, in order."""

    base: Fen
    by_share: Exact


def base(cost: Sequence[Fen], less: Sequence[Fen], at_most: Sequence[Fen]) -> Fen:
    """Add the costs, deduct what does not count (never below 0), stay within the bounds: fen per line."""
    amount = cost[0]
    for further in cost[1:]:
        amount = amount + further
    for deduction in less:
        amount = np.maximum(amount - deduction, 0)
    for bound in at_most:
        amount = np.minimum(amount, bound)
    return amount


def above_threshold(base: Fen, group: Column, threshold: int, groups: int) -> Fen:
    """Spread each group's excess over the threshold on its lines in proportion to their bases: fen per line."""
    excess = np.maximum(sums(base, group, groups) - threshold, 0)
    return pro_rata(base, group, excess)


def calculate(terms: Terms, *, base: Fen) -> Steps:
    """Take the share of the base."""
    return Steps(base, portion(base, terms.share))
