"""The result of a batch on its way out: a file under a good name, control totals and notes in headers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
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


def sent(result: IO[bytes], kind: str, name: str, report: Report, language: Language, beat: Beat) -> Response:
    """Answer with a result that is finished, under a name and with what came of it in headers; closes it at the end."""
    charset = "; charset=utf-8" if kind == CSV else ""
    response = Response(_chunks(result, beat), content_type=kind + charset)
    response.call_on_close(result.close)
    response.content_length = os.fstat(result.fileno()).st_size
    response.headers["Content-Language"] = tag_of(language)
    plain = name if name.isascii() else f"result{Path(name).suffix}"
    names = {"filename": plain} | ({} if plain == name else {"filename*": f"UTF-8''{quote(name, safe='')}"})
    response.headers.set("Content-Disposition", "attachment", **names)
    response.headers["Batch-Invalid"] = str(report.invalid)
    response.headers["Batch-Totals"] = _ascii({name: _totals(one) for name, one in report.totals.items()})
    response.headers["Batch-Notes"] = _ascii(_notes(report, language))
    return response


def _chunks(result: IO[bytes], beat: Beat) -> Iterator[bytes]:
    while chunk := result.read(_CHUNK_BYTES):
        yield chunk
        beat()


def _totals(totals: Any) -> dict[str, Any]:
    """Write control totals: rows in and out, rows by status, amounts in yuan."""
    sums = {
        "calculated": totals.calculated,
        "cut": totals.calculated - totals.granted,
        "granted": totals.granted,
    }
    rows = {status: count for status, count in totals.rows.items() if count}
    return {"read": totals.read, "written": totals.written, "rows": rows} | {
        one: yuan(fen) for one, fen in sums.items()
    }


def _notes(report: Report, language: Language) -> dict[str, Any]:
    """Write what is to be warned of and which columns came out as they went in, as far as there is room."""
    notes: dict[str, Any] = {"warnings": [], "carried": {}, "omitted": 0}
    room = _MOST_NOTES_BYTES
    for one in report.warnings:
        entry = {"pointer": one.pointer, "code": one.code, "message": say(one, language)}
        room -= len(_ascii(entry))
        if room >= 0:
            notes["warnings"].append(entry)
    for measure, totals in report.totals.items():
        for column in totals.carried:
            room -= len(_ascii(column)) + len(measure)
            if room >= 0:
                notes["carried"].setdefault(measure, []).append(column)
    shown = len(notes["warnings"]) + sum(map(len, notes["carried"].values()))
    notes["omitted"] = len(report.warnings) + sum(len(one.carried) for one in report.totals.values()) - shown
    return notes


def _ascii(data: object) -> str:
    """Write JSON that may stand in a header."""
    return json.dumps(data, separators=(",", ":"))
