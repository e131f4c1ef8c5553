"""The lists that leave the ledger, as workbooks to be printed or sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import polars as pl

from service.batch.xlsx.shown import Kind
from service.batch.xlsx.writing import ResultSheet, Summary, write_workbook
from service.money import fen_of
from service.policies import Policies
from service.policies.model import Language
from service.words import label_of, text_of

Json = dict[str, Any]

_PUBLICITY: Final = (
    "number", "measure", "town_id", "town_name", "applicant_name", "applicant_id", "amount", "approved_on", "grant",
)  # fmt: skip
_PERFORMANCE: Final = (
    "measure", "town_id", "applicants", "proposed_grants", "proposed_amount", "open_grants", "open_amount",
    "approved_grants", "approved_amount", "paid_grants", "paid_amount", "recovered_amount", "net_amount",
    "released_grants", "released_amount", "days_to_approval",
)  # fmt: skip
_COUNTS: Final = frozenset({"number", "applicants", "days_to_approval"})


def write_publicity(target: Path | BinaryIO, found: Json, policies: Policies, language: Language) -> None:
    """Write the publicity list as a workbook of one sheet."""
    _write(target, "publicity", found, _PUBLICITY, found["rows"], policies, language)


def write_performance(target: Path | BinaryIO, found: Json, policies: Policies, language: Language) -> None:
    """Write the performance table as a workbook of one sheet: towns, then measures, then all."""
    total = label_of("exports", "total", language)
    sums = [{"town_id": total, **row} for row in found["by_measure"]]
    rows = [*found["rows"], *sums, {"measure": total, **found["total"]}]
    _write(target, "performance", found, _PERFORMANCE, rows, policies, language)


def _write(
    target: Path | BinaryIO,
    name: str,
    found: Json,
    columns: Sequence[str],
    rows: Sequence[Json],
    policies: Policies,
    language: Language,
) -> None:
    titles = {
        measure: one.title.to(language) for version in policies.versions for measure, one in version.measures.items()
    }
    named = [{**row, "measure": titles.get(row["measure"], row["measure"])} for row in rows]
    kinds: dict[str, Kind] = {column: kind for column in columns if (kind := _kind(column)) != "text"}
    frame = pl.DataFrame([_column(column, _kind(column), named) for column in columns])
    labels = {column: label_of("exports", column, language) for column in columns}
    facts = [
        *((label_of("exports", key, language), str(found[key])) for key in ("year", "town_id") if found.get(key)),
        (label_of("exports", "checkpoint", language), text_of("exports", "head", language, **found["checkpoint"])),
        (label_of("exports", "sha256", language), found["sha256"]),
    ]
    title = label_of("exports", name, language)
    write_workbook(target, [], Summary(title, facts, ResultSheet(title, frame, kinds, labels)))


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
