"""A CSV as parts, whatever its size, and back: cut at ends of rows, read ahead, written behind."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import polars as pl

from service.errors import Defect, Refused

#: Bytes that are read at a time: roughly a part's rows.
PART_BYTES: Final = 11 * 1024 * 1024
#: The first part is small: what follows it, down to the writing, begins the sooner.
_FIRST_BYTES: Final = 256 * 1024
_PARTS_AHEAD: Final = 4

Item = TypeVar("Item")


class Unquoted(pl.DataFrame):
    """A part of which no cell needs quotes: it is written as CSV in a third of the time."""


def ahead(items: Iterable[Item], depth: int = _PARTS_AHEAD) -> Generator[Item]:
    """Work items out in a thread of their own, from now on and a few ahead of who takes them, in their order."""
    source = iter(items)
    worker = ThreadPoolExecutor(max_workers=1)
    under_way = deque(worker.submit(_next, source) for _ in range(depth))

    def taken() -> Generator[Item]:
        try:
            while found := under_way.popleft().result():
                under_way.append(worker.submit(_next, source))
                yield found[0]
        finally:
            worker.shutdown(cancel_futures=True)

    return taken()


def _next(items: Iterator[Item]) -> tuple[Item] | None:
    for item in items:
        return (item,)
    return None


def csv_parts(path: Path, rows: int, separator: str = ",") -> Iterator[pl.DataFrame]:
    """Read a CSV in UTF-8 or GB18030 as parts of text columns, about `rows` each; Refused if it is in neither."""
    decode = _Decoder(path)
    columns: list[str] | None = None
    with path.open("rb") as file:
        for chunk in _chunks(file):
            plain_ends = b"\r" not in chunk or chunk.count(b"\r") == chunk.count(b"\r\n")
            unquoted = separator == "," and b'"' not in chunk and plain_ends
            part = _read(decode(chunk), separator, columns, quoted=not unquoted)
            columns = part.columns
            for piece in part.iter_slices(rows) if part.height > rows + rows // 2 else [part]:
                yield Unquoted(piece) if unquoted else piece


def _read(chunk: bytes, separator: str, columns: list[str] | None, *, quoted: bool) -> pl.DataFrame:
    """Read bytes of a CSV; the first ones begin with the header, which tells the columns of the others."""
    options: dict[str, Any] = {"infer_schema": False}
    if columns is not None:
        options = {"has_header": False, "schema": dict.fromkeys(columns, pl.String)}
    quote = '"' if quoted else None
    return pl.read_csv(chunk, separator=separator, quote_char=quote, null_values="", **options)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """Cut a file at ends of rows."""
    end = file.seek(0, 2)
    start = file.seek(0)
    size = _FIRST_BYTES
    while start < end:
        file.seek(start + size)
        file.readline()
        length = min(file.tell(), end) - start
        file.seek(start)
        chunk = file.read(length)
        if start + length < end:
            chunk = chunk[: _last_row_end(chunk)] if b'"' in chunk else chunk
        if chunk:
            yield chunk
            start, size = start + len(chunk), PART_BYTES
        else:
            size *= 2


def _last_row_end(chunk: bytes) -> int:
    """Find where the last whole row ends, 0 if none does: at a line end that no quotes enclose."""
    end = chunk.rfind(b"\n") + 1
    inside = chunk.count(b'"', 0, end) % 2
    while inside and end:
        earlier = chunk.rfind(b"\n", 0, end - 1) + 1
        inside = (inside + chunk.count(b'"', earlier, end)) % 2
        end = earlier
    return end


class _Decoder:
    """Brings chunks to UTF-8. The first that is not all ASCII tells how the file is written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._encodings: tuple[str, ...] = ("utf-8", "gb18030")

    def __call__(self, chunk: bytes) -> bytes:
        """Return a chunk in UTF-8; Refused if it is not written as the chunks before."""
        if chunk.isascii():
            return chunk
        at = 0
        for encoding in self._encodings:
            try:
                text = chunk.decode(encoding)
            except UnicodeDecodeError as error:
                at = error.start
                continue
            self._encodings = (encoding,)
            return chunk if encoding == "utf-8" else text.encode("utf-8")
        raise Refused([Defect(self._path.name, "unknown_encoding", f"byte {at}", "UTF-8 | GB18030")])


def write_csv(parts: Iterator[pl.DataFrame], target: Path) -> None:
    """Write parts as CSV with one header; one part is written while the next is decided."""
    with target.open("wb") as file, ThreadPoolExecutor(max_workers=1) as writer:
        under_way: Future[None] | None = None
        for part in parts:
            if under_way is None:
                part.clear().write_csv(file)
            else:
                under_way.result()
            under_way = writer.submit(_write, part, file)
        if under_way is not None:
            under_way.result()


def _write(part: pl.DataFrame, file: BinaryIO) -> None:
    quotes: Any = "never" if isinstance(part, Unquoted) else "necessary"
    part.write_csv(file, include_header=False, quote_style=quotes)
