"""Signs of life: a long request is not given up as long as it moves.

A server gives up workers that are silent for long. A request that may take long says that it moves, with every part of
a body that it reads or sends; before it works on something that cannot say so, it says for how long it will be silent.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_BEAT: Final = "town_subsidy.beat"


class Beat(Protocol):
    """A sign of life; the next one may come so many seconds later than usual."""

    def __call__(self, silent_seconds: float = 0, /) -> None:
        """Give the sign."""


def attended(app: WSGIApplication, beat: Beat) -> WSGIApplication:
    """Hand a worker's sign of life to each of its requests."""

    def with_beat(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[_BEAT] = beat
        return app(environ, start_response)

    return with_beat


def beat_of(environ: WSGIEnvironment) -> Beat:
    """Return a request's sign of life; under a server that asks for none it does nothing."""
    beat: Beat = environ.get(_BEAT, _nothing)
    return beat


def _nothing(silent_seconds: float = 0, /) -> None:
    pass
