"""A page as a reader has it: its visible text, its codes, links and tables; and whether its markup is sound."""

from __future__ import annotations

from html.parser import HTMLParser

from tests.browser.structure import VOID, defects

#: What holds no text for readers.
UNSEEN = frozenset({"script", "style", "title", "template"})


class Page(HTMLParser):
    """Reads a page; `flaws` lists tags that do not match, and what `structure.defects` finds."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.codes: list[str] = []
        self.rows: list[list[str]] = []
        self.flaws: list[str] = []
        self._open: list[str] = []
        self._said: list[str] = []
        self.feed(html)
        self.close()
        self.flaws += [f"<{tag}> is never closed" for tag in self._open] + defects(html)

    @property
    def text(self) -> str:
        """What a reader sees, without codes, its blanks made single."""
        return " ".join("".join(self._said).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
        if tag == "code":
            self.codes.append("")
        self._said.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.flaws.append(f"</{tag}> at line {self.getpos()[0]} closes nothing")
        self._said.append(" ")

    def handle_data(self, data: str) -> None:
        if "code" in self._open:
            self.codes[-1] += data
        elif not UNSEEN & set(self._open):
            self._said.append(data)
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data.strip()
