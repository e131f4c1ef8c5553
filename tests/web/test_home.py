"""The front page, the language, signing in and out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import TimestampSigner

from service import create_app
from service.config import Config
from service.ledger.database import Ledger
from service.ledger.keys import create_key, revoke_keys
from service.policies import Policies
from service.web.signing import CookieJar
from tests.web.visiting import sign_in, token_of

AWAY = "http://subsidies.example"
Signed = Callable[[str], FlaskClient]


@pytest.mark.parametrize(("accepted", "lang"), [("en-GB,en;q=0.9", "en"), ("zh-CN", "zh"), ("fr", "zh"), (None, "zh")])
def test_the_front_door_leads_to_the_readers_language(visitor: FlaskClient, accepted: str | None, lang: str) -> None:
    """A browser's language decides; Chinese where it fits none."""
    headers = {"Accept-Language": accepted} if accepted else {}
    page = visitor.get("/", headers=headers, follow_redirects=True)
    assert (page.status_code, page.request.path) == (200, f"/{lang}/")
    assert page.headers["Content-Language"] == {"zh": "zh-CN", "en": "en"}[lang]
    assert f'<html lang="{page.headers["Content-Language"]}">' in page.text


def test_a_page_links_to_itself_in_the_other_language(visitor: FlaskClient) -> None:
    """Nothing of the address is lost on the way."""
    assert 'href="/en/sign-in?next=/zh/grants"' in visitor.get("/zh/sign-in?next=/zh/grants").text
    assert 'href="/zh/"' in visitor.get("/en/").text


def test_links_to_an_odd_address_lead_to_that_address(visitor: FlaskClient) -> None:
    """What was escaped in it is escaped again: in the other language, and after signing in."""
    odd = "/grants/a%3Fb%23c%25/replay?x=1%262"
    page = visitor.get(f"/zh{odd}").text
    assert f'href="/en{odd}"' in page
    signing_in = re.findall(r'class="button" href="[^"]+next=([^"]+)"', page)
    assert [unquote(address) for address in signing_in] == [f"/zh{odd}"]


def test_a_page_that_does_not_exist_is_told_in_words(visitor: FlaskClient) -> None:
    """A missing page is a page, with a way on; so is one that is only read, or only sent to."""
    page = visitor.get("/en/nowhere/at/all")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert 'href="/en/"' in page.text
    assert "There is no such page" in page.text
    assert "/docs for" not in page.text
    assert visitor.get("/en/sign-out").status_code == 404
    told = visitor.post("/en/", data={"x": "y"})
    assert (told.status_code, told.mimetype) == (404, "text/html")


def test_visitors_get_no_cookie_and_nothing_may_be_kept_or_framed(visitor: FlaskClient) -> None:
    """Who only reads leaves no trace, and no page is put into another's frame."""
    page = visitor.get("/zh/")
    assert "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"] == "no-store"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_signing_in_shows_who_reads_until_signing_out(app: Flask, keys: dict[str, str]) -> None:
    """The cookie is out of reach of scripts and other sites, and worth nothing after signing out."""
    client = app.test_client()
    answered = sign_in(client, keys["auditor"])
    cookie = answered.headers["Set-Cookie"]
    assert (answered.status_code, answered.headers["Location"]) == (303, "/zh/audits")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert keys["auditor"] not in cookie
    assert "张敏（审计）" in client.get("/zh/").text

    kept = cookie.partition(";")[0].partition("=")[2]
    assert client.post("/zh/sign-out", data={"csrf_token": token_of(client, "/zh/")}).status_code == 303
    assert "张敏" not in client.get("/zh/").text
    thief = app.test_client()
    thief.set_cookie("town-subsidy", kept)
    assert "张敏" not in thief.get("/zh/").text


def test_signing_in_once_more_ends_the_visit_before(app: Flask, keys: dict[str, str]) -> None:
    """A browser holds one visit; a copy of the cookie that it had is worth nothing any more."""
    client, thief = app.test_client(), app.test_client()
    before = sign_in(client, keys["auditor"]).headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    assert sign_in(client, "ts-none").status_code == 403
    assert "张敏" in client.get("/zh/").text  # a key that is none changes nothing
    assert sign_in(client, keys["admin"]).status_code == 303
    assert "刘洋" in client.get("/zh/").text
    thief.set_cookie("town-subsidy", before)
    assert "张敏" not in thief.get("/zh/").text


def aged(app: Flask, cookie: str, minutes: int) -> str:
    """Return a cookie as the service would have signed it some minutes ago."""

    class Earlier(TimestampSigner):
        """A signer whose clock is slow."""

        def get_timestamp(self) -> int:
            return super().get_timestamp() - minutes * 60

    signing = CookieJar().get_signing_serializer(app)
    assert signing is not None
    held = signing.loads(cookie)
    signing.signer = Earlier
    return str(signing.dumps(held))


@pytest.mark.parametrize(("minutes", "signed"), [(29, True), (31, False)])
def test_a_visit_ends_when_nothing_is_done_for_half_an_hour(
    app: Flask, keys: dict[str, str], minutes: int, signed: bool
) -> None:
    """The cookie is refused by its age, whatever the browser made of it; with every page it begins anew."""
    cookie = sign_in(app.test_client(), keys["auditor"]).headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    late = app.test_client()
    late.set_cookie("town-subsidy", aged(app, cookie, minutes))
    assert late.get("/zh/log").status_code == (200 if signed else 401)
    renewed = late.get("/zh/").headers.get("Set-Cookie", "")
    assert bool(renewed) == signed


def test_the_cookie_travels_by_https_only_where_it_was_given_so(app: Flask, keys: dict[str, str]) -> None:
    """On this machine plain HTTP will do; everywhere else nobody may listen."""
    client = app.test_client()
    token = token_of(client, "https://subsidies.example/zh/sign-in")
    answered = client.post(
        "/zh/sign-in", base_url="https://subsidies.example", data={"key": keys["admin"], "csrf_token": token}
    )
    assert answered.status_code == 303
    assert "Secure" in answered.headers["Set-Cookie"]


def test_no_key_is_asked_for_in_the_clear(app: Flask, keys: dict[str, str], ledger: Ledger, policies: Policies) -> None:
    """From another machine by plain HTTP there is no form, and no signing in, unless that was allowed."""
    client = app.test_client()
    page = client.get("/zh/sign-in", base_url=AWAY)
    assert "未加密" in page.text
    assert 'name="key"' not in page.text
    assert "未加密" in client.get("/zh/sign-in", headers={"X-Forwarded-For": "203.0.113.9"}).text
    token = token_of(client, "/zh/sign-in")
    told = client.post("/zh/sign-in", base_url=AWAY, data={"key": keys["admin"], "csrf_token": token})
    assert told.status_code in {400, 403}
    allowed = create_app(Config(database_url=str(ledger.engine.url), plain_http=True), policies)
    try:
        assert 'name="key"' in allowed.test_client().get("/zh/sign-in", base_url=AWAY).text
    finally:
        allowed.extensions["ledger"].close()


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("localhost", True), ("localhost:8000", True), ("127.0.0.1:1", True), ("[::1]", True), ("[::1]:8000", True),
        ("localhost.example", False), ("localhost.example:80", False), ("127.0.0.1.example", False),
        ("[::1].example", False), ("10.0.0.5:8000", False), ("::1", False), ("", False),
    ],
)  # fmt: skip
def test_this_machine_is_known_by_its_names(visitor: FlaskClient, host: str, near: bool) -> None:
    """With a port or without; what only begins so is another one."""
    page = visitor.get("/zh/sign-in", headers={"Host": host})
    assert ('name="key"' in page.text) == near


@pytest.mark.parametrize("key", ["", "x", "ts-000000000000-" + "A" * 43, "<script>alert(1)</script>", "键" * 10_000])
def test_a_wrong_key_is_told_at_its_field(visitor: FlaskClient, key: str) -> None:
    """The key is not repeated, the form stays."""
    page = sign_in(visitor, key, "/en/sign-in")
    assert page.status_code == 403
    assert 'aria-invalid="true"' in page.text
    assert "<script>alert" not in page.text
    assert not key or len(key) < 2 or key not in page.text


def test_a_key_that_is_revoked_or_runs_out_ends_the_visit(app: Flask, ledger: Ledger) -> None:
    """With the next page the reader is nobody."""
    key_id, token = create_key(ledger, "赵强", "approver", by="root", expires=datetime.now(UTC) + timedelta(hours=1))
    client = app.test_client()
    assert sign_in(client, token).status_code == 303
    assert "赵强" in client.get("/zh/").text
    revoke_keys(ledger, key_id, by="root")
    assert "赵强" not in client.get("/zh/").text


@pytest.mark.parametrize(
    "to", ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere", "/zh/\\x", "x", "/v1"]
)
def test_signing_in_leads_to_our_pages_only(app: Flask, keys: dict[str, str], to: str) -> None:
    """A forged link does not lead away."""
    assert sign_in(app.test_client(), keys["admin"], next=to).headers["Location"] == "/zh/log"


def test_signing_in_leads_back_to_the_page_that_asked_for_it(app: Flask, keys: dict[str, str]) -> None:
    """Whoever had to sign in first goes on where it was."""
    assert sign_in(app.test_client(), keys["admin"], next="/en/limits").headers["Location"] == "/en/limits"


def test_a_search_is_made_once_signed_in(app: Flask, keys: dict[str, str]) -> None:
    """Whoever was signed out while filling a form in gets what was asked for, not an empty form."""
    client = app.test_client()
    told = client.get("/zh/decisions?number=%E7%94%B2%2F%2F1&year=2027")
    assert told.status_code == 401
    address = unescape(re.findall(r'class="button" href="([^"]+)"', told.text)[0])
    answered = sign_in(client, keys["auditor"], address)
    assert answered.headers["Location"] == "/zh/decisions?number=%E7%94%B2%2F%2F1&year=2027"


def test_a_form_is_not_sent_again_by_signing_in(signed_in: Signed, ledger: Ledger) -> None:
    """Whoever lost the key in between goes on from the start; a link to where forms are sent leads nowhere."""
    client = signed_in("approver")
    token = token_of(client, "/zh/")
    revoke_keys(ledger, "王芳", by="root")
    told = client.post("/zh/grants/none/approve", data={"csrf_token": token})
    assert told.status_code == 401
    assert 'class="button" href="/zh/sign-in"' in told.text


def test_forms_of_others_are_refused_and_nothing_is_done(signed_in: Signed) -> None:
    """Without our token, or with another visit's, nobody is signed out."""
    client, other = signed_in("auditor"), signed_in("auditor")
    for forged in ({}, {"csrf_token": "x"}, {"csrf_token": token_of(other, "/zh/")}):
        told = client.post("/zh/sign-out", data=forged)
        assert told.status_code == 400
        assert "表单已过期" in told.text
    assert "张敏" in client.get("/zh/").text


def test_assets_are_kept_for_good_under_their_digest_only(visitor: FlaskClient) -> None:
    """A changed sheet has another address; a wrong address is never kept."""
    page = visitor.get("/zh/").text
    address = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    sheet = visitor.get(address)
    assert (sheet.status_code, sheet.mimetype) == (200, "text/css")
    assert "immutable" in sheet.headers["Cache-Control"]
    assert visitor.get("/assets/000000000000/site.css").headers["Cache-Control"] == "no-store"
    assert visitor.get("/assets/000000000000/../../policies.yaml").status_code == 404


def test_a_form_that_is_far_too_large_is_refused_in_words(visitor: FlaskClient) -> None:
    """Not half read, and read away, so that a browser that is still sending gets to see the page."""
    page = visitor.post("/zh/screening", data={"facts.town_name": "镇" * 1_000_000})
    assert (page.status_code, page.mimetype) == (413, "text/html")
    assert "过大" in page.text
    left = page.request.environ["wsgi.input"].read()
    assert left == b""
