"""Lists that a run leaves behind: files of one JSON object per line, read page by page, so that little is in memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson

from service.errors import Defect

Json = dict[str, Any]
#: Defects, warnings, and what became of each row that was granted.
LISTS: Final = ("defects", "warnings", "standings")
#: Entries of a list that are kept; all are counted.
MOST_LISTED: Final = 100_000


def path_of(folder: Path, name: str) -> Path:
    """Say where a list stands."""
    return folder / f"{name}.ndjson"


def entries_of(folder: Path, name: str, start: int = 0, most: int | None = None) -> Iterator[Json]:
    """Read entries of a list from a position on."""
    with path_of(folder, name).open("rb") as file:
        for line in islice(file, start, None if most is None else start + most):
            yield orjson.loads(line)


def defect_of(entry: Json) -> Defect:
    """Make a defect of its entry again, to be said in any language."""
    return Defect(*(entry[name] for name in ("column", "code", "given", "expected", "facts")))
