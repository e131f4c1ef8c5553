"""Style sheets and scripts, at addresses that change with their content: browsers may keep them for good."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

_FOLDER: Final = Path(__file__).with_name("static")
_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_DIGITS: Final = 12
_FOR_GOOD: Final = "public, max-age=31536000, immutable"


def blueprint() -> Blueprint:
    """Make the view that sends them."""
    views = Blueprint("assets", __name__, url_prefix="/assets")

    @views.get("/<digest>/<name>")
    def asset(digest: str, name: str) -> Response:
        data, known = _read(name)
        kept = _FOR_GOOD if digest == known else "no-store"
        return Response(data, content_type=_TYPES[Path(name).suffix], headers={"Cache-Control": kept})

    return views


def address(name: str) -> str:
    """Return the path of an asset as it is now."""
    return f"/assets/{_read(name)[1]}/{name}"


@cache
def _all() -> dict[str, tuple[bytes, str]]:
    files = [file for file in _FOLDER.iterdir() if file.suffix in _TYPES]
    return {file.name: (data := file.read_bytes(), sha256(data).hexdigest()[:_DIGITS]) for file in files}


def _read(name: str) -> tuple[bytes, str]:
    if name not in _all():
        raise NotFound
    return _all()[name]
