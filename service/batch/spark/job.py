"""A file decided by Spark: planned and gathered here, everything else on the executors."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import accumulate
from pathlib import Path
from secrets import randbits
from shutil import copyfileobj, rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

from service.batch.csv_parts import PART_BYTES
from service.batch.decisions import OUTCOMES
from service.batch.earlier import CALCULATED, amount_column, without_results
from service.batch.headers import Headers, find_inputs
from service.batch.job import WRITERS, Report, provision_of, whole
from service.batch.run import Options, Run, provisions
from service.batch.sources import Source
from service.batch.spark.cuts import cut_file
from service.batch.spark.groups import connected, groupings
from service.batch.spark.session import reason
from service.batch.spark.work import (
    COUNTS,
    CUT,
    FIRST,
    PLACE,
    ROW,
    ROWS,
    Rows,
    Rulebook,
    Surveyed,
    Work,
    decided,
    empty,
    engine,
    part_name,
    sorted_out,
    surveyed,
    written,
)  # fmt: skip
from service.batch.streams import Format, format_of
from service.batch.totals import Totals
from service.errors import Defect, Refused
from service.policies import Policies

if TYPE_CHECKING:
    from pyspark.sql import Row, SparkSession

_PACKET: Final = f"{PLACE} int, {FIRST} int, {ROWS} binary"
_WRITTEN: Final = f"{PLACE} int, {' bigint, '.join(COUNTS)} bigint"
_COPIED_BYTES: Final = 1024 * 1024


def run_on_spark(
    spark: SparkSession,
    policies: Policies,
    source: Path,
    target: Path,
    options: Options,
    *,
    history: Path | None = None,
    cut_bytes: int = PART_BYTES,
) -> Report:
    """Decide a file as `run_files` does, on the executors of a session; line by line the result is the same.

    All files must stand under the same paths wherever Spark runs. Executors write parts into a folder beside the
    target: they are joined here, or if the target has no format, the folder with parts in the source's format is it.
    """
    with _folder(target) as folder:
        kind = format_of(target) if target.suffix else format_of(source)
        work = _planned(policies, source, history, options, cut_bytes, folder, kind)
        totals = Totals(carried=dict.fromkeys(work.source.headers.carried))
        with _told(spark):
            work = _surveyed(spark, work)
            parts = [_added(totals, part, work) for part in _decided(spark, work)]
        if target.suffix:
            with whole(target) as temporary:
                _join(parts, temporary, kind, _header(work))
        else:
            folder.replace(target)
    return Report({options.measure: totals})


def _planned(
    policies: Policies, source: Path, history: Path | None, options: Options, cut_bytes: int, folder: Path, kind: Format
) -> Work:
    """Cut the files, and learn from their beginnings what is needed and what a decision adds."""
    options = replace(options, calculated=True)
    provision = provision_of(policies, options)
    texts = without_results(next(Source(source).pieces())).texts
    headers = find_inputs(texts.columns, provision, policies.facts)
    rows = Rows(cut_file(source, cut_bytes), tuple(texts.columns), _inputs(texts, headers), headers)
    earlier = None
    if history is not None:
        texts = next(Source(history).pieces()).texts
        headers = find_inputs(texts.columns, provision, policies.facts)
        needed = _inputs(texts, headers, amount_column(texts))
        earlier = Rows(cut_file(history, cut_bytes), needed, needed, headers)
    return Work(
        Rulebook(engine(), policies.file.read_bytes(), provision.sha256, options),
        groupings(provisions(policies, options)),
        (randbits(64), randbits(64)),
        rows,
        earlier,
        tuple(next(Run(policies, options, provision).decided(iter([empty(rows)]))).drop(CUT, ROW).columns),
        folder,
        kind,
    )


def _inputs(texts: pl.DataFrame, headers: Headers, *also: str) -> tuple[str, ...]:
    """Name the columns that hold inputs, in the order of the file."""
    inputs = {source.column for source in headers.sources.values()}.union(also)
    return tuple(name for name in texts.columns if name in inputs)


def _surveyed(spark: SparkSession, work: Work) -> Work:
    """Count the rows of every cut, refuse what cannot be used, and connect groups of several groupings."""
    found = spark.sparkContext.parallelize(range(work.cuts), work.cuts).map(partial(surveyed, work)).collect()
    _refuse_unusable(work, found)
    before: list[int] = []
    for cuts in (found[: work.earlier], found[work.earlier :]):
        before += [*accumulate((cut.rows for cut in cuts), initial=0)][: len(cuts)]
    meetings = [cut.meetings for cut in found if cut.meetings is not None]
    joint = connected(np.unique(np.concatenate(meetings), axis=0)) if meetings else None
    groups = max(len(work.source.file.cuts), spark.sparkContext.defaultParallelism)
    return replace(work, before=tuple(before), connected=joint, groups=groups)


def _refuse_unusable(work: Work, found: Sequence[Surveyed]) -> None:
    """Tell what is wrong with the first cut that cannot be used; of a file's rows, as who reads the whole file."""
    for cut, one in enumerate(found):
        if not (one.refused or one.unreadable):
            continue
        rows, _ = work.of(cut)
        if rows is work.history:
            work.rulebook.run().remember(Source(rows.file.path).pieces())
        elif one.unreadable:
            deque(Source(rows.file.path).pieces(), maxlen=0)
        raise Refused(one.refused or [Defect(rows.file.path.name, "unreadable_file", one.unreadable)])


def _decided(spark: SparkSession, work: Work) -> list[Row]:
    """Bring rows to where their group is, what was decided back to its cut, and every cut into a part."""
    cuts = spark.range(0, work.cuts, 1, work.cuts)
    rows = cuts.mapInArrow(lambda batches: sorted_out(work, batches), _PACKET)
    together = rows.repartitionById(work.groups, PLACE).sortWithinPartitions(FIRST)
    results = together.mapInArrow(lambda batches: decided(work, batches), _PACKET)
    placed = results.repartitionById(len(work.source.file.cuts), results[PLACE] - work.earlier)
    return placed.mapInArrow(lambda batches: written(work, batches), _WRITTEN).collect()


def _added(totals: Totals, part: Row, work: Work) -> Path:
    """Add up what was written in a part, and find its file."""
    for status in OUTCOMES:
        totals.rows[status] += part[status]
        totals.written += part[status]
    totals.warned += part["warned"]
    totals.calculated += part["calculated"]
    totals.granted += part["granted"]
    path = work.folder / part_name(int(part[PLACE]), work.kind)
    if not path.exists():
        raise Refused([Defect(str(work.folder.parent), "file_not_shared")])
    return path


def _join(parts: Sequence[Path], target: Path, kind: Format, header: int) -> None:
    """Make one file of parts, each of which is a file with a header of so many bytes."""
    if kind == "parquet":
        WRITERS[kind](map(pl.read_parquet, parts), target)
        return
    with target.open("wb") as file:
        for place, path in enumerate(parts):
            with path.open("rb") as part:
                part.seek(header if place else 0)
                copyfileobj(part, file, _COPIED_BYTES)


def _header(work: Work) -> int:
    """Count the bytes of a part's header."""
    if work.kind != "csv":
        return 0
    names = dict.fromkeys([*work.source.columns, *work.results], pl.String)
    del names[CALCULATED]
    return len(pl.DataFrame(schema=names).write_csv().encode("utf-8"))


@contextmanager
def _folder(target: Path) -> Iterator[Path]:
    """Give a folder beside the target in which executors write."""
    made = Path(mkdtemp(dir=target.absolute().parent, prefix=f".{target.name}."))
    made.chmod(0o755)
    try:
        yield made
    finally:
        rmtree(made, ignore_errors=True)


@contextmanager
def _told(spark: SparkSession) -> Iterator[None]:
    """Tell in words what Spark could not do."""
    try:
        yield
    except (Py4JError, PySparkException) as error:
        why = reason(str(error))
        code = "not_installed_there" if why.startswith("ModuleNotFoundError") else "spark_failed"
        raise Refused([Defect(str(spark.sparkContext.master), code, why)]) from None
