"""Walks all pages by following links, as a visitor with much time would."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page

LIKE_EACH: Final = 2
LINKS: Final = "links => links.map(one => one.href)"
NAMED_BY_DIGITS: Final = re.compile(r"[^/]*\d[^/]*")


class EveryPage:
    """Iterating opens each page below `start` that links lead to, and gives its path and query while it is open.

    Of pages that differ only in their query or in names with digits, such as those of grants, two are opened. Links
    that lead elsewhere on the same host are asked for once. `broken` lists what did not answer with 200, and where it
    is linked; more than `at_most` pages are an AssertionError, so that none is left out in silence.
    With a `stranger`, who is not signed in, what the stranger may see as well is left to a walk of the stranger's own.
    """

    def __init__(self, page: Page, start: str, at_most: int = 150, stranger: BrowserContext | None = None) -> None:
        self.page, self.start, self.at_most, self.stranger = page, start, at_most, stranger
        self.broken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        found_on, alike = {self.start: "the start"}, Counter([_kind(self.start)])
        waiting, opened = [self.start], 0
        while waiting:
            target = waiting.pop(0)
            if not self._is_a_page(target, found_on[target]) or self._is_open_to_all(target):
                continue
            opened += 1
            assert opened <= self.at_most, f"more than {self.at_most} pages; not seen: {[target, *waiting]}"
            self.page.goto(target)
            yield target
            for link in self._links():
                if link not in found_on and alike[_kind(link)] < LIKE_EACH:
                    alike[_kind(link)] += 1
                    found_on[link] = target
                    waiting.append(link)

    def _is_a_page(self, target: str, found_on: str) -> bool:
        """Ask before it is opened: what is a file to keep would begin a download."""
        answer = self.page.context.request.get(target)
        if answer.status != 200:
            self.broken.append(f"{target}: status {answer.status}, linked on {found_on}")
            return False
        headers, path = answer.headers, urlsplit(target).path
        is_html = headers.get("content-type", "").startswith("text/html")
        kept = headers.get("content-disposition", "").startswith("attachment")
        return is_html and not kept and (path == self.start or path.startswith(self.start.rstrip("/") + "/"))

    def _is_open_to_all(self, target: str) -> bool:
        return target != self.start and self.stranger is not None and self.stranger.request.get(target).ok

    def _links(self) -> list[str]:
        parts = urlsplit(self.page.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        targets: list[str] = self.page.eval_on_selector_all("a[href]", LINKS)
        return [one.partition("#")[0].removeprefix(origin) for one in targets if one.startswith(f"{origin}/")]


def _kind(target: str) -> str:
    """Name what is alike: the path with a star for whatever has a digit."""
    return NAMED_BY_DIGITS.sub("*", urlsplit(target).path)
