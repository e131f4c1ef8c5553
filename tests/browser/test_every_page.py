"""Every page, found by its links, in both languages, on a phone and on a desktop, with scripts and without."""

from __future__ import annotations

import pytest

from tests.browser.crawling import EveryPage
from tests.browser.guards import barriers, misfits
from tests.browser.visiting import LOCALES, Visits

PHONE, DESKTOP = 360, 1280


@pytest.mark.parametrize(
    ("role", "language", "width", "javascript"),
    [
        (None, "zh", PHONE, True),
        (None, "en", DESKTOP, True),
        (None, "zh", DESKTOP, False),
        (None, "en", PHONE, False),
        ("proposer", "zh", DESKTOP, True),
        ("proposer", "en", PHONE, False),
        ("approver", "en", PHONE, True),
        ("approver", "zh", DESKTOP, False),
        ("auditor", "zh", PHONE, True),
        ("auditor", "en", DESKTOP, False),
        ("admin", "zh", PHONE, False),
    ],
)
def test_every_page_is_sound(role: str | None, language: str, width: int, javascript: bool, visitor: Visits) -> None:
    """No page keeps anybody out, is too wide, logs an error, asks another host, or leads nowhere."""
    page = visitor(language, width, javascript, role)
    stranger = visitor(language, width, javascript).context if role else None
    walk, seen, defects = EveryPage(page, f"/{language}", stranger=stranger), [], []
    for path in walk:
        seen.append(path)
        defects += [f"{path}: {one}" for one in (*misfits(page), *barriers(page))]
        spoken = page.locator("html").get_attribute("lang") or "nothing"
        if not spoken.startswith(language):
            defects.append(f"{path}: speaks {spoken}")
    defects += walk.broken
    assert not defects, "\n".join(defects)
    assert len(seen) > 1, f"only {seen}"


@pytest.mark.parametrize("language", LOCALES)
def test_the_first_page_speaks_the_language_of_its_reader(language: str, visitor: Visits) -> None:
    """Whoever comes to / is led to the pages in the language that the browser asks for."""
    page = visitor(language)
    page.goto("/")
    assert page.url.startswith(f"{visitor.origin}/{language}")
