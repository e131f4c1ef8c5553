"""Uploads proposed: every row of a measure that something is due for becomes a grant, all of them or none."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from flask import current_app, request

from service.api.deciding import decided
from service.api.problems import Told
from service.api.uploads import Received
from service.errors import NotFound
from service.heartbeat import beat_of
from service.web.bureau.desk import HOURS, Upload, keep_summary, summary_in
from service.web.site import Site

if TYPE_CHECKING:
    from service.ledger.keys import Actor

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Granted:
    """What came of a measure of an upload that was proposed: the folder of its lists and of its result."""

    folder: Path
    target: Path
    summary: Json


def propose(site: Site, actor: Actor, upload: Upload, measure: str) -> None:
    """Grant the rows of a measure of an upload; once, however often it is asked for.

    Raises what `GrantRun` does, and NotFound for a measure that the upload has no rows of; nothing is granted then.
    Told if what came of it could not be written down: it may be granted then, and who asks again finds out.
    """
    if measure not in (known := measures_of(upload)):  # what nobody has seen the totals of is not proposed
        raise NotFound("measure", measure, known)
    try:
        _proposed(site, actor, upload, measure)
    except OSError as error:
        current_app.logger.error("what came of proposing %s could not be kept", upload.id, exc_info=error)
        raise Told(500, "proposal-untold") from error


def _proposed(site: Site, actor: Actor, upload: Upload, measure: str) -> None:
    from service.batch.recording import Recorder
    from service.batch.run import Options
    from service.ledger.files import GrantRun, refuse_options, signed

    options = Options(measure, language=upload.language)
    refuse_options(options, Path(upload.history) if upload.history else None)
    sign = signed(site.access.ledger, actor, f"upload-{upload.id}-{measure}", upload.paths, options)
    folder = upload.folder / f".{token_hex(8)}"
    folder.mkdir()
    try:
        with Recorder(folder) as recorder:
            began = partial(GrantRun, signed=sign, seen=recorder)
            files = Received(upload.paths, named=True)
            report = decided(site.policies, files, folder / upload.result, options, beat_of(request.environ), began)
        keep_summary(folder, recorder.summary(report))
        try:
            folder.rename(_folder(upload, measure))
        except OSError:
            if not _folder(upload, measure).exists():  # else somebody pressed again, and that came first
                raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def granted(upload: Upload, measure: str) -> Granted:
    """Find what came of a measure of an upload; 404 if it was not proposed."""
    folder = _folder(upload, measure)
    if measure not in proposed(upload):
        raise Told(404, "upload-gone", hours=HOURS)
    return Granted(folder, folder / upload.result, summary_in(folder))


def proposed(upload: Upload) -> list[str]:
    """List the measures of an upload that were proposed."""
    return [measure for measure in measures_of(upload) if _folder(upload, measure).exists()]


def measures_of(upload: Upload) -> list[str]:
    """List the measures that an upload has rows of."""
    return [one["measure"] for one in upload.summary()["measures"]]


def _folder(upload: Upload, measure: str) -> Path:
    return upload.folder / f"granted-{measure}"
