"""A whole file: part by part where the ceilings allow it, decided, written out, and summed up in control totals."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Final

import polars as pl

from service.batch.columns import YuanReader
from service.batch.csv_parts import Unquoted, ahead
from service.batch.decisions import OUTCOMES, Outcome, decide_rows, named_column, yuan_column
from service.batch.earlier import AMOUNT, CALCULATED, DEFECTS, RULE, SOURCE, STATUS, amount_column, without_results
from service.batch.explaining import explaining_columns
from service.batch.headers import Headers, find_inputs
from service.batch.history import RunningHistory
from service.batch.joining import joined
from service.batch.slips import Slips
from service.batch.sources import Piece
from service.batch.table import Table, TableReader
from service.batch.totals import Totals
from service.conditions import First, Threshold
from service.errors import Defect, Refused
from service.lines import LINE, Fen
from service.policies import Policies
from service.policies.model import Field, Language, Provision, Words
from service.words import say, text_of

#: Stands for every measure that a workbook has a sheet of.
ALL: Final = "all"
_AMOUNT = Field(AMOUNT, "yuan", Words("金额", "Amount"), None, {}, None, "group")
_ROWS_NAMED = 20
#: Bytes of text that are held where all rows must be known before the first is decided; more are read again.
MOST_BYTES_HELD = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is to be decided: as in a request, and whether to explain.

    `several` adds a column that says from which file and row each line comes, `calculated` one of the fen before any
    ceiling.
    """

    measure: str
    policy: str | None = None
    readings: dict[str, str] = field(default_factory=dict)
    explain: bool = False
    language: Language = "zh"
    several: bool = False
    calculated: bool = False


def refuse_history(piece: Piece, unread: Collection[int]) -> None:
    """Raise Refused with the numbers of the rows that cannot be read, if there are any."""
    if unread:
        numbers = ", ".join(str(piece.rows[row]) for row in sorted(unread)[:_ROWS_NAMED])
        raise Refused([Defect(piece.place, "unusable_history", None, None, {"rows": numbers})])


@dataclass(frozen=True, slots=True)
class Written:
    """A part that was decided, on its way out: `frame` as it goes out, `defects` by row (from 0) of `piece`.

    `calculated` is in fen, before any ceiling.
    """

    provision: Provision
    headers: Headers
    piece: Piece
    frame: pl.DataFrame
    calculated: pl.Series
    defects: Mapping[int, Sequence[Defect]]


@dataclass(slots=True)
class Run:
    """The files of one measure under way; `seen` is shown every part that was decided."""

    policies: Policies
    options: Options
    provision: Provision
    history: RunningHistory = field(default_factory=RunningHistory)
    totals: Totals = field(default_factory=Totals)
    seen: Callable[[Written], None] | None = None
    reader: TableReader = field(init=False)
    slips: Slips = field(init=False)
    _headers: dict[tuple[str, ...], tuple[Headers, pl.Schema]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reader = TableReader(self.provision, self.policies.facts)
        self.slips = Slips(self.provision, self.options.language)

    @property
    def headers(self) -> list[Headers]:
        """Tell which columns held which inputs, for every header that was met."""
        return [headers for headers, _ in self._headers.values()]

    def decided(
        self, pieces: Iterator[Piece], again: Callable[[], Iterator[Piece]] | None = None
    ) -> Iterator[pl.DataFrame]:
        """Decide the pieces of a source in their order: the same columns, and what was decided.

        `again` reads the same pieces a second time; without it their texts are held where all must be known first.
        """
        yield from self._in_parts(pieces, again)
        self.totals.unusual = self.slips.unusual()

    def _in_parts(self, pieces: Iterator[Piece], again: Callable[[], Iterator[Piece]] | None) -> Iterator[pl.DataFrame]:
        """Decide part by part.

        Where a line may depend on a later one (a ceiling shared in proportion, a threshold or a first award of a
        group, rounding of the total) all pieces are read before the first is decided. Their numbers are then in memory,
        their texts only as far as there is room: those of a larger source are read a second time.
        """
        if streams(self.policies, self.options):
            for piece, table in self._tables(pieces):
                yield self._written(piece, table, self._decide([table]), 0)
            return
        tables: list[Table] = []
        held: list[Piece] = []
        size, place = 0.0, ""
        for piece, table in self._tables(pieces):
            tables.append(table)
            held.append(piece)
            size, place = size + piece.texts.estimated_size(), piece.place
            if again is not None and size > MOST_BYTES_HELD:
                held.clear()
        outcome = self._decide(tables)
        start = 0
        of_tables = iter(held) if held or again is None else map(without_results, again())
        for known, table in zip_longest(of_tables, tables):
            if known is None or table is None or known.texts.height != len(table.good):
                raise Refused([Defect(place, "changed_file")])
            yield self._written(known, table, outcome, start)
            start += known.texts.height

    def _tables(self, pieces: Iterator[Piece]) -> Iterator[tuple[Piece, Table]]:
        """Read pieces as lines, a few ahead: while one is decided, polars sweeps another and a third is numbered."""
        swept = ahead((piece, self._swept(piece)) for piece in map(without_results, pieces))
        return ahead((piece, self._read(piece, columns)) for piece, columns in swept)

    def remember(self, pieces: Iterator[Piece]) -> None:
        """Add what a file of earlier decisions granted (its column `amount`) to the history.

        Refused if a row that was granted something cannot be read: what is left would be wrong.
        """
        for piece in pieces:
            table, granted = self.earlier(piece)
            if table.lines.count:
                self.history.add(self.provision.measure.limits, table.lines, granted)

    def earlier(self, piece: Piece) -> tuple[Table, Fen]:
        """Read a piece of earlier decisions: its good rows, and the fen that each was granted.

        Refused if a row that was granted something cannot be read.
        """
        column = amount_column(piece.texts)
        headers, _ = self._headers_of(piece)
        table = self.reader.read(piece.texts, self.reader.swept(piece.texts, headers), headers, piece.flaws)
        amounts = YuanReader(_AMOUNT, "yuan")
        parsed = amounts.parsed(piece.texts[column], piece.texts.select(amounts.sweep(column)))
        assert parsed.numbers is not None
        lost = [row for row in table.defects if parsed.numbers[row]]
        refuse_history(piece, {*lost, *parsed.defects})
        granted: Fen = parsed.numbers[table.good]
        return table, granted

    def columns_of(self, piece: Piece) -> dict[str, str]:
        """Tell which column of a piece holds which input."""
        return {name: source.column for name, source in self._headers_of(piece)[0].sources.items()}

    def _headers_of(self, piece: Piece) -> tuple[Headers, pl.Schema]:
        names = tuple(piece.texts.columns)
        if names not in self._headers:
            headers = find_inputs(names, self.provision, self.policies.facts)
            schema = pl.Schema()
            if self.options.explain:
                for provision in provisions(self.policies, self.options):
                    schema.update(explaining_columns(self.policies, provision, headers))
            self._headers[names] = headers, schema
        return self._headers[names]

    def _swept(self, piece: Piece) -> pl.DataFrame:
        return self.reader.swept(piece.texts, self._headers_of(piece)[0])

    def _read(self, piece: Piece, swept: pl.DataFrame) -> Table:
        headers, _ = self._headers_of(piece)
        self.totals.carried.update(dict.fromkeys(headers.carried))
        inputs = {source.column for source in headers.sources.values()}
        of_inputs = {row: [one for one in found if one.pointer in inputs] for row, found in piece.flaws.items()}
        flaws = {row: found for row, found in of_inputs.items() if found}
        return self.reader.read(piece.texts, swept, headers, flaws)

    def _decide(self, tables: Sequence[Table]) -> Outcome:
        outcome = self._outcome(tables)
        self.totals.add(outcome)
        return outcome

    def _outcome(self, tables: Sequence[Table]) -> Outcome:
        lines, good = joined(tables)
        return decide_rows(
            self.policies,
            self.provision,
            lines,
            good,
            policy=self.options.policy,
            readings=self.options.readings,
            history=self.history,
            explain=self.options.explain,
        )

    def _written(self, piece: Piece, table: Table, outcome: Outcome, start: int) -> pl.DataFrame:
        height = piece.texts.height
        here = slice(start, start + height)
        source = [self._source(piece)] if self.options.several else []
        calculated = [pl.Series(CALCULATED, outcome.calculated[here])] if self.options.calculated else []
        warnings = self.slips.warnings(piece, table, self._headers_of(piece)[0])
        warned = height - warnings.null_count()
        self.totals.warned += warned
        decided = piece.original.with_columns(
            *source,
            named_column(STATUS, outcome.status[here], OUTCOMES),
            yuan_column(AMOUNT, outcome.amount[here], None if not table.defects else table.good),
            named_column(RULE, outcome.rule[here], outcome.rules),
            *self._explained(piece, outcome, start),
            self._defects(piece, table),
            warnings,
            *calculated,
        )
        if self.seen is not None:
            before = pl.Series(CALCULATED, outcome.calculated[here])
            named = {row: self._all_named(piece, table.defects[row]) for row in sorted(table.defects)}
            self.seen(Written(self.provision, self._headers_of(piece)[0], piece, decided, before, named))
        return Unquoted(decided) if piece.unquoted and not table.defects and not source and not warned else decided

    def _explained(self, piece: Piece, outcome: Outcome, start: int) -> Iterator[pl.Series]:
        """Write the columns of an explanation, the same in every part."""
        for name, kind in self._headers_of(piece)[1].items():
            column = outcome.explained.get(name)
            if column is None:
                yield pl.Series(name, [None], dtype=kind).new_from_index(0, piece.texts.height)
            else:
                yield column.slice(start, piece.texts.height)

    def _source(self, piece: Piece) -> pl.Series:
        return pl.Series(SOURCE, [f"{piece.place} {row}" for row in piece.rows], dtype=pl.String)

    def _defects(self, piece: Piece, table: Table) -> pl.Series:
        """Write all defects of a row into one cell, in the reader's language, with the row's number in the file."""
        cells = pl.Series(DEFECTS, [None], dtype=pl.String).new_from_index(0, piece.texts.height)
        if not table.defects:
            return cells
        rows = sorted(table.defects)
        return cells.scatter(rows, [self._said(piece, row, table.defects[row]) for row in rows])

    def _said(self, piece: Piece, row: int, defects: Sequence[Defect]) -> str:
        language = self.options.language
        told = [f"{defect.pointer}: {say(defect, language)}" for defect in self._all_named(piece, defects)]
        number = text_of("batch", "row", language, row=piece.rows[row])
        return f"{number}: " + " | ".join(told)

    def _all_named(self, piece: Piece, defects: Sequence[Defect]) -> list[Defect]:
        return [self._named(defect, piece.texts.columns) for defect in defects]

    def _named(self, defect: Defect, columns: Sequence[str]) -> Defect:
        """Call an input that has no column in the file by its label."""

        def name(text: object) -> object:
            known = self.provision.fields.get(text) if isinstance(text, str) and text not in columns else None
            return known.label.to(self.options.language) if known else text

        facts = {key: name(fact) for key, fact in defect.facts.items()}
        return replace(defect, pointer=str(name(defect.pointer)), facts=facts)


def provisions(policies: Policies, options: Options) -> list[Provision]:
    """List the measure's provisions in all versions that may apply."""
    versions = [policies.version(options.policy)] if options.policy else policies.versions
    found = []
    for version in versions:
        if options.measure in version.measures:
            with suppress(Refused):  # a version that does not have a reading decides no line under it
                found.append(policies.provision(version, options.measure, options.readings))
    return found


def streams(policies: Policies, options: Options) -> bool:
    """Tell whether parts can be decided one by one: no line depends on others but through ceilings used in order."""
    return all(_streams(provision) for provision in provisions(policies, options))


def _streams(provision: Provision) -> bool:
    measure = provision.measure
    looks_around = any(
        isinstance(one, First) or (isinstance(one, Threshold) and one.per != (LINE,)) for one in measure.conditions
    )
    shared = [limit for limit in measure.limits if limit.shared]
    in_order = all(limit.amount is not None and limit.allocation == "in_order" for limit in shared)
    return provision.rounding_stage == "line" and in_order and not looks_around
