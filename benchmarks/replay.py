"""Replaying stored decisions, against deciding as many lines of a file: a ratio of whole processes in turn.

    python -m benchmarks.replay [--rows 100000] [--pairs 5]

A file of loans is decided by `town-subsidy batch`, and granted into an SQLite ledger by `batch --grant`; then
`town-subsidy replay` computes every decision again and compares all of its bytes. Rows that are not eligible are no
decisions of the ledger: the file is made long enough for as many grants as the batch has lines.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from benchmarks.batch import loans

COMMAND = [sys.executable, "-c", "from service.cli import main; main()"]


def seconds(arguments: list[str], environment: dict[str, str]) -> float:
    """Time a command; it must succeed."""
    begun = time.perf_counter()
    subprocess.run([*COMMAND, *arguments], check=True, env=environment, capture_output=True)
    return time.perf_counter() - begun


def eligible(rows: int) -> pl.DataFrame:
    """Make loans that are all granted something: eligible, of firms that stay below their ceiling."""
    frame = loans(rows, np.random.default_rng(2027))
    return frame.with_columns(
        pl.lit("provincial_key").alias("town_tier"),
        pl.lit("true").alias("is_leading_industry"),
        pl.lit("1000000.00").alias("disbursed_amount"),
        pl.lit("90000.00").alias("interest_accrued"),
    )


def main() -> None:
    """Grant a file, then time a batch and a replay in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        file, target = Path(folder, "loans.csv"), Path(folder, "result.csv")
        eligible(options.rows).write_csv(file)
        environment = os.environ | {"DATABASE_URL": f"sqlite:///{folder}/ledger.sqlite"}
        subprocess.run([*COMMAND, "db", "upgrade"], check=True, env=environment, capture_output=True)
        create = [*COMMAND, "keys", "create", "benchmark", "--role", "proposer"]
        made = subprocess.run(create, check=True, env=environment, capture_output=True, text=True)
        batch = ["batch", "loan_interest", str(file), "-o", str(target)]
        granting = seconds([*batch, "--grant"], environment | {"TOWN_SUBSIDY_KEY": made.stdout.strip()})
        print(f"{options.rows:,} rows granted in {granting:.1f} s")
        pairs = [(seconds(["replay"], environment), seconds(batch, environment)) for _ in range(options.pairs)]
        ratio = statistics.median(ours / plain for ours, plain in pairs)
        ours, plain = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"replay {ours:.2f} s, batch {plain:.2f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
