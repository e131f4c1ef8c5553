"""The applicants' pages: what could be had, how much, and why."""

from __future__ import annotations

from flask import Blueprint, Response, request

from service.web.applicants import asking
from service.web.applicants import screening as questions
from service.web.forgery import stores_nothing
from service.web.site import Site


def register(views: Blueprint, site: Site) -> None:
    """Add these pages."""

    @views.route("/screening", methods=["GET", "POST"])
    @stores_nothing
    def screening() -> Response:
        return questions.page(site, request.form if request.method == "POST" else request.args)

    @views.get("/measures")
    def measures() -> Response:
        return asking.listed(site)

    @views.route("/measures/<measure>", methods=["GET", "POST"])
    @stores_nothing
    def measure(measure: str) -> Response:
        return asking.sent(site, measure) if request.method == "POST" else asking.asked(site, measure)
