"""The rows of all files of a run as whole numbers, so that a column can tell which row is meant."""

from __future__ import annotations

from typing import Final

import numpy as np

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

    def said(self, number: int, beside: int | None = None) -> str:
        """Name a row; with its place, unless that is the same as of the row `beside`, or the only one."""
        place, row = number >> _BITS_OF_ROW, number % (1 << _BITS_OF_ROW)
        known = len(self._places) == 1 if beside is None else beside >> _BITS_OF_ROW == place
        if known:
            return text_of("batch", "row", self._language, row=row)
        return text_of("batch", "row_of", self._language, row=row, place=list(self._places)[place])
