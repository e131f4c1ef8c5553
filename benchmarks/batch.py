"""What a file of a million loans costs against a plain copy of it, and against the same sum written by hand elsewhere.

    python -m benchmarks.batch [--rows 1000000] [--pairs 5] [--json FILE] [--python PYTHON_WITH_RIVALS]

Every run is a whole process; a plain polars copy runs before each, and a ratio is the median over such pairs. Wrong
fen are counted against sums in Python's whole numbers. DuckDB, pandas, OpenFisca and zen are no dependencies: `pip
install polars duckdb pandas openfisca-core zen-engine` into an environment of their own, and name its Python with
`--python`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import polars as pl

from tests.oracle.sharing import pro_rata

ROOT: Final = Path(__file__).resolve().parent.parent
FIRM_CAP, TOWN_CAP, PROJECT_CAP = 100_000_000, 300_000_000, 1_000_000_000
#: The share of loans that run the whole year, where halves of a fen are common.
_WHOLE_YEARS: Final = 0.3
AD_THRESHOLD: Final = 50_000_000
COPY: Final = ["-c", "import sys, polars as pl; pl.read_csv(sys.argv[1]).write_csv(sys.argv[2])"]
BATCH: Final = ["-c", "from service.cli import main; main()", "batch"]
RIVALS: Final = {"duckdb": "duckdb", "pandas": "pandas", "openfisca": "openfisca_core", "zen": "zen"}

Rows = list[dict[str, str]]


def credit_codes(count: int, rng: np.random.Generator) -> pl.Series:
    """Make unified social credit codes with GB 32100 check digits."""
    letters = np.array(list("0123456789ABCDEFGHJKLMNPQRTUWXY"))
    digits = rng.integers(0, 31, (count, 17))
    digits[:, :8] = (9, 1, 1, 4, 0, 1, 0, 0)
    check = -(digits * [pow(3, place, 31) for place in range(17)]).sum(axis=1) % 31
    return pl.Series(["".join(row) for row in letters[np.column_stack([digits, check])].tolist()])


def yuan(fen: Any) -> pl.Series:
    """Write fen as yuan with two decimals."""
    column = pl.Series(fen)
    return (column // 100).cast(pl.String) + "." + (column % 100).cast(pl.String).str.zfill(2)


def days(rng: np.random.Generator, rows: int) -> pl.Series:
    """Draw days of 2027."""
    return pl.Series(np.datetime64("2027-01-01") + rng.integers(0, 300, rows)).cast(pl.String)


def loans(rows: int, rng: np.random.Generator) -> pl.DataFrame:
    """Make loans of a fifth as many firms."""
    firms = max(rows // 5, 1)
    principal = rng.integers(1_000_000, 2_000_000_000, rows)
    whole_year = rng.random(rows) < _WHOLE_YEARS
    drawn = np.where(whole_year, 0, rng.integers(0, 300, rows))
    paid = np.where(whole_year, 365, rng.integers(1, 366 - drawn, rows))
    return pl.DataFrame(
        {
            "line_id": pl.Series(np.arange(rows)).cast(pl.String),
            "applicant_id": credit_codes(firms, rng).gather(rng.integers(0, firms, rows)),
            "town_tier": rng.choice(
                ["provincial_key", "provincial_characteristic", "county"], rows, p=[0.6, 0.35, 0.05]
            ),
            "is_leading_industry": rng.choice(["true", "false"], rows, p=[0.97, 0.03]),
            "application_year": ["2027"] * rows,
            "disbursed_amount": yuan(principal),
            "disbursed_on": pl.Series(np.datetime64("2027-01-01") + drawn).cast(pl.String),
            "interest_paid_days": pl.Series(paid).cast(pl.String),
            "interest_accrued": yuan(principal * paid * rng.integers(120, 500, rows) // 10_000 // 365),
        }
    )


def advertising(rows: int, rng: np.random.Generator) -> pl.DataFrame:
    """Make payments for advertising in 500 towns."""
    firms = max(rows // 10, 1)
    firm = rng.integers(0, firms, rows)
    return pl.DataFrame(
        {
            "applicant_id": credit_codes(firms, rng).gather(firm),
            "town_id": "town-" + pl.Series(firm % 500).cast(pl.String),
            "town_tier": rng.choice(["provincial_characteristic", "county"], rows, p=[0.95, 0.05]),
            "year": ["2027"] * rows,
            "ad_paid": yuan(rng.integers(100_000, 20_000_000, rows)),
            "paid_on": days(rng, rows),
        }
    )


def platforms(rows: int, rng: np.random.Generator) -> pl.DataFrame:
    """Make equipment of a fifth as many platforms' projects."""
    return pl.DataFrame(
        {
            "project_id": "project-" + pl.Series(rng.integers(0, max(rows // 5, 1), rows)).cast(pl.String),
            "town_tier": rng.choice(["provincial_key", "county"], rows, p=[0.95, 0.05]),
            "platform_type": rng.choice(["design_rnd", "inspection_testing", "technology_transfer"], rows),
            "hardware_investment": yuan(rng.integers(100_000, 2_000_000_000, rows)),
            "software_investment": yuan(rng.integers(0, 100_000_000, rows)),
            "completed_on": days(rng, rows),
        }
    )


def fen_of(text: str) -> int:
    """Read yuan; an empty cell is 0."""
    whole, _, part = (text or "0").partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))


def half_up(numerator: int, denominator: int) -> int:
    """Round a fraction of fen."""
    return (2 * numerator + denominator) // (2 * denominator)


def loan_fen(rows: Rows) -> list[int]:
    """Calculate loans line by line."""
    granted: dict[str, int] = defaultdict(int)
    found = []
    for row in rows:
        fits = row["town_tier"].startswith("provincial") and row["is_leading_industry"] == "true"
        by_days = half_up(fen_of(row["disbursed_amount"]) * 15 * int(row["interest_paid_days"]), 365_000)
        due = min(by_days, half_up(fen_of(row["interest_accrued"]) * 4, 5)) if fits else 0
        found.append(min(due, FIRM_CAP - granted[row["applicant_id"]]))
        granted[row["applicant_id"]] += found[-1]
    return found


def advertising_fen(rows: Rows) -> list[int]:
    """Calculate advertising: a threshold by firm, then a town's ceiling in proportion."""
    paid: dict[str, int] = defaultdict(int)
    towns: dict[str, list[int]] = defaultdict(list)
    fits = [row["town_tier"] == "provincial_characteristic" for row in rows]
    for row, fit in zip(rows, fits, strict=True):
        paid[row["applicant_id"]] += fen_of(row["ad_paid"]) if fit else 0
    due = [0] * len(rows)
    for place, (row, fit) in enumerate(zip(rows, fits, strict=True)):
        if fit and paid[row["applicant_id"]] >= AD_THRESHOLD:
            due[place] = half_up(fen_of(row["ad_paid"]), 5)
            towns[row["town_id"]].append(place)
    for places in towns.values():
        for place, fen in zip(places, pro_rata([due[place] for place in places], TOWN_CAP), strict=True):
            due[place] = fen
    return due


def platform_fen(rows: Rows) -> list[int]:
    """Calculate equipment line by line."""
    granted: dict[str, int] = defaultdict(int)
    found = []
    for row in rows:
        cost = fen_of(row["hardware_investment"]) + fen_of(row["software_investment"])
        due = half_up(cost * 3, 10) if row["town_tier"] == "provincial_key" else 0
        found.append(min(due, PROJECT_CAP - granted[row["project_id"]]))
        granted[row["project_id"]] += found[-1]
    return found


Case = tuple[str, Callable[[int, np.random.Generator], pl.DataFrame], Callable[[Rows], list[int]]]
CASES: Final[list[Case]] = [
    ("loan_interest", loans, loan_fen),
    ("advertising", advertising, advertising_fen),
    ("platform_equipment", platforms, platform_fen),
]


def seconds(command: list[str]) -> float:
    """Time a whole process."""
    begun = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(command, check=True, cwd=ROOT, env=environment, stderr=subprocess.PIPE)
    return time.perf_counter() - begun


def wrong_fen(result: Path, expected: list[int]) -> int:
    """Count the rows whose amount is not the right one."""
    with result.open(newline="") as file:
        found = [fen_of(row["amount"]) for row in csv.DictReader(file)]
    return sum(one != other for one, other in zip(found, expected, strict=True))


def measured(command: list[str], copied: Path | None, files: tuple[Path, Path], pairs: int) -> tuple[float, ...]:
    """Time a command in turn with a copy of a file (None: of its own output); medians of both and of their ratio."""
    target, copy = files
    seconds(command)
    times = []
    for _ in range(pairs):
        plain = seconds([sys.executable, *COPY, str(copied or target), str(copy)])
        times.append((seconds(command), plain))
    ours, plain = (statistics.median(column) for column in zip(*times, strict=True))
    return ours, plain, statistics.median(one / other for one, other in times)


def commands(measure: str, source: Path, target: Path, python: str) -> dict[str, list[str]]:
    """List what is to be run on a file."""
    ours = [sys.executable, *BATCH, measure, str(source), "-o", str(target)]
    found = {"town-subsidy": ours, "town-subsidy --explain": [*ours, "--explain"]}
    for rival, module in RIVALS.items() if measure == "loan_interest" else ():
        if subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False).returncode:
            print(f"{rival} is not installed: skipped")
            continue
        found[rival] = [python, f"benchmarks/rivals/{rival}_loans.py", str(source), str(target)]
    return found


def main() -> None:
    """Make the files, run everything on them, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--python", default=sys.executable, help="the Python in which the rivals are installed")
    options = parser.parse_args()
    results = []
    print(f"{options.rows:,} rows, {options.pairs} pairs; {os.cpu_count()} CPUs, Python {platform.python_version()}")
    print(f"{'':40}{'seconds':>9}{'copy':>9}{'ratio':>8}{'wrong fen':>11}")
    with TemporaryDirectory() as folder:
        for measure, made, oracle in CASES:
            source, target, copy = (Path(folder, f"{name}.csv") for name in ("in", "out", "copy"))
            made(options.rows, np.random.default_rng(2027)).write_csv(source)
            with source.open(newline="") as file:
                expected = oracle(list(csv.DictReader(file)))
            for name, command in commands(measure, source, target, options.python).items():
                copied = None if "--explain" in command else source
                ours, plain, ratio = measured(command, copied, (target, copy), options.pairs)
                wrong = wrong_fen(target, expected)
                print(f"{measure + ' ' + name:40}{ours:9.2f}{plain:9.2f}{ratio:8.2f}{wrong:11,}")
                results.append(
                    {"measure": measure, "name": name, "seconds": ours, "copy": plain, "ratio": ratio, "wrong": wrong}
                )
    if options.json:
        options.json.write_text(json.dumps({"rows": options.rows, "results": results}, indent=2))


if __name__ == "__main__":
    main()
