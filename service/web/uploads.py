"""Files that are sent to a page: written to a folder while they arrive, with the form's other fields beside them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import request

from service.api.scratch import scratch_folder
from service.api.uploads import Received, body_of, received
from service.web.forgery import FIELD, refuse_forged


@contextmanager
def uploaded(most_bytes: int) -> Iterator[tuple[Received, Path]]:
    """Give what was sent, and a folder for results; both are gone at the end.

    Only in views marked `takes_files`. Refused with everything that is wrong with the parts, and if the form is none of
    ours. `Received.options` holds the other fields.
    """
    with scratch_folder() as folder:
        with body_of(request, most_bytes) as body:
            came = received(request, body, folder)
        tokens = [text for name, text in came.options if name == FIELD]
        refuse_forged(tokens[0] if tokens else None)
        came.options = [(name, text) for name, text in came.options if name != FIELD]
        yield came, folder
