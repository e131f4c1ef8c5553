"""Finds the header of a sheet: below titles, in merged cells, over several lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from service.batch.xlsx.cells import text_of
from service.batch.xlsx.places import letters_of

LOWEST: Final = 20
#: A header of more lines than this is a table of another kind.
_MOST_LINES: Final = 5

IsHeader = Callable[[Sequence[str]], bool]
Rows = Sequence[Sequence[Any]]


class Merge(NamedTuple):
    """A merged range; rows and columns counted from 0, both ends inside."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Header:
    """The rows `top` to `bottom` of a sheet and what they call its columns, "" where they call it nothing.

    `left` is where the first column stands in the sheet.
    """

    top: int
    bottom: int
    left: int
    names: tuple[str, ...]

    def letters(self, column: int) -> str:
        """Name a column by its letters."""
        return letters_of(self.left + column)

    def kept(self) -> Mapping[int, str]:
        """Name the columns that have a header; one whose header came before gets its letters as well."""
        kept: dict[int, str] = {}
        taken: set[str] = set()
        for column, header in enumerate(self.names):
            name = header
            while name in taken:
                name = f"{name} [{self.letters(column)}]"
            if header:
                kept[column] = name
                taken.add(name)
        return kept


def header_of(rows: Rows, start: tuple[int, int], merges: Sequence[Merge], is_header: IsHeader) -> Header | None:
    """Find the header among the first rows of a sheet; `start` is where its first cell stands.

    Of several lines the lowest text in a column is its header: groups of columns are written above.
    """
    first, left = start
    lines = [[text_of(value) for value in row] for row in rows[: max(LOWEST - first, 0)]]
    found = next((n for n, line in enumerate(lines) if is_header(line)), None)
    if found is None:
        return None
    top = bottom = found
    while bottom + 1 < len(lines) and (is_header(lines[bottom + 1]) or _reaches_below(first + bottom, merges)):
        bottom += 1
    above = {merge.left: merge for merge in merges if merge.top < first + top <= merge.bottom}
    names = []
    for column in range(len(lines[0])):
        texts = [line[column] for line in lines[top : bottom + 1] if line[column].strip()]
        merge = above.get(left + column)
        if not texts and merge and first <= merge.top:
            texts = [lines[merge.top - first][column]]
        names.append(texts[-1] if texts else "")
    return Header(first + top, first + bottom, left, tuple(names))


def _reaches_below(row: int, merges: Sequence[Merge]) -> bool:
    return any(merge.top <= row < merge.bottom < merge.top + _MOST_LINES for merge in merges)
