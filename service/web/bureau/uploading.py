"""Files taken in by a page: decided without granting anything, and laid on the desk with what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import request

from service.api.batches import ALL, known_measure, options_of
from service.api.deciding import as_it_came, decided, result_name
from service.api.uploads import CSV, NDJSON, PARQUET, SUFFIXES, XLSX, Received
from service.errors import Defect, Refused
from service.heartbeat import beat_of
from service.web.bureau.desk import Desk, Upload, keep, keep_summary
from service.web.site import Site, language
from service.web.uploads import uploaded

if TYPE_CHECKING:
    from service.ledger.keys import Actor

#: Formats in which a result can be had, by what forms call them; none chosen is as the files came.
FORMATS: Final = {SUFFIXES[kind][1:]: kind for kind in (XLSX, CSV, PARQUET, NDJSON)}


def desk_of(site: Site) -> Desk:
    """Open the desk of the site's ledger."""
    return Desk(site.config.desk, site.access.ledger)


def taken_in(site: Site, actor: Actor, fields: dict[str, str]) -> Upload:
    """Decide the files of this request and lay them on the desk; Refused, Told and NotFound leave nothing behind.

    `fields` is filled with what was chosen beside the files, so that a form that is refused can be shown as it was.
    """
    desk = desk_of(site)
    with uploaded(site.config.max_file_bytes) as (came, _):
        fields.update(came.options)
        measure = fields.get("measure", ALL)
        known_measure(site.policies, measure)
        explained = [("explain", fields["explain"])] if "explain" in fields else []
        options = options_of(site.policies, measure, explained, language())
        _refuse_unnamed(came.files, measure)
        kind = _kind(came.files, measure, fields.get("format", ""))
        about = {
            "measure": measure,
            "language": options.language,
            "files": tuple(file.name for file in came.files),
            "history": came.history.name if came.history else None,
            "explain": options.explain,
            "result": result_name(came, measure, SUFFIXES[kind]),
            "kind": kind,
        }
        with desk.laid(actor.person, **about) as (upload, folder):
            from service.batch.recording import Recorder
            from service.batch.run import Run

            files, history = keep(upload, came.files, came.history)
            with Recorder(folder) as recorder:
                began = partial(Run, seen=recorder)
                kept = Received(files, history, named=True)
                report = decided(site.policies, kept, upload.target, options, beat_of(request.environ), began)
            keep_summary(folder, recorder.summary(report))
    return upload


def _refuse_unnamed(files: Sequence[Path], measure: str) -> None:
    """Refuse files of which nobody said what measure they are for."""
    unnamed = [file for file in files if measure == ALL and file.suffix.lower() != SUFFIXES[XLSX]]
    if unnamed:
        raise Refused([Defect(file.name, "measure_not_chosen") for file in unnamed])


def _kind(files: Sequence[Path], measure: str, chosen: str) -> str:
    """Choose the media type of the result."""
    if chosen and chosen not in FORMATS:
        raise Refused([Defect("/format", "unknown_code", chosen, " | ".join(FORMATS))])
    if measure == ALL and chosen and FORMATS[chosen] != XLSX:
        raise Refused([Defect("/format", "sheets_need_workbook", chosen, None)])
    if chosen:
        return FORMATS[chosen]
    return XLSX if measure == ALL else as_it_came(files)
