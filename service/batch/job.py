"""From files to a file: the format of each, part by part, nothing half done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Final

import polars as pl

from service.batch.earlier import CALCULATED
from service.batch.run import ALL, Options, Run
from service.batch.sources import Piece, Source
from service.batch.streams import Format, format_of, write_csv, write_ndjson, write_parquet
from service.batch.totals import Totals
from service.errors import Defect, NotFound, Refused
from service.policies import Policies
from service.policies.model import Provision

if TYPE_CHECKING:
    from service.batch.workbook import Decided

#: What writes parts as a file.
WRITERS: Final[dict[Format, Callable[[Iterator[pl.DataFrame], Path], None]]] = {
    "csv": write_csv,
    "ndjson": write_ndjson,
    "parquet": write_parquet,
}
#: Formats whose columns have types: what came typed goes out as it came.
TYPED: Final = frozenset({"ndjson", "parquet"})

Progress = Callable[[int], None]
Begin = Callable[[Policies, Options, Provision], Run]


@dataclass(slots=True)
class Report:
    """What came of the files: control totals by measure, and codes of notes with the places they are about."""

    totals: dict[str, Totals] = field(default_factory=dict)
    warnings: list[Defect] = field(default_factory=list)

    @property
    def invalid(self) -> int:
        """Tell how many rows could not be used."""
        return sum(totals.invalid for totals in self.totals.values())


def run_files(
    policies: Policies,
    sources: Sequence[Source],
    target: Path,
    options: Options,
    history: Path | None = None,
    progress: Progress | None = None,
    begin: Begin = Run,
) -> Report:
    """Decide files into another file, which appears only when it is whole; ceilings are shared across all of them.

    A CSV, NDJSON or Parquet file of one measure is decided part by part where its ceilings allow it (`Run.decided`);
    several files, or the sheets of workbooks, become one workbook, which is laid out in memory. `progress` is told the
    rows that are done; `begin` makes what decides the files of a measure.
    """
    kinds = [format_of(source.path) for source in sources]
    refuse_mismatch([source.path for source in sources], target, options)
    report = Report()

    def started(options: Options) -> Run:
        run = begin(policies, options, provision_of(policies, options))
        report.totals[options.measure] = run.totals
        if history is not None:
            run.remember(history_pieces(policies, history, options))
        return run

    if len(sources) > 1 or "xlsx" in kinds or format_of(target) == "xlsx":
        by_measure = _by_measure(policies, sources, options, report)
        results = [
            _decided(pieces, replace(options, measure=measure), started, progress)
            for measure, pieces in by_measure.items()
        ]
        _refuse_other_target(results, target)
        with whole(target) as temporary:
            if format_of(target) == "xlsx":
                from service.batch.workbook import write_result  # workbooks are loaded where there are any

                write_result(temporary, results, options)
            else:
                WRITERS[format_of(target)](iter([result.frame for result in results]), temporary)
        return report
    run = started(options)
    source = sources[0]
    decided = run.decided(_prepared(source.pieces(), target), lambda: _prepared(source.pieces(), target))
    with whole(target) as temporary:
        WRITERS[format_of(target)](_counted(decided, run.totals, progress), temporary)
    return report


def refuse_mismatch(sources: Sequence[Path], target: Path, options: Options) -> None:
    """Refuse files that are not there, a result that would replace one, and `all` of what has no sheets."""
    for path in sources:
        if not path.exists():
            raise FileNotFoundError(2, "No such file", str(path))
        if target.exists() and target.samefile(path):
            raise Refused([Defect(target.name, "same_file")])
    kinds = {format_of(path) for path in sources}
    if options.measure == ALL and kinds | {format_of(target)} != {"xlsx"}:
        raise Refused([Defect(target.name, "all_needs_workbooks")])


def _refuse_other_target(results: Sequence[Decided], target: Path) -> None:
    if len(results) > 1 and format_of(target) != "xlsx":
        raise Refused([Defect(target.name, "all_needs_workbooks")])


def _by_measure(
    policies: Policies, sources: Sequence[Source], options: Options, report: Report
) -> dict[str, list[Piece]]:
    """Sort the rows of all files by measure; a file that is no workbook is of the measure that was named."""
    from service.batch.workbook import pieces_of_workbook

    found: dict[str, list[Piece]] = {}
    for source in sources:
        if format_of(source.path) == "xlsx":
            pieces, warnings = pieces_of_workbook(policies, source.path, options, named=len(sources) > 1)
            report.warnings += warnings
            for measure, piece in pieces:
                found.setdefault(measure, []).append(piece)
        else:
            found.setdefault(options.measure, []).extend(source.pieces())
    return found


def _decided(
    pieces: Sequence[Piece], options: Options, started: Callable[[Options], Run], progress: Progress | None
) -> Decided:
    from service.batch.workbook import Decided

    run = started(replace(options, calculated=True))
    several = len({piece.place for piece in pieces}) > 1
    run.options = replace(run.options, several=several)
    texts = [replace(piece, original=piece.texts) for piece in pieces]
    frames = list(_counted(run.decided(iter(texts)), run.totals, progress))
    plain = [frame.cast({pl.Enum: pl.String}) for frame in frames]
    frame = pl.concat(plain, how="diagonal")
    return Decided(run.provision, run.headers, frame.drop(CALCULATED), frame[CALCULATED], run.totals)


def history_pieces(policies: Policies, history: Path, options: Options) -> Iterator[Piece]:
    """Read a history: of a workbook, the sheets of this measure."""
    if format_of(history) != "xlsx":
        yield from Source(history).pieces()
        return
    from service.batch.workbook import pieces_of_workbook

    try:
        pieces, _ = pieces_of_workbook(policies, history, replace(options, measure=ALL), named=False)
    except Refused:
        pieces, _ = pieces_of_workbook(policies, history, options, named=False)
    for measure, piece in pieces:
        if measure == options.measure:
            yield piece


def _prepared(pieces: Iterator[Piece], target: Path) -> Iterator[Piece]:
    """Take the typed columns along for a target that has types, their text for one that has not."""
    typed = format_of(target) in TYPED
    for piece in pieces:
        yield piece if typed else replace(piece, original=piece.texts)


def _counted(frames: Iterator[pl.DataFrame], totals: Totals, progress: Progress | None) -> Iterator[pl.DataFrame]:
    for frame in frames:
        totals.written += frame.height
        yield frame
        if progress is not None:
            progress(frame.height)


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """Name a file to write beside the target, and put it in its place when it is whole."""
    temporary = target.with_name(f".{target.name}.{token_hex(8)}{target.suffix}")
    try:
        yield temporary
        temporary.replace(target)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def provision_of(policies: Policies, options: Options) -> Provision:
    """Return the provision by which a file is read; NotFound for a measure that cannot be calculated."""
    version = policies.version(options.policy) if options.policy else policies.newest
    if options.measure not in version.measures:
        raise NotFound("measure", options.measure, list(version.measures))
    return policies.provision(version, options.measure, options.readings)
