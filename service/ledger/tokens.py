"""Tokens: what keys and sessions are outside the ledger. They are shown once; what is kept is their hash."""

from __future__ import annotations

import re
import secrets
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, Select


def new_token(prefix: str) -> tuple[str, str]:
    """Make a token; return its id, which is no secret, and the token."""
    token_id = secrets.token_hex(6)
    return token_id, f"{prefix}-{token_id}-{secrets.token_urlsafe(32)}"


def form_of(prefix: str) -> re.Pattern[str]:
    """Return the form of the tokens that begin so; its group 1 is the id."""
    return re.compile(rf"{prefix}-([0-9a-f]{{12}})-([A-Za-z0-9_-]{{43}})")


def hashed(token: str) -> str:
    """Return what is kept of a token."""
    return sha256(token.encode()).hexdigest()


def row_of(connection: Connection, by_id: Select[Any], form: re.Pattern[str], token: str) -> Row[Any] | None:
    """Find the row of a token by its id, with the hash in `secret_sha256`; None for a token that is none of ours."""
    named = form.fullmatch(token)
    found = connection.execute(by_id, {"id": named[1]}).first() if named else None
    # The comparison takes as long for an id that nobody has.
    expected = found.secret_sha256 if found else hashed("")
    return found if secrets.compare_digest(hashed(token), expected) else None
