"""What leaves the ledger over HTTP: the publicity list, the performance table, a decision with its proof."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any, BinaryIO, Final

from flask import Blueprint, Response, request

from service.api.access import READERS, Access
from service.api.problems import Told
from service.api.queries import measures_of, read_query
from service.api.responses import JSON, answer, language
from service.api.uploads import XLSX
from service.errors import Defect, Refused
from service.policies import Policies
from service.policies.model import Language
from service.words import tag_of

Json = dict[str, Any]
Write = Callable[[BinaryIO, Json, Policies, Language], None]
HTML: Final = "text/html"
_PAGES: Final = ("cursor", "page_size")


def blueprint(policies: Policies, access: Access) -> Blueprint:
    """Make the views on these policies and the ledger."""
    views = Blueprint("exports", __name__)

    @views.get("/v1/exports/publicity")
    def publicity() -> Response:
        access.actor(*READERS)
        kind = accepted(JSON, XLSX)
        filters = _filters({"measure": measures_of(policies), "town_id": None})
        from service.ledger.exports.publicity import publicity_list
        from service.ledger.exports.tables import write_publicity

        with access.ledger.reading() as connection:
            found = publicity_list(connection, filters)
        return _list(found, kind, "publicity", write_publicity, policies)

    @views.get("/v1/exports/performance")
    def performance() -> Response:
        access.actor(*READERS)
        kind = accepted(JSON, XLSX)
        filters = _filters({})
        from service.ledger.exports.performance import performance_table
        from service.ledger.exports.tables import write_performance

        with access.ledger.reading() as connection:
            found = performance_table(connection, filters["year"])
        return _list(found, kind, "performance", write_performance, policies)

    @views.get("/v1/exports/decisions/<grant_id>")
    def decision(grant_id: str) -> Response:
        access.actor(*READERS)
        return _decision(policies, access, grant_id)

    return views


def accepted(*offered: str) -> str:
    """Choose the media type of an answer, the first where the caller does not mind; 406 if none is wanted."""
    wanted = request.accept_mimetypes
    chosen = wanted.best_match(offered) if wanted else offered[0]
    if chosen is None:
        raise Told(406, "not-acceptable", known=", ".join(offered))
    return chosen


def _filters(names: dict[str, tuple[str, ...] | None]) -> Json:
    """Read what to export; Refused without a year, and with what belongs to lists that are read page by page."""
    known = ", ".join((*names, "year"))
    paged = [Defect(f"/{name}", "unknown_field", name, known) for name in _PAGES if name in request.args]
    if paged:
        raise Refused(paged)
    filters = read_query(request.args, names).filters
    if "year" not in filters:
        raise Refused([Defect("/year", "missing", None, "2027", {"field": "year"})])
    return filters


def _list(found: Json, kind: str, name: str, write: Write, policies: Policies) -> Response:
    spoken = language()
    if kind == JSON:
        return answer(found, spoken)
    target = BytesIO()
    write(target, found, policies, spoken)
    return _attached(target.getvalue(), XLSX, f"{name}-{found['year']}.xlsx", spoken)


def _decision(policies: Policies, access: Access, grant_id: str) -> Response:
    from service.ledger.exports.decision import decision_of

    kind = accepted(JSON, HTML)
    with access.ledger.reading() as connection:
        file = decision_of(connection, policies, grant_id)
    if kind == JSON:
        return answer(file, language())
    from service.ledger.exports.page import page_of

    # A file to keep and to print; shown here, it would be without its layout, which the site forbids inside a page.
    page = page_of(file, policies).encode()
    return _attached(page, f"{HTML}; charset=utf-8", f"{grant_id}.html", "zh")


def _attached(data: bytes, kind: str, name: str, spoken: Language) -> Response:
    response = Response(data, content_type=kind)
    response.headers["Content-Language"] = tag_of(spoken)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
