"""Control totals: what went in, what came out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from service.batch.decisions import INVALID, OUTCOMES, Outcome


@dataclass(slots=True)
class Totals:
    """Rows per status, fen calculated and granted, and the columns that no input is in.

    `warned` counts the rows with a warning; `unusual` tells in sentences what only the whole file shows.
    """

    rows: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    calculated: int = 0
    granted: int = 0
    written: int = 0
    carried: dict[str, None] = field(default_factory=dict)
    warned: int = 0
    unusual: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Add rows that were decided."""
        counts = np.bincount(outcome.status, minlength=len(OUTCOMES))
        for status, count in zip(OUTCOMES, counts.tolist(), strict=True):
            self.rows[status] += count
        self.calculated += int(outcome.calculated.sum())
        self.granted += int(outcome.amount.sum())

    @property
    def read(self) -> int:
        """Tell how many rows were read."""
        return sum(self.rows.values())

    @property
    def invalid(self) -> int:
        """Tell how many rows could not be used."""
        return self.rows[INVALID]
