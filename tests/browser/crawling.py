"""Walks all pages by following links, as a visitor with much time would."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from playwright.sync_api import Page

LIKE_EACH = 3
LINKS = "links => links.map(one => one.href)"
ID = re.compile(r"[^/]*\d[^/]*")


def every_page(page: Page, start: str, at_most: int = 150) -> Iterator[str]:
    """Open each page below `start` that links lead to and give its path and query while it is open.

    Of pages that differ only in their query or in names with digits, such as those of grants, three are opened. Links
    that lead elsewhere on the same host are followed once, to see that they lead somewhere. AssertionError if an answer
    is not 200, or if there are more pages than `at_most`.
    """
    found_on, alike = {start: "the start"}, Counter([_kind(start)])
    waiting, opened = [start], 0
    while waiting:
        target = waiting.pop(0)
        # Asked before it is opened: what is a file to keep would begin a download.
        answer = page.context.request.get(target)
        assert answer.status == 200, f"{target}: status {answer.status}, linked on {found_on[target]}"
        if not _below(start, target) or not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        opened += 1
        assert opened <= at_most, f"more than {at_most} pages; not seen: {[target, *waiting]}"
        page.goto(target)
        yield target
        for link in _links(page):
            if link not in found_on and alike[_kind(link)] < LIKE_EACH:
                alike[_kind(link)] += 1
                found_on[link] = target
                waiting.append(link)


def _kind(target: str) -> str:
    """Name what is alike: the path with a star for whatever has a digit."""
    return ID.sub("*", urlsplit(target).path)


def _below(start: str, target: str) -> bool:
    path = urlsplit(target).path
    return path == start or path.startswith(start.rstrip("/") + "/")


def _links(page: Page) -> list[str]:
    parts = urlsplit(page.url)
    origin = f"{parts.scheme}://{parts.netloc}"
    targets = page.eval_on_selector_all("a[href]", LINKS)
    return [one.partition("#")[0].removeprefix(origin) for one in targets if one.startswith(f"{origin}/")]
