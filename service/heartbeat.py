"""A worker lives as long as its request moves: gunicorn's timeout is then about silence, not about the whole request.

A sync worker tells the arbiter that it lives between requests only, so that a long upload would be killed in the middle
of its request. `post_worker_init` is a hook of gunicorn (`--config python:service.heartbeat`) that hands every request
the worker's sign of life.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Beat = Callable[[], object]

_BEAT: Final = "town_subsidy.beat"
_EVERY_SECONDS = 1.0


def post_worker_init(worker: Any) -> None:
    """Hand the worker's sign of life to each of its requests."""
    app = worker.wsgi

    def attended(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[_BEAT] = worker.notify
        answer: Iterable[bytes] = app(environ, start_response)
        return answer

    worker.wsgi = attended


def beat_of(environ: WSGIEnvironment) -> Beat:
    """Return what a request calls whenever it has moved on; under another server it does nothing."""
    beat: Beat = environ.get(_BEAT, bool)
    return beat


@contextmanager
def beating(beat: Beat, most_seconds: int) -> Iterator[None]:
    """Give signs of life while something works that cannot give them itself, for a bounded time."""
    done = Event()

    def beats() -> None:
        for _ in range(int(most_seconds / _EVERY_SECONDS)):
            if done.wait(_EVERY_SECONDS):
                return
            beat()

    thread = Thread(target=beats, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
