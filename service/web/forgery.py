"""Forms that change something are ours: each carries a token that only the reader's own page knows.

Forms that only calculate need none: they store nothing, and nobody should lose an hour's typing to an expired token.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from flask import Blueprint, Flask, current_app, request
from flask_wtf.csrf import ValidationError, validate_csrf

from service.api.problems import Told

View = TypeVar("View", bound=Callable[..., Any])

#: The field of a form that holds its token.
FIELD: Final = "csrf_token"
_UNCHECKED: Final[set[Callable[..., Any]]] = set()


def stores_nothing(view: View) -> View:
    """Mark a view whose forms need no token, because it changes nothing."""
    _UNCHECKED.add(view)
    return view


def takes_files(view: View) -> View:
    """Mark a view that checks the token itself, when it has read the files: `uploads.uploaded`."""
    _UNCHECKED.add(view)
    return view


def register(app: Flask, views: Blueprint) -> None:
    """Check every form that is sent to the pages, but for views that are marked otherwise."""
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a form is good as long as its reader is signed in

    @views.before_request
    def check() -> None:
        view = current_app.view_functions.get(request.endpoint or "")
        if request.method == "POST" and view not in _UNCHECKED:
            refuse_forged(request.form.get(FIELD))


def refuse_forged(token: str | None) -> None:
    """Refuse a form without a token of ours, or with one of a visit that has ended."""
    try:
        validate_csrf(token)
    except ValidationError:
        raise Told(400, "form-expired") from None
