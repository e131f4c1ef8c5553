"""A fixed award (articles 一 and 六): an amount of the law, or the amount that the town proposes for a project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from calculators.exact import Exact, Fen, whole_fen


@dataclass(frozen=True, slots=True)
class Terms:
    """`amount` in fen where the law fixes it; otherwise `proposed` names the column of fen that holds the proposal."""

    amount: int | None
    proposed: str | None = None


class Steps(NamedTuple):
    """What was computed."""

    award: Exact


def award(terms: Terms, *, lines: int, proposed: Fen | None) -> Fen:
    """Give each line the fixed amount, or else what was proposed: fen per line."""
    if terms.amount is not None:
        return np.full(lines, terms.amount, dtype=np.int64)
    if proposed is None:
        raise ValueError("a fixed award needs an amount or a proposal")
    return proposed


def calculate(*, award: Fen) -> Steps:
    """Return the award as an exact amount."""
    return Steps(whole_fen(award))
