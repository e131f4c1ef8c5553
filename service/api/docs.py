"""The API's description: /openapi.json, and /docs to read and try it, with nothing from another host."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

from flask import Blueprint, Response, send_from_directory
from werkzeug.exceptions import NotFound

from service.api.responses import JSON, language
from service.policies.model import Language
from service.words import label_of, tag_of

_OURS: Final = Path(__file__).with_name("assets")
_OF_SWAGGER_UI: Final = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
_ASSETS: Final[dict[str, Path]] = {
    **dict.fromkeys(_OF_SWAGGER_UI, Path(str(files("flask_swagger_ui").joinpath("dist")))),
    **dict.fromkeys(("docs.css", "docs.js"), _OURS),
}
_DAY_SECONDS: Final = 86_400
_KEPT: Final = "public, max-age=60"


def blueprint(document: bytes) -> Blueprint:
    """Make the views on a finished OpenAPI document."""
    views = Blueprint("docs", __name__)
    pages: dict[Language, str] = {"zh": _page("zh"), "en": _page("en")}

    @views.get("/openapi.json")
    def openapi() -> Response:
        return Response(document, content_type=JSON, headers={"Cache-Control": _KEPT})

    @views.get("/docs")
    def page() -> Response:
        spoken = language()
        headers = {"Content-Language": tag_of(spoken), "Cache-Control": _KEPT}
        return Response(pages[spoken], content_type="text/html; charset=utf-8", headers=headers)

    @views.get("/docs/assets/<name>")
    def asset(name: str) -> Response:
        if name not in _ASSETS:
            raise NotFound
        return send_from_directory(_ASSETS[name], name, max_age=_DAY_SECONDS)

    return views


def _page(language: Language) -> str:
    template = Template((_OURS / "docs.html").read_text(encoding="utf-8"))
    texts = {name: label_of("docs", name, language) for name in ("title", "intro", "noscript")}
    return template.substitute(texts, lang=tag_of(language))
