"""The lists that leave the ledger, as workbooks to be printed or sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import polars as pl

from service.batch.xlsx.shown import Kind
from service.batch.xlsx.writing import ResultSheet, Summary, write_workbook
from service.ledger.naming import titles_of
from service.money import fen_of
from service.policies import Policies
from service.policies.model import Language
from service.words import label_of, text_of

Json = dict[str, Any]

_PUBLICITY: Final[tuple[str, ...]] = (
    "number", "measure", "town_id", "town_name", "applicant_name", "applicant_id", "amount", "approved_on", "grant",
)  # fmt: skip
_PERFORMANCE: Final[tuple[str, ...]] = (
    "measure", "town_id", "applicants", "proposed_grants", "proposed_amount", "open_grants", "open_amount",
    "approved_grants", "approved_amount", "paid_grants", "paid_amount", "recovered_amount", "net_amount",
    "released_grants", "released_amount", "days_to_approval",
)  # fmt: skip
_COUNTS: Final = frozenset({"number", "applicants", "days_to_approval"})


class Table(NamedTuple):
    """A list as people read it: the label and kind of every column, and the rows, measures by their titles.

    Amounts are yuan as text. The last `sums` rows add up others.
    """

    labels: dict[str, str]
    kinds: dict[str, Kind]
    rows: list[Json]
    sums: int


def table_of(name: str, found: Json, policies: Policies, language: Language) -> Table:
    """Lay a list out: of the performance table first the towns, then the measures, then all."""
    columns, rows = _PUBLICITY, found["rows"]
    sums: list[Json] = []
    if name == "performance":
        total = label_of("exports", "total", language)
        columns = _PERFORMANCE
        sums = [*({"town_id": total, **row} for row in found["by_measure"]), {"measure": total, **found["total"]}]
    titles = titles_of(policies, language)
    named = [{**row, "measure": titles.get(row["measure"], row["measure"])} for row in (*rows, *sums)]
    labels = {column: label_of("exports", column, language) for column in columns}
    return Table(labels, {column: _kind(column) for column in columns}, named, len(sums))


def write_list(target: Path | BinaryIO, name: str, found: Json, policies: Policies, language: Language) -> None:
    """Write a list, `publicity` or `performance`, as a workbook of one sheet."""
    table = table_of(name, found, policies, language)
    frame = pl.DataFrame([_column(column, kind, table.rows) for column, kind in table.kinds.items()])
    kinds = {column: kind for column, kind in table.kinds.items() if kind != "text"}
    facts = [
        *((label_of("exports", key, language), str(found[key])) for key in ("year", "town_id") if found.get(key)),
        (label_of("exports", "checkpoint", language), text_of("exports", "head", language, **found["checkpoint"])),
        (label_of("exports", "sha256", language), found["sha256"]),
    ]
    title = label_of("exports", name, language)
    write_workbook(target, [], Summary(title, facts, ResultSheet(title, frame, kinds, table.labels)))


def _kind(column: str) -> Kind:
    if column.endswith("amount"):
        return "yuan"
    if column.endswith("grants") or column in _COUNTS:
        return "count"
    return "date" if column.endswith("_on") else "text"


def _column(name: str, kind: Kind, rows: Sequence[Mapping[str, Any]]) -> pl.Series:
    values = [row.get(name) for row in rows]
    if kind == "yuan":
        return pl.Series(name, [None if value is None else fen_of(value) for value in values], dtype=pl.Int64)
    return pl.Series(name, values, dtype=pl.Int64 if kind == "count" else pl.String)
