"""An audit of 100,000 payouts against a ledger of as many grants.

    python -m benchmarks.audit [ROWS]            seconds of `town-subsidy audit`, its start and the report included

The ledger is SQLite: one loan was really proposed and approved; its rows are repeated under other numbers, each as an
entry of the log. Of a thousand payouts one is a fen too much, one is paid twice, one goes to somebody else. A second
file names no grants, so that every row is found by its payee, measure, year and amount.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from sqlalchemy import Connection, select

from service.ledger import log
from service.ledger.database import Ledger
from service.ledger.grants import propose
from service.ledger.keys import Actor
from service.ledger.opening import open_ledger
from service.ledger.schema import GRANTS, TRANSITIONS, USAGE
from service.ledger.verbs import change, today
from service.policies import load

LOAN = {
    "measure": "loan_interest",
    "facts": {
        "town_tier": "provincial_key", "is_leading_industry": True, "application_year": 2027, "town_id": "T1",
        "applicant_id": "F0",
    },
    "lines": [
        {
            "receipt_number": "R0", "disbursed_amount": "10000000.00", "disbursed_on": "2027-01-01",
            "interest_paid_days": 365, "interest_accrued": "400000.00",
        }
    ],
}  # fmt: skip
CORES = 2
#: One payout in so many has an error: too much, paid twice, to somebody else.
EVERY, TOO_MUCH, TWICE, ELSEWHERE = 1_000, 7, 11, 13
FOUND = 3


def fill(ledger: Ledger, rows: int) -> None:
    """Repeat one grant; firms have five each."""
    proposer, approver = Actor("k1", "One", "proposer"), Actor("k2", "Other", "approver")
    grant, _ = propose(ledger, load(), LOAN, "first", proposer)
    change(ledger, grant.id, "approve", {}, approver)
    with ledger.writing() as connection:
        last = log.head_of(connection)
        pattern = {table: _rows(connection, table, grant.id) for table in (GRANTS, TRANSITIONS, USAGE)}
        for number in range(2, rows + 1):
            last = _repeat(connection, pattern, number, last)


def _rows(connection: Connection, table: Any, grant_id: str) -> list[dict[str, Any]]:
    column = table.c.id if table is GRANTS else table.c.grant_id
    return [log.plain(row) for row in connection.execute(select(table).where(column == grant_id))]


def _repeat(connection: Connection, pattern: Any, number: int, last: log.Head) -> log.Head:
    grant_id, firm = f"loan_interest-2027-{number:06d}", f"F{number // 5}"
    grant = {**pattern[GRANTS][0], "id": grant_id, "number": number, "idempotency_key": grant_id, "applicant_id": firm}
    steps = [{**step, "grant_id": grant_id} for step in pattern[TRANSITIONS]]
    key = orjson.dumps({"applicant_id": firm, "application_year": 2027}).decode()
    usage = {**pattern[USAGE][0], "grant_id": grant_id, "group_key": key, "n": 1 + number % 5}
    entry = log.Entry("One", "propose", grant_id, {"duplicates": []}, log.now())
    seq = log.write(connection, entry, {GRANTS: [grant], TRANSITIONS: steps, USAGE: [usage]}, last)
    return log.head_of(connection) if seq else last


def write_payouts(folder: Path, rows: int) -> list[Path]:
    """Write a file that names grants and one that does not."""
    named, nameless = folder / "named.csv", folder / "nameless.csv"
    with named.open("w", encoding="utf-8") as one, nameless.open("w", encoding="utf-8") as other:
        one.write("拨付编号,统一社会信用代码,措施,支付日期,支付金额,年度\n")
        other.write("统一社会信用代码,措施,支付日期,支付金额,年度\n")
        for number in range(1, rows + 1):
            amount = "150000.01" if number % EVERY == TOO_MUCH else "150000.00"
            paid = number - 1 if number % EVERY == TWICE else number
            firm = "F9999999" if number % EVERY == ELSEWHERE else f"F{paid // 5}"
            rest = f"{firm},loan_interest,{today()},{amount},2027\n"
            one.write(f"loan_interest-2027-{paid:06d},{rest}")
            other.write(rest)
    return [named, nameless]


def main() -> None:
    """Fill a ledger, audit both files, and print the seconds."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder}/ledger.sqlite"
        ledger = open_ledger(url)
        fill(ledger, rows)
        ledger.close()
        command = [str(Path(sys.executable).with_name("town-subsidy")), "audit"]
        cores = ["taskset", "-c", ",".join(map(str, sorted(os.sched_getaffinity(0))[:CORES]))]
        for file in write_payouts(folder, rows):
            for target in ("report.json", "report.xlsx"):
                begin = time.perf_counter()
                done = subprocess.run(
                    [*cores, *command, str(file), "-o", str(folder / target)],
                    env=os.environ | {"DATABASE_URL": url, "POLARS_MAX_THREADS": str(CORES)},
                    capture_output=True, check=False, text=True,
                )  # fmt: skip
                seconds = time.perf_counter() - begin
                assert done.returncode == FOUND, done.stderr
                print(f"{rows:,} {file.name} → {target}: {seconds:.1f} s on {CORES} cores")
                print("\n".join(done.stdout.splitlines()[:8]))


if __name__ == "__main__":
    main()
