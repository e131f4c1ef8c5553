"""From read lines to columns: defaults filled in, texts numbered, periods laid out in tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from calculators.exact import Mask
from calculators.loan_interest import Periods
from service.lines import Lines, encode
from service.policies.model import Field, Input

_TEXTS = frozenset({"text", "credit_code"})
_TABLES = frozenset({"periods", "balances"})


class Place(NamedTuple):
    """Where an input goes; `always` means that it has a column even if no line gives it."""

    asked: Input
    field: Field
    is_text: bool
    is_table: bool
    always: bool


def layout_of(inputs: Mapping[str, Input], dictionary: Mapping[str, Field]) -> tuple[Place, ...]:
    """Work out once where the inputs of a measure go."""
    places = []
    for name, asked in inputs.items():
        field = dictionary[name]
        always = asked.default is not None or asked.same_as is not None or field.absent == "own_line"
        places.append(Place(asked, field, field.type in _TEXTS, field.type in _TABLES, always))
    return tuple(places)


def lines_from(ids: Sequence[str], rows: Sequence[Mapping[str, Any]], layout: Sequence[Place]) -> Lines:
    """Lay rows out as columns. A row holds what `Entry.read` returned, under the names of the inputs."""
    lines = Lines(ids=ids, columns={})
    present = rows[0].keys() if len(rows) == 1 else {name for row in rows for name in row}
    numbers: list[str] = []
    matrix: list[list[int]] = []
    for asked, field, is_text, is_table, always in layout:
        name = field.id
        if not always and name not in present:
            continue
        values = [row.get(name) for row in rows]
        if is_table:
            _add_table(lines, name, values)
        elif is_text:
            _add_text(lines, field, values)
        elif None not in values or (values := _filled(lines, asked, values, rows)):
            numbers.append(name)
            matrix.append(values)  # type: ignore[arg-type]  # no None is left in them
    lines.columns.update(zip(numbers, np.array(matrix, dtype=np.int64), strict=True))
    return lines


def _filled(
    lines: Lines, asked: Input, values: list[int | None], rows: Sequence[Mapping[str, Any]]
) -> list[int | None]:
    """Put the default or the other field's value where there is none; 0 and a mask where there is neither.

    Returns nothing for a field that no line gives and that has no default: it gets no column.
    """
    if asked.default is not None:
        return [asked.default if value is None else value for value in values]
    lacking = values
    if asked.same_as is not None:
        others = [row.get(asked.same_as) for row in rows]
        lacking = [other if value is None else value for value, other in zip(values, others, strict=True)]
        if None not in lacking:
            return lacking
    present = np.array([value is not None for value in lacking])
    if asked.need != "nullable" and not present.any():
        return []
    lines.given[asked.field] = present
    return [0 if value is None else value for value in lacking]


def _add_text(lines: Lines, field: Field, values: list[str | None]) -> None:
    own_line = field.absent == "own_line"
    lacking = values.count(None)
    if lacking < len(values) or own_line:
        lines.columns[field.id] = encode(values, own_line=own_line)
        if lacking:
            lines.given[field.id] = np.array([value is not None for value in values])


def _add_table(lines: Lines, name: str, values: list[list[tuple[int, ...]] | None]) -> None:
    """Lay several periods per line out in one table: (from, to) or (balance, from, to)."""
    rows = [(line, *row) for line, table in enumerate(values) if table for row in table]
    if not rows:
        return
    line, *balance, start, end = np.array(rows, dtype=np.int64).T
    lines.periods[name] = Periods(line, start, end, *balance)
    present: Mask = np.array([table is not None for table in values])
    if not present.all():
        lines.given[name] = present
