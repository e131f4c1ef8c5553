"""The bureau's pages: files decided and proposed, grants decided."""

from __future__ import annotations

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from service.web.site import Site


def register(views: Blueprint, site: Site) -> None:
    """Add these pages."""

    @views.get("/batches")
    def batches() -> Response:
        raise NotFound

    @views.get("/grants")
    def grants() -> Response:
        raise NotFound
