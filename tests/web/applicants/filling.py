"""What a browser would send of a page's form, and requests spread over facts and lines as people spread them."""

from __future__ import annotations

from html.parser import HTMLParser
from random import Random
from typing import Any

from werkzeug.datastructures import MultiDict

from service.policies import Policies
from tests.engine.requests import some_readings, some_request

Body = dict[str, Any]


class _Controls(HTMLParser):
    """Collects the fields of the first form of a page that would be sent, as HTML says."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: MultiDict[str, str] = MultiDict()
        self._forms, self._inside, self._select = 0, False, ""
        self._options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = dict(attrs)
        if tag == "form":
            self._inside = at.get("method") == "post" and "data-unit" in at
        if not self._inside:
            return
        name, kind = at.get("name"), at.get("type")
        if tag == "input" and name and (kind not in {"radio", "checkbox"} or "checked" in at):
            self.sent.add(name, at.get("value") or "")
        elif tag == "select":
            self._select, self._options = name or "", []
        elif tag == "option":
            self._options.append((at.get("value") or "", "selected" in at))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select" and self._inside:
            chosen = [value for value, selected in self._options if selected]
            self.sent.add(self._select, chosen[-1] if chosen else self._options[0][0])


def fields_of(page: str) -> MultiDict[str, str]:
    """Return what a browser sends when the form of a page is sent as it is."""
    controls = _Controls()
    controls.feed(page)
    assert controls.sent, "the page has no form"
    return controls.sent


def said_of(body: Body) -> Body:
    """Return a request without its empty parts: a form has no other way to say nothing."""
    return {key: value for key, value in body.items() if value}


def spread_request(chance: Random, policies: Policies, measure: str) -> Body:
    """Make a random request; some of what all lines share stands in the facts, and some lines differ from it."""
    readings = some_readings(chance, policies, measure)
    body = some_request(chance, policies, measure, chance.randint(1, 4), readings)
    first = body["lines"][0]
    facts = {name: value for name, value in first.items() if chance.random() < 0.4}
    for line in body["lines"]:
        for name in facts.keys() & line.keys():
            if line[name] == facts[name] or chance.random() < 0.5:
                del line[name]
        for name in facts.keys() - line.keys():
            if chance.random() < 0.1:
                line[name] = None
        if chance.random() < 0.3:
            line["line_id"] = f"line-{chance.randint(1, 9)}"
    if chance.random() < 0.2:
        body["policy"] = policies.newest.ref
    return said_of(body | {"facts": facts})
