"""Who may use the ledger over HTTP: the key of a request, what its role allows, and who was turned away."""

from __future__ import annotations

import os
from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING, Final

from flask import current_app, request

from service.errors import Denied

if TYPE_CHECKING:
    from service.ledger.database import Ledger
    from service.ledger.keys import Actor

READERS: Final = ("proposer", "approver", "auditor", "admin")
_SCHEME: Final = "Bearer "
#: How many attempts this process has turned away, by reason.
DENIED: Final[Counter[str]] = Counter()


class Access:
    """The way to the ledger. It is opened when it is first needed, by the process that needs it.

    A service that only calculates never imports a database; a worker that was forked never shares a connection.
    """

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._opened: tuple[int, Ledger] | None = None
        self._lock = Lock()

    @property
    def ledger(self) -> Ledger:
        """Return the open ledger; Unavailable if it cannot be opened, and tried again with the next request."""
        with self._lock:
            if self._opened is None or self._opened[0] != os.getpid():
                from service.ledger.opening import open_ledger

                self._opened = os.getpid(), open_ledger(self._url)
            return self._opened[1]

    def close(self) -> None:
        """Close the ledger; the next request opens it again."""
        with self._lock:
            if self._opened is not None and self._opened[0] == os.getpid():
                self._opened[1].close()
            self._opened = None

    def actor(self, *roles: str) -> Actor:
        """Return who sends this request; Denied unless the key is one of ours and has one of these roles."""
        try:
            return self._admitted(roles)
        except Denied as denied:
            turned_away(denied)
            raise

    def _admitted(self, roles: tuple[str, ...]) -> Actor:
        header = request.headers.get("Authorization", "")
        if not header.startswith(_SCHEME):
            raise Denied("key-missing", known=False)
        from service.ledger.keys import admitted, could_be_a_key

        token = header.removeprefix(_SCHEME).strip()
        if not could_be_a_key(token):  # no question to the database for what can only be noise
            raise Denied("key-unknown", known=False)
        with self.ledger.glancing() as connection:
            return admitted(connection, token, *roles)


def turned_away(denied: Denied) -> None:
    """Count and log an attempt that was denied: why, of which key, on what. The key itself is never written."""
    DENIED[denied.code] += 1
    current_app.logger.warning(
        "denied: %s key=%s %s %s (%d since this process began)",
        denied.code,
        denied.facts.get("key", "-"),
        request.method,
        request.path,
        DENIED[denied.code],
    )
