"""Likely slips of a file: told beside each row, or at the end where only the whole file shows them.

A slip is a warning: it never changes an amount, a status or an exit code. Only rows without defects are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from service.batch.doubled import Doubled
from service.batch.earlier import WARNINGS
from service.batch.headers import PAID_TO, Headers
from service.batch.magnitudes import Magnitudes, Unusual
from service.batch.periods import over_periods
from service.batch.row_names import RowNames, filled
from service.batch.sources import Piece
from service.batch.table import Table
from service.lines import Column, Days, Fen, Lines, first_day
from service.methods import METHODS
from service.money import yuan
from service.policies.model import Language, Provision
from service.words import text_of

#: How the names of inputs end that number one document: a receipt, a contract, an invoice.
_DOCUMENT: Final = "_number"
#: Amounts of one row that are of like size: beyond this factor one of the two is off.
_LIKE: Final[Mapping[str, str]] = {"received_amount": "contract_amount", "ad_cost": "ad_paid"}
_FAR: Final = 1_000
#: No bank asks for less interest than the principal ÷ 2²² a day, 0.0087% a year, nor for more than the principal.
_LOWEST_RATE: Final = 22
#: From 20 December, when banks settle, to 1 January.
_SETTLED_BEFORE_NEW_YEAR: Final = 12
#: Amounts that another of their row tells the size of.
_TOLD_BY_OTHERS: Final = frozenset({"interest_accrued", *_LIKE})


class Slip(NamedTuple):
    """Lines (by position) with the same slip in a field: a code for words, and what fills them in, for all or each."""

    field: str
    code: str
    lines: Column
    facts: Mapping[str, pl.Series | pl.Expr] = MappingProxyType({})


def documents_of(provision: Provision) -> list[str]:
    """List the inputs that number a document: a receipt, a contract, an invoice."""
    fields = provision.fields
    return [name for name in provision.measure.inputs if fields[name].type == "text" and name.endswith(_DOCUMENT)]


class Slips:
    """Looks for slips in the pieces of a run, in the order of the files."""

    def __init__(self, provision: Provision, language: Language) -> None:
        self._provision, self._language = provision, language
        inputs, fields = provision.measure.inputs, provision.fields
        self._documents = documents_of(provision)
        self._amounts = [name for name in inputs if fields[name].type == "yuan" and name not in _TOLD_BY_OTHERS]
        self._year = next((name for name in inputs if fields[name].type == "year"), None)
        self._doubled = Doubled()
        self._magnitudes: dict[str, tuple[str, Magnitudes]] = {}
        self._rows = RowNames(language)

    def warnings(self, piece: Piece, table: Table, headers: Headers) -> pl.Series:
        """Write the slips of each row into one cell, in the reader's language, as its defects are written."""
        height, lines = len(table.good), table.lines
        cells = pl.Series(WARNINGS, [None], dtype=pl.String).new_from_index(0, height)
        if not lines.count:
            return cells
        rows = self._rows.numbers(piece, table.good)
        for name in self._amounts:
            if name in headers.sources and name in lines.columns:
                column = headers.sources[name].column
                self._magnitudes.setdefault(name, (column, Magnitudes()))[1].add(lines.columns[name], rows)
        slips = list(self._found(lines, rows, headers))
        if not slips:
            return cells
        told = self._told(slips, rows, headers)
        return cells.scatter(np.flatnonzero(table.good)[told["line"].to_numpy()], told["told"])

    def unusual(self) -> list[str]:
        """Tell in sentences what only the whole file shows: amounts far from what is usual in their column."""
        return [
            self._said(column, unusual)
            for column, magnitudes in self._magnitudes.values()
            for unusual in magnitudes.unusual()
        ]

    def _found(self, lines: Lines, rows: Column, headers: Headers) -> Iterator[Slip]:
        measure = self._provision.measure
        for doubt in METHODS[measure.calculator].doubts(measure, lines):
            yield Slip(doubt.field, doubt.code, doubt.lines)
        yield from _settled_early(lines)
        for name in self._documents:
            if name in headers.sources and name in lines.columns:
                again, earlier = self._doubled.again(name, lines, rows, self._year)
                if len(again):
                    yield Slip(name, "doubled_number", again, {"earlier": self._rows.said(earlier, rows[again])})
        for name, other, apart in _apart(lines):
            facts = {"given": _grouped(lines.columns[name][apart]), "amount": _grouped(lines.columns[other][apart])}
            yield Slip(name, "amounts_apart", apart, {**facts, "other": pl.lit(self._column(other, headers))})

    def _told(self, slips: Sequence[Slip], rows: Column, headers: Headers) -> pl.DataFrame:
        """Say the slips of each line, one after the other, behind the row's number."""
        told = []
        for slip in slips:
            column = self._column(slip.field, headers)
            facts = pl.DataFrame({"line": slip.lines}).with_columns(field=pl.lit(column), **slip.facts)
            said = filled("warnings", slip.code, self._language, facts.columns)
            told.append(facts.select("line", told=pl.concat_str(pl.lit(f"{column}: "), said)))
        together = told[0]
        if len(told) > 1:
            lines = pl.concat(told).group_by("line", maintain_order=True)
            together = lines.agg(pl.col("told").str.join(" | "))
        numbers = rows[together["line"].to_numpy()]
        named = pl.Series("row", self._rows.said(numbers, numbers))
        return together.select("line", told=pl.concat_str(named, pl.lit(": "), "told"))

    def _column(self, name: str, headers: Headers) -> str:
        """Call an input by the column that holds it, or the end of a period by its own."""
        name = PAID_TO if name == "interest_periods" and name not in headers.sources else name
        source = headers.sources.get(name)
        return source.column if source else self._provision.fields[name].label.to(self._language)

    def _said(self, column: str, unusual: Unusual) -> str:
        numbers, fen = np.array(unusual.rows, dtype=np.int64).T
        rows = pl.DataFrame({"row": self._rows.said(numbers), "amount": _grouped(fen)})
        said = rows.select(filled("batch", "row_with", self._language, rows.columns)).to_series()
        listed = text_of("batch", "between", self._language).join(said) + "…" * (unusual.count > len(said))
        usual = " – ".join(yuan(bound, grouped=True) for bound in unusual.usual)
        facts = {"field": column, "count": f"{unusual.count:,}", "usual": usual, "rows": listed}
        return text_of("warnings", unusual.code, self._language, **facts)


def _grouped(amounts: Fen) -> pl.Series:
    return pl.Series([yuan(fen, grouped=True) for fen in amounts.tolist()], dtype=pl.String)


def _settled_early(lines: Lines) -> Iterator[Slip]:
    """Find interest that was paid to 20 December of the year and no further, whether or not the end day counts."""
    periods = lines.periods.get("interest_periods")
    if periods is None:
        return
    last = over_periods(np.maximum, "interest_periods", periods.end, lines, 0)
    settled = first_day(lines.columns["application_year"] + 1) - _SETTLED_BEFORE_NEW_YEAR
    early = np.flatnonzero((last == settled) | (last == settled + 1))
    if len(early):
        yield Slip("interest_periods", "ends_on_settlement_day", early)


def _apart(lines: Lines) -> Iterator[tuple[str, str, Column]]:
    """Find amounts that do not fit another of their row: which, the other, and in which lines."""
    columns = lines.columns
    if "interest_accrued" in columns:
        accrued, principal = columns["interest_accrued"], columns["disbursed_amount"]
        too_much, too_little = accrued > principal, accrued < principal * _days(lines) >> _LOWEST_RATE
        apart = np.flatnonzero((too_much | too_little) & (accrued > 0) & (principal > 0))
        if len(apart):
            yield "interest_accrued", "disbursed_amount", apart
    for name, other in _LIKE.items():
        if name in columns and other in columns:
            one, whole = columns[name], columns[other]
            apart = np.flatnonzero(((one > whole * _FAR) | (whole > one * _FAR)) & (one > 0) & (whole > 0))
            if len(apart):
                yield name, other, apart


def _days(lines: Lines) -> Days:
    """Tell the days of interest of each line as they are written, declared or in periods."""
    declared, periods = lines.columns.get("interest_paid_days"), lines.periods.get("interest_periods")
    if periods is None:
        return np.zeros(lines.count, dtype=np.int64) if declared is None else declared
    counted = over_periods(np.add, "interest_periods", periods.end - periods.start, lines, 0)
    return counted if declared is None else counted + declared
