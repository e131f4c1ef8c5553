"""The columns of a result, and how a result is known when it comes back as a file to decide or as history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Final

import polars as pl

from service.batch.sources import Piece
from service.errors import Defect, Refused
from service.words import WORDS

SOURCE, STATUS, AMOUNT, RULE, DEFECTS = "source", "status", "amount", "rule", "defects"
#: Follows the defects; results of before have none.
WARNINGS: Final = "warnings"
#: Only between a run and a workbook, never written; no column of a file is called so.
CALCULATED: Final = "\0calculated"
_RESULT: Final = (STATUS, AMOUNT, RULE, DEFECTS)
_ALSO: Final = ("granted", "granted_amount", "已发放金额", "已拨付金额", "补助金额")
_FULL_WIDTH: Final = str.maketrans("（）", "()")


@cache
def _known() -> Mapping[str, str]:
    """Map every way to write a column of a result to its id."""
    written = {
        _key(WORDS[language]["batch"][name]): name for language in WORDS for name in (SOURCE, *_RESULT, WARNINGS)
    }
    return written | {name: name for name in (*_RESULT, WARNINGS)}


def _key(header: str) -> str:
    return "".join(header.translate(_FULL_WIDTH).split()).casefold()


def without_results(piece: Piece) -> Piece:
    """Take the columns of an earlier result away, from the status to the warnings: they are made anew.

    Refused for a column of somebody's own that has one of these names.
    """
    names = piece.texts.columns
    ours = (*_RESULT, WARNINGS)
    found = {known: place for place, name in enumerate(names) if (known := _known().get(_key(name))) in ours}
    if not found:
        return piece
    if not found.keys() >= {*_RESULT} or found[STATUS] > found[DEFECTS]:
        raise Refused([Defect(names[place], "reserved_column", names[place]) for place in found.values()])
    first, last = found[STATUS], found.get(WARNINGS, found[DEFECTS])
    if last not in {found[DEFECTS], found[DEFECTS] + 1}:
        raise Refused([Defect(names[last], "reserved_column", names[last])])
    if first and _known().get(_key(names[first - 1])) == SOURCE:
        first -= 1
    dropped = names[first : last + 1]
    return replace(piece, texts=piece.texts.drop(dropped), original=piece.original.drop(dropped))


def amount_column(frame: pl.DataFrame) -> str:
    """Find the column of a history that tells the yuan granted."""
    for name in frame.columns:
        if _known().get(_key(name)) == AMOUNT or _key(name).removesuffix("(元)") in _ALSO:
            return name
    label = WORDS["zh"]["batch"][AMOUNT]
    raise Refused([Defect(label, "no_amount_column", None, f"{AMOUNT} | {label}")])
