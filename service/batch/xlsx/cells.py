"""Turns the values of a workbook's cells into text, a column at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import polars as pl

#: From here on a double does not hold every whole number that people may have typed: spreadsheets keep 15 digits.
FIRST_INEXACT: Final = 1e15

#: A row's place in its column, counted from 0, and the text that stands for its cell.
Odd = tuple[int, str]


def texts_of(values: Sequence[Any]) -> pl.Series:
    """Write a column as text; what is empty is null.

    Whole numbers have no decimals, other numbers as few digits as tell them apart from every other double; days are
    ISO dates, with a time only where there is one; true and false are words.
    """
    kinds = set(map(type, values))
    text = pl.Series(_only(str, kinds, values), dtype=pl.String)
    columns = [pl.select(pl.when(text != "").then(text)).to_series()]
    if float in kinds:
        columns.append(_numbers(pl.Series(_only(float, kinds, values), dtype=pl.Float64)))
    for kind in kinds & _WRITTEN.keys():
        columns.append(pl.Series([_WRITTEN[kind](value) if type(value) is kind else None for value in values]))
    return columns[0] if len(columns) == 1 else pl.select(pl.coalesce(columns)).to_series()


def odd_cells(values: Sequence[Any]) -> Iterator[tuple[str, list[Odd]]]:
    """Find cells that are not what they look like: numbers that lost digits, days with a time, times without a day."""
    kinds = set(map(type, values))
    if float in kinds:
        numbers = pl.Series(_only(float, kinds, values), dtype=pl.Float64)
        lost = ((numbers.abs() >= FIRST_INEXACT) | ~numbers.is_finite()).fill_null(False).arg_true().to_list()
        yield "digits_lost", [(row, repr(values[row])) for row in lost]
    timed = kinds & {datetime, time, timedelta}
    if timed:
        yield "time_in_date", [(n, _WRITTEN[type(one)](one)) for n, one in enumerate(values) if type(one) in timed]


def text_of(value: Any) -> str:
    """Write one cell as text; an empty one is the empty text."""
    if isinstance(value, str):
        return value
    text: str | None = texts_of([value])[0]
    return text or ""


def _only(kind: type, kinds: set[type], values: Sequence[Any]) -> Sequence[Any]:
    return values if kinds == {kind} else [value if type(value) is kind else None for value in values]


def _numbers(numbers: pl.Series) -> pl.Series:
    whole = (numbers == numbers.floor()) & (numbers.abs() < FIRST_INEXACT)
    digits = numbers.cast(pl.Int64, strict=False).cast(pl.String)
    return pl.select(pl.when(whole).then(digits).otherwise(numbers.cast(pl.String))).to_series()


_WRITTEN: Final[Mapping[type, Callable[[Any], str]]] = {
    bool: lambda value: "true" if value else "false",
    int: str,
    date: date.isoformat,
    datetime: datetime.isoformat,
    time: time.isoformat,
    timedelta: str,
}
