"""What can be said about a page's accessibility from its HTML alone, where scripts are off and axe cannot run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

VOID: Final = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
CONTROLS: Final = {"input", "select", "textarea"}
NAMED_OTHERWISE: Final = {"hidden", "submit", "button", "reset", "image"}
REFERENCES: Final = ("aria-labelledby", "aria-describedby", "aria-controls", "headers", "list")


@dataclass(eq=False)
class Element:
    """An element, the elements around it, and the text in it."""

    tag: str
    attributes: dict[str, str]
    around: tuple[Element, ...]
    text: str = ""

    def __str__(self) -> str:
        written = "".join(f' {name}="{value}"' for name, value in self.attributes.items())
        return f"<{self.tag}{written}> {self.text.strip()[:40]}".strip()

    def get(self, name: str) -> str:
        """Return an attribute without blanks around it, empty if there is none."""
        return self.attributes.get(name, "").strip()

    @property
    def named(self) -> bool:
        """Whether it says what it is without a label: by its text, or by an attribute."""
        return any([self.text.strip(), *map(self.get, ("aria-label", "aria-labelledby", "title"))])

    @property
    def hidden(self) -> bool:
        """Whether nobody is to notice it."""
        return any("hidden" in one.attributes or one.get("aria-hidden") == "true" for one in (*self.around, self))


class Reader(HTMLParser):
    """Lists the elements of what a browser serialised, so that every end is written."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(self.open))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)
        self.handle_data(element.get("alt"))

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1].tag == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data


def defects(html: str) -> list[str]:
    """List what is wrong with the page: language, title, landmarks, headings, ids, labels, names."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    elements = reader.elements
    return [
        *_page(elements), *_headings(elements), *_references(elements), *_labels(elements), *_names(elements),
        *_tables(elements),
    ]  # fmt: skip


def _page(elements: list[Element]) -> Iterator[str]:
    if not any(one.tag == "html" and one.get("lang") for one in elements):
        yield "the page names no language"
    if not any(one.tag == "title" and one.text.strip() and one.around[-1].tag == "head" for one in elements):
        yield "the page has no title"
    mains = [one for one in elements if one.tag == "main" or one.get("role") == "main"]
    if len(mains) != 1:
        yield f"{len(mains)} main parts instead of one"


def _headings(elements: list[Element]) -> Iterator[str]:
    found = [one for one in elements if len(one.tag) == 2 and one.tag[0] == "h" and one.tag[1] in "123456"]
    levels = [int(one.tag[1]) for one in found]
    if levels.count(1) != 1:
        yield f"{levels.count(1)} headings of level 1 instead of one"
    for before, level, one in zip([0, *levels], levels, found, strict=False):
        if level > before + 1:
            yield f"heading of level {level} after {before}: {one}"
        if not one.text.strip():
            yield f"heading without text: {one}"


def _references(elements: list[Element]) -> Iterator[str]:
    ids = Counter(one.get("id") for one in elements if "id" in one.attributes)
    yield from (f"id used {times} times: {name!r}" for name, times in ids.items() if times > 1 or not name)
    for one in elements:
        names = [*REFERENCES, "for"] if one.tag in {"label", "output"} else REFERENCES
        pointed = [target for name in names for target in one.get(name).split()]
        yield from (f"points to {target!r}, which is not there: {one}" for target in pointed if target not in ids)


def _labels(elements: list[Element]) -> Iterator[str]:
    labelled = {one.get("for") for one in elements if one.tag == "label" and one.text.strip()}
    for one in elements:
        if one.tag not in CONTROLS or one.hidden or one.get("type") in NAMED_OTHERWISE:
            continue
        wrapped = any(outer.tag == "label" and outer.text.strip() for outer in one.around)
        # A chosen text or what is filled in names nothing, so `named` would be too kind here.
        named = any(map(one.get, ("aria-label", "aria-labelledby", "title")))
        if not (wrapped or named or one.get("id") in labelled):
            yield f"without a label: {one}"


def _names(elements: list[Element]) -> Iterator[str]:
    for one in elements:
        if one.tag == "img" and "alt" not in one.attributes:
            yield f"picture without a text: {one}"
        if one.tag == "svg" and one.get("role") == "img" and not one.hidden and not one.named:
            yield f"drawing without a name: {one}"
        links = one.tag in {"button", "summary", "legend"} or (one.tag == "a" and "href" in one.attributes)
        if links and not one.hidden and not one.named:
            yield f"without a name: {one}"


def _tables(elements: list[Element]) -> Iterator[str]:
    for one in elements:
        if one.tag == "th" and not one.text.strip():
            yield f"head of a table without text: {one}"
