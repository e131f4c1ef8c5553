"""The benchmark runs, counts what it sends and refuses wrong answers; how fast anything is, no test says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import load
from benchmarks.rest import BARE, OURS, PATH, ROOT, Cpus, loans, serving, summary


def test_both_servers_are_measured(tmp_path: Path) -> None:
    """A small run prints a table and writes the same figures as JSON."""
    figures = tmp_path / "figures.json"
    options = ["--requests", "80", "--rounds", "2", "--connections", "2", "--json", str(figures)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.rest", *options], cwd=ROOT, capture_output=True, check=True, text=True
    )
    report = json.loads(figures.read_text(encoding="utf-8"))
    assert {name: server["requests"] for name, server in report["servers"].items()} == {BARE: 80, OURS: 80}
    assert f"ratio {report['ratio']:.2f}" in done.stdout


def test_a_wrong_answer_stops_the_measurement() -> None:
    """A round in which the server answers anything but 200 is no measurement."""
    message = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
    with serving("benchmarks.bare", Cpus(set(), set())) as port, pytest.raises(RuntimeError, match="expected 200"):
        load.send(port, message, 1)


def test_the_ratio_is_that_of_neighbouring_rounds() -> None:
    """The ratio is the median over pairs of rounds, so that a slow minute hits both alike."""
    rates = {BARE: [1000.0, 100.0, 1000.0], OURS: [900.0, 80.0, 700.0]}
    rounds = {name: [load.Round(rate, 1.0, 2.0, 10) for rate in column] for name, column in rates.items()}
    report = summary(rounds, load.Load(PATH, loans(1), 4, 10, 2), "python")
    assert (report["ratio_least"], report["ratio"], report["ratio_greatest"]) == (0.7, 0.8, 0.9)
    assert report["servers"][OURS]["requests"] == 30
