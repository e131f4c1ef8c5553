"""How a column appears in a cell: fen as yuan, ISO text as days, and nothing that a double would change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

import polars as pl

from service.money import YUAN_PATTERN

Kind: TypeAlias = Literal["text", "yuan", "date", "count", "status"]

#: A cell holds 32,767 characters, and those beyond 0xFFFF count twice.
MOST_CHARACTERS: Final = 16_000
#: Spreadsheets show 15 digits.
_FIRST_INEXACT: Final = 10**15
_YUAN: Final = rf"^(?-u:{YUAN_PATTERN})$"
_MOST_DIGITS: Final = 14


def shown(frame: pl.DataFrame, kinds: Mapping[str, Kind]) -> pl.DataFrame | list[dict[str, Any]]:
    """Turn columns into what is written; rows of mixed cells only where a column of amounts holds other text, too."""
    columns = {name: _shown(frame[name], kind) for name, kind in kinds.items()}
    mixed = {name for name, column in columns.items() if kinds[name] == "yuan" and column.dtype == pl.String}
    if not mixed:
        return pl.DataFrame(columns)
    values = {name: _mixed(one) if name in mixed else one.to_list() for name, one in columns.items()}
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def _shown(column: pl.Series, kind: Kind) -> pl.Series:
    if column.dtype == pl.String:
        return _text(column, kind)
    if kind == "yuan":
        return _yuan(column)
    if column.dtype.is_integer() and (column.abs() >= _FIRST_INEXACT).any():
        return column.cast(pl.String)
    return column


def _yuan(fen: pl.Series) -> pl.Series:
    """Divide by numpy: polars multiplies by 1/100, which misses the nearest double for one amount in eight."""
    yuan = pl.Series(fen.name, fen.fill_null(0).to_numpy() / 100)
    return pl.select(pl.when(fen.is_not_null()).then(yuan)).to_series().alias(fen.name)


def _text(column: pl.Series, kind: Kind) -> pl.Series:
    if kind == "yuan" and _is_amount(column).all():
        return column.cast(pl.Float64)
    if kind == "date":
        days = column.str.to_date("%Y-%m-%d", strict=False)
        if days.dt.to_string("%Y-%m-%d").eq_missing(column).all():
            return days
    if (column.str.len_chars() <= MOST_CHARACTERS).all():
        return column
    clipped = column.str.slice(0, MOST_CHARACTERS - 1) + "…"
    long = column.str.len_chars() > MOST_CHARACTERS
    return pl.select(pl.when(long).then(clipped).otherwise(column)).to_series().alias(column.name)


def _is_amount(column: pl.Series) -> pl.Series:
    return column.str.contains(_YUAN) & (column.str.len_chars() <= _MOST_DIGITS)


def _mixed(column: pl.Series) -> list[Any]:
    amounts = _is_amount(column).fill_null(False).to_list()
    return [float(text) if amount else text for text, amount in zip(column.to_list(), amounts, strict=True)]
