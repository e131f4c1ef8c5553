"""Files cut into ranges of whole rows, each read by itself wherever Spark runs, by the same readers as the whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, Final

import polars as pl

from service.batch.csv_parts import PART_BYTES
from service.batch.headings import heading_of
from service.batch.sources import Piece, piece_of
from service.batch.streams import PART_ROWS, Format, format_of, parts_of
from service.errors import Defect, Refused

_ASCII: Final = "ascii"


@dataclass(frozen=True, slots=True)
class CutFile:
    """A file and its cuts: each begins at `start` and is of `length` bytes (of a Parquet file: rows).

    The `header` of a CSV, in UTF-8, belongs to every cut; `schema` is that of the whole NDJSON file. `size` in bytes
    tells that the file found elsewhere is this one.
    """

    path: Path
    kind: Format
    size: int
    cuts: tuple[tuple[int, int], ...]
    header: bytes = b""
    encoding: str = "utf-8"
    separator: str = ","
    schema: pl.Schema | None = None

    def frame(self, cut: int) -> pl.DataFrame:
        """Read all rows of a cut as they stand there; Refused if the file does not stand there."""
        start, length = self.cuts[cut]
        try:
            found = self.path.stat().st_size
        except OSError:
            found = None
        if found != self.size:
            raise Refused([Defect(str(self.path), "file_not_shared", found, str(self.size))])
        match self.kind:
            case "csv":
                return self._csv(self._bytes(start, length))
            case "ndjson":
                return pl.read_ndjson(BytesIO(self._bytes(start, length)), schema=self.schema)
            case _:
                return pl.scan_parquet(self.path).slice(start, length).collect()

    def piece(self, cut: int, before: int) -> Piece:
        """Read the rows of a cut in which anything stands; `before` rows of the file come before it."""
        frame = self.frame(cut)
        first = before + (2 if self.kind == "csv" else 1)
        return piece_of(frame, range(first, first + frame.height), self.path.name)

    def _bytes(self, start: int, length: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(length)

    def _csv(self, body: bytes) -> pl.DataFrame:
        """Read a cut as a file of its own that begins with the header."""
        with NamedTemporaryFile(suffix=".csv") as file:
            file.write(self.header + body.decode(self.encoding).encode("utf-8"))
            file.flush()
            return pl.concat(parts_of(Path(file.name), "csv", self.separator))


def cut_file(path: Path, cut_bytes: int = PART_BYTES) -> CutFile:
    """Cut a file; nothing of it is kept in memory. UnicodeDecodeError if it is written in no known encoding."""
    kind, size = format_of(path), path.stat().st_size
    path = path.absolute()
    match kind:
        case "csv":
            return _cut_csv(path, size, cut_bytes)
        case "ndjson":
            schema = pl.scan_ndjson(path, infer_schema_length=None).collect_schema()
            with path.open("rb") as file:
                return CutFile(path, kind, size, tuple(_ranges(file, 0, size, cut_bytes, quotes=False)), schema=schema)
        case _:
            rows = pl.scan_parquet(path).select(pl.len()).collect().item()
            step = max(PART_ROWS * cut_bytes // PART_BYTES, 1)
            return CutFile(path, kind, size, tuple((at, min(step, rows - at)) for at in range(0, rows, step)))


def _cut_csv(path: Path, size: int, cut_bytes: int) -> CutFile:
    separator = heading_of(path).separator
    with path.open("rb") as file:
        header = _whole_row(file)
        cuts = tuple(_ranges(file, len(header), size, cut_bytes, quotes=True))
        encoding = _encoding(file, ((0, len(header)), *cuts))
    if header and not header.endswith(b"\n"):
        header += b"\n"
    return CutFile(path, "csv", size, cuts, header.decode(encoding).encode("utf-8"), encoding, separator)


def _ranges(file: BinaryIO, start: int, end: int, size: int, *, quotes: bool) -> Iterator[tuple[int, int]]:
    """Cut a file at ends of rows, about `size` bytes each; a line break in quotes ends no row."""
    while start < end:
        if quotes:
            file.seek(start)
            inside = file.read(size).count(b'"') % 2
            _whole_row(file, inside)
        else:
            file.seek(start + size)
            file.readline()
        stop = min(file.tell(), end)
        yield start, stop - start
        start = stop


def _whole_row(file: BinaryIO, inside: int = 0) -> bytes:
    """Read up to the end of a row; `inside` is 1 where the reading begins in quotes."""
    row = []
    while line := file.readline():
        row.append(line)
        inside = (inside + line.count(b'"')) % 2
        if not inside:
            break
    return b"".join(row)


def _encoding(file: BinaryIO, ranges: tuple[tuple[int, int], ...]) -> str:
    """Tell in what a CSV is written: the first range that is not all ASCII shows it."""
    for start, length in ranges:
        file.seek(start)
        text = file.read(length)
        if not text.isascii():
            try:
                text.decode("utf-8")
            except UnicodeDecodeError:
                return "gb18030"
            return "utf-8"
    return _ASCII
