"""Finance's pages: ceilings, payouts checked, decisions and their proof, the log, exports."""

from __future__ import annotations

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from service.web.site import Site


def register(views: Blueprint, site: Site) -> None:
    """Add these pages."""

    @views.get("/limits")
    def limits() -> Response:
        raise NotFound

    @views.get("/audits")
    def audits() -> Response:
        raise NotFound

    @views.get("/log")
    def log() -> Response:
        raise NotFound

    @views.get("/exports")
    def exports() -> Response:
        raise NotFound
