"""What may stand in a path where a name is expected."""

from __future__ import annotations

from werkzeug.routing import BaseConverter


class Name(BaseConverter):
    """A part of a path that may name something: no database takes NUL, and nothing is called so."""

    regex = r"[^/\0]+"
    part_isolating = True
