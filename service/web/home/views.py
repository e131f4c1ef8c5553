"""The front page, signing in and out."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as Redirect

from service.errors import Denied
from service.web import signing
from service.web.site import Site, language
from service.words import say_problem

#: Where people of each role begin to work.
_DESKS: Final = {"proposer": "batches", "approver": "grants", "auditor": "audits", "admin": "log"}


def register(views: Blueprint, site: Site) -> None:
    """Add these pages."""

    @views.get("/")
    def home() -> Response:
        return site.page("home/home.html")

    @views.get("/sign-in")
    def sign_in() -> Response:
        return _form(site)

    @views.post("/sign-in")
    def signing_in() -> Response | Redirect:
        if not signing.may_sign_in(site.config.plain_http):
            return _form(site, 403)
        try:
            actor = signing.sign_in(site.access, request.form.get("key", "").strip())
        except Denied as denied:
            return _form(site, 403, say_problem(denied, language()))
        return redirect(_next() or url_for(f"web.{_DESKS[actor.role]}"), 303)

    @views.post("/sign-out")
    def sign_out() -> Redirect:
        signing.sign_out(site.access)
        return redirect(url_for("web.home"), 303)


def _form(site: Site, status: int = 200, denied: str | None = None) -> Response:
    safe = signing.may_sign_in(site.config.plain_http)
    return site.page("home/sign_in.html", status, safe=safe, denied=denied, next=_next())


def _next() -> str:
    """Return the page that asked for signing in, if it is one of ours."""
    asked = request.values.get("next", "")
    ours = asked.startswith(("/zh/", "/en/")) and "\\" not in asked and "//" not in asked and asked.isprintable()
    return asked if ours else ""
