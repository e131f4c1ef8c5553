"""The pages: for applicants, for the bureau, for finance. Server-rendered, in Chinese and English.

The first part of every path is the language. An area of pages is a package with `views.register`; what an area shows
comes from the same functions that the REST API, the files and the command line call.
"""

from __future__ import annotations

from datetime import timedelta
from secrets import token_urlsafe
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from service.api.access import Access
    from service.config import Config
    from service.policies import Policies

#: A reader who does nothing for so long has to sign in again.
IDLE = timedelta(minutes=30)


def register(app: Flask, policies: Policies, access: Access, config: Config, openapi: bytes) -> None:
    """Add the pages to an app, with the cookie that holds who is signed in; `openapi` describes the API to readers."""
    from service.web import assets, errors, forgery, site
    from service.web.applicants import views as applicants
    from service.web.bureau import views as bureau
    from service.web.finance import views as finance
    from service.web.home import views as home
    from service.web.policies import views as policy_pages
    from service.web.reference import views as reference
    from service.web.signing import CookieJar

    app.config.update(
        SECRET_KEY=config.secret_key or token_urlsafe(),
        PERMANENT_SESSION_LIFETIME=IDLE,
        SESSION_COOKIE_NAME="town-subsidy",
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.session_interface = CookieJar()
    views = site.blueprint()
    built = site.Site(policies, access, config, openapi)
    for area in (home, applicants, policy_pages, bureau, finance, reference):
        area.register(views, built)
    forgery.register(app, views)
    errors.register(views, built)
    app.register_blueprint(views)
    app.register_blueprint(assets.blueprint())
