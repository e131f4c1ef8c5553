"""A list of grants as a file: CSV, a workbook, or JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from service.errors import Defect, Refused

if TYPE_CHECKING:
    import polars as pl

Rows = Sequence[dict[str, Any]]
_YUAN: Final = frozenset({"stored", "replayed", "difference"})


def writer_of(target: Path) -> Callable[[Rows], None]:
    """Choose how to write by the name of the file; Refused for another kind."""
    writers = {".csv": _write_csv, ".xlsx": _write_workbook, ".json": _write_json}
    kind = target.suffix.lower()
    if kind not in writers:
        raise Refused([Defect(target.name, "unknown_format", target.suffix or target.name, " ".join(writers))])
    return partial(writers[kind], target)


def _frame(rows: Rows) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String) if rows else {"grant_id": pl.String})


def _write_csv(target: Path, rows: Rows) -> None:
    from service.batch.streams import write_csv

    write_csv(iter([_frame(rows)]), target)


def _write_workbook(target: Path, rows: Rows) -> None:
    from service.batch.xlsx.writing import ResultSheet, write_workbook

    kinds = dict.fromkeys(_YUAN, "yuan")
    write_workbook(target, [ResultSheet("replay", _frame(rows), kinds)])  # type: ignore[arg-type]  # Kind is a Literal


def _write_json(target: Path, rows: Rows) -> None:
    import orjson

    target.write_bytes(orjson.dumps(rows, option=orjson.OPT_INDENT_2) + b"\n")
