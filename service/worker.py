"""gunicorn's sync worker, whose timeout is about silence and not about the whole request."""

from __future__ import annotations

import os
import time

from gunicorn.workers.sync import SyncWorker

from service.heartbeat import attended


class Worker(SyncWorker):  # type: ignore[misc]  # gunicorn has no types
    """A sync worker that hands each request its sign of life: by itself it gives one between requests only."""

    def load_wsgi(self) -> None:
        """Load the application, and attend to its requests."""
        super().load_wsgi()
        self.wsgi = attended(self.app.wsgi(), self.beat)

    def beat(self, silent_seconds: float = 0, /) -> None:
        """Note the time of the sign where the arbiter looks, or a time to come.

        Work that holds the interpreter, such as writing a large workbook, lets no thread give signs meanwhile.
        """
        moment = time.monotonic() + silent_seconds
        os.utime(self.tmp.fileno(), (moment, moment))
