"""Files decided by Spark on two executors: every line as here, to the byte."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from tests.batch.spark_runs import CASES

ROOT = Path(__file__).parents[2]
SECONDS = 400
MASTER = "local-cluster[2,1,1024]"
REFUSED = {"ragged": "too_many_cells", "lost_history": "unusable_history"}
WHOLE = sorted(CASES.keys() - REFUSED - {"first"})


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Decide all cases in one session; its executors work in a folder of ours, its events are kept."""
    import pyspark

    folder = tmp_path_factory.mktemp("spark")
    home, settings, events = (folder / name for name in ("home", "settings", "events"))
    for made in (home, settings, events):
        made.mkdir()
    for part in Path(pyspark.__file__).parent.iterdir():
        (home / part.name).symlink_to(part)
    (settings / "spark-defaults.conf").write_text(
        f"spark.eventLog.enabled true\nspark.eventLog.dir {events.as_uri()}\n"
        "spark.eventLog.compress false\nspark.eventLog.rolling.enabled false\n"
    )
    environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_CONF_DIR": str(settings), "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-m", "tests.batch.spark_runs", MASTER, str(folder)],
        cwd=folder, env=environment, check=True, timeout=SECONDS,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def told(done: Path) -> dict[str, Any]:
    """Return what both said about each case."""
    found: dict[str, Any] = orjson.loads((done / "told.json").read_bytes())
    return found


@pytest.mark.parametrize("name", WHOLE)
def test_every_line_is_as_here(name: str, done: Path) -> None:
    """Thousands of rows that share ceilings across cuts: the same bytes, or in Parquet the same table."""
    local, spark = (done / name / f"{engine}{CASES[name].target}" for engine in ("local", "spark"))
    if local.suffix == ".parquet":
        assert pl.read_parquet(spark).equals(pl.read_parquet(local), null_equal=True)
        assert pl.read_parquet_schema(spark) == pl.read_parquet_schema(local)
    assert local.suffix == ".parquet" or spark.read_bytes() == local.read_bytes()
    assert {path.name for path in spark.parent.iterdir()} <= {
        f"source{CASES[name].suffix}", "history.csv", local.name, spark.name
    }  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_control_totals_are_as_here(name: str, told: Mapping[str, Any]) -> None:
    """Rows by status, fen calculated and granted, columns carried; and the cases try what they are made for."""
    assert told[name]["spark"] == told[name]["local"]
    (totals,) = told[name]["spark"].values()
    assert totals["written"] > 800
    assert 0 < totals["granted"] < totals["calculated"]
    assert totals["rows"]["eligible"]
    assert totals["rows"]["invalid"] or name == "lines"


def test_a_folder_is_filled_with_parts(done: Path, told: Mapping[str, Any]) -> None:
    """Each part is a file with a header; in the order of their names they are the whole."""
    parts = [pl.read_csv(path, infer_schema=False) for path in sorted((done / "first" / "spark").iterdir())]
    assert len(parts) > 5
    assert pl.concat(parts).equals(pl.read_csv(done / "first" / "local.csv", infer_schema=False))
    assert told["first"]["spark"] == told["first"]["local"]


@pytest.mark.parametrize(("name", "code"), REFUSED.items())
def test_what_cannot_be_used_is_told_as_here(name: str, code: str, done: Path, told: Mapping[str, Any]) -> None:
    """A row too long in the last cut, or a history with a hole: the same words, and no result."""
    assert told[name]["spark"] == told[name]["local"]
    assert told[name]["spark"]["refused"][0][1] == code
    assert not list((done / name).glob("*spark*"))


def test_two_executors_took_part(done: Path) -> None:
    """Spark's own events name both executors, each a process with a port of its own, for a good part of all tasks."""
    tasks, ports = Counter[str](), {}
    for event in _events(done / "events"):
        match event:
            case {"Event": "SparkListenerTaskEnd", "Task End Reason": {"Reason": "Success"}, "Task Info": info}:
                tasks[info["Executor ID"]] += 1
            case {"Event": "SparkListenerBlockManagerAdded", "Block Manager ID": manager}:
                ports[manager["Executor ID"]] = (manager["Host"], manager["Port"])
    assert tasks.keys() == {"0", "1"}
    assert min(tasks.values()) > sum(tasks.values()) // 5
    assert len({ports["0"], ports["1"], ports["driver"]}) == 3


def _events(folder: Path) -> Iterator[Any]:
    for path in folder.iterdir():
        yield from map(orjson.loads, path.read_bytes().splitlines())
