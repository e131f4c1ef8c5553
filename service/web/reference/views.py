"""The page of the REST API: `/docs` in the language that a browser asks for, and in either language by its path."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from service.web.reference.reading import HERE, reference_of
from service.web.site import Site, elsewhere, language


def register(views: Blueprint, site: Site) -> None:
    """Add the page."""

    @views.get("/docs")
    def reference() -> Response:
        return site.page(
            "reference/reference.html",
            api=reference_of(site.openapi, language()),
            example=lambda operation: operation.example.replace(HERE, request.host_url.rstrip("/")),
            in_other_language=elsewhere("reference"),
        )

    @views.record_once
    def without_language(state: Any) -> None:
        state.app.add_url_rule("/docs", "docs", reference)
