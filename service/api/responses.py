"""How answers are written: compact JSON, the reader's language, headers that keep browsers strict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import orjson
from flask import Response, request

from service.policies.model import Language
from service.words import language_of, tag_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

JSON: Final = "application/json"
#: What people send about themselves is not kept; views that may be kept say so.
NOT_KEPT: Final = ("Cache-Control", "no-store")
#: Nothing from another host, nothing inline.
EVERYWHERE: Final = [
    ("Vary", "Accept-Language"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    (
        "Content-Security-Policy",
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
]


def language() -> Language:
    """Return the language in which this request is answered."""
    return language_of(request.environ.get("HTTP_ACCEPT_LANGUAGE"))


def answer(data: object, language: Language, *, kept: str | None = None) -> Response:
    """Answer with JSON; `kept` tells caches how long it may be kept."""
    response = Response(orjson.dumps(data), content_type=JSON)
    response.headers["Content-Language"] = tag_of(language)
    if kept is not None:
        response.headers["Cache-Control"] = kept
    return response


def secured(app: WSGIApplication) -> WSGIApplication:
    """Add the headers that every answer has, at the door: a hook inside Flask would cost ten times as much."""

    def at_the_door(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
            headers = headers + EVERYWHERE
            if not any(name == "Cache-Control" for name, _ in headers):
                headers.append(NOT_KEPT)
            return start_response(status, headers, exc_info)

        return app(environ, start)

    return at_the_door
