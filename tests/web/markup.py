"""A page as a reader has it: its visible text, its codes, links and tables; and whether its markup is sound."""

from __future__ import annotations

from html.parser import HTMLParser

#: Elements that have no end tag.
VOID = frozenset({"base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
#: What holds no text for readers.
UNSEEN = frozenset({"script", "style", "title", "template"})


class Page(HTMLParser):
    """Reads a page; `flaws` lists tags that do not match, ids given twice, and references to ids that are not there."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.codes: list[str] = []
        self.rows: list[list[str]] = []
        self.flaws: list[str] = []
        self._open: list[str] = []
        self._ids: list[str] = []
        self._referred: list[str] = []
        self._said: list[str] = []
        self.feed(text)
        self.close()
        self.flaws += [f"<{tag}> is never closed" for tag in self._open]
        self.flaws += [f"id {one} occurs twice" for one in set(self._ids) if self._ids.count(one) > 1]
        self.flaws += [f"nothing has the id {one}" for one in self._referred if one not in self._ids]

    @property
    def text(self) -> str:
        """What a reader sees, without codes, its blanks made single."""
        return " ".join("".join(self._said).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._ids += [given["id"]] if "id" in given else []
        for name in ("for", "aria-labelledby", "aria-describedby"):
            self._referred += given.get(name, "").split()
        if "href" in given and tag == "a":
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
