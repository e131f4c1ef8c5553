"""What leaves the ledger over HTTP: the publicity list, the performance table, a decision with its proof."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from service.api.access import READERS, Access
from service.api.problems import Told
from service.api.queries import Names, measures_of, read_query
from service.api.responses import JSON, answer, language
from service.api.uploads import XLSX
from service.errors import Defect, Refused
from service.policies import Policies
from service.policies.model import Language
from service.words import tag_of

Json = dict[str, Any]
HTML: Final = "text/html"
PUBLICITY: Final = "publicity"
_PAGES: Final = ("cursor", "page_size")


def blueprint(policies: Policies, access: Access) -> Blueprint:
    """Make the views on these policies and the ledger."""
    views = Blueprint("exports", __name__)

    @views.get("/v1/exports/<any(publicity, performance):name>")
    def export(name: str) -> Response:
        access.actor(*READERS)
        kind, spoken = accepted(JSON, XLSX), language()
        found = list_of(name, policies, access, request.args)
        return answer(found, spoken) if kind == JSON else workbook_of(name, found, policies, spoken)

    @views.get("/v1/exports/decisions/<grant_id>")
    def decision(grant_id: str) -> Response:
        access.actor(*READERS)
        kind, spoken = accepted(JSON, HTML), language()
        found = decision_file(policies, access, grant_id)
        # A file to keep and to print; shown here, it would be without its layout, which the site forbids inside a page.
        return answer(found, spoken) if kind == JSON else printable(found, policies)

    return views


def accepted(*offered: str) -> str:
    """Choose the media type of an answer, the first where the caller does not mind; 406 if none is wanted."""
    wanted = request.accept_mimetypes
    chosen = wanted.best_match(offered) if wanted else offered[0]
    if chosen is None:
        raise Told(406, "not-acceptable", known=", ".join(offered))
    return chosen


def list_of(name: str, policies: Policies, access: Access, sent: MultiDict[str, str]) -> Json:
    """Draw up a list by its name: the publicity list or the performance table of a year.

    Refused without a year, and with what belongs to lists that are read page by page.
    """
    from service.ledger.exports.performance import performance_table
    from service.ledger.exports.publicity import publicity_list

    filters = _filters(sent, exports_by(name, policies))
    with access.ledger.reading() as connection:
        if name == PUBLICITY:
            return publicity_list(connection, filters)
        return performance_table(connection, filters["year"])


def exports_by(name: str, policies: Policies) -> Names:
    """List what a list can be chosen by, besides the year."""
    return {"measure": measures_of(policies), "town_id": None} if name == PUBLICITY else {}


def _filters(sent: MultiDict[str, str], names: Names) -> Json:
    known = ", ".join((*names, "year"))
    paged = [Defect(f"/{name}", "unknown_field", name, known) for name in _PAGES if name in sent]
    if paged:
        raise Refused(paged)
    filters = read_query(sent, names).filters
    if "year" not in filters:
        raise Refused([Defect("/year", "missing", None, "2027", {"field": "year"})])
    return filters


def workbook_of(name: str, found: Json, policies: Policies, spoken: Language) -> Response:
    """Send a list as a workbook."""
    from service.ledger.exports.tables import write_list

    target = BytesIO()
    write_list(target, name, found, policies, spoken)
    return attached(target.getvalue(), XLSX, f"{name}-{found['year']}.xlsx", spoken)


def decision_file(policies: Policies, access: Access, grant_id: str) -> Json:
    """Write out a decision with its proof; NotFound if there is none of this id."""
    from service.ledger.exports.decision import decision_of

    with access.ledger.reading() as connection:
        return decision_of(connection, policies, grant_id)


def printable(file: Json, policies: Policies) -> Response:
    """Send a decision's file as a page to print."""
    from service.ledger.exports.page import page_of

    name = f"{file['grant']['id']}.html"
    return attached(page_of(file, policies).encode(), f"{HTML}; charset=utf-8", name, "zh")


def attached(data: bytes, kind: str, name: str, spoken: Language) -> Response:
    """Send a file to be kept under this name."""
    response = Response(data, content_type=kind)
    response.headers["Content-Language"] = tag_of(spoken)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
