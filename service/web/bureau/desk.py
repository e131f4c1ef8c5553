"""The desk: uploads with what came of them, each in a folder of its own for some hours, on this machine's disk.

Nobody but who uploaded finds an upload again, whichever worker is asked. It appears when it is whole, and is removed
when its time is over. To everybody else, and afterwards, it is as if it had never been there.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any, Final

import orjson
from flask import current_app

from service.api.problems import Told
from service.policies.model import Language

if TYPE_CHECKING:
    from service.ledger.database import Ledger

Json = dict[str, Any]
#: How long an upload stays.
HOURS: Final = 12
_ID_BYTES: Final = 16
_ID: Final = re.compile(r"[0-9a-f]{32}")
_HEAD: Final = "upload.json"
_SUMMARY: Final = "summary.json"


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload: whose it is, what was asked, the names of its files and of the result; `made` in UTC."""

    id: str
    owner: str
    made: str
    measure: str
    language: Language
    files: tuple[str, ...]
    history: str | None
    explain: bool
    result: str
    kind: str
    folder: Path = field(default_factory=Path, compare=False)

    @property
    def paths(self) -> list[Path]:
        """List the files as they came, in their order."""
        return [place / name for place, name in zip(_numbered(self.folder), self.files, strict=False)]

    @property
    def target(self) -> Path:
        """Say where the result stands."""
        return self.folder / "result" / self.result

    @property
    def expires(self) -> datetime:
        """Tell when it is removed."""
        return datetime.fromisoformat(self.made) + timedelta(hours=HOURS)

    def summary(self) -> Json:
        """Read what came of it."""
        return summary_in(self.folder)


class Desk:
    """The uploads that belong to one ledger; 503 if its folder is not safe to use."""

    def __init__(self, place: Path | None, ledger: Ledger) -> None:
        self._root = _safe(place or Path(gettempdir(), f"town-subsidy-desk-{os.getuid()}"))
        # The same name may be another person's in another ledger.
        self._folder = _safe(self._root / sha256(_name_of(ledger).encode()).hexdigest()[: 2 * _ID_BYTES])

    def uploads(self, owner: str) -> list[Upload]:
        """List a person's uploads, the newest first."""
        self._sweep()
        laid = (_read(folder) for folder in self._folder.iterdir() if _ID.fullmatch(folder.name))
        found = [upload for upload in laid if upload and _is(upload, owner)]
        return sorted(found, key=lambda upload: upload.made, reverse=True)

    def upload(self, upload_id: str, owner: str) -> Upload:
        """Find an upload; 404 in words if it is somebody else's, expired, or never was."""
        self._sweep()
        found = _read(self._folder / upload_id) if _ID.fullmatch(upload_id) else None
        if found is None or not _is(found, owner):
            raise Told(404, "upload-gone", hours=HOURS)
        return found

    @contextmanager
    def laid(self, owner: str, **about: Any) -> Iterator[tuple[Upload, Path]]:
        """Lay a new upload on the desk: fill its folder; it is there when all went well, else nothing is.

        503 if something could not be written.
        """
        self._sweep()
        made = datetime.now(UTC).isoformat()
        folder = self._folder / f".{token_hex(_ID_BYTES)}"
        upload = Upload(id=folder.name[1:], owner=owner, made=made, folder=folder, **about)
        folder.mkdir(mode=0o700)
        try:
            upload.target.parent.mkdir()
            yield upload, folder
            head = {name: value for name, value in asdict(upload).items() if name != "folder"}
            (folder / _HEAD).write_bytes(orjson.dumps(head))
            folder.rename(folder.with_name(upload.id))
        except OSError as error:  # mostly a full disk
            shutil.rmtree(folder, ignore_errors=True)
            current_app.logger.error("an upload could not be laid on the desk", exc_info=error)
            raise Told(503, "desk-full") from error
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _sweep(self) -> None:
        """Remove what has expired, and what was left unfinished as long ago."""
        now = datetime.now(UTC)
        for folder in self._folder.iterdir():
            found = _read(folder)
            if (found.expires if found else _touched(folder) + timedelta(hours=HOURS)) <= now:
                shutil.rmtree(folder, ignore_errors=True)


def keep(upload: Upload, files: list[Path], history: Path | None) -> tuple[list[Path], Path | None]:
    """Move the files of an upload onto the desk; say where they stand now."""
    kept = []
    for place, file in zip(_numbered(upload.folder), [*files, *([history] if history else [])], strict=False):
        place.mkdir()
        kept.append(Path(shutil.move(file, place / file.name)))
    return kept[: len(files)], kept[-1] if history else None


def keep_summary(folder: Path, summary: Json) -> None:
    """Write down what came of a run."""
    (folder / _SUMMARY).write_bytes(orjson.dumps(summary))


def summary_in(folder: Path) -> Json:
    """Read what came of a run: see `service.batch.recording.Recorder.summary`."""
    found: Json = orjson.loads((folder / _SUMMARY).read_bytes())
    return found


def _numbered(folder: Path) -> Iterator[Path]:
    """Name the folder of each file: files may be called the same."""
    number = 0
    while True:
        yield folder / str(number)
        number += 1


def _read(folder: Path) -> Upload | None:
    try:
        head = orjson.loads((folder / _HEAD).read_bytes())
        return Upload(**{**head, "files": tuple(head["files"]), "folder": folder})
    except (OSError, ValueError, TypeError, KeyError):  # under way, just removed, or of another release
        return None


def _is(upload: Upload, owner: str) -> bool:
    from service.ledger.keys import same_person

    return same_person(upload.owner, owner)


def _touched(folder: Path) -> datetime:
    try:
        return datetime.fromtimestamp(folder.stat().st_mtime, UTC)
    except OSError:  # just removed
        return datetime.now(UTC)


def _name_of(ledger: Ledger) -> str:
    """Name a ledger as every worker does, without the password in its URL."""
    from service.ledger.database import file_of

    file = file_of(ledger.engine.url)
    return str(file.resolve()) if file else str(ledger.engine.url)


def _safe(folder: Path) -> Path:
    """Make a folder that is ours alone; 503 where somebody else could have laid it there."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    except OSError:
        ours = False
    if not ours:
        raise Told(503, "desk-unusable")
    return folder
