"""What every page must keep: accessible to all, nothing cut off, little to transfer."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

from playwright.sync_api import Page

from tests.browser.structure import defects

AXE: Final = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
# Where scripts are off, what <noscript> holds is read as elements; a promise would never be kept.
RUNS_SCRIPTS: Final = """() => {
    const box = document.createElement("div");
    box.innerHTML = "<noscript><p></p></noscript>";
    return !box.querySelector("p");
}"""
MISFITS: Final = """given => {
    const width = document.documentElement.clientWidth, found = [];
    if (width !== given) found.push(`laid out ${width} wide instead of ${given}: no <meta name="viewport">?`);
    if (document.documentElement.scrollWidth > width)
        found.push(`the page is ${document.documentElement.scrollWidth} wide, ${width} are there`);
    const name = one => `<${one.localName} id="${one.id}" class="${one.getAttribute("class") ?? ""}"> ` +
        one.textContent.trim().slice(0, 40);
    const style = one => getComputedStyle(one).overflowX;
    const scrolls = one => one && one !== document.body &&
        (["auto", "scroll"].includes(style(one)) || scrolls(one.parentElement));
    for (const one of document.body.querySelectorAll("*")) {
        const box = one.getBoundingClientRect(), drawing = one.ownerSVGElement?.getBoundingClientRect();
        // One pixel is text for screen readers only.
        if (!one.checkVisibility({visibilityProperty: true}) || box.width <= 1 || box.height <= 1) continue;
        if (box.right > width + 0.5 && !scrolls(one.parentElement)) found.push(`beyond the right edge: ${name(one)}`);
        // What is typed moves along with the cursor.
        if (["hidden", "clip"].includes(style(one)) && !one.ownerSVGElement && one.localName !== "input" &&
                one.scrollWidth > one.clientWidth + 1)
            found.push(`cuts off what it holds: ${name(one)}`);
        if (drawing && one.localName === "text" && (box.right > drawing.right + 1 || box.left < drawing.left - 1 ||
                box.top < drawing.top - 1 || box.bottom > drawing.bottom + 1))
            found.push(`cut off by its drawing: ${name(one)}`);
    }
    return found;
}"""


def barriers(page: Page) -> list[str]:
    """List what keeps people out: as axe sees it or, where scripts are off, by the structure of the page."""
    if not page.evaluate(RUNS_SCRIPTS):
        return defects(page.content())
    page.evaluate(AXE)
    options = {"runOnly": TAGS, "resultTypes": ["violations"]}
    answer: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{violation['id']}: {violation['help']}: {node['target']} {node['html'][:120]}"
        for violation in answer["violations"]
        for node in violation["nodes"]
    ]


def accessible(page: Page) -> None:
    """Assert that nothing keeps people out."""
    found = barriers(page)
    assert not found, "\n".join([page.url, *found])


def misfits(page: Page) -> list[str]:
    """List what is wider than the window or cut off."""
    assert page.viewport_size
    found: list[str] = page.evaluate(MISFITS, page.viewport_size["width"])
    return found


def fits(page: Page) -> None:
    """Assert that the page is no wider than its window and nothing on it is cut off."""
    found = misfits(page)
    assert not found, "\n".join([page.url, *found])


def transferred(page: Page, path: str) -> int:
    """Open a page as for the first time and return the bytes of everything that came, heads included."""
    wire = page.context.new_cdp_session(page)
    sizes: list[int] = []
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    # A redirection is no loading of its own: it is told with the request that follows.
    wire.on(
        "Network.requestWillBeSent",
        lambda event: sizes.append(event.get("redirectResponse", {}).get("encodedDataLength", 0)),
    )
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.goto(path, wait_until="networkidle")
    wire.detach()
    return int(sum(sizes))
