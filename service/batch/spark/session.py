"""A Spark session for one batch: found or missed in words, quiet, and gone without a trace."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from service.batch.spark.unfit import refuse_missing
from service.errors import Defect, Refused

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_STDERR: Final = 2
_BATCH_BYTES: Final = 16 * 1024 * 1024
_BEFORE: Final = re.compile(r'Caused by: |Exception in thread "[^"]*" ')
_ERROR: Final = re.compile(r"[A-Za-z_.]+(Error|Exception|Refused): ")


@contextmanager
def session(master: str) -> Iterator[SparkSession]:
    """Start Spark on a master such as `local[4]` or `spark://host:7077`; Refused if it is not installed or not there.

    To be entered before polars is used: the Java machine is forked off.
    """
    refuse_missing(os.environ.get("JAVA_HOME"))
    with TemporaryDirectory(prefix="town-subsidy-", ignore_cleanup_errors=True) as folder:
        spark = _started(master, folder)
        try:
            yield spark
        finally:
            spark.stop()


def _started(master: str, folder: str) -> SparkSession:
    """Start a session whose files and log stay in a folder."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.Builder().master(master).appName("town-subsidy")
    for name, value in _settings(folder).items():
        builder = builder.config(name, value)
    log = Path(folder, "spark.log")
    try:
        with _stderr_to(log):
            return builder.getOrCreate()
    except (Py4JError, PySparkException) as error:
        said = reason(f"{error}\n{log.read_text(encoding='utf-8', errors='replace')}")
        raise Refused([Defect(master, "spark_not_started", said, "local[4] | spark://HOST:7077")]) from None


def _settings(folder: str) -> dict[str, str]:
    return {
        "spark.driver.extraJavaOptions": f"-Djava.io.tmpdir={folder}",
        "spark.executorEnv.POLARS_MAX_THREADS": "1",  # each core of an executor has a Python of its own
        "spark.local.dir": folder,
        "spark.sql.adaptive.enabled": "false",  # parts stay as they were cut
        "spark.sql.execution.arrow.maxBytesPerBatch": str(_BATCH_BYTES),
        "spark.sql.warehouse.dir": f"{folder}/warehouse",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


@contextmanager
def _stderr_to(log: Path) -> Iterator[None]:
    """Let a process that is started here write its messages into a file; this one keeps its own."""
    kept = os.dup(_STDERR)
    try:
        with log.open("wb") as file:
            os.dup2(file.fileno(), _STDERR)
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)


def reason(said: str) -> str:
    """Find in what Spark says the line that names the cause: the last that begins with an error, or the first."""
    lines = [_BEFORE.sub("", line) for line in said.splitlines() if line.strip()]
    named = [line for line in lines if _ERROR.match(line)]
    return [*lines[:1], *named][-1] if lines else "Spark"
