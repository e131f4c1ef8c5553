"""The first line of a CSV: in which encoding and with which separator it is written, and what it calls the columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from service.errors import Defect, Refused

_SEPARATORS: Final = (",", "\t", ";")
_MOST_BYTES: Final = 1 << 20
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_ENCODINGS: Final = ("utf-8-sig", "gb18030")


class Heading(NamedTuple):
    """How a CSV begins."""

    encoding: str
    separator: str
    names: tuple[str, ...]


def heading_of(path: Path) -> Heading:
    """Read the header of a CSV; Refused if it is no text, or calls two columns the same."""
    with path.open("rb") as file:
        beginning = file.read(_MOST_BYTES)
    if beginning.startswith(_UTF_16):
        raise Refused([Defect(path.name, "unknown_encoding", "UTF-16", "UTF-8 | GB18030")])
    lines = beginning.split(b"\n")
    for encoding in _ENCODINGS:
        try:
            text = [line.decode(encoding) for line in lines[: _lines_of_header(lines)]]
        except UnicodeDecodeError:
            continue
        first = "\n".join(text)
        separator = max(_SEPARATORS, key=first.count)
        try:
            names = tuple(next(csv.reader(first.splitlines(keepends=True), delimiter=separator), ()))
        except csv.Error as error:  # a name of more than 131,072 characters is none
            raise Refused([Defect(path.name, "unreadable_file", str(error), None)]) from None
        refuse_repeated(names)
        return Heading(encoding, separator, names)
    raise Refused([Defect(path.name, "unknown_encoding", None, "UTF-8 | GB18030")])


def _lines_of_header(lines: Sequence[bytes]) -> int:
    """Tell over how many lines the header goes: a name in quotes may hold a line break."""
    quotes = 0
    for count, line in enumerate(lines, 1):
        quotes += line.count(b'"')
        if quotes % 2 == 0:
            return count
    return 1


def refuse_repeated(names: Sequence[str]) -> None:
    """Refuse a header that calls two columns the same."""
    repeated = [name for place, name in enumerate(names) if name.strip() and name in names[:place]]
    if repeated:
        raise Refused(
            [Defect(name, "repeated_column", name, None, {"field": name}) for name in dict.fromkeys(repeated)]
        )


def refuse_malformed(path: Path, heading: Heading) -> None:
    """Say which line of a CSV cannot be laid out in columns; called once that is known."""
    encoding = heading.encoding
    try:
        path.read_bytes().decode(encoding)
    except UnicodeDecodeError:
        encoding = "gb18030"
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        for line, cells in _rows(file, heading.separator):
            if len(cells) > len(heading.names):
                expected = f"≤ {len(heading.names)}"
                raise Refused([Defect(path.name, "too_many_cells", len(cells), expected, {"line": line})])
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        line = _last_sound(file)
    raise Refused([Defect(path.name, "unreadable_csv", None, None, {"line": line})])


def _rows(file: Iterator[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(file, delimiter=separator)
    while True:
        begins = reader.line_num + 1
        try:
            yield begins, next(reader)
        except (StopIteration, csv.Error):
            return


def _last_sound(lines: Iterator[str]) -> int:
    """Find the line in which the quote opens that is never closed."""
    opened, is_open, number = 1, False, 1
    for number, line in enumerate(lines, 1):
        if line.count('"') % 2:
            is_open = not is_open
            if is_open:
                opened = number
    return opened if is_open else number
