"""Pictures of the main pages for docs/screenshots, of the real service with a year of grants: scripts/screenshots."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from playwright.sync_api import Page

from service.policies import load
from tests.browser.pictures import indexed_png, pixels_of
from tests.browser.running import chromium, running
from tests.browser.visiting import LOCALES, PHONE_WIDTH, SignedIn, Visits

FOLDER: Final = Path(__file__).parents[2] / "docs" / "screenshots"
MOST_BYTES: Final = 60_000
DESKTOP_WIDTH: Final = 1280


def as_it_is(page: Page) -> None:
    """Do nothing before the picture is taken."""


class Picture(NamedTuple):
    """A page to show: its path below the language, who is signed in, what is done there first, on a phone as well."""

    name: str
    path: str
    role: str | None = None
    act: Callable[[Page], None] = as_it_is
    phone: bool = False


PICTURES: Final = [
    Picture("home", "/", phone=True),
    Picture("screening", "/screening", phone=True),
    Picture("measures", "/measures"),
    Picture("policies", "/policies"),
    Picture("batches", "/batches", "proposer"),
    Picture("grants", "/grants", "approver"),
    Picture("limits", "/limits", "auditor"),
    Picture("audits", "/audits", "auditor"),
    Picture("log", "/log", "auditor"),
    Picture("exports", "/exports", "auditor"),
]


def take(picture: Picture, language: str, width: int, visits: Visits, desk: Page) -> Path:
    """Take one picture and return where it is kept; AssertionError if the page is refused or the picture is large."""
    page = visits(language, width, role=picture.role)
    page.goto(f"/{language}{picture.path}")
    picture.act(page)
    path = FOLDER / f"{picture.name}-{language}{'-phone' if width == PHONE_WIDTH else ''}.png"
    png = indexed_png(pixels_of(page.screenshot(animations="disabled"), desk))
    assert len(png) < MOST_BYTES, f"{path.name} has {len(png)} bytes"
    path.write_bytes(png)
    return path


def main() -> None:
    """Take the pictures named, or all."""
    chosen = [one for one in PICTURES if one.name in sys.argv[1:] or not sys.argv[1:]]
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, running(Path(folder), load()) as served, chromium() as browser:
        state_of = SignedIn(browser, served)
        desk = browser.new_page()
        for picture in chosen:
            for language in LOCALES:
                for width in (DESKTOP_WIDTH, PHONE_WIDTH) if picture.phone else (DESKTOP_WIDTH,):
                    with Visits(browser, served.origin, state_of) as visits:
                        print(take(picture, language, width, visits, desk).relative_to(Path.cwd()))


if __name__ == "__main__":
    main()
