"""The express lane: a calculation that can be answered is answered at the door, without Flask around it.

Calculations are what this service does all day, and Flask's own work for one request is as much as half of theirs.
The lane calls the same function as the view and writes the same answer; whatever is not plainly a good calculation
(another method, another content type, a body of unknown length, anything refused or unforeseen) goes on to Flask as
if nobody had looked at it.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Final

import orjson

from service.api.calculations import calculated
from service.api.responses import EVERYWHERE, JSON, NOT_KEPT
from service.policies import Policies
from service.words import language_of, tag_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PATH: Final = "/v1/calculations/"
#: Digits of a length; Python refuses to read very long numbers.
_LONGEST_LENGTH: Final = 18


def express(app: WSGIApplication, policies: Policies, max_body_bytes: int) -> WSGIApplication:
    """Answer plain calculations; hand everything else to `app`."""

    def at_the_door(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        measure = _measure(environ)
        length = _length(environ)
        if measure is None or not 0 < length <= max_body_bytes:
            return app(environ, start_response)
        body = environ["wsgi.input"].read(length)
        language = language_of(environ.get("HTTP_ACCEPT_LANGUAGE"))
        try:
            answer = orjson.dumps(calculated(policies, measure, body, language))
        except Exception:
            environ["wsgi.input"] = BytesIO(body)
            return app(environ, start_response)
        size = ("Content-Length", str(len(answer)))
        headers = [("Content-Type", JSON), size, ("Content-Language", tag_of(language)), *EVERYWHERE, NOT_KEPT]
        start_response("200 OK", headers)
        return [answer]

    return at_the_door


def _measure(environ: WSGIEnvironment) -> str | None:
    """Name the measure that is plainly asked to be calculated in JSON, if one is."""
    path = environ["PATH_INFO"]
    plain = environ["REQUEST_METHOD"] == "POST" and environ.get("CONTENT_TYPE") == JSON and path.startswith(_PATH)
    return path[len(_PATH) :] if plain and "HTTP_CONTENT_ENCODING" not in environ else None


def _length(environ: WSGIEnvironment) -> int:
    length = environ.get("CONTENT_LENGTH", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) <= _LONGEST_LENGTH else 0
