"""A decision as a page to print: one file of HTML, without scripts and without anything from elsewhere."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from service.ledger.naming import titles_of
from service.money import fen_of, yuan
from service.policies import Policies
from service.policies.model import Language
from service.words import label_of, tag_of, text_of

Json = dict[str, Any]
_LANGUAGES: tuple[Language, ...] = ("zh", "en")


def page_of(file: Json, policies: Policies) -> str:
    """Write the page of a decision's file; all text in it is escaped. Chinese comes first, English beside it."""

    def word(name: str) -> str:
        return " · ".join(label_of("decision", name, language) for language in _LANGUAGES)

    measure = file["grant"]["measure"]
    titles = [titles_of(policies, language).get(measure, measure) for language in _LANGUAGES]
    return _template().render(
        file=file,
        word=word,
        tag=tag_of("zh"),
        measure=" · ".join(dict.fromkeys(titles)),
        state=lambda code: " · ".join(label_of("grant_states", code, language) for language in _LANGUAGES),
        verb=lambda code: " · ".join(label_of("verbs", code, language) for language in _LANGUAGES),
        grouped=lambda text: yuan(fen_of(text), grouped=True),
        steps=[step for entry in file["log"] for step in entry["rows"].get("transitions", ())],
        verify=[text_of("decision", "verify", language) for language in _LANGUAGES],
        json=lambda data: orjson.dumps(data, option=orjson.OPT_INDENT_2).decode(),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("service.ledger.exports", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("decision.html")
