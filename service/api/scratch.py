"""Folders for the files of one request, which never stay: not even those of a worker that was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Final

_PREFIX: Final = "town-subsidy-scratch-"
#: A folder that is younger may be about to be locked.
_MADE_SECONDS: Final = 60


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a folder that is locked by this process and gone afterwards; removes those that nobody holds any more."""
    _sweep()
    with TemporaryDirectory(prefix=_PREFIX) as name:
        held = os.open(name, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(held)


def _sweep() -> None:
    """Remove what killed workers left behind: with a process its locks go, and its folder stays."""
    for folder in Path(gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # gone, held, or somebody else's
            if time.time() - folder.stat().st_mtime < _MADE_SECONDS:
                continue
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(held)
