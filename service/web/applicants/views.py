"""The applicants' pages: what could be had, how much, and why."""

from __future__ import annotations

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from service.web.site import Site


def register(views: Blueprint, site: Site) -> None:
    """Add these pages."""

    @views.get("/screening")
    def screening() -> Response:
        raise NotFound

    @views.get("/measures")
    def measures() -> Response:
        raise NotFound
