"""Lists that leave the ledger: the publicity list and the performance table, on a page, as a workbook, as JSON."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, Response

from service.api.access import READERS
from service.api.exports import PUBLICITY, attached, exports_by, list_of, workbook_of
from service.api.responses import JSON
from service.web.finance.asked import part_of, sent, tried
from service.web.site import Site, language

Json = dict[str, Any]


def register(views: Blueprint, site: Site) -> None:
    """Add the pages."""

    @views.get("/exports")
    def exports() -> Response:
        site.reader(*READERS)
        return site.page("finance/exports.html", **_choices(site))

    @views.get("/exports/<any(publicity, performance):name>")
    def export(name: str) -> Response:
        site.reader(*READERS)
        return _shown(site, name)

    @views.get("/exports/<any(publicity, performance):name>.<any(json, xlsx):kind>")
    def export_file(name: str, kind: str) -> Response:
        site.reader(*READERS)
        spoken = language()
        found = list_of(name, site.policies, site.access, sent())
        if kind == "xlsx":
            return workbook_of(name, found, site.policies, spoken)
        return attached(orjson.dumps(found), JSON, f"{name}-{found['year']}.json", spoken)


def _shown(site: Site, name: str) -> Response:
    """Show a list page by page, or the form again with what is wrong with it."""
    from service.ledger.exports.tables import table_of

    def found(fields: Any) -> Json:
        fields.pop("page", None)
        return list_of(name, site.policies, site.access, fields)

    answered = tried(found)
    if answered.found is None:
        return site.page("finance/exports.html", answered.status, refused=name, asked=answered, **_choices(site))
    table = table_of(name, answered.found, site.policies, language())
    part = part_of(table.rows)
    return site.page("finance/export.html", name=name, asked=answered, table=table, part=part)


def _choices(site: Site) -> Json:
    """List the measures of which a list can be had."""
    from service.ledger.naming import titles_of

    titles = titles_of(site.policies, language())
    measures = exports_by(PUBLICITY, site.policies)["measure"] or ()
    return {"measures": {name: titles[name] for name in measures}}
