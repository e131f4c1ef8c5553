"""The applicants' pages: what could be had, how much, and why."""

from __future__ import annotations

from flask import Blueprint, Response, request

from service.web.applicants import asking, screening
from service.web.forgery import stores_nothing
from service.web.site import Site


def register(views: Blueprint, site: Site) -> None:
    """Add these pages."""

    @views.get("/screening")
    def screening_form() -> Response:
        return screening.page(site, request.args)

    @views.post("/screening")
    @stores_nothing
    def screened() -> Response:
        return screening.page(site, request.form)

    @views.get("/measures")
    def measures() -> Response:
        return asking.listed(site)

    @views.get("/measures/<measure>")
    def measure(measure: str) -> Response:
        return asking.asked(site, measure)

    @views.post("/measures/<measure>")
    @stores_nothing
    def calculated(measure: str) -> Response:
        return asking.sent(site, measure)
