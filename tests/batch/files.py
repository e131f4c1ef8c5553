"""Writes applications as files in every format, and reads results back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from xlsxwriter import Workbook

from service.batch.job import Report, run_files
from service.batch.run import Options
from service.batch.sources import Source
from service.batch.xlsx.reading import read_workbook
from service.policies import Policies
from tests.case_files import Outcome

FORMATS = ("csv", "ndjson", "parquet", "xlsx")
Row = Mapping[str, Any]


def cell(value: Any) -> str | None:
    """Write a value of a request as a clerk writes it in a cell."""
    match value:
        case None:
            return None
        case bool():
            return "是" if value else "否"
        case list():
            return ";".join(map(_period, value))
        case _:
            return str(value)


def _period(period: Mapping[str, str]) -> str:
    if "balance" in period:
        return f"{period['balance']}@{period['from']}/{period['to']}"
    return f"{period['paid_from']}/{period['paid_to']}"


def table(rows: Sequence[Row]) -> pl.DataFrame:
    """Lay rows out as columns of text; what a row lacks is empty."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame(
        {name: [cell(row.get(name)) for row in rows] for name in names}, schema=dict.fromkeys(names, pl.String)
    )


def write(frame: pl.DataFrame, path: Path, sheet: str = "Sheet1") -> Path:
    """Write a table in the format of the file's name."""
    match path.suffix:
        case ".csv":
            frame.write_csv(path)
        case ".ndjson":
            frame.write_ndjson(path)
        case ".parquet":
            frame.write_parquet(path)
        case _:
            with Workbook(str(path)) as workbook:
                fill(workbook, sheet, frame)
    return path


def fill(workbook: Any, name: str, frame: pl.DataFrame) -> None:
    """Add a sheet of text to a workbook."""
    sheet = workbook.add_worksheet(name)
    for place, column in enumerate(frame.columns):
        sheet.write_string(0, place, column)
        for row, text in enumerate(frame[column], 1):
            if text is not None:
                sheet.write_string(row, place, text)


def read(path: Path, sheet: int = 0) -> pl.DataFrame:
    """Read a result as text."""
    match path.suffix:
        case ".csv":
            return pl.read_csv(path, infer_schema=False)
        case ".ndjson":
            return pl.read_ndjson(path, infer_schema_length=None).cast(pl.String)
        case ".parquet":
            return pl.read_parquet(path).cast(pl.String)
        case _:
            book = read_workbook(path, is_header=_is_result, most_bytes_unpacked=1 << 30, most_rows=10**6)
            return book.sheets[sheet].frame


def _is_result(row: Sequence[str]) -> bool:
    return "状态" in row or "Status" in row


def decided(
    policies: Policies, source: Path, target: Path, measure: str, **options: Any
) -> tuple[pl.DataFrame, Report]:
    """Decide a file, and read the result."""
    history = options.pop("history", None)
    report = run_files(policies, [Source(source)], target, Options(measure, **options), history)
    return read(target), report


def outcomes(frame: pl.DataFrame) -> list[Outcome]:
    """Take status, amount and rule from a result."""
    return [Outcome(*row) for row in frame.select("status", "amount", "rule").rows()]
