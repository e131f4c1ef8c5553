"""Workbooks of several measures: which sheet is which, and the result with its summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from service.batch.decisions import CONDITION, LIMIT, STEP
from service.batch.earlier import AMOUNT, DEFECTS, RULE, SOURCE, STATUS, WARNINGS
from service.batch.headers import Headers, match, names_of
from service.batch.headings import refuse_repeated
from service.batch.run import ALL, Options
from service.batch.sources import Piece
from service.batch.sums import sums_of, together
from service.batch.totals import Totals
from service.batch.xlsx.header import IsHeader
from service.batch.xlsx.notes import Note
from service.batch.xlsx.reading import Sheet, Workbook, read_workbook
from service.batch.xlsx.shown import Kind
from service.batch.xlsx.template import sheet_name
from service.batch.xlsx.writing import ResultSheet, Summary, write_workbook
from service.errors import Defect, NotFound, Refused
from service.methods import METHODS
from service.policies import Policies
from service.policies.model import Language, Measure, Provision
from service.words import label_of, text_of

MOST_BYTES_UNPACKED: Final = 1 << 30
MOST_ROWS: Final = 1_000_000
_LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
_TWO: Final = 2
_RESULTS: Final = (SOURCE, STATUS, AMOUNT, RULE, DEFECTS, WARNINGS, "grant_id", "state")


@dataclass(frozen=True, slots=True)
class Decided:
    """The rows of one measure, decided; `headers` tell which column holds which input, `calculated` is in fen."""

    provision: Provision
    headers: Sequence[Headers]
    frame: pl.DataFrame
    calculated: pl.Series
    totals: Totals


def pieces_of_workbook(
    policies: Policies, path: Path, options: Options, *, named: bool
) -> tuple[list[tuple[str, Piece]], list[Defect]]:
    """Read the sheets of a workbook, each with its measure, and what is to be warned of.

    `named` puts the file's name before the sheet's. Refused if a sheet with a header is called after no measure: its
    rows would be lost.
    """
    version = policies.version(options.policy) if options.policy else policies.newest
    if options.measure != ALL and options.measure not in version.measures:
        raise NotFound("measure", options.measure, list(version.measures))
    measures = [version.measures[options.measure]] if options.measure != ALL else list(version.measures.values())
    known: dict[str, str] = {}
    for measure in measures:
        known |= names_of(policies.provision(version, measure.id, options.readings), policies.facts)

    def is_header(row: Sequence[str]) -> bool:
        return sum(match(text, known, policies.fields) is not None for text in row) >= _TWO

    workbook = opened(path, is_header)
    pieces, warnings = [], [warning_of(note, path.name) for note in workbook.notes]
    for measure_id, sheet in _assigned(workbook.sheets, list(version.measures.values()), options.measure):
        refuse_repeated(sheet.headers)
        warnings += [warning_of(note, path.name) for note in sheet.notes if not note.is_defect]
        if sheet.frame.height:
            pieces.append((measure_id, piece_of(sheet, f"{path.name} {sheet.name}" if named else sheet.name)))
    if not pieces:
        raise Refused([Defect(path.name, "no_rows")])
    return pieces, warnings


def opened(path: Path, is_header: IsHeader) -> Workbook:
    """Read the sheets of a workbook; what is wrong with it is told with the file's name."""
    try:
        return read_workbook(path, is_header=is_header, most_bytes_unpacked=MOST_BYTES_UNPACKED, most_rows=MOST_ROWS)
    except Refused as refused:
        raise Refused([replace(one, pointer=f"{path.name}{one.pointer}") for one in refused.defects]) from None


def piece_of(sheet: Sheet, place: str) -> Piece:
    """Make a sheet a piece, with what is already known to be wrong with its cells."""
    return Piece(sheet.frame, sheet.rows, place, sheet.frame, _flaws(sheet))


def _assigned(sheets: Sequence[Sheet], measures: Sequence[Measure], asked: str) -> Iterator[tuple[str, Sheet]]:
    """Find each sheet's measure; of a measure that was asked for, its sheets, or the only sheet there is."""
    called = {name: measure.id for measure in measures for name in _names(measure)}
    found = [(called.get(_plain(sheet.name)), sheet) for sheet in sheets]
    if asked == ALL:
        unknown = [Defect(sheet.name, "unknown_sheet", sheet.name) for measure, sheet in found if measure is None]
        if unknown:
            raise Refused(unknown)
        yield from ((measure, sheet) for measure, sheet in found if measure is not None)
        return
    own = [sheet for measure, sheet in found if measure == asked]
    own = own or [sheet for measure, sheet in found if measure is None][:1] if len(found) == 1 else own
    if not own:
        expected = next(measure.title.zh for measure in measures if measure.id == asked)
        raise Refused([Defect(asked, "no_sheet_of_measure", ", ".join(sheet.name for sheet in sheets), expected)])
    yield from ((asked, sheet) for sheet in own)


def _names(measure: Measure) -> Iterator[str]:
    yield _plain(measure.id)
    for language in _LANGUAGES:
        yield _plain(measure.title.to(language))
        yield _plain(sheet_name(measure, language))


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()


def warning_of(note: Note, file: str) -> Defect:
    """Warn of something odd in a file."""
    place = f"{file} {note.sheet}" + (f" {note.column}" if note.column else "")
    return Defect(place, note.code, None, None, {"field": note.column, "sheet": note.sheet, "given": note.given})


def _flaws(sheet: Sheet) -> Mapping[int, Sequence[Defect]]:
    """Sort the notes on cells that nobody can know under their rows."""
    places = {row: place for place, row in enumerate(sheet.rows)}
    flaws: dict[int, list[Defect]] = {}
    for note in sheet.notes:
        if note.is_defect and note.row in places and note.column is not None:
            defect = Defect(note.column, note.code, note.given, None, {"field": note.column})
            flaws.setdefault(places[note.row], []).append(defect)
    return flaws


def write_result(target: Path, results: Sequence[Decided], options: Options) -> None:
    """Write a summary, and a sheet for each measure."""
    sheets = [_sheet(result, options.language) for result in results]
    write_workbook(target, sheets, _summary(results, options))


def _sheet(result: Decided, language: Language) -> ResultSheet:
    kinds: dict[str, Kind] = {STATUS: "status", AMOUNT: "yuan", RULE: "text", DEFECTS: "text", WARNINGS: "text"}
    for headers in result.headers:
        for name, source in headers.sources.items():
            field = result.provision.fields.get(name)
            if field is None or field.type == "date":
                kinds[source.column] = "date"
            elif field.type == "yuan" and source.unit == "yuan":
                kinds[source.column] = "yuan"
    columns = []
    for column in result.frame:
        if isinstance(column.dtype, pl.Decimal):
            kinds[column.name] = "yuan"
            columns.append((column * 100).cast(pl.Int64))
        elif column.dtype == pl.Boolean:
            words = {True: label_of("template", "true", language), False: label_of("template", "false", language)}
            columns.append(column.replace_strict(words, return_dtype=pl.String))
        elif column.dtype.is_integer():
            kinds[column.name] = "count"
            columns.append(column)
        elif column.name in {STATUS, RULE}:
            words_of = {
                one: label_of(f"{column.name}es" if column.name == STATUS else "rules", one, language)
                for one in column.drop_nulls().unique()
            }
            columns.append(column.replace_strict(words_of, return_dtype=pl.String))
        else:
            columns.append(column)
    frame = pl.DataFrame(columns)
    labels = {name: column_label(name, language) for name in frame.columns if _is_ours(name, frame.columns)}
    return ResultSheet(sheet_name(result.provision.measure, language), frame, kinds, labels)


def _is_ours(name: str, names: Sequence[str]) -> bool:
    """Tell whether a column stands among those of the decision."""
    return name == SOURCE or names.index(name) >= names.index(STATUS)


def column_label(name: str, language: Language) -> str:
    """Tell what a column of a decision is called; one of the file's own is called as it is."""
    if name in _RESULTS:
        return label_of("batch", name, language)
    if name.startswith(CONDITION):
        condition, shortfall, _ = name.removeprefix(CONDITION).partition("_shortfall")
        label = text_of("batch", "condition", language, name=label_of("conditions", condition, language))
        return text_of("batch", "shortfall", language, name=label) if shortfall else label
    if name.startswith(STEP):
        return text_of("batch", "step", language, name=label_of("steps", name.removeprefix(STEP), language))
    for figure in ("ceiling", "granted_before", "remaining", "binding"):
        if name.startswith(LIMIT) and name.endswith(f"_{figure}"):
            limit = name.removeprefix(LIMIT).removesuffix(f"_{figure}")
            return text_of("batch", figure, language, name=label_of("limits", limit, language))
    return name


def _summary(results: Sequence[Decided], options: Options) -> Summary:
    language = options.language
    groups = [_groups(result, language) for result in results]
    table = pl.concat(groups)
    sums = table.select(
        pl.lit(label_of("batch", "total", language)).alias("measure"),
        pl.lit(None, dtype=pl.String).alias("town"),
        pl.lit(None, dtype=pl.String).alias("status"),
        pl.col("lines", "applied", "calculated", "cut", "granted").sum(),
        pl.lit(None, dtype=pl.String).alias("reasons"),
    )
    table = pl.concat([table, sums], how="vertical_relaxed")
    kinds: dict[str, Kind] = {"status": "status", "lines": "count"}
    kinds |= dict.fromkeys(("applied", "calculated", "cut", "granted"), "yuan")
    labels = {name: label_of("batch", name, language) for name in table.columns}
    provision = results[0].provision
    facts = [
        (label_of("batch", "policy", language), f"{provision.document.number} {provision.policy}@{provision.version}"),
        (label_of("batch", "rows", language), f"{sum(result.totals.read for result in results):,}"),
    ]
    if options.readings:
        chosen = ", ".join(f"{reading}={choice}" for reading, choice in options.readings.items())
        facts.append((label_of("batch", "readings", language), chosen))
    facts += _slips(results, language)
    name = label_of("batch", "summary", language)
    return Summary(label_of("batch", "title", language), facts, ResultSheet(name, table, kinds, labels))


def _slips(results: Sequence[Decided], language: Language) -> Iterator[tuple[str, str]]:
    """Tell how many rows have a warning, and what only whole files show."""
    label = label_of("batch", WARNINGS, language)
    if warned := sum(result.totals.warned for result in results):
        yield label, text_of("batch", "rows_warned", language, rows=f"{warned:,}")
    for result in results:
        yield from ((label, told) for told in result.totals.unusual)


def _groups(result: Decided, language: Language) -> pl.DataFrame:
    """Sum a measure's rows up by town and status, in fen, with the reasons why not all was granted."""
    sums = sums_of(result.provision, result.headers, result.frame, result.calculated)
    statuses = {one: label_of("statuses", one, language) for one in sums["status"].unique()}
    reasons = _reasons(sums, result.provision, language)
    figures = ("lines", "applied", "calculated", (pl.col("calculated") - pl.col("granted")).alias("cut"), "granted")
    grouped = together([sums], ("town", "status"))
    return grouped.join(reasons, on=["town", "status"], how="left", nulls_equal=True, maintain_order="left").select(
        pl.lit(result.provision.measure.title.to(language)).alias("measure"),
        "town",
        pl.col("status").replace_strict(statuses, return_dtype=pl.String),
        *figures,
        "reasons",
    )


def _reasons(sums: pl.DataFrame, provision: Provision, language: Language) -> pl.DataFrame:
    """Tell by town and status which ceilings cut and which conditions failed, in how many rows, commonest first."""
    plain = METHODS[provision.measure.calculator].rule
    labels = {rule: label_of("rules", rule, language) for rule in sums["rule"].drop_nulls().unique()}
    named = pl.concat_str(pl.col("rule").replace_strict(labels, return_dtype=pl.String), pl.lit(" "), "lines")
    between = text_of("batch", "between", language)
    return (
        sums.filter(pl.col("rule") != plain)
        .sort("lines", descending=True, maintain_order=True)
        .group_by("town", "status", maintain_order=True)
        .agg(named.str.join(between).alias("reasons"))
    )
