"""Questions that a form puts by GET: read as the API reads a query; what is wrong stands at its field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from flask import request
from werkzeug.datastructures import MultiDict

from service.api.queries import Names, Query, read_query
from service.errors import Defect, Refused
from service.web.site import language
from service.web.wording import Wording, texts
from service.words import say

Json = dict[str, Any]
_CURSOR: Final = "cursor"


class Asked(NamedTuple):
    """What was asked for by field, what was found (None if it was refused), and the defect of each field."""

    given: Mapping[str, str]
    found: Json | None
    defects: Mapping[str, str]

    @property
    def status(self) -> int:
        """The status of the page."""
        return 200 if self.found is not None else 422

    @property
    def goes_on(self) -> bool:
        """Tell whether this is a later page of a list."""
        return _CURSOR in self.given

    def address(self, **changed: str | None) -> str:
        """Return the address of this page with another part of the list; None leaves a field out."""
        values = {name: text for name, text in {**self.given, **changed}.items() if text is not None}
        return f"{request.path}?{urlencode(values)}"


def sent() -> MultiDict[str, str]:
    """Return the fields of the form that were filled in, without blanks around them."""
    return MultiDict((name, text.strip()) for name, text in request.args.items(multi=True) if text.strip())


def asked(names: Names, find: Callable[[Query], Json]) -> Asked:
    """Read the form and find what it asks for."""
    return tried(lambda fields: find(read_query(fields, names)))


def tried(find: Callable[[MultiDict[str, str]], Json]) -> Asked:
    """Find what the fields ask for; what is refused is told by field."""
    fields = sent()
    try:
        return Asked(fields.to_dict(), find(fields), {})
    except Refused as refused:
        return Asked(fields.to_dict(), None, by_field(refused.defects))


def by_field(defects: Sequence[Defect]) -> dict[str, str]:
    """Say what is wrong with each field."""
    return {one.pointer.removeprefix("/"): said(one) for one in defects}


def said(defect: Defect) -> str:
    """Say a defect as it is mended in a form, where quotes and cursors mean nothing."""
    name = f"finance.defect_{defect.code}"
    if name in texts(language()):
        return Wording(language())(name, **defect.facts)
    return say(defect, language())


#: Rows of a table on one page.
MOST_ROWS: Final = 100
_LONGEST_NUMBER: Final = 9


class Part(NamedTuple):
    """A page of a list that is known as a whole: its rows, which page of how many, and how many rows there are."""

    rows: Sequence[Any]
    number: int
    pages: int
    total: int

    @property
    def start(self) -> int:
        """How many rows come before this page."""
        return (self.number - 1) * MOST_ROWS


def part_of(rows: Sequence[Any]) -> Part:
    """Return the page of a list that the address names by `page`; the first, or the last, where there is no such."""
    pages = max(1, -(-len(rows) // MOST_ROWS))
    text = request.args.get("page", "")
    usable = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
    number = min(max(int(text), 1), pages) if usable else 1
    start = (number - 1) * MOST_ROWS
    return Part(rows[start : start + MOST_ROWS], number, pages, len(rows))
