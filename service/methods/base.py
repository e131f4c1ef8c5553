"""What every method of calculation is: how a calculator is fed from columns, and how its steps are written out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np

from calculators.exact import Column, Exact, Fen, Mask
from service.lines import Lines
from service.money import yuan
from service.policies.model import FieldType, Measure, Provision


class Step(NamedTuple):
    """One step of a derivation, for all lines: its id, each line's result in fen or days, and how to write it out.

    `formulas` writes each line's formula with its numbers; only who shows them calls it.
    """

    id: str
    results: Column
    formulas: Callable[[], list[str]]
    unit: Literal["fen", "days"] = "fen"


class Doubt(NamedTuple):
    """A field whose figures are hard to believe: a code for words, and the lines (by position) it is said of."""

    field: str
    code: str
    lines: Column


Written: TypeAlias = list[Step]


class Method(Protocol):
    """How a calculator is fed and explained. `due` is the exact amount before any limit."""

    rule: ClassVar[str]
    #: The columns it derives for conditions and limits, and the type of each.
    derived: ClassVar[Mapping[str, FieldType]]

    def derive(self, measure: Measure, lines: Lines) -> None:
        """Add the columns that conditions and limits refer to besides the inputs."""

    def due(self, provision: Provision, lines: Lines, counting: Mask) -> Exact:
        """Calculate the exact amount of every line; `counting` lines meet all conditions."""

    def written(self, provision: Provision, lines: Lines, calculated: Fen) -> Written:
        """Write the steps out with their numbers."""

    def doubts(self, measure: Measure, lines: Lines) -> list[Doubt]:
        """Name figures that are hard to believe; a doubt never changes an amount."""


def grouped(fen: int) -> str:
    """Write fen with thousands separators, as formulas show them."""
    return yuan(fen, grouped=True)


def written_out(pattern: str, amounts: Fen) -> list[str]:
    """Fill a pattern with each line's amount."""
    return [pattern.format(grouped(fen)) for fen in amounts.tolist()]


def above(lines: Lines, part: str, whole: str) -> list[Doubt]:
    """Doubt a part that exceeds the whole it belongs to."""
    doubtful = np.flatnonzero(lines.columns[part] > lines.columns[whole])
    return [Doubt(part, "part_above_whole", doubtful)] if len(doubtful) else []
