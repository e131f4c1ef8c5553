"""Deciding files that came in, whoever sent them: a program to the API, or somebody by a page."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from service.api.problems import Told
from service.api.uploads import CSV, PARQUET, SUFFIXES, XLSX, Received
from service.heartbeat import Beat
from service.policies import Policies

if TYPE_CHECKING:
    from service.batch.job import Begin, Report
    from service.batch.run import Options

#: A Parquet of a megabyte may hold twenty million rows; a CSV of the default limit holds about four.
MOST_ROWS: Final = 5_000_000
_DECIDING_AT_MOST_SECONDS: Final = 900


def decided(
    policies: Policies, came: Received, target: Path, options: Options, beat: Beat, begin: Begin | None = None
) -> Report:
    """Decide files into another file; 413 for too many rows, else as `service.batch.job.run_files`."""
    from service.batch.job import run_files
    from service.batch.run import Run
    from service.batch.sources import Source

    _refuse_many_rows(came)
    beat(_DECIDING_AT_MOST_SECONDS)
    report = run_files(
        policies, [Source(file) for file in came.files], target, options, came.history, None, begin or Run
    )
    beat()
    return report


def as_it_came(files: Sequence[Path]) -> str:
    """Name the format that all files have; files of several formats become a workbook."""
    if not files:
        return CSV
    from service.batch.streams import format_of

    formats = {format_of(file) for file in files}
    return next(kind for kind, suffix in SUFFIXES.items() if {suffix[1:]} == formats) if len(formats) == 1 else XLSX


def result_name(came: Received, measure: str, suffix: str) -> str:
    """Name a result after the only file, where it has a name, or after the measure."""
    stem = came.files[0].stem if came.named and len(came.files) == 1 else measure
    return f"{stem}-result{suffix}"


def _refuse_many_rows(came: Received) -> None:
    """Refuse Parquet files that say that they unpack to very many rows; the bytes of other files bound theirs."""
    import polars as pl

    rows = 0
    for file in [*came.files, *([came.history] if came.history else [])]:
        if file.suffix.lower() == SUFFIXES[PARQUET]:
            with suppress(pl.exceptions.PolarsError):  # what is damaged is told when it is read
                rows += pl.scan_parquet(file).select(pl.len()).collect().item()
    if rows > MOST_ROWS:
        raise Told(413, "too-many-rows", most=MOST_ROWS, given=rows)
