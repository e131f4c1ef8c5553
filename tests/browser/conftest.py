"""One service and one browser for all tests of the pages; a visitor's window for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from service.policies import Policies
from tests.browser.running import Running, chromium, running
from tests.browser.visiting import SignedIn, Visits


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, policies: Policies) -> Iterator[Running]:
    """Return a running service, which must not log an error until the end."""
    with running(tmp_path_factory.mktemp("pages"), policies) as served:
        yield served
    assert not served.mishaps(), served.log.read_text("utf-8")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return the browser that all tests share: contexts are cheap, starting is not."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def signed_in(service: Running, browser: Browser) -> SignedIn:
    """Return what signs in once per role, for all tests."""
    return SignedIn(browser, service)


@pytest.fixture
def visitor(service: Running, browser: Browser, signed_in: SignedIn) -> Iterator[Visits]:
    """Return what makes pages of visitors: `visitor("en", 1280, javascript=False, role="auditor")`.

    When the test ends, nothing must have gone wrong on any of them.
    """
    with Visits(browser, service.origin, signed_in) as visits:
        yield visits
