"""People who walk through the pages: they press what is named in their language, and look at every page reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from playwright.sync_api import Locator, Page

from service.policies.model import Language
from service.web.wording import Wording
from tests.browser.guards import accessible, fits

#: What has the focus: its label or text, and whether it can be seen that it has the focus.
FOCUSED: Final = """() => {
    const one = document.activeElement;
    if (one === document.body) return ["", "", false];
    const box = one.getBoundingClientRect();
    const label = one.labels?.[0] ?? one;
    const group = ["radio", "checkbox"].includes(one.type) && one.closest("fieldset")?.querySelector("legend");
    const outline = getComputedStyle(one);
    return [
        [group && group.textContent, label.textContent].filter(Boolean).join(" ").replace(/\\s+/g, " ").trim(),
        one.name ?? "",
        outline.outlineStyle !== "none" && parseFloat(outline.outlineWidth) >= 2 && box.width > 0 && box.bottom > 0,
    ];
}"""


class Walker:
    """Somebody with a page open, who reads one language."""

    def __init__(self, page: Page, language: Language) -> None:
        self.page, self.language, self.say = page, language, Wording(language)

    def look(self) -> None:
        """Assert that the page as it stands now keeps nobody out, and that nothing on it is cut off."""
        fits(self.page)
        accessible(self.page)

    def go(self, path: str) -> None:
        """Open a page by its address below the language."""
        self.page.goto(f"/{self.language}{path}")
        self.look()

    def press(self, name: str, place: Locator | None = None, **facts: Any) -> None:
        """Press the button with this text, which leads to another page."""
        self._by(place or self.page.locator("main"), "button", name, facts)

    def follow(self, name: str, place: Locator | None = None, **facts: Any) -> None:
        """Follow the link with this text."""
        self._by(place or self.page.locator("body"), "link", name, facts)

    def field(self, name: str) -> Locator:
        """Return a field by its name; that each has a label is looked at on every page."""
        return self.page.locator(f'form [name="{name}"]')

    def fill(self, values: Mapping[str, str], prefix: str = "") -> None:
        """Fill fields in by name: choose, tick or write."""
        for name, value in values.items():
            field = self.field(prefix + name)
            kind = field.first.evaluate("one => one.type")
            if kind == "radio":
                field.and_(self.page.locator(f'[value="{value}"]')).check()
            elif kind == "select-one":
                field.select_option(value)
            else:
                field.fill(value)

    def unfold(self) -> None:
        """Open all that is folded."""
        folded = self.page.locator("main details:not([open]) > summary").filter(visible=True)
        while folded.count():
            folded.first.click()

    def _by(self, place: Locator, role: Any, name: str, facts: Mapping[str, Any]) -> None:
        found = place.get_by_role(role, name=self.say(name, **facts)).first
        with self.page.expect_event("load"):  # of another page: "navigation" is also what a page keeps for the way back
            found.click()
        self.look()


def tab_to(page: Page, name: str, at_most: int = 60) -> None:
    """Press Tab until what has this label, text or name has the focus; whatever has it on the way must show it."""
    for _ in range(at_most):
        page.keyboard.press("Tab")
        text, given, seen = page.evaluate(FOCUSED)
        assert text or given, f"the way ends before {name}"
        assert seen, f"{text} has the focus, and nobody sees it"
        if name in (given, text):
            return
    raise AssertionError(f"{name} is not reached by {at_most} times Tab")


def enter(page: Page) -> None:
    """Press Enter, which leads to another page."""
    with page.expect_event("load"):
        page.keyboard.press("Enter")
