"""Tables under a title line."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def titled(title: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> list[str]:
    """Align rows under their title."""
    from service.derivation import table, width  # with it come the engine and the policies

    lines = table([title, *rows], right=right)
    return [lines[0], "─" * max(map(width, lines)), *lines[1:]]
