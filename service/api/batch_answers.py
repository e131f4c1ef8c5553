"""The result of a batch on its way out: a file under a good name, control totals and notes in headers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import SEEK_END
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import quote

from flask import Response

from service.api.uploads import CSV
from service.heartbeat import Beat
from service.money import yuan
from service.policies.model import Language
from service.words import say, tag_of

if TYPE_CHECKING:
    from service.batch.job import Report

_CHUNK_BYTES: Final = 256 * 1024
#: Proxies take headers of 4 kB in all, some of them.
_MOST_NOTES_BYTES: Final = 2_000
_LONGEST_NOTE: Final = 160


def sent(result: IO[bytes], kind: str, name: str, report: Report, language: Language, beat: Beat) -> Response:
    """Answer with a result that is finished, under a name and with what came of it in headers; closes it at the end."""
    response = attached(result, kind, name, language, beat)
    response.headers["Batch-Invalid"] = str(report.invalid)
    response.headers["Batch-Totals"] = _ascii({name: _totals(one) for name, one in report.totals.items()})
    response.headers["Batch-Notes"] = _ascii(_notes(report, language))
    return response


def attached(file: IO[bytes], kind: str, name: str, language: Language, beat: Beat) -> Response:
    """Answer with a file to be saved under a name; closes it at the end."""
    charset = "; charset=utf-8" if kind == CSV else ""
    response = Response(_chunks(file, beat), content_type=kind + charset)
    response.call_on_close(file.close)
    response.content_length = file.seek(0, SEEK_END)
    file.seek(0)
    response.headers["Content-Language"] = tag_of(language)
    plain = name if name.isascii() else f"result{Path(name).suffix}"
    names = {"filename": plain} | ({} if plain == name else {"filename*": f"UTF-8''{quote(name, safe='')}"})
    response.headers.set("Content-Disposition", "attachment", **names)
    return response


def _chunks(file: IO[bytes], beat: Beat) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk
        beat()


def _totals(totals: Any) -> dict[str, Any]:
    """Write control totals: rows in and out, rows by status and with a warning, amounts in yuan."""
    sums = {
        "calculated": totals.calculated,
        "cut": totals.calculated - totals.granted,
        "granted": totals.granted,
    }
    rows = {status: count for status, count in totals.rows.items() if count}
    counts = {"read": totals.read, "written": totals.written, "rows": rows, "warned": totals.warned}
    return counts | {one: yuan(fen) for one, fen in sums.items()}


def _notes(report: Report, language: Language) -> dict[str, Any]:
    """Write what is to be warned of and which columns came out as they went in, as far as there is room."""
    notes: dict[str, Any] = {"warnings": [], "carried": {}, "omitted": 0}
    room = _MOST_NOTES_BYTES
    warnings = [{"pointer": one.pointer, "code": one.code, "message": say(one, language)} for one in report.warnings]
    for measure, totals in report.totals.items():
        warnings += [
            {"pointer": measure, "code": "unusual_amounts", "message": _beginning(told)} for told in totals.unusual
        ]
    for entry in warnings:
        room -= len(_ascii(entry))
        if room >= 0:
            notes["warnings"].append(entry)
    for measure, totals in report.totals.items():
        for column in totals.carried:
            room -= len(_ascii(column)) + len(measure)
            if room >= 0:
                notes["carried"].setdefault(measure, []).append(column)
    shown = len(notes["warnings"]) + sum(map(len, notes["carried"].values()))
    notes["omitted"] = len(warnings) + sum(len(one.carried) for one in report.totals.values()) - shown
    return notes


def _beginning(told: str) -> str:
    """Shorten a sentence that names many rows: a workbook's summary has it whole."""
    return told if len(told) <= _LONGEST_NOTE else told[: _LONGEST_NOTE - 1] + "…"


def _ascii(data: object) -> str:
    """Write JSON that may stand in a header."""
    return json.dumps(data, separators=(",", ":"))
