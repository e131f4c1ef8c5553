"""Where a cell stands: columns as letters, ranges, and long lists of rows in few words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

_LETTERS: Final = 26
_SHOWN: Final = 20


def letters_of(column: int) -> str:
    """Name a column, counted from 0, as a spreadsheet does: A, Z, AA."""
    name, column = "", column + 1
    while column:
        column, letter = divmod(column - 1, _LETTERS)
        name = chr(ord("A") + letter) + name
    return name


def column_of(letters: str | bytes) -> int:
    """Count a column named by letters from 0."""
    column = 0
    for letter in letters if isinstance(letters, bytes) else letters.encode():
        column = column * _LETTERS + letter - ord("A") + 1
    return column - 1


def cell_of(row: int, column: int) -> str:
    """Name a cell by its row and column, both counted from 0."""
    return f"{letters_of(column)}{row + 1}"


def in_few_words(names: Iterable[str], count: int) -> str:
    """List the first names, and say how many there are where that is not all."""
    shown = ", ".join(islice(names, _SHOWN))
    return shown if count <= _SHOWN else f"{shown} … ({count})"


def runs_of(numbers: Sequence[int]) -> str:
    """Write rising numbers as runs: "5-9, 12"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return in_few_words((f"{a}-{b}" if b > a else str(a) for a, b in runs), len(runs))
