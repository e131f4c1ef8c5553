"""What the law says, as the service knows it: versions, measures, readings, changes."""

from __future__ import annotations

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from service.web.site import Site


def register(views: Blueprint, site: Site) -> None:
    """Add these pages."""

    @views.get("/policies")
    def policies() -> Response:
        raise NotFound
