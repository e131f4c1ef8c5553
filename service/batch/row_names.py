"""Rows of all files of a run as whole numbers, so that a column can tell which row is meant, and sentences of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from service.batch.sources import Piece
from service.lines import Column, Mask
from service.policies.model import Language
from service.words import text_of

_BITS_OF_ROW: Final = 32


class RowNames:
    """Numbers rows by their place (file or sheet) and the row there; later rows have higher numbers, none has 0."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._places: dict[str, int] = {}

    def numbers(self, piece: Piece, good: Mask) -> Column:
        """Number the good rows of a piece."""
        place = self._places.setdefault(piece.place, len(self._places))
        given = piece.rows
        rows = np.arange(given.start, given.stop, given.step) if isinstance(given, range) else np.array(given)
        return (rows if good.all() else rows[good]) + (place << _BITS_OF_ROW)

    def said(self, numbers: Column, beside: Column | None = None) -> pl.Series:
        """Name rows; with their place, unless it is that of the row `beside`, or the only one."""
        places = numbers >> _BITS_OF_ROW
        near = places == beside >> _BITS_OF_ROW if beside is not None else np.full(len(numbers), len(self._places) == 1)
        rows = pl.DataFrame(
            {
                "row": numbers % (1 << _BITS_OF_ROW),
                "place": pl.Series(list(self._places), dtype=pl.String).gather(places),
                "near": near,
            }
        )
        here, elsewhere = (filled("batch", code, self._language, rows.columns) for code in ("row", "row_of"))
        return rows.select(pl.when("near").then(here).otherwise(elsewhere)).to_series()


def filled(kind: str, code: str, language: Language, names: Sequence[str]) -> pl.Expr:
    """Say a text for every row, with the facts that stand in the columns `names`."""
    parts = text_of(kind, code, language, **{name: f"\0{name}\0" for name in names}).split("\0")
    return pl.concat_str(pl.col(part) if place % 2 else pl.lit(part) for place, part in enumerate(parts))
