"""Pages for files: upload, look at what is wrong first, then at what comes of it, download, propose."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING

from flask import Blueprint, Response, redirect, request, stream_with_context, url_for
from werkzeug.wrappers import Response as Redirect

from service.api.batch_answers import attached
from service.api.batches import ALL, known_measure
from service.api.problems import Told
from service.api.uploads import CSV, XLSX, body_of
from service.errors import Conflict, Refused, SubsidyError
from service.heartbeat import beat_of
from service.web.bureau import proposing, showing
from service.web.bureau.desk import HOURS, Upload
from service.web.bureau.told import titles, why
from service.web.bureau.uploading import FORMATS, desk_of, taken_in
from service.web.forgery import takes_files
from service.web.site import Site, language
from service.web.times import in_china
from service.web.wording import Wording

if TYPE_CHECKING:
    from service.ledger.keys import Actor


def register(views: Blueprint, site: Site) -> None:
    """Add these pages."""

    @views.get("/batches")
    def batches() -> Response:
        return _form(site, site.reader("proposer"), request.args)

    @views.post("/batches")
    @takes_files
    def upload_batch() -> Response | Redirect:
        return _upload(site)

    @views.get("/batches/template/<measure>")
    def batch_template(measure: str) -> Response:
        return _template(site, measure)

    @views.get("/batches/<upload_id>")
    def batch(upload_id: str) -> Response:
        return _page(site, _found(site, upload_id))

    @views.get("/batches/<upload_id>/result")
    def batch_result(upload_id: str) -> Response:
        found = _found(site, upload_id)
        return attached(found.target.open("rb"), found.kind, found.result, found.language, beat_of(request.environ))

    @views.get("/batches/<upload_id>/defects.csv")
    def batch_defects(upload_id: str) -> Response:
        parts = showing.defects_as_csv(site.policies, _found(site, upload_id), language(), beat_of(request.environ))
        response = Response(stream_with_context(parts), content_type=f"{CSV}; charset=utf-8")
        response.headers.set("Content-Disposition", "attachment", filename="defects.csv")
        return response

    @views.post("/batches/<upload_id>/propose")
    def propose_batch(upload_id: str) -> Response | Redirect:
        return _propose(site, upload_id)

    @views.get("/batches/<upload_id>/granted/<measure>")
    def batch_granted(upload_id: str, measure: str) -> Response:
        found = _found(site, upload_id)
        granted = proposing.granted(found, measure)
        shown = showing.shown_granted(site.policies, found, measure, granted, language())
        return site.page("bureau/granted.html", **shown)

    @views.get("/batches/<upload_id>/granted/<measure>/result")
    def granted_result(upload_id: str, measure: str) -> Response:
        found = _found(site, upload_id)
        file = proposing.granted(found, measure).target
        return attached(file.open("rb"), found.kind, found.result, found.language, beat_of(request.environ))


def _found(site: Site, upload_id: str) -> Upload:
    """Find an upload of who reads."""
    return desk_of(site).upload(upload_id, site.reader("proposer").person)


def _form(site: Site, actor: Actor, chosen: Mapping[str, str], error: SubsidyError | Told | None = None) -> Response:
    """Show the form with what is chosen in it, after a refusal with what was wrong."""
    spoken = language()
    uploads = desk_of(site).uploads(actor.person)
    return site.page(
        "bureau/batches.html",
        _status(error) if error else 200,
        errors=why(error, spoken) if error else [],
        titles=titles(site.policies, spoken),
        measures=list(site.policies.newest.measures),
        formats=list(FORMATS),
        chosen=chosen,
        most_mib=site.config.max_file_bytes >> 20,
        hours=HOURS,
        uploads=[
            (one, in_china(one.made), proposing.proposed(one), showing.invalid_rows(one.summary()))
            for one in uploads[: showing.PAGE]
        ],
    )


def _status(error: SubsidyError | Told) -> int:
    return error.code or 400 if isinstance(error, Told) else 422


def _upload(site: Site) -> Response | Redirect:
    with body_of(request, site.config.max_file_bytes):  # who is turned away while still sending would not hear why
        actor = site.reader("proposer")
    chosen: dict[str, str] = {}
    try:
        upload = taken_in(site, actor, chosen)
    except (Refused, Told) as error:
        return _form(site, actor, chosen, error)
    return redirect(url_for("web.batch", upload_id=upload.id), 303)


def _page(site: Site, upload: Upload, error: SubsidyError | None = None) -> Response:
    shown = showing.shown(site.policies, upload, language())
    errors = why(error, language()) if error else []
    return site.page("bureau/batch.html", 409 if error else 200, errors=errors, **shown)


def _propose(site: Site, upload_id: str) -> Response | Redirect:
    actor, upload = site.reader("proposer"), _found(site, upload_id)
    measure = request.form.get("measure", upload.measure)
    try:
        proposing.propose(site, actor, upload, measure)
    except (Refused, Conflict) as error:
        return _page(site, upload, error)
    return redirect(url_for("web.batch_granted", upload_id=upload.id, measure=measure), 303)


def _template(site: Site, measure: str) -> Response:
    """Send the empty workbook of a measure, or of all."""
    from service.batch.xlsx.template import write_template

    site.reader("proposer")
    known_measure(site.policies, measure)
    chosen = list(site.policies.newest.measures) if measure == ALL else [measure]
    target, spoken = BytesIO(), language()
    write_template(target, site.policies, chosen, spoken)
    name = Wording(spoken)("bureau.all_measures") if measure == ALL else titles(site.policies, spoken)[measure]
    return attached(target, XLSX, f"{name}.xlsx", spoken, beat_of(request.environ))
