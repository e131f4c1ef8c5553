"""Files decided here and by Spark, all in one session: `python -m tests.batch.spark_runs MASTER FOLDER`.

A process of its own, because Spark forks and polars must not have been used by then. What came out stands in the
folder: for each case `local.*` and `spark.*`, and `told.json` with totals or defects of both.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from service.batch.sources import Source
from service.batch.spark.session import session

CODES: Final = ("91140100MA0GTHKP7R", "91140100ma0gthkp7r", "甲公司", "乙公司", None)
Rows = list[dict[str, Any]]


class Case(NamedTuple):
    """A file, how it is to be decided, and the bytes of a cut, so small that there are many."""

    measure: str
    rows: Callable[[random.Random], Rows]
    suffix: str = ".csv"
    options: dict[str, Any] = {}  # noqa: RUF012
    history: str | None = None
    target: str = ".csv"
    cut_bytes: int = 40_000


def loans(rng: random.Random, rows: int = 4_000) -> Rows:
    """Loans of 600 firms in several years, some of them unusable, with line breaks in quotes and empty rows."""
    return [
        {
            "借据编号": f"J{row if row % 40 else row // 3}",  # some come again, of other firms
            "统一社会信用代码": rng.choice([*CODES, *(f"企业{rng.randrange(600)}" for _ in range(20))]),
            "专业镇级别": rng.choice(["省级重点", "provincial_key", "provincial_characteristic", "county"]),
            "属于主导产业": rng.choice(["是", "是", "是", "否", "true"]),
            "申报年度": rng.choice(["2027", "2027", "2028"]),
            "放款本金（元）": rng.choice([f"{rng.randrange(10**9)}.{rng.randrange(100):02}", "1,000", "50000000"]),
            "放款日期": rng.choice(["2027-03-01", "2027/3/1", "20270301", "2025-01-01", "2027-02-30"]),
            "付息天数": rng.choice(["365", "180", "31"]),
            "年度利息发生额": f"{rng.randrange(10**6)}.5",
            "备注": rng.choice(["", "x", '两行\n"引号"', "a,b"]),
        }
        if row % 97
        else {"借据编号": None}
        for row in range(rows)
    ]


def placements(rng: random.Random) -> Rows:
    """Advertising of firms in towns that only some share."""
    return [
        {
            "year": rng.choice(["2027", "2028"]),
            "town_id": f"镇{(firm := rng.randrange(300)) % 60}" if rng.random() < 0.99 else None,
            "town_tier": rng.choice(["provincial_characteristic", "provincial_characteristic", "county"]),
            "applicant_id": f"企业{firm}",
            "ad_paid": f"{rng.randrange(2_000_000)}.{rng.randrange(100):02}" if rng.random() < 0.98 else "?",
            "ad_cost": rng.choice(["", "600000.00"]),
            "paid_on": rng.choice(["2027-05-01", "2028-05-01"]),
        }
        for _ in range(4_000)
    ]


def contracts(rng: random.Random) -> Rows:
    """Contracts, some without a number, of operators."""
    return [
        {
            "applicant_id": rng.choice([None, *(f"运营{rng.randrange(200)}" for _ in range(9))]),
            "contract_number": rng.choice([None, f"H{rng.randrange(2_500)}"]),
            "contract_amount": f"{rng.randrange(1_000_000)}.{rng.randrange(100):02}",
            "signed_on": rng.choice(["2027-05-01", "2026-01-01", "x"]),
        }
        for _ in range(4_000)
    ]


def projects(rng: random.Random) -> Rows:
    """Projects that share a ceiling of their own and a town's, by the year of its evaluation."""
    return [
        {
            "town_id": f"镇{rng.randrange(40)}",
            "town_tier": "provincial_key",
            "evaluation_result": rng.choice(["excellent", "good"]),
            "evaluation_published_on": rng.choice(["2027-03-01", "2027-04-01", "2028-03-01"]),
            "is_leading_industry": "true",
            "project_id": rng.choice([None, f"P{rng.randrange(1_000)}"]),
            "equipment_investment": str(rng.randrange(4_000_000, 90_000_000)),
            "in_production_on": rng.choice(["2027-01-01", None]),
            "proposed_award": f"{rng.randrange(600_000)}.01",
        }
        for _ in range(3_000)
    ]


def few_loans(rng: random.Random) -> Rows:
    """As many loans as are quickly decided."""
    return loans(rng, 900)


CASES: Final = {
    "in_order": Case("loan_interest", loans, options={"explain": True}),
    "gb18030": Case("loan_interest", loans, suffix=".txt"),
    "in_proportion": Case("advertising", placements, options={"explain": True}),
    "two_ceilings": Case("platform_operator", contracts, suffix=".parquet", target=".parquet", cut_bytes=50_000),
    "lines": Case("project_award", projects, suffix=".ndjson", target=".ndjson", cut_bytes=100_000),
    "history": Case("loan_interest", loans, suffix=".parquet", history="in_order", cut_bytes=60_000),
    "total": Case("loan_interest", few_loans, options={"readings": {"rounding_stage": "total"}}, cut_bytes=10_000),
    "first": Case("national_cluster_award", lambda rng: [
        {"town_id": f"镇{rng.randrange(500)}", "town_tier": "provincial_characteristic", "recognised_on": "2027-01-01"}
        for _ in range(3_000)
    ], cut_bytes=10_000, target=""),
    "ragged": Case("loan_interest", few_loans, cut_bytes=10_000),
    "lost_history": Case("loan_interest", few_loans, history="lost", cut_bytes=10_000),
}  # fmt: skip


def write_source(name: str, case: Case, folder: Path) -> Path:
    """Write a case's file; columns of numbers have types where the format has."""
    import polars as pl

    from tests.batch.files import table, write

    source = folder / f"source{case.suffix}"
    frame = table(case.rows(random.Random(name)))
    match case.suffix:
        case ".parquet" if name == "two_ceilings":
            write(frame.with_columns(pl.col("contract_amount").cast(pl.Decimal(12, 2))), source)
        case ".txt":
            source.write_bytes(frame.write_csv(separator=";").encode("gb18030"))
        case _:
            write(frame, source)
    if name == "ragged":
        source.write_text(source.read_text("utf-8") + "a" + "," * 20 + "\n", "utf-8")
    return source


def lose_a_row(history: Path, target: Path) -> Path:
    """Make a row of a history unreadable that was granted something."""
    import polars as pl

    frame = pl.read_csv(history, infer_schema=False)
    granted = frame["amount"].str.starts_with("0.").not_().arg_true()[-1]
    frame.with_columns(frame["放款日期"].scatter(granted, "x")).write_csv(target)
    return target


def told(decide: Callable[[], Any]) -> dict[str, Any]:
    """Return totals, all but what only a whole file shows, or the defects for which a file is refused."""
    from service.errors import Refused

    try:
        return {one: asdict(totals) | {"unusual": None} for one, totals in decide().totals.items()}
    except Refused as refused:
        return {"refused": [[one.pointer, one.code, str(one.given), one.facts] for one in refused.defects]}


def run(spark: Any, name: str, folder: Path) -> dict[str, Any]:
    """Decide a case in both ways."""
    from service.batch.job import run_files
    from service.batch.run import Options
    from service.batch.spark.job import run_on_spark
    from service.policies import load

    case, here, policies = CASES[name], folder / name, load()
    here.mkdir()
    source = write_source(name, case, here)
    options = Options(case.measure, **case.options)
    history = None
    if case.history:
        granted = folder / "in_order" / "local.csv"
        history = lose_a_row(granted, here / "history.csv") if case.history == "lost" else granted
    local, there = here / f"local{case.target or '.csv'}", here / f"spark{case.target}"

    def on_spark() -> Any:
        return run_on_spark(spark, policies, source, there, options, history=history, cut_bytes=case.cut_bytes)

    return {
        "local": told(lambda: run_files(policies, [Source(source)], local, options, history)),
        "spark": told(on_spark),
    }


def main() -> None:
    """Run all cases."""
    master, folder = sys.argv[1], Path(sys.argv[2])
    with session(master) as spark:
        (folder / "told.json").write_bytes(orjson.dumps({name: run(spark, name, folder) for name in CASES}))


if __name__ == "__main__":
    main()
