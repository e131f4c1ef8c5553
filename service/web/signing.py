"""Who reads the pages: signed in with a key, by a cookie that only this service can read or write.

The cookie holds a ticket; what it is worth stands in the ledger (`service.ledger.sessions`). Whoever only calculates
gets no cookie, and the ledger is not asked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from flask import Flask, Request, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from service.api.access import Access, turned_away
from service.errors import Denied, Unavailable

if TYPE_CHECKING:
    from service.ledger.keys import Actor

_TICKET: Final = "ticket"
_PORT: Final = re.compile(r":\d+$", re.ASCII)
_HERE: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
#: A proxy on this machine speaks for somebody on another.
_FORWARDED: Final = frozenset({"forwarded", "x-forwarded-for", "x-forwarded-proto", "x-real-ip", "via"})


class CookieJar(SecureCookieSessionInterface):
    """The cookie travels by HTTPS only, if it was given by HTTPS; and it lives as long as its reader is busy."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()  # most readers have none, and need no signature checked
        return super().open_session(app, request)

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


def may_sign_in(plain_http: bool) -> bool:
    """Tell whether a key may be sent: by HTTPS, on this machine itself, or where plain HTTP was allowed."""
    here = _PORT.sub("", request.host) in _HERE and not _FORWARDED & {name.lower() for name, _ in request.headers}
    return request.is_secure or plain_http or here


def sign_in(access: Access, key: str) -> Actor:
    """Sign in with a key; Denied if it is none of ours."""
    from service.ledger.keys import could_be_a_key
    from service.ledger.sessions import sign_in as begin

    try:
        if not could_be_a_key(key):
            raise Denied("key-unknown", known=False)
        actor, ticket = begin(access.ledger, key)
    except Denied as denied:
        turned_away(denied)
        raise
    sign_out(access)  # nothing of the visit before lives on: not its ticket, above all no token of a form
    session.permanent = True
    session[_TICKET] = ticket
    g.reader = actor
    return actor


def sign_out(access: Access) -> None:
    """Sign out; without effect if nobody is signed in."""
    from service.ledger.sessions import sign_out as end

    ticket = session.pop(_TICKET, None)
    session.clear()
    g.pop("reader", None)
    if ticket is not None:
        end(access.ledger, ticket)


def reader(access: Access, *roles: str) -> Actor:
    """Return who is signed in; Denied if nobody is, or nobody with one of these roles."""
    from service.ledger.keys import in_a_role

    try:
        return in_a_role(_reader(access), *roles)
    except Denied as denied:
        turned_away(denied)
        raise


def reader_or_none(access: Access) -> Actor | None:
    """Return who is signed in, if anybody is and the ledger can tell."""
    if _TICKET not in session:
        return None
    try:
        return _reader(access)
    except (Denied, Unavailable):
        return None


def _reader(access: Access) -> Actor:
    """Ask the ledger once per request."""
    if "reader" not in g:
        ticket = session.get(_TICKET)
        if ticket is None:
            raise Denied("sign-in-needed", known=False)
        from service.ledger.sessions import session_actor

        with access.ledger.glancing() as connection:
            g.reader = session_actor(connection, ticket)
    actor: Actor = g.reader
    return actor
