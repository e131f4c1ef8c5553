"""Decided rows summed up by town, status and rule: what summaries of workbooks and pages tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import polars as pl

from service.batch.columns import reader_for
from service.batch.earlier import AMOUNT, RULE, STATUS
from service.batch.headers import Headers, Source
from service.policies.model import Provision

#: What rows are told apart by, and what is summed up.
BY: Final = ("town", "status", "rule")
SUMMED: Final = ("lines", "applied", "calculated", "granted")


def sums_of(
    provision: Provision, sources: Sequence[Headers], frame: pl.DataFrame, calculated: pl.Series
) -> pl.DataFrame:
    """Sum rows up by town, status and rule, in the order of the file: how many, and fen applied, calculated, granted.

    `frame` has the rows' texts and the columns of their decision; `calculated` is in fen, before any ceiling.
    """
    columns = [headers.sources for headers in sources]
    towns = [found[name].column for name in ("town_name", "town_id") for found in columns if name in found]
    town = pl.coalesce(list(dict.fromkeys(towns))) if towns else pl.lit(None, dtype=pl.String)
    rows = frame.lazy().select(
        town.alias("town"),
        pl.col(STATUS, RULE).cast(pl.String),
        pl.lit(1, dtype=pl.Int64).alias("lines"),
        _applied(provision, columns, frame).alias("applied"),
        calculated.alias("calculated"),
        (pl.col(AMOUNT) * 100).cast(pl.Int64).fill_null(0).alias("granted"),
    )
    return together([rows.collect()])


def together(parts: Iterable[pl.DataFrame], by: Sequence[str] = BY) -> pl.DataFrame:
    """Add sums up that are about the same, in the order in which each was met first."""
    return pl.concat(parts).group_by(by, maintain_order=True).agg(pl.col(SUMMED).sum())


def _applied(provision: Provision, columns: Sequence[Mapping[str, Source]], frame: pl.DataFrame) -> pl.Series:
    """Read the first amount that the measure asks for, in fen: principal, investment, contract or cost."""
    fields, applied = provision.fields, pl.zeros(frame.height, dtype=pl.Int64, eager=True)
    first = next((name for name in provision.measure.inputs if fields[name].type == "yuan"), None)
    if first is None:
        return applied
    for source in dict.fromkeys(found[first] for found in columns if first in found):
        reader, cells = reader_for(fields[first], source.unit), frame[source.column]
        parsed = reader.parsed(cells, frame.select(reader.sweep(source.column)))
        assert parsed.numbers is not None
        usable = cells.is_not_null().to_numpy()
        usable = usable & ~pl.arange(len(cells), eager=True).is_in(list(parsed.defects)).to_numpy()
        applied = applied + pl.Series(parsed.numbers * usable)
    return applied
