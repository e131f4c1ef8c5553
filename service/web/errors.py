"""What goes wrong on a page, told on a page: the same sentences as the API's problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NoReturn

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from service.api.problems import problem_of
from service.api.uploads import Body
from service.errors import Denied, Refused
from service.web.forgery import stores_nothing
from service.web.site import Site, address, language

#: What is said on a page where the API's sentence is of documents and addresses of its own.
_LEADS: Final[Mapping[type[Exception], str]] = {NotFound: "frame.error_nowhere", Refused: "frame.error_refused"}


def register(views: Blueprint, site: Site) -> None:
    """Answer every error of the pages with a page, also where there is none."""

    @views.errorhandler(Exception)
    def told(error: Exception) -> Response:
        if isinstance(error, RequestEntityTooLarge):
            Body(request, site.config.max_file_bytes).drop()  # a browser that is still sending would hear nothing
        problem = problem_of(error, language())
        shown = {
            "problem": problem,
            "lead": next((text for kind, text in _LEADS.items() if isinstance(error, kind)), None),
            "denied": isinstance(error, Denied),
            "again": address() if request.method == "GET" else None,  # what was sent cannot be sent again by a link
        }
        response = site.page("error.html", problem.status, **shown)
        # Browsers would ask for a name and a password in a window of their own.
        response.headers.update({name: text for name, text in problem.headers.items() if name != "WWW-Authenticate"})
        return response

    @views.route("/", methods=["POST"])
    @views.route("/<path:_nowhere>", methods=["GET", "POST"])
    @stores_nothing
    def nowhere(_nowhere: str = "") -> NoReturn:
        raise NotFound
