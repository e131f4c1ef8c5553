"""What is written down while files are decided: the same as the result says, in lists of bounded length."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from service.batch.job import run_files
from service.batch.lists import defect_of, entries_of
from service.batch.recording import MOST_KINDS, Recorder
from service.batch.run import Options, Run
from service.batch.sources import Source
from service.policies import Policies
from service.words import say
from tests.batch.files import read, table, write
from tests.batch.test_bad_rows import BAD, GOOD


def recorded(policies: Policies, source: Path, folder: Path, most: int = 1_000) -> Any:
    """Decide a file under a recorder's eyes; return the summary and the result."""
    with Recorder(folder, most) as recorder:
        run = partial(Run, seen=recorder)
        report = run_files(policies, [Source(source)], folder / "out.csv", Options("loan_interest"), None, None, run)
    return recorder.summary(report), read(folder / "out.csv")


@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet", "xlsx"])
def test_lists_say_what_the_result_says(kind: str, policies: Policies, tmp_path: Path) -> None:
    """Every defect is listed under its row, in the words that stand in the result; sums are those of the totals."""
    rows = [row for name, text in BAD for row in (GOOD, GOOD | {name: text})]
    summary, result = recorded(policies, write(table(rows), tmp_path / f"in.{kind}"), tmp_path)
    told: dict[int, list[str]] = {}
    for entry in entries_of(tmp_path, "defects"):
        told.setdefault(entry["row"], []).append(f"{entry['column']}: {say(defect_of(entry), 'zh')}")
    assert [f"第 {row} 行: " + " | ".join(said) for row, said in told.items()] == result[
        "defects"
    ].drop_nulls().to_list()
    counts = [one["count"] for one in summary["kinds"]]
    assert counts == sorted(counts, reverse=True)
    assert len(counts) == MOST_KINDS
    assert summary["lists"]["defects"]["count"] == sum(map(len, told.values()))
    (measure,) = summary["measures"]
    assert measure["lines"] == measure["read"] == len(rows)
    assert measure["rows"] == {"eligible": len(BAD), "invalid": len(BAD)}
    for figure in ("lines", "applied", "calculated", "granted"):
        assert (
            measure[figure]
            == sum(one[figure] for one in measure["towns"])
            == sum(one[figure] for one in measure["rules"])
        )
    warned = [entry["told"] for entry in entries_of(tmp_path, "warnings")]
    assert warned == result["warnings"].drop_nulls().to_list()


def test_lists_end_somewhere(policies: Policies, tmp_path: Path) -> None:
    """All entries are counted, the first are kept, and read page by page."""
    rows = [GOOD | {"town_tier": "x"}] * 9
    summary, _ = recorded(policies, write(table(rows), tmp_path / "in.csv"), tmp_path, most=7)
    assert summary["lists"]["defects"] == {"count": 9, "listed": 7}
    assert [one["row"] for one in entries_of(tmp_path, "defects", 5, 100)] == [7, 8]
    assert [one["row"] for one in entries_of(tmp_path, "defects", 2, 3)] == [4, 5, 6]
    assert not list(entries_of(tmp_path, "defects", 7))
