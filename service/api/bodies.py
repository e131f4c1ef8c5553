"""The body of a request: JSON that says so, and not too much of it."""

from __future__ import annotations

from typing import Final

from flask import Request
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.http import parse_options_header

_JSON: Final = "application/json"


def json_body(request: Request) -> bytes:
    """Return the bytes of a JSON request; 415 for another content type or coding, 413 for too many bytes."""
    declared = request.environ.get("CONTENT_TYPE", "")
    if (declared != _JSON and not _is_json(declared)) or _is_coded(request):
        raise UnsupportedMediaType
    body = request.get_data(cache=False)
    if not request.environ.get("CONTENT_LENGTH"):
        request.stream.read(1)  # a stream of unknown length is cut at the limit: one byte more is refused, not dropped
    return body


def _is_json(declared: str) -> bool:
    """Accept application/json and application/…+json; JSON is UTF-8, so another charset is refused."""
    kind, options = parse_options_header(declared)
    named = kind.lower()
    is_json = named == _JSON or (named.startswith("application/") and named.endswith("+json"))
    return is_json and options.get("charset", "utf-8").lower() in {"utf-8", "utf8"}


def _is_coded(request: Request) -> bool:
    return str(request.environ.get("HTTP_CONTENT_ENCODING", "identity")).lower() != "identity"
