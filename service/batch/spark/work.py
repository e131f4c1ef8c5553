"""What executors do: survey cuts, bring rows out with their keys, decide what was brought together, write cuts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.batch.decisions import OUTCOMES
from service.batch.earlier import AMOUNT, CALCULATED, STATUS, WARNINGS, without_results
from service.batch.headers import Headers
from service.batch.job import TYPED, WRITERS, provision_of
from service.batch.run import Options, Run
from service.batch.sources import Piece
from service.batch.spark.cuts import CutFile
from service.batch.spark.groups import ALONE, Connected, Keys, Per, keys_of, mixed
from service.batch.streams import PART_ROWS, Format
from service.batch.table import TableReader
from service.errors import Defect, Refused
from service.policies import Policies, load
from service.version import ENGINE

if TYPE_CHECKING:
    import pyarrow as pa

#: What travels: where to, the cut that the rows are of, or the first of them, and the rows.
PLACE, FIRST, ROWS = "place", "first", "rows"
#: Beside the rows: their cut, their number in the file, their place. No column of a file is called so.
CUT, ROW, _PLACE = "\0cut", "\0row", "\0place"
#: What comes back of a cut that was written.
COUNTS = (*OUTCOMES, "warned", "calculated", "granted")


@dataclass(frozen=True, slots=True)
class Rulebook:
    """By what executors decide: the driver's engine, the bytes of its policy file, and the hash of what is applied."""

    engine: str
    policy_file: bytes
    provision: str
    options: Options

    def run(self) -> Run:
        """Begin a run; Refused where another engine is installed or the file says something else."""
        if self.engine != engine():
            raise Refused([Defect("town-subsidy", "other_engine", engine(), self.engine)])
        policies = _policies(self.policy_file)
        provision = provision_of(policies, self.options)
        if provision.sha256 != self.provision:
            raise Refused([Defect("policies.yaml", "other_policy", provision.sha256, self.provision)])
        return Run(policies, self.options, provision)


def engine() -> str:
    """Tell by what a file is decided, and by what its texts are hashed: only one release of polars hashes alike."""
    return f"{ENGINE}, polars {pl.__version__}"


@lru_cache(maxsize=4)
def _policies(file: bytes) -> Policies:
    with TemporaryDirectory() as folder:
        path = Path(folder, "policies.yaml")
        path.write_bytes(file)
        return load(path)


class Rows(NamedTuple):
    """One of the two files: its cuts, all its columns, and which of them are needed to decide."""

    file: CutFile
    columns: tuple[str, ...]
    needed: tuple[str, ...]
    headers: Headers


@dataclass(frozen=True, slots=True)
class Work:
    """A batch as executors know it. Cuts are numbered through: those of the history first, then those of the source.

    Texts are hashed under `hash_keys`, so that executors agree. `before` tells how many rows of its file come before
    each cut; `results` are the columns that a decision adds; parts of a `kind` are written into the
    `folder`; rows are brought together at so many places as there are `groups`.
    """

    rulebook: Rulebook
    groupings: tuple[Per, ...]
    hash_keys: tuple[int, int]
    source: Rows
    history: Rows | None
    results: tuple[str, ...]
    folder: Path
    kind: Format
    groups: int = 1
    before: tuple[int, ...] = ()
    connected: Connected | None = None

    @property
    def earlier(self) -> int:
        """Tell how many cuts the history has."""
        return len(self.history.file.cuts) if self.history else 0

    @property
    def cuts(self) -> int:
        """Tell how many cuts there are."""
        return self.earlier + len(self.source.file.cuts)

    def of(self, cut: int) -> tuple[Rows, int]:
        """Tell to which file a cut belongs, and its number there."""
        if self.history and cut < self.earlier:
            return self.history, cut
        return self.source, cut - self.earlier

    def piece(self, cut: int) -> Piece:
        """Read a cut; before the survey its rows are numbered as if it were the first."""
        rows, number = self.of(cut)
        return rows.file.piece(number, self.before[cut] if self.before else 0)


class Surveyed(NamedTuple):
    """What a cut holds: its rows, and which groups of several groupings meet in a row; or why it cannot be used."""

    rows: int = 0
    meetings: NDArray[np.uint64] | None = None
    refused: tuple[Defect, ...] = ()
    unreadable: str = ""


def surveyed(work: Work, cut: int) -> Surveyed:
    """Look a cut through before anything is decided."""
    rows, number = work.of(cut)
    try:
        if not work.folder.is_dir():
            raise Refused([Defect(str(work.folder.parent), "file_not_shared")])
        run = work.rulebook.run()
        height = rows.file.frame(number).height
        meetings = None
        if rows is work.history:
            run.remember(iter([work.piece(cut)]))
        if len(work.groupings) > 1:
            meetings = np.unique(np.column_stack(_keys(work, rows, work.piece(cut), run)), axis=0)
        return Surveyed(height, meetings)
    except Refused as refused:
        return Surveyed(refused=refused.defects)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        return Surveyed(unreadable=str(error).partition("\n")[0] or type(error).__name__)


def _keys(work: Work, rows: Rows, piece: Piece, run: Run) -> list[Keys]:
    """Make the keys of rows, one column for each grouping; rows that cannot be used stand alone."""
    reader = TableReader(run.provision, run.policies.facts, work.hash_keys)
    table = reader.read(piece.texts, reader.swept(piece.texts, rows.headers), rows.headers)
    found = []
    for per in work.groupings:
        keys = np.full(piece.texts.height, ALONE, dtype=np.uint64)
        keys[table.good] = keys_of(table.lines, per, reader, run.provision)
        found.append(keys)
    return found


def sorted_out(work: Work, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Read the cuts that are named, and pack what is needed of their rows by the group in which they are decided."""
    run = work.rulebook.run()
    for cut in _numbers(batches):
        rows, _ = work.of(cut)
        piece = work.piece(cut)
        keys = _keys(work, rows, piece, run)
        together = work.connected.key_of(keys) if work.connected else keys[0] if keys else _alone(piece)
        numbers = np.asarray(piece.rows, dtype=np.uint64)
        spread = mixed(np.full(len(numbers), cut + 1, dtype=np.uint64), numbers)
        places = np.where(together == ALONE, spread, mixed(together, together)) % np.uint64(work.groups)
        frame = piece.texts.select(rows.needed).with_columns(
            pl.Series(CUT, np.full(len(numbers), cut), dtype=pl.Int32),
            pl.Series(ROW, numbers.astype(np.int64)),
            pl.Series(_PLACE, places.astype(np.int32)),
        )
        yield from _packed(frame, _PLACE)


def _alone(piece: Piece) -> Keys:
    return np.full(piece.texts.height, ALONE, dtype=np.uint64)


def _numbers(batches: Iterable[pa.RecordBatch]) -> Iterator[int]:
    for batch in batches:
        yield from batch.column(0).to_pylist()


def _packed(frame: pl.DataFrame, by: str) -> Iterator[pa.RecordBatch]:
    """Pack rows for each place to which they go, in their order: the place, the first cut they are of, and the rows."""
    for rows in frame.partition_by(by, maintain_order=True):
        packet = {PLACE: rows[by][:1], FIRST: rows[CUT][:1], ROWS: [_bytes(rows)]}
        yield from to_arrow(pl.DataFrame(packet)).to_batches()


def _bytes(rows: pl.DataFrame) -> bytes:
    packet = BytesIO()
    rows.write_ipc_stream(packet, compression="lz4")
    return packet.getvalue()


def _unpacked(batches: Iterable[pa.RecordBatch]) -> Iterator[pl.DataFrame]:
    for batch in batches:
        for packet in batch.column(ROWS):
            yield pl.read_ipc_stream(BytesIO(packet.as_buffer()))


def to_arrow(frame: pl.DataFrame) -> pa.Table:
    """Lay a frame out in the types that Spark reads."""
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


def decided(work: Work, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Decide rows that were brought together, in the order of the file, after what was granted to them before."""
    run = work.rulebook.run()
    pieces = _pieces(work, run, batches)
    first = next(pieces, None)
    if first is None:
        return
    for frame in run.decided(chain([first], pieces)):
        plain = frame.select(CUT, ROW, *work.results).cast({pl.Enum: pl.String})
        yield from _packed(plain, CUT)


def _pieces(work: Work, run: Run, batches: Iterable[pa.RecordBatch]) -> Iterator[Piece]:
    """Give out the source's rows as pieces; the history's, which come first, are remembered."""
    for frame in _together(work, _unpacked(batches)):
        rows, _ = work.of(int(frame[CUT][0]))
        empty = pl.lit(None, pl.String)
        texts = frame.select((pl.col(name) if name in rows.needed else empty).alias(name) for name in rows.columns)
        piece = Piece(texts, frame[ROW].to_list(), rows.file.path.name, frame.select(CUT, ROW))
        if rows is work.history:
            run.remember(iter([piece]))
        else:
            yield piece


def _together(work: Work, frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Put small packets of one file together: a part costs the same for few rows as for many."""
    held: list[pl.DataFrame] = []
    for frame in frames:
        full = sum(map(len, held)) + frame.height > PART_ROWS
        if held and (full or work.of(int(held[0][CUT][0]))[0] is not work.of(int(frame[CUT][0]))[0]):
            yield pl.concat(held)
            held = []
        held.append(frame)
    if held:
        yield pl.concat(held)


def written(work: Work, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Write a cut of the source, with what was decided beside its rows, as a file of its own into the folder.

    Gives out the cut's place in the source, its rows by status, and the fen calculated and granted.
    """
    packets = list(_unpacked(batches))
    if not packets:
        return
    rows = pl.concat(packets).sort(ROW)
    cut = int(rows[CUT][0])
    piece = without_results(work.piece(cut))
    if rows[ROW].to_list() != list(piece.rows):
        raise RuntimeError(f"the rows that came back to cut {cut} are not those that were read")
    source = piece.original if work.kind in TYPED else piece.texts
    frame = source.with_columns(rows.drop(CUT, ROW, CALCULATED).iter_columns())
    _put(frame, work.folder / part_name(cut - work.earlier, work.kind), work.kind)
    counts = {status: int((rows[STATUS] == status).sum()) for status in OUTCOMES}
    granted = int(rows[AMOUNT].fill_null(0).to_physical().sum())
    counts["warned"] = len(rows) - rows[WARNINGS].null_count()
    totals = {PLACE: cut - work.earlier, **counts, "calculated": int(rows[CALCULATED].sum()), "granted": granted}
    yield from to_arrow(pl.DataFrame([totals], schema_overrides={PLACE: pl.Int32})).to_batches()


def _put(frame: pl.DataFrame, target: Path, kind: Format) -> None:
    """Write a part; what a repeated attempt writes is the same and takes its place."""
    with TemporaryDirectory(dir=target.parent, prefix=".") as scratch:
        path = Path(scratch, target.name)
        WRITERS[kind](iter([frame]), path)
        path.chmod(0o644)
        path.replace(target)


def part_name(place: int, kind: Format) -> str:
    """Name a part so that the order of names is that of the source."""
    return f"part-{place:05}.{kind}"


def empty(rows: Rows) -> Piece:
    """Make a piece without rows of the source, to learn what a decision adds."""
    texts = pl.DataFrame(schema=dict.fromkeys(rows.columns, pl.String))
    return Piece(texts, [], rows.file.path.name, pl.DataFrame(schema={CUT: pl.Int32, ROW: pl.Int64}))
