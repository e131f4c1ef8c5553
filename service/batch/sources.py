"""Files as pieces: rows of text, the number under which people find each, and what is already known to be wrong."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import polars as pl

from service.batch.csv_parts import Unquoted, ahead
from service.batch.headings import heading_of, refuse_malformed
from service.batch.streams import FORMATS, format_of, parts_of
from service.errors import Defect, Refused


@dataclass(slots=True)
class Piece:
    """Consecutive rows of a file: as text, as they came, each row's number in the file.

    `place` names the file or sheet. `flaws` are defects by row (from 0) that were found before any cell was read.
    `unquoted`: no cell needs quotes in a CSV.
    """

    texts: pl.DataFrame
    rows: Sequence[int]
    place: str
    original: pl.DataFrame
    flaws: Mapping[int, Sequence[Defect]] = field(default_factory=dict)
    unquoted: bool = False


class Source:
    """A file to be decided; it may be read from now on, while the rest of the program is still being loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._under_way: Generator[Piece] | None = None

    def begin(self) -> None:
        """Read the first pieces of a file of rows in the background; what is wrong with it is told by `pieces`."""
        if FORMATS.get(self.path.suffix.lower(), "xlsx") != "xlsx":
            self._under_way = ahead(_pieces_of(self.path))

    def pieces(self) -> Iterator[Piece]:
        """Read a file of one measure piece by piece; Refused if it has no rows or cannot be read, in words."""
        begun, self._under_way = self._under_way, None
        return begun or ahead(_pieces_of(self.path))


def _pieces_of(path: Path) -> Iterator[Piece]:
    kind = format_of(path)
    heading = None
    if kind == "csv" and path.stat().st_size:
        heading = heading_of(path)
    number = 2 if kind == "csv" else 1
    rows = 0
    try:
        for part in parts_of(path, kind, heading.separator if heading else ","):
            piece = _without_empty_rows(part, range(number, number + part.height), path.name)
            piece.unquoted = isinstance(part, Unquoted)
            number += part.height
            rows += piece.texts.height
            if piece.texts.height:
                yield piece
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        if heading is not None:
            refuse_malformed(path, heading)
        if kind == "ndjson":
            _refuse_malformed_json(path)
        raise Refused([Defect(path.name, "unreadable_file", str(error).splitlines()[0], None)]) from None
    if not rows:
        raise Refused([Defect(path.name, "no_rows")])


def _without_empty_rows(part: pl.DataFrame, numbers: range, place: str) -> Piece:
    """Leave out rows in which nothing stands; the others keep their numbers."""
    texts = as_texts(part)
    if any(not column.null_count() for column in texts):
        return Piece(texts, numbers, place, part)
    filled = texts.select(pl.any_horizontal(pl.all().str.contains(r"\S").fill_null(value=False))).to_series()
    kept = filled.arg_true().to_list()
    return Piece(texts.filter(filled), [numbers[row] for row in kept], place, part.filter(filled))


def as_texts(part: pl.DataFrame) -> pl.DataFrame:
    """Write the cells of typed columns as text: whole numbers and decimals exactly, dates as ISO; "" is nothing."""
    return part.select(_as_text(part[name]) for name in part.columns)


def _as_text(cells: pl.Series) -> pl.Series:
    if cells.dtype == pl.String:
        return cells
    if cells.dtype.is_nested():
        texts = [None if cell is None else orjson.dumps(cell, default=str).decode() for cell in cells.to_list()]
        return pl.Series(cells.name, texts, dtype=pl.String)
    return cells.cast(pl.String)


def _refuse_malformed_json(path: Path) -> None:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    sound = isinstance(orjson.loads(line), dict)
                except orjson.JSONDecodeError:
                    sound = False
                if not sound:
                    raise Refused([Defect(path.name, "unreadable_line", None, "{…}", {"line": number})])
