"""What all pages have in common: the language in the path, the frame around each page, who is signed in."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, g, redirect, request, url_for
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from werkzeug.wrappers import Response as Redirect

from service.derivation import article, figure
from service.policies import Policies
from service.policies.model import Language
from service.web import assets, signing
from service.web.folding import FoldingEnvironment
from service.web.wording import Wording
from service.words import label_of, language_of, tag_of

if TYPE_CHECKING:
    from service.api.access import Access
    from service.config import Config
    from service.ledger.keys import Actor

#: The menu: where it leads, and whose it is (nothing: everybody's).
MENU: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("screening", ()),
    ("measures", ()),
    ("policies", ()),
    ("batches", ("proposer",)),
    ("grants", ("proposer", "approver", "auditor", "admin")),
    ("decisions", ("proposer", "approver", "auditor", "admin")),
    ("limits", ("proposer", "approver", "auditor", "admin")),
    ("audits", ("auditor", "admin")),
    ("log", ("auditor", "admin")),
    ("exports", ("proposer", "approver", "auditor", "admin")),
)
_OTHER: Final[Mapping[Language, Language]] = {"zh": "en", "en": "zh"}


def blueprint() -> Blueprint:
    """Make the blueprint of all pages: the language is taken from the path, and put into every link."""
    views = Blueprint("web", __name__, url_prefix="/<any(zh, en):lang>")

    @views.url_value_preprocessor
    def take_language(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.language = values.pop("lang") if values else "zh"

    @views.url_defaults
    def put_language(_endpoint: str, values: dict[str, Any]) -> None:
        values.setdefault("lang", language())

    @views.record_once
    def front_door(state: Any) -> None:
        state.app.add_url_rule("/", "front", _front)

    return views


def _front() -> Redirect:
    """Lead to the pages in the reader's language."""
    response = redirect(url_for("web.home", lang=language_of(request.headers.get("Accept-Language"))))
    response.headers["Cache-Control"] = "no-store"
    return response


def language() -> Language:
    """Return the language of the page that is asked for."""
    return cast(Language, g.get("language") or language_of(request.headers.get("Accept-Language")))


@dataclass(frozen=True, slots=True)
class Site:
    """What views work with; `openapi` is the description of the API, as JSON."""

    policies: Policies
    access: Access
    config: Config
    openapi: bytes

    def page(self, template: str, status: int = 200, /, **context: Any) -> Response:
        """Render a page in the reader's language; it is not kept by any cache.

        A page that was sent for says by `in_other_language` where it is found without sending: see `elsewhere`.
        """
        spoken = language()
        if "in_other_language" not in context:
            context["in_other_language"] = _in_other_language(spoken)
        text = environment(spoken).get_template(template).render({**self._frame(spoken), **context})
        response = Response(text, status, content_type="text/html; charset=utf-8")
        response.headers["Content-Language"] = tag_of(spoken)
        return response

    def reader(self, *roles: str) -> Actor:
        """Return who is signed in; Denied if nobody is, or nobody with one of these roles."""
        return signing.reader(self.access, *roles)

    def _frame(self, spoken: Language) -> dict[str, Any]:
        reader = signing.reader_or_none(self.access)
        return {
            "reader": reader,
            "menu": [name for name, roles in MENU if _shown(roles, reader)],
            "links": _links(request.root_path, spoken),
            "here": (request.endpoint or "").removeprefix("web."),
            "document_in_force": self.policies.newest.document.number,
        }


@lru_cache(maxsize=256)
def _links(_root: str, spoken: Language) -> Mapping[str, str]:
    """Make the links that are on every page, once for wherever the service lives (`_root`)."""
    return {name: link(name, spoken=spoken) for name in (*dict(MENU), "home", "sign_in", "sign_out", "reference")}


def _shown(roles: tuple[str, ...], reader: Actor | None) -> bool:
    return not roles or (reader is not None and reader.role in roles)


def _in_other_language(spoken: Language) -> tuple[Language, str]:
    """Return the other language, and this page's address in it."""
    other, here = _OTHER[spoken], address()
    return other, f"/{other}{here[len(spoken) + 1 :]}" if here.startswith(f"/{spoken}/") else f"/{other}/"


def address() -> str:
    """Return the address of the page that is asked for with its query, as a link writes it."""
    asked = request.query_string.decode("latin-1")
    path = quote(request.path, safe="/@:+,")
    return f"{path}?{asked}" if asked else path


def link(endpoint: str, query: Mapping[str, object] | None = None, spoken: Language | None = None, **place: str) -> str:
    """Return the path of a page, in the reader's language or another; of `query`, what is None is left out.

    `place` is what the path names: paths are kept, so nothing that people enter belongs there.
    """
    path = _path(request.root_path, spoken or language(), endpoint, tuple(place.items()))
    asked = query and urlencode([(name, value) for name, value in query.items() if value is not None])
    return f"{path}?{asked}" if asked else path


@lru_cache(maxsize=256)
def _path(_root: str, spoken: Language, endpoint: str, place: tuple[tuple[str, str], ...]) -> str:
    """Make a path once: where the service lives under a path of its own (`_root`), that begins it."""
    if "." in endpoint:  # no page, and in no language: the API's own
        return url_for(endpoint)
    values: dict[str, Any] = {"lang": spoken, **dict(place)}
    return url_for(f"web.{endpoint}", **values)


def elsewhere(endpoint: str, query: Mapping[str, object] | None = None, **place: str) -> tuple[Language, str]:
    """Return the other language, and the path of a page in it."""
    other = _OTHER[language()]
    return other, link(endpoint, query, other, **place)


@cache
def environment(language: Language) -> Environment:
    """Make the templates' environment for one language: every text that is put in is escaped."""
    made = FoldingEnvironment(
        loader=PackageLoader("service.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(
        lang=language,
        tag=tag_of(language),
        t=Wording(language),
        label=lambda kind, code: label_of(kind, code, language),
        cite=partial(article, language=language),
        figure=figure,
        url=_url,
        asset=assets.address,
        kept=kept,
        csrf=_hidden_token,
    )
    return made


@lru_cache(maxsize=256)
def kept(macro: Callable[..., Markup], *facts: Hashable) -> Markup:
    """Render a part of a page once for the same facts: what policies say, never what people enter."""
    return macro(*facts)


def _url(endpoint: str, **values: Any) -> str:
    """Make a link; those without values are on every page."""
    return url_for(f"web.{endpoint}", **values) if values else link(endpoint)


def _hidden_token() -> Markup:
    """Write the hidden field that shows that a form is one of ours, given to this very reader."""
    from flask_wtf.csrf import generate_csrf

    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())
