"""Grants per second: the whole service on SQLite, against a bare insert by SQLAlchemy.

    python -m benchmarks.ledger                  rounds of both in turn, as a ratio

Ours: 4 gunicorn workers and 8 clients over HTTP; each grant is authenticated, read, calculated with its history,
explained, reserved, guarded against duplicates and chained into the log. Bare: 4 processes, no HTTP; each transaction
is BEGIN IMMEDIATE, one query of the history of a group, one insert, COMMIT, on a file with the same settings. Both wait
for the disk at every commit. Rounds alternate, so that what else the machine does hits both alike.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

WORKERS, CLIENTS = 4, 8
GUNICORN = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--log-level", "warning"]

BARE = """
import sys, time
from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, create_engine, event, func, insert, select

file, worker, each = sys.argv[1], sys.argv[2], int(sys.argv[3])
engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 60})

@event.listens_for(engine, "connect")
def prepare(connection, _):
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")

@event.listens_for(engine, "begin")
def begin(connection):
    connection.exec_driver_sql("BEGIN IMMEDIATE")

grants = Table("grants", MetaData(), Column("id", Integer, primary_key=True), Column("firm", Text, index=True),
               Column("amount", BigInteger), Column("request", Text), Column("result", Text))
if worker == "make":
    grants.metadata.create_all(engine)
    sys.exit()
history = select(func.sum(grants.c.amount))
text = "x" * 1000
print(flush=True)
sys.stdin.readline()
for number in range(each):
    firm = f"F{worker}-{number % 50}"
    with engine.begin() as connection:
        connection.execute(history.where(grants.c.firm == firm)).scalar()
        connection.execute(insert(grants), {"firm": firm, "amount": 100, "request": text, "result": text})
"""

OURS = """
import json, sys
from http.client import HTTPConnection

port, token, worker, each = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
facts = {"town_tier": "provincial_key", "is_leading_industry": True, "application_year": 2027, "town_id": "T1"}
line = {"disbursed_amount": "100000.00", "disbursed_on": "2027-01-01", "interest_paid_days": 365,
        "interest_accrued": "4000.00"}
print(flush=True)
sys.stdin.readline()
for number in range(each):
    name = f"{worker}-{number}"
    body = {"measure": "loan_interest", "facts": {**facts, "applicant_id": f"F{worker}-{number % 50}"},
            "lines": [{**line, "receipt_number": name}]}
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": name, "Content-Type": "application/json"}
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/v1/grants", json.dumps(body), headers)
    answer = connection.getresponse()
    said = answer.read()
    assert answer.status == 201, said
    connection.close()
"""


def main() -> None:
    """Read the options, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--grants", type=int, default=1000, help="in each round")
    options = parser.parse_args()
    bare, ours = [], []
    with TemporaryDirectory(prefix="ledger-") as folder, serving(Path(folder)) as (port, token):
        file = f"{folder}/bare.sqlite"
        subprocess.run([sys.executable, "-c", BARE, file, "make", "0"], check=True)
        for number in range(options.rounds):
            bare.append(rate(WORKERS, options.grants, BARE, file, number=number))
            ours.append(rate(CLIENTS, options.grants, OURS, str(port), token, number=number))
            print(f"round {number + 1}: bare {bare[-1]:7.0f}/s   ours {ours[-1]:7.0f}/s   {ours[-1] / bare[-1]:.2f}")
    ratio = statistics.median(one / other for one, other in zip(ours, bare, strict=True))
    print(f"median:  bare {statistics.median(bare):7.0f}/s   ours {statistics.median(ours):7.0f}/s   {ratio:.2f}")


def rate(processes: int, grants: int, script: str, *arguments: str, number: int) -> float:
    """Let processes begin at once, and count what they do in a second."""
    each = grants // processes
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script, *arguments, f"{number}-{worker}", str(each)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for worker in range(processes)
    ]
    for process in running:
        assert process.stdout
        process.stdout.readline()
    began = time.perf_counter()
    for process in running:
        assert process.stdin
        process.stdin.write(b"\n")
        process.stdin.flush()
    for process in running:
        process.communicate()
        assert process.returncode == 0
    return each * processes / (time.perf_counter() - began)


@contextmanager
def serving(folder: Path) -> Iterator[tuple[int, str]]:
    """Run the service on a new ledger; give its port and a proposer's key."""
    from service.ledger.keys import create_key
    from service.ledger.opening import open_ledger

    url = f"sqlite:///{folder / 'ours.sqlite'}"
    ledger = open_ledger(url)
    _, token = create_key(ledger, "Benchmark", "proposer", by="benchmark")
    ledger.close()
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    options = ["--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS), "service:create_app()"]
    with subprocess.Popen([*GUNICORN, *options], env={**os.environ, "DATABASE_URL": url}) as process:
        try:
            wait_until_up(port)
            yield port, token
        finally:
            process.terminate()


def wait_until_up(port: int) -> None:
    """Return when the service answers."""
    for _ in range(600):
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the service did not come up")


if __name__ == "__main__":
    main()
