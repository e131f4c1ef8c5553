"""Rows of a file as lines of a request: what a clerk wrote, in the one form in which requests say it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from service.batch.cells import reader_of
from service.batch.headers import PAID_FROM, PAID_TO
from service.batch.run import Run
from service.batch.sources import Piece
from service.batch.table import Table
from service.intake.dictionary import entry_for
from service.intake.tables import Table as PeriodsEntry
from service.ledger import limits
from service.lines import Lines
from service.money import day_of, yuan
from service.policies.model import Field

Json = dict[str, Any]


def requested(run: Run, piece: Piece, table: Table) -> Iterator[Json]:
    """Write every row of a piece, all of which are good, as the line of a request; an empty cell is left out."""
    columns: dict[str, Sequence[Any]] = {}
    for name, column in run.columns_of(piece).items():
        field = run.provision.fields.get(name)
        if name not in {PAID_FROM, PAID_TO} and field is not None and field.type not in {"periods", "balances"}:
            columns[name] = _values(field, table.lines, piece.texts[column].to_list())
    for name in table.lines.periods:
        columns[name] = _periods(run.provision.fields[name], table.lines)
    nullable = {name for name, asked in run.provision.measure.inputs.items() if asked.need == "nullable"}
    for row in range(table.lines.count):
        yield {name: column[row] for name, column in columns.items() if column[row] is not None or name in nullable}


def _values(field: Field, lines: Lines, cells: Sequence[str | None]) -> Sequence[Any]:
    """Write a column: texts in their normal form, numbers from the column that was read."""
    if limits.is_text(field):
        read = reader_of(field)
        return [None if cell is None else read(cell) for cell in cells]
    if field.id not in lines.columns:
        return [None] * lines.count
    sent = limits.as_sent(field, lines.columns[field.id].tolist())
    return [None if cell is None else value for value, cell in zip(sent, cells, strict=True)]


def _periods(field: Field, lines: Lines) -> Sequence[Any]:
    entry = entry_for(field)
    assert isinstance(entry, PeriodsEntry)
    table = lines.periods[field.id]
    found: list[list[Json] | None] = [None] * lines.count
    balances = [] if table.balance is None else [map(yuan, table.balance.tolist())]
    ends = (map(_day, table.start.tolist()), map(_day, table.end.tolist()))
    for line, *values in zip(table.line.tolist(), *balances, *ends, strict=True):
        periods = found[line] = found[line] or []
        periods.append(dict(zip(entry.columns, values, strict=True)))
    return found


def _day(days: int) -> str:
    return day_of(days).isoformat()
