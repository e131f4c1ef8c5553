"""Answers as pages: rendered as a view renders them, and read as people and screen readers do."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from flask import Flask, g

from service.config import Config
from service.intake.request import read_request
from service.policies import Policies
from service.policies.model import Language
from service.web.applicants.answers import answer_of
from service.web.site import Site

LINK = "http://localhost/zh/measures/x?case=eJyrVg"
VOID = {"meta", "link", "input", "br", "rect", "path", "circle", "img"}


def shown(
    app: Flask, policies: Policies, measure: str, body: dict[str, Any], language: Language = "zh", **context: Any
) -> str:
    """Answer a request and render its page."""
    answer = answer_of(policies, read_request(policies, measure, body), language)
    return page(app, policies, "applicants/answer.html", language, answer=answer, **{"link": LINK, **context})


def page(app: Flask, policies: Policies, template: str, language: Language, **context: Any) -> str:
    """Render a page as a visitor who is not signed in gets it."""
    site = Site(policies, app.extensions["ledger"], Config(), b"{}")
    with app.test_request_context(f"/{language}/measures"):
        g.language = language
        return site.page(template, **context).get_data(as_text=True)


class Page(HTMLParser):
    """A page that was read: its text in order, its tags with their attributes, the text of its table rows."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self.feed(html)
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a tag; a row or a cell begins."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened last, and nothing else."""
        if tag not in VOID:
            assert self._open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        """Take text, for its cell as well if it stands in one."""
        text = " ".join(data.split())
        if text:
            self.pieces.append(text)
            if {"td", "th"} & set(self._open):
                self.rows[-1][-1] = f"{self.rows[-1][-1]} {text}".strip()

    @property
    def text(self) -> str:
        """All text of the page."""
        return " ".join(self.pieces)

    def all(self, tag: str) -> Iterator[dict[str, str | None]]:
        """Find the attributes of all tags of a name."""
        return (attributes for name, attributes in self.tags if name == tag)
