"""What is refused before Spark is started: where it is not installed, and what it is not made for."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from service.batch.job import refuse_mismatch
from service.batch.run import Options
from service.batch.streams import FORMATS
from service.errors import Defect, Refused

_EXTRA: Final = 'pip install "town-subsidy[spark]"'
_JAVA: Final = "Java ≥ 17"
_FORMATS: Final = [suffix for suffix, kind in FORMATS.items() if kind != "xlsx"]


def refuse_missing(java_home: str | None) -> None:
    """Refuse, with the cure, where the extra or Java is not installed."""
    if find_spec("pyspark") is None or find_spec("pandas") is None:
        raise Refused([Defect("--engine", "spark_not_installed", "spark", _EXTRA)])
    java = shutil.which("java", path=str(Path(java_home, "bin")) if java_home else None)
    if java is None:
        raise Refused([Defect("JAVA_HOME", "java_not_installed", java_home, _JAVA)])


def refuse_unfit(sources: Sequence[Path], target: Path, options: Options, history: Path | None) -> None:
    """Refuse several files, workbooks, and a folder that is not empty; a target without a format is a folder."""
    read = [*sources, *([history] if history else [])]
    defects = [
        Defect(path.name, "spark_format", path.suffix, " ".join(_FORMATS))
        for path in (*read, target)
        if path.suffix.lower() not in _FORMATS and (path.suffix or path is not target)
    ]
    if len(sources) > 1:
        defects.append(Defect(sources[1].name, "spark_one_file", len(sources), "1"))
    if not target.suffix and target.exists() and (not target.is_dir() or any(target.iterdir())):
        defects.append(Defect(target.name, "folder_not_empty"))
    if defects:
        raise Refused(defects)
    if not target.absolute().parent.is_dir():
        raise FileNotFoundError(2, "No such folder", str(target.parent))
    refuse_mismatch(read, target, options)
