"""One service and one browser for all tests of the pages; a visitor's window for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, StorageState

from service.policies import Policies
from tests.browser.running import Running, chromium, running
from tests.browser.visiting import Visits, sign_in


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
def state_of(service: Running, browser: Browser) -> Callable[[str], StorageState]:
    """Return a function that tells what a browser keeps once somebody with a role has signed in, once per role."""
    states: dict[str, StorageState] = {}

    def kept(role: str) -> StorageState:
        if role not in states:
            with Visits(browser, service.origin) as visits:
                page = visits("zh", 1280)
                sign_in(page, service.tokens[role])
                states[role] = page.context.storage_state()
        return states[role]

    return kept


@pytest.fixture
def visitor(service: Running, browser: Browser, state_of: Callable[[str], StorageState]) -> Iterator[Visits]:
    """Return what makes pages of visitors: `visitor("en", 1280, javascript=False, role="auditor")`.

    When the test ends, nothing must have gone wrong on any of them.
    """
    with Visits(browser, service.origin, state_of) as visits:
        yield visits
