"""Visitors of the pages: each has a browser of its own to look at, and whatever goes wrong there is noticed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, StorageState, expect

from tests.browser.running import Running

PHONE_WIDTH: Final = 360
MILLISECONDS: Final = 15_000  # that a click may take on a busy machine
LOCALES: Final = {"zh": "zh-CN", "en": "en-GB"}
KEY: Final = {"zh": "密钥", "en": "Key"}
SIGN_IN: Final = {"zh": "登录", "en": "Sign in"}
_FAILED: Final = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")
_LOCAL: Final = {"data", "blob", "about"}


class Visits:
    """The visits of one test: call it for a page in a fresh context; leaving it asserts that nothing went wrong.

    What went wrong: console errors, errors of scripts, requests that failed, statuses of 400 and above that were not
    expected, requests to any other host or port.
    """

    def __init__(self, browser: Browser, origin: str, state_of: Callable[[str], StorageState] | None = None) -> None:
        self.browser, self.origin, self.state_of = browser, origin, state_of
        self.contexts: list[BrowserContext] = []
        self.expected: set[int] = set()
        self.failed: dict[str, int] = {}
        self.noticed: list[str] = []

    def __call__(
        self, language: str = "zh", width: int = PHONE_WIDTH, javascript: bool = True, role: str | None = None
    ) -> Page:
        """Return a page of a visitor, signed in if a role is named; a width up to 500 is a phone's."""
        phone = width <= 500
        context = self.browser.new_context(
            base_url=self.origin,
            locale=LOCALES[language],
            viewport={"width": width, "height": 740 if phone else 900},
            is_mobile=phone,
            has_touch=phone,
            java_script_enabled=javascript,
            storage_state=self.state_of(role) if role and self.state_of else None,
        )
        context.set_default_timeout(MILLISECONDS)
        self.contexts.append(context)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.noticed.append(f"script error: {error.error}"))
        context.on("request", self._follow)
        context.on("requestfailed", self._miss)
        context.on("response", self._receive)
        return context.new_page()

    def expect(self, status: int) -> None:
        """Take answers of this status as right; there must be one."""
        self.expected.add(status)

    def problems(self) -> list[str]:
        """List what went wrong so far."""
        never = self.expected - set(self.failed.values())
        failed = [one for one, status in self.failed.items() if status not in self.expected]
        return [*self.noticed, *failed, *(f"expected status {status}, which never came" for status in sorted(never))]

    def __enter__(self) -> Visits:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the windows; AssertionError for all that went wrong."""
        for context in self.contexts:
            context.close()
        assert not self.problems(), "\n".join(self.problems())

    def _hear(self, message: ConsoleMessage) -> None:
        if found := _FAILED.match(message.text):  # also tells of icons, of which there is no response event
            self._fail(int(found[1]), message.location["url"])
        elif message.type == "error":
            self.noticed.append(f"console error: {message.text}")

    def _follow(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in _LOCAL and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.noticed.append(f"request to another host: {request.url}")

    def _miss(self, request: Request) -> None:
        # Aborted: a download, or the visitor went on before it had come.
        if request.failure != "net::ERR_ABORTED":
            self.noticed.append(f"failed request: {request.url} ({request.failure})")

    def _receive(self, response: Response) -> None:
        if response.status >= 400:
            self._fail(response.status, response.url)

    def _fail(self, status: int, url: str) -> None:
        self.failed[f"status {status}: {url}"] = status


def sign_in(page: Page, token: str, language: str = "zh") -> None:
    """Sign in as people do: open the page, fill in the key, press the button."""
    page.goto(f"/{language}/sign-in")
    page.get_by_label(KEY[language], exact=True).fill(token)
    page.get_by_role("button", name=SIGN_IN[language], exact=True).click()
    expect(page).not_to_have_url(re.compile("/sign-in"))


class SignedIn:
    """Calling it with a role returns what a browser keeps once somebody with this role has signed in, once per role."""

    def __init__(self, browser: Browser, served: Running) -> None:
        self.browser, self.served = browser, served
        self.states: dict[str, StorageState] = {}

    def __call__(self, role: str) -> StorageState:
        if role not in self.states:
            with Visits(self.browser, self.served.origin) as visits:
                page = visits("zh", 1280)
                sign_in(page, self.served.tokens[role])
                self.states[role] = page.context.storage_state()
        return self.states[role]
