"""Reads pages as people do: tables by what they are called, text without markup."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

from werkzeug.test import TestResponse

Json = dict[str, Any]


class _Tables(HTMLParser):
    """Collects the rows of every table, by the label of the box that it stands in."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self._label = ""
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if named.get("role") in {"region", "group"}:
            self._label = named.get("aria-label") or ""
        elif tag == "tr":
            self.tables.setdefault(self._label, []).append([])
        elif tag in {"td", "th"}:
            self._cell = []
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"} and self._cell is not None:
            self.tables[self._label][-1].append(" ".join("".join(self._cell).split()))
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)


def table(page: TestResponse, label: str) -> list[list[str]]:
    """Return the rows of a table without its header."""
    assert page.status_code == 200, page.text
    reader = _Tables()
    reader.feed(page.text)
    return reader.tables.get(label, [[]])[1:]


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def text_of(page: TestResponse) -> str:
    """Return what stands on a page, without its markup."""
    reader = _Text()
    reader.feed(page.text)
    return " ".join("".join(reader.parts).split())


def link_to(page: TestResponse, relation: str = "next") -> str | None:
    """Return the address of the next page, if there is one."""
    found = re.search(rf'href="([^"]+)" rel="{relation}"', page.text)
    return found[1].replace("&amp;", "&") if found else None


def json_of(response: TestResponse) -> Json:
    """Return the body of an answer."""
    assert response.status_code in {200, 201}, response.text
    assert isinstance(response.json, dict)
    return response.json
