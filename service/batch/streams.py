"""Files as parts of text columns, and back: CSV, NDJSON and Parquet, larger than memory if need be."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final, Literal, TypeAlias

import polars as pl
from polars.io.plugins import register_io_source

from service.batch.csv_parts import csv_parts, write_csv
from service.errors import Defect, Refused

Format: TypeAlias = Literal["csv", "ndjson", "parquet", "xlsx"]
FORMATS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".txt": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
#: Rows of a part. Few enough that its columns stay in the processor's caches, many enough that fixed costs do not
#: count.
PART_ROWS: Final = 131_072

__all__ = ["FORMATS", "PART_ROWS", "Format", "format_of", "parts_of", "write_csv", "write_ndjson", "write_parquet"]


def format_of(path: Path) -> Format:
    """Tell a file's format by its name; Refused for one that is not known."""
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise Refused([Defect(path.name, "unknown_format", path.suffix or path.name, ", ".join(FORMATS))])
    return found


def parts_of(path: Path, kind: Format, separator: str = ",") -> Iterator[pl.DataFrame]:
    """Read a file as parts, in the order of its rows; the columns of a CSV are text, an empty cell is null."""
    if not path.stat().st_size:
        raise Refused([Defect(path.name, "empty_file", None, None)])
    match kind:
        case "csv":
            yield from csv_parts(path, PART_ROWS, separator)
        case "ndjson":
            frame = pl.scan_ndjson(path, infer_schema_length=None)
            yield from frame.collect_batches(chunk_size=PART_ROWS, maintain_order=True)
        case "parquet":
            yield from pl.scan_parquet(path).collect_batches(chunk_size=PART_ROWS, maintain_order=True)
        case _:
            raise ValueError(f"{kind} is read sheet by sheet")


def write_ndjson(parts: Iterator[pl.DataFrame], target: Path) -> None:
    """Write parts as one JSON object per line; decimals are text, as in REST."""
    with target.open("wb") as file:
        for part in parts:
            decimals = [name for name, kind in part.schema.items() if isinstance(kind, pl.Decimal)]
            part.with_columns(pl.col(decimals).cast(pl.String)).write_ndjson(file)


def write_parquet(parts: Iterator[pl.DataFrame], target: Path) -> None:
    """Write parts as one Parquet file."""
    plain = (part.cast({pl.Enum: pl.String}) for part in parts)
    first = next(plain)

    def again(*_: object) -> Iterator[pl.DataFrame]:
        yield from chain([first], plain)

    register_io_source(again, schema=first.schema).sink_parquet(target)
