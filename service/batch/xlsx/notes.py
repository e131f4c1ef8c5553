"""Notes on what is odd in a sheet: some make a row unusable, the others are warnings. None changes a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from service.batch.xlsx.cells import odd_cells
from service.batch.xlsx.header import Header, Merge
from service.batch.xlsx.places import cell_of, in_few_words, letters_of, runs_of
from service.batch.xlsx.safety import Listed
from service.batch.xlsx.scan import Facts

#: Notes on a single cell whose value nobody can know; all others are warnings.
DEFECTS: Final = frozenset({"digits_lost", "time_in_date", "error_cell", "formula_without_value"})


@dataclass(frozen=True, slots=True)
class Note:
    """Something odd: in a cell (`column` and `row`), in a column, or in the whole sheet.

    `column` names a column of the sheet's frame, `row` is the row number that a spreadsheet shows; `given` is what
    stands there: the cell's text, ranges, or row numbers.
    """

    code: str
    sheet: str
    column: str | None = None
    row: int | None = None
    given: str | None = None

    @property
    def is_defect(self) -> bool:
        """Tell whether the row cannot be used as it is."""
        return self.code in DEFECTS


def notes_on_layout(
    listed: Listed, facts: Facts, header: Header, merges: Sequence[Merge], height: int
) -> Iterator[Note]:
    """Note what is hidden, merged, or headed twice; `height` is the number of rows with anything in them."""
    name = listed.name
    if listed.hidden:
        yield Note("hidden_sheet", name)
    hidden = [row + 1 for row in sorted(facts.hidden_rows) if header.bottom < row < height]
    if hidden:
        yield Note("hidden_rows", name, given=runs_of(hidden))
    columns = [one for one in sorted(set(facts.hidden_columns)) if 0 <= one - header.left < len(header.names)]
    if columns:
        yield Note("hidden_columns", name, given=in_few_words(map(letters_of, columns), len(columns)))
    merged = [one for one in merges if one.bottom > header.bottom and one.top < height]
    if merged:
        ranges = (f"{cell_of(one.top, one.left)}:{cell_of(one.bottom, one.right)}" for one in merged)
        yield Note("merged_cells", name, given=in_few_words(ranges, len(merged)))
    for column, kept in header.kept().items():
        if kept != header.names[column]:
            yield Note("doubled_header", name, kept, given=header.names[column])


def notes_on_cells(
    sheet: str, facts: Facts, header: Header, columns: Sequence[Sequence[Any]], kept: Mapping[int, str]
) -> Iterator[Note]:
    """Note cells that cannot be taken as they are, columns that are calculated, and columns without a header."""
    first = header.bottom + 2
    for column, values in enumerate(columns):
        if column in kept:
            for code, cells in odd_cells(values):
                for place, given in cells:
                    yield Note(code, sheet, kept[column], first + place, given)
        elif found := next((value for value in values if value != ""), None):
            yield Note("column_without_header", sheet, header.letters(column), given=str(found))
    for row, column, text in facts.errors:
        if row > header.bottom and column - header.left in kept:
            yield Note("error_cell", sheet, kept[column - header.left], row + 1, text)
    calculated = set()
    for row, column, has_value in facts.formulas:
        name = kept.get(column - header.left)
        if name is None or row <= header.bottom:
            continue
        if not has_value:
            yield Note("formula_without_value", sheet, name, row + 1)
        elif name not in calculated:
            calculated.add(name)
            yield Note("formula", sheet, name, row + 1)
