"""Pictures of the main pages for docs/screenshots, of the real service with a year of grants: scripts/screenshots."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from playwright.sync_api import FloatRect

from service.policies import load
from service.policies.model import Language
from tests.browser.pictures import small
from tests.browser.running import chromium, running
from tests.browser.test_applicants import FACTS, LOANS
from tests.browser.test_auditor import check, payments
from tests.browser.test_clerk import WRONG_CODE, rows_of, upload, workbook
from tests.browser.visiting import PHONE_WIDTH, SignedIn, Visits
from tests.browser.walking import Walker
from tests.ledger.finance import write_payments

FOLDER: Final = Path(__file__).parents[2] / "docs" / "screenshots"
MOST_BYTES: Final = 60_000
DESKTOP_WIDTH: Final = 1280
MARGIN: Final = 16
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
#: How the files that are sent are called: applications, payments.
NAMES: Final = {"zh": ("申报表.xlsx", "支付明细.xlsx"), "en": ("applications.xlsx", "payments.xlsx")}


def as_it_is(walker: Walker) -> None:
    """Do nothing before the picture is taken."""


def screened(walker: Walker) -> None:
    """Answer some of the questions of a screening."""
    facts = {"town_tier": "provincial_key", "is_leading_industry": "true", "recognised_on": "2027-05-01"}
    answers = facts | {"platform_type": "design_rnd", "hardware_investment": "2600000", "software_investment": "400000"}
    answers["completed_on"] = "2027-04-01"
    walker.unfold()
    walker.fill(answers, "facts.")
    walker.press("applicants.so_far")


def filled(walker: Walker) -> None:
    """Fill a form in with two loans."""
    walker.fill(FACTS, "facts.")
    walker.page.get_by_role("button", name=walker.say("applicants.add_line")).click()
    for number, loan in enumerate(LOANS):
        walker.fill(loan, f"lines.{number}.")


def answered(walker: Walker) -> None:
    """Send the form with two loans."""
    filled(walker)
    walker.press("applicants.calculate")


def uploaded(walker: Walker) -> None:
    """Upload a workbook with errors."""
    rows = rows_of(7)
    rows[0]["applicant_id"], rows[1]["disbursed_on"] = WRONG_CODE, "2027-02-30"
    with TemporaryDirectory() as folder:
        upload(walker, workbook(Path(folder) / NAMES[walker.language][0], rows, walker.language))


def audited(walker: Walker) -> None:
    """Check payments of which some are wrong."""
    with TemporaryDirectory() as folder:
        check(walker, write_payments(Path(folder) / NAMES[walker.language][1], payments(walker.page)))


class Picture(NamedTuple):
    """A page to show: path below the language, who is signed in, what is done there; on a phone too; which part."""

    name: str
    path: str
    role: str | None = None
    act: Callable[[Walker], None] = as_it_is
    phone: bool = False
    top: str = "body"
    height: int = 1400


PICTURES: Final = [
    Picture("home", "/"),
    Picture("measures", "/measures", height=980),
    Picture("screening", "/screening", act=screened, height=1050),
    Picture("form", "/measures/loan_interest", act=filled, phone=True),
    Picture("answer", "/measures/loan_interest", act=answered, phone=True),
    Picture("policy", "/policies/jzbf-2026-3@1", top="#readings", height=1050),
    Picture("expo", "/policies/jzbf-2026-3@1/measures/expo_budget", top="h2:has(+ .panel svg)", height=1050),
    Picture("batch", "/batches", "proposer", uploaded),
    Picture("audit", "/audits", "auditor", audited),
    Picture("decision", "/grants/loan_interest-2027-000003/decision", "auditor", height=1150),
]


def take(picture: Picture, language: Language, width: int, visits: Visits) -> Path:
    """Take one picture and return where it is kept; AssertionError if the page is refused or the picture is large."""
    page = visits(language, width, role=picture.role)
    walker = Walker(page, language)
    walker.go(picture.path)
    picture.act(walker)
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0) }")
    top = page.locator(picture.top).first.bounding_box()
    assert top
    y = max(0, top["y"] - MARGIN)
    left = page.evaluate("() => document.documentElement.scrollHeight") - y
    clip: FloatRect = {"x": 0, "y": y, "width": width, "height": min(left, picture.height)}
    path = FOLDER / f"{picture.name}-{language}{'-phone' if width == PHONE_WIDTH else ''}.png"
    png = small(page.screenshot(animations="disabled", full_page=True, clip=clip))
    path.write_bytes(png)
    assert len(png) < MOST_BYTES, f"{path.name} has {len(png)} bytes"
    return path


def main() -> None:
    """Take the pictures named, or all."""
    chosen = [one for one in PICTURES if one.name in sys.argv[1:] or not sys.argv[1:]]
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, running(Path(folder), load()) as served, chromium() as browser:
        state_of = SignedIn(browser, served)
        for picture, language in product(chosen, LANGUAGES):
            for width in (DESKTOP_WIDTH, PHONE_WIDTH) if picture.phone else (DESKTOP_WIDTH,):
                with Visits(browser, served.origin, state_of) as visits:
                    print(take(picture, language, width, visits).relative_to(Path.cwd()))


if __name__ == "__main__":
    main()
