"""Files on their way in: written to a folder as they arrive, whatever their size, under the names that callers gave.

The body is never in memory as a whole. It is counted while it is read, so that a limit holds for bodies of unknown
length, too, and so that one that broke off is never taken for a whole one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from flask import Request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header
from werkzeug.wsgi import get_input_stream

from service.api.problems import Told
from service.errors import Defect, Refused, SubsidyError
from service.heartbeat import Beat, beat_of
from service.intake.fields import escaped

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NDJSON: Final = "application/x-ndjson"
PARQUET: Final = "application/vnd.apache.parquet"
MULTIPART: Final = "multipart/form-data"
#: Every media type of a file with the extension that tells its format; of each format the usual name first.
SUFFIXES: Final[Mapping[str, str]] = {
    CSV: ".csv",
    XLSX: ".xlsx",
    NDJSON: ".ndjson",
    PARQUET: ".parquet",
    "application/ndjson": ".ndjson",
    "application/jsonl": ".ndjson",
    "application/x-parquet": ".parquet",
}
MOST_PARTS: Final = 100
#: Bytes of a text part, and of what the parser holds back while it looks for the end of a part.
_MOST_FIELD_BYTES: Final = 512 * 1024
#: A server waits until it has as much: few enough that slow clients give signs of life.
_CHUNK_BYTES: Final = 64 * 1024
#: What a file may say of its text; how it is written is found out by reading it.
_CHARSETS: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "gb18030", "gbk", "gb2312"})
_FILE, _HISTORY = "file", "history"
_UNNAMED: Final = "upload"
#: Characters of a name: file systems take 255 bytes.
_LONGEST_STEM: Final = 60
_LONGEST_SUFFIX: Final = 10


@dataclass(slots=True)
class Received:
    """What came in: the files to decide, a file of earlier decisions, and the options that stood beside them.

    `named` tells whether the caller gave names to the files.
    """

    files: list[Path] = field(default_factory=list)
    history: Path | None = None
    options: list[tuple[str, str]] = field(default_factory=list)
    named: bool = False


class Body:
    """The body of a request as a stream that counts: never more than a limit, never less than was announced."""

    def __init__(self, request: Request, most_bytes: int) -> None:
        self._stream = get_input_stream(request.environ)
        self._announced = request.content_length
        self._most = most_bytes
        self._beat: Beat = beat_of(request.environ)
        self._received = 0
        self._ended = False

    def read(self, size: int = _CHUNK_BYTES) -> bytes:
        """Return some bytes, none at the end; 413 above the limit, 400 if the body breaks off."""
        if self._announced is not None and self._announced > self._most:
            raise self._too_large(str(self._announced))
        data = self._take(size)
        if self._received > self._most:
            raise self._too_large(f"> {self._most}")
        if self._ended and self._received < (self._announced or 0):
            raise Told(400, "upload-cut-off")
        return data

    def drop(self) -> None:
        """Read the rest away, up to the limit once more: who is still sending would not hear what is wrong."""
        most = self._received + self._most
        try:
            while not self._ended and self._received < most:
                self._take(_CHUNK_BYTES)
        except Told:
            return  # nobody is there to hear

    def _take(self, size: int) -> bytes:
        try:
            data = self._stream.read(size)
        except Exception as error:  # each server raises its own where a client hangs up
            self._ended = True
            raise Told(400, "upload-cut-off") from error
        self._beat()
        self._received += len(data)
        self._ended = not data
        return data

    def _too_large(self, given: str) -> Told:
        return Told(413, "file-too-large", most=self._most, given=given)


@contextmanager
def body_of(request: Request, most_bytes: int) -> Iterator[Body]:
    """Give the body of a request; what was not read when something is refused is read away."""
    body = Body(request, most_bytes)
    try:
        yield body
    except (Told, SubsidyError):
        body.drop()
        raise


def media_type_of(request: Request) -> str:
    """Return the media type in which files are sent; 415 for one that is none of a file."""
    kind, options = parse_options_header(request.content_type)
    kind = kind.lower()
    coded = request.headers.get("Content-Encoding", "identity").lower() != "identity"
    readable = kind == MULTIPART or (kind in SUFFIXES and options.get("charset", "utf-8").lower() in _CHARSETS)
    if coded or not readable:
        raise Told(415, "unsupported-file-type", known=", ".join((*SUFFIXES, MULTIPART)))
    return kind


def received(request: Request, body: Body, folder: Path) -> Received:
    """Write what is sent into a folder; Refused with everything that is wrong with the parts."""
    kind = media_type_of(request)
    if kind == MULTIPART:
        return _parts(request, body, folder)
    path = _place(folder, _UNNAMED + SUFFIXES[kind])
    with path.open("wb") as file:
        while data := body.read():
            file.write(data)
    return Received([path])


def _parts(request: Request, body: Body, folder: Path) -> Received:
    kind, options = parse_options_header(request.content_type)
    with ExitStack() as opened:

        def stream(
            total_content_length: int | None,  # noqa: ARG001
            content_type: str | None,
            filename: str | None,
            content_length: int | None = None,  # noqa: ARG001
        ) -> IO[bytes]:
            return opened.enter_context(_place(folder, safe_name(filename or "", content_type)).open("w+b"))

        parser = FormDataParser(stream, _MOST_FIELD_BYTES, silent=False, max_form_parts=MOST_PARTS)
        try:
            _, fields, files = parser.parse(body, kind, request.content_length, options)  # type: ignore[arg-type]
        except ValueError:
            raise Told(400, "malformed-multipart") from None
        except RequestEntityTooLarge:
            raise Told(413, "too-many-parts", parts=MOST_PARTS, most=_MOST_FIELD_BYTES) from None
    return _sorted(list(files.items(multi=True)), list(fields.items(multi=True)))


def _sorted(files: list[tuple[str, FileStorage]], fields: list[tuple[str, str]]) -> Received:
    """Tell the files to decide from the history and from the options."""
    found = Received(named=True)
    defects, not_chosen = [], False
    for name, file in files:
        path = Path(str(getattr(file.stream, "name", "")))
        match name:
            case _ if not (file.filename or path.stat().st_size):
                not_chosen = True  # a browser's way to say so
            case "file":
                found.files.append(path)
            case "history" if found.history is None:
                found.history = path
            case "history":
                defects.append(Defect("/history", "given_twice", path.name, None, {"field": name}))
            case _:
                expected = ", ".join((_FILE, _HISTORY))
                defects.append(Defect(f"/{escaped(name)}", "unknown_field", name, expected, {"field": name}))
    for name, text in fields:
        if name in {_FILE, _HISTORY}:
            defects.append(Defect(f"/{name}", "part_without_name", text, 'filename="…"', {"field": name}))
        else:
            found.options.append((name, text))
    if not found.files and not any(one.pointer == f"/{_FILE}" for one in defects):
        code = "no_file_chosen" if not_chosen else "missing"
        defects.append(Defect(f"/{_FILE}", code, None, 'filename="…"', {"field": _FILE}))
    if defects:
        raise Refused(defects)
    return found


def _place(folder: Path, name: str) -> Path:
    """Return where to write a file of this name, beside others that may be called the same."""
    own = folder / str(sum(1 for _ in folder.iterdir()))
    own.mkdir()
    return own / name


def safe_name(given: str, content_type: str | None) -> str:
    """Return a caller's name for a file, as far as a file can be called so; an extension is added if need be."""
    from service.batch.streams import FORMATS

    last = re.split(r"[\\/]", given)[-1]
    shown = "".join(sign for sign in last if sign.isprintable())
    stem, dot, end = shown.rpartition(".") if "." in shown else (shown, "", "")
    stem = stem.strip(" .")[:_LONGEST_STEM] or _UNNAMED
    suffix = (dot + end.strip())[:_LONGEST_SUFFIX] if end.strip() else ""
    if suffix.lower() not in FORMATS:
        suffix += SUFFIXES.get(_kind(content_type), "")
    return stem + suffix


def _kind(content_type: str | None) -> str:
    kind: Any = parse_options_header(content_type)[0]
    return str(kind).lower()
