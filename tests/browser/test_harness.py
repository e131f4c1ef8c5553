"""The guards of the pages can fail: each reports a small page that breaks it, and is silent about one that does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.crawling import LIKE_EACH, EveryPage
from tests.browser.guards import accessible, barriers, fits, misfits, transferred
from tests.browser.running import Running
from tests.browser.small_site import page, small_site
from tests.browser.structure import defects
from tests.browser.visiting import KEY, SIGN_IN, Visits, sign_in

WIDE = '<p style="width: 900px">wide</p>'
BOXED = f'<div style="overflow-x: auto" tabindex="0" role="region" aria-label="wide">{WIDE}</div>'
GOOD = page(f'{BOXED}<form><label for="a">Name</label> <input id="a"><button>Go</button></form><h2>More</h2>')


def told(browser: Browser, html: str, expected: int | None = None) -> str:
    """Visit a page and return what the visits say at their end; fails if they are content."""
    with small_site({"/": html}) as origin:
        visits = Visits(browser, origin)
        if expected:
            visits.expect(expected)
        visits().goto("/", wait_until="networkidle")
        with pytest.raises(AssertionError) as caught:
            visits.close()
    return str(caught.value)


@pytest.mark.parametrize(
    ("html", "said"),
    [
        (page("", "<script>console.error('broken')</script>"), "console error: broken"),
        (page("", "<script>throw new Error('thrown')</script>"), "script error: thrown"),
        (page("", "<script>fetch('/missing')</script>"), "status 404: .*/missing"),
        (page('<img src="/missing.png" alt="">'), "status 404: .*/missing.png"),
        (page("").replace('href="data:,"', 'href="/favicon.ico"'), "status 404: .*/favicon.ico"),
        (page('<img src="http://localhost:9/a.png" alt="">'), "request to another host: http://localhost:9/a.png"),
        (page('<script src="http://127.0.0.1:9/a.js"></script>'), "Content Security Policy"),
    ],
)
def test_what_goes_wrong_is_noticed(html: str, said: str, browser: Browser) -> None:
    """Errors in the console and of scripts, missing files, and other hosts end a visit badly."""
    assert re.search(said, told(browser, html))


def test_another_port_is_another_host(browser: Browser) -> None:
    """A picture that is there, but elsewhere, is a request to another host."""
    with small_site({"/a.png": ""}) as elsewhere:
        assert f"request to another host: {elsewhere}/a.png" in told(browser, page(f'<img src="{elsewhere}/a.png">'))


def test_a_status_that_is_expected_must_come(browser: Browser) -> None:
    """An expected refusal that is not made is told."""
    assert told(browser, GOOD, expected=403) == "expected status 403, which never came"


def test_an_expected_status_is_no_problem(visitor: Visits) -> None:
    """A test may ask for what is refused if it says so."""
    visitor.expect(404)
    answer = visitor().goto("/v1/nothing")
    assert answer
    assert answer.status == 404


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize(
    ("html", "seen", "read"),
    [
        (page("<input>"), "^label: ", "without a label: <input>"),
        (page("", language=""), "^html-has-lang|^html-lang-valid", "names no language"),
        (page("", title=""), "^document-title: ", "no title"),
        (page("<h3>Deep</h3>"), "^heading-order: ", "level 3 after 1"),
        (page("<main><p>Again</p></main>"), "^landmark-", "2 main parts"),
        (page('<img src="data:,">'), "^image-alt: ", "picture without a text"),
        (page("<button></button>"), "^button-name: ", "without a name: <button>"),
    ],
)
def test_barriers_are_found(javascript: bool, html: str, seen: str, read: str, browser: Browser) -> None:
    """What keeps people out is found by axe and, where scripts are off, in the structure."""
    with small_site({"/": html}) as origin, Visits(browser, origin) as visits:
        visitor = visits("en", 1280, javascript)
        visitor.goto("/")
        assert any(re.search(seen if javascript else read, one) for one in barriers(visitor)), barriers(visitor)
        with pytest.raises(AssertionError, match=re.escape(origin)):
            accessible(visitor)


def test_low_contrast_is_found(browser: Browser) -> None:
    """Axe reads colours."""
    with small_site({"/": page('<p style="color: #bbb">pale</p>')}) as origin, Visits(browser, origin) as visits:
        visitor = visits()
        visitor.goto("/")
        assert [one.partition(":")[0] for one in barriers(visitor)] == ["color-contrast"]


@pytest.mark.parametrize(
    ("main", "said"),
    [
        ('<p id="a">one</p><p id="a">two</p>', "id used 2 times: 'a'"),
        ('<input aria-label="x" aria-describedby="gone">', "points to 'gone', which is not there"),
        ('<label for="gone">x</label>', "points to 'gone', which is not there"),
        ("<h1>Second</h1>", "2 headings of level 1"),
        ("<h2> </h2>", "heading without text"),
        ('<a href="/"></a>', "without a name: <a"),
        ('<svg role="img"></svg>', "drawing without a name"),
        ("<table><tr><th></th></tr></table>", "head of a table without text"),
    ],
)
def test_the_structure_is_read(main: str, said: str) -> None:
    """What HTML alone shows is told, with the element."""
    assert any(said in one for one in defects(page(main)))


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize(
    ("html", "said"),
    [
        (page(WIDE), "the page is 9.. wide, 360 are there"),
        (page(WIDE), "beyond the right edge: <p"),
        (page(f'<div style="overflow: hidden">{WIDE}</div>'), "cuts off what it holds: <div"),
        (page('<svg width="50"><text y="20">Far too long for it</text></svg>'), "cut off by its drawing: <text"),
        (GOOD.replace("width=device-width", "width=980"), "laid out 980 wide instead of 360"),
    ],
)
def test_misfits_are_found(javascript: bool, html: str, said: str, browser: Browser) -> None:
    """What is too wide for a phone, or cut off, is found with scripts and without."""
    with small_site({"/": html}) as origin, Visits(browser, origin) as visits:
        visitor = visits(javascript=javascript)
        visitor.goto("/")
        assert any(re.search(said, one) for one in misfits(visitor)), misfits(visitor)
        with pytest.raises(AssertionError, match=re.escape(origin)):
            fits(visitor)


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_good_page_passes(javascript: bool, width: int, browser: Browser) -> None:
    """Nothing is said about a page that is right: what is wide scrolls in its own box."""
    with small_site({"/": GOOD}) as origin, Visits(browser, origin) as visits:
        visitor = visits("en", width, javascript)
        visitor.goto("/")
        accessible(visitor)
        fits(visitor)


def test_what_comes_over_the_wire_is_counted(browser: Browser) -> None:
    """A redirection, the page, and what it loads count, with their heads, however often it was seen before."""
    sheet = "p { color: black }" + " " * 20_000
    linked = page("<p>x</p>", '<link rel="stylesheet" href="/a.css">')
    with small_site({"/": "/page", "/page": linked, "/a.css": sheet}) as origin, Visits(browser, origin) as visits:
        visitor = visits()
        direct = transferred(visitor, "/page")
        assert len(sheet) + len(linked) < direct < len(sheet) + len(linked) + 1_000
        assert transferred(visitor, "/page") == direct
        assert 0 < transferred(visitor, "/") - direct < 500


def test_the_crawler_follows_links_below_its_start(browser: Browser) -> None:
    """Each page once, a few of many alike, and files and pages elsewhere are only asked for."""
    alike = [f"/en/grants/g-{n}" for n in range(9)]
    links = [*alike, "/en/a#part", "/en/a", "/zh", "/f.csv"]
    pages = {
        "/en": page(" ".join(f'<a href="{link}">{link}</a>' for link in links)),
        "/en/a": page('<a href="/en">back</a> <a href="http://localhost:9/">away</a>'),
        "/zh": page('<a href="/zh/never">n</a>', language="zh"),
        "/f.csv": "a,b\n1,2\n",
        **dict.fromkeys(alike, page("")),
    }
    with small_site(pages) as origin, Visits(browser, origin) as visits:
        walk = EveryPage(visits(), "/en")
        assert list(walk) == ["/en", *alike[:LIKE_EACH], "/en/a"]
        assert walk.broken == []
        with pytest.raises(AssertionError, match="more than 3 pages; not seen: "):
            list(EveryPage(visits(), "/en", at_most=3))


def test_the_crawler_leaves_to_strangers_what_they_may_see(browser: Browser) -> None:
    """Who is signed in sees the first page, and the pages that nobody else may open."""
    pages = {"/en": page('<a href="/en/a">a</a> <a href="/en/desk">d</a>'), "/en/a": GOOD, "/en/desk": GOOD}
    with (
        small_site(pages) as inside,
        small_site({"/en/a": GOOD}) as outside,
        Visits(browser, inside) as visits,
        Visits(browser, outside) as strangers,
    ):
        walk = EveryPage(visits(), "/en", stranger=strangers().context)
        assert list(walk) == ["/en", "/en/desk"]


@pytest.mark.parametrize("href", ["/en/gone", "/zh/gone", "/en/gone.csv"])
def test_a_link_that_leads_nowhere_is_told(href: str, browser: Browser) -> None:
    """Page, other language or file: the crawler names what is missing and where it is linked."""
    with small_site({"/en": page(f'<a href="{href}">x</a>')}) as origin, Visits(browser, origin) as visits:
        walk = EveryPage(visits(), "/en")
        assert list(walk) == ["/en"]
        assert walk.broken == [f"{href}: status 404, linked on /en"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_signing_in_fills_the_form(language: str, browser: Browser) -> None:
    """The key goes into the field of that label, and the button of that name is pressed."""
    label, button = KEY[language], SIGN_IN[language]
    form = (
        f'<form action="/in"><label for="k">{label}</label> <input id="k" name="key"><button>{button}</button></form>'
    )
    with small_site({f"/{language}/sign-in": page(form), "/in": GOOD}) as origin, Visits(browser, origin) as visits:
        visitor = visits(language)
        sign_in(visitor, "ts-1", language)
        assert visitor.url == f"{origin}/in?key=ts-1"


def test_what_the_service_logs_is_read(service: Running, tmp_path: Path) -> None:
    """Errors count, as gunicorn and as Flask write them; that workers started does not."""
    started = service.log.read_text("utf-8")
    assert "Booting worker" in started
    log = tmp_path / "service.log"
    for mishap in ("[1] [ERROR] Error handling request /", "ERROR in app: Exception on / [GET]", "Traceback (most"):
        log.write_text(f"{started}{mishap}\n", "utf-8")
        assert service._replace(log=log).mishaps() == [mishap]
