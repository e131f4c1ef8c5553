"""Killed, cut off, full: nothing acknowledged is lost, nothing is done twice, and it goes on without hands."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import orjson
import pytest

from service.ledger import database
from service.ledger.books import grants_of
from service.ledger.database import Ledger, alone
from service.ledger.keys import create_key
from service.ledger.limits import groups_in_use
from service.ledger.opening import open_ledger
from service.ledger.verifying import verify
from service.policies import Policies
from tests.ledger.asking import award, loan
from tests.ledger.conftest import new_database, postgresql
from tests.ledger.service import Service, json_of

GRANTS, CLIENTS, WORKERS = 500, 3, 3
KILLS = 5
GUNICORN = [
    sys.executable,
    "-m",
    "gunicorn",
    "--worker-class",
    "sync",
    "--no-control-socket",
    "--log-level",
    "critical",
]
CALCULATION = {name: value for name, value in loan().items() if name != "measure"}


class Victim:
    """A gunicorn on a ledger that is killed and started again."""

    def __init__(self, url: str) -> None:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = one.getsockname()[1]
        self._environment = {**os.environ, "DATABASE_URL": url}
        self.process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        bind = ["--bind", f"127.0.0.1:{self.port}", "--workers", str(WORKERS), "service:create_app()"]
        return subprocess.Popen([*GUNICORN, *bind], env=self._environment, start_new_session=True)

    def kill(self) -> None:
        """Kill the master and all workers at once: nobody can tidy up."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.process = self._started()

    def wait_until_up(self) -> None:
        """Return when it answers again: the random moment of the next kill is one of work, not of starting."""
        for _ in range(600):
            try:
                with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
                    connection.request("GET", "/healthz")
                    connection.getresponse().read()
                return
            except (OSError, HTTPException):
                time.sleep(0.05)

    def propose(self, token: str, number: int) -> tuple[str, str]:
        """Propose until it is acknowledged, always under the same key; return id and amount."""
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"n-{number}"}
        headers["Content-Type"] = "application/json"
        body = orjson.dumps(award(f"P{number}", f"T{number % 3}", "1234.56"))
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
                    connection.request("POST", "/v1/grants", body, headers)
                    answer = connection.getresponse()
                    said = orjson.loads(answer.read())
            except (OSError, HTTPException):
                time.sleep(0.05)
                continue
            assert answer.status in {200, 201}, said
            return said["id"], said["amount"]
        raise AssertionError("the service did not come up again")


@contextmanager
def victim(url: str) -> Iterator[Victim]:
    """Run a service; it is gone afterwards, whatever happens."""
    running = Victim(url)
    try:
        yield running
    finally:
        running.kill()


def test_a_service_that_is_killed_loses_nothing(ledger: Ledger, url: str) -> None:
    """Killed at random points in a stream of 500 grants: each that was acknowledged is there once, and sums agree."""
    _, token = create_key(ledger, "Li", "proposer", by="root")
    with victim(url) as running, ThreadPoolExecutor(CLIENTS) as pool:
        acknowledged = [pool.submit(running.propose, token, number) for number in range(GRANTS)]
        pauses = random.Random(4)
        kills = 0
        while kills < KILLS and wait(acknowledged, 0.2 + pauses.random()).not_done:
            running.restart()
            running.wait_until_up()
            kills += 1
        answers = [one.result() for one in acknowledged]
    assert kills
    with ledger.reading() as connection:
        stored = {grant.id: grant for grant in grants_of(connection)}
        used = sum(one.totals.reserved for one in groups_in_use(connection) if one.group.limit_id == "pool_cap")
    assert len(stored) == GRANTS
    assert {grant_id for grant_id, _ in answers} == stored.keys()
    assert {amount for _, amount in answers} == {"1234.56"}
    assert used == sum(grant.amount for grant in stored.values()) == GRANTS * 123_456
    assert verify(ledger).flaw is None


def test_a_database_that_stops_and_comes_again(policies: Policies) -> None:
    """While PostgreSQL is down the ledger answers 503 and calculations go on; afterwards a retry is all it takes."""
    with postgresql() as server:
        url = new_database(server.get_uri())
        with closing(open_ledger(url, upgrade=True)) as ledger, closing(Service(ledger, url, policies)) as service:
            first = json_of(service.propose(loan("R1"), "one"), 201)
            server.stop()
            answer = service.propose(loan("R2", "F2"), "two")
            assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
            assert answer.headers["Retry-After"] == "5"
            assert "host" not in answer.text
            assert service.client.post("/v1/calculations/loan_interest", json=CALCULATION).status_code == 200
            wait_until(lambda: not (server.pgdata / "postmaster.pid").exists())
            server.start()
            second = json_of(service.propose(loan("R2", "F2"), "two"), 201)
            found = json_of(service.get("/v1/grants"))["grants"]
            assert [one["id"] for one in found] == [first["id"], second["id"]]
            assert verify(ledger).flaw is None


def wait_until(done: Callable[[], bool]) -> None:
    """Wait for something, for half a minute at most."""
    for _ in range(600):
        if done():
            return
        time.sleep(0.05)
    raise AssertionError("it took too long")


def test_a_service_that_starts_without_its_database(tmp_path: Path, policies: Policies) -> None:
    """A ledger that cannot be reached at first is found as soon as it is there; a wrong setting is told."""
    url = f"sqlite:///{tmp_path / 'a-file' / 'ledger.sqlite'}"
    (tmp_path / "a-file").write_text("in the way", "utf-8")
    other = open_ledger(f"sqlite:///{tmp_path / 'other.sqlite'}")
    service = Service(other, url, policies)
    other.close()
    assert json_of(service.get("/v1/grants"), 503)["type"] == "/problems/ledger-unavailable"
    (tmp_path / "a-file").unlink()
    (tmp_path / "a-file").mkdir()
    (tmp_path / "other.sqlite").rename(tmp_path / "a-file" / "ledger.sqlite")
    assert json_of(service.get("/v1/grants"))["grants"] == []
    service.close()


@pytest.mark.parametrize("url", ["mysql://x:secret@h/db", "sqlite://", "nonsense"])
def test_a_wrong_setting_is_told(url: str, tmp_path: Path, policies: Policies) -> None:
    """A DATABASE_URL that is none says what one looks like, and never the password."""
    other = open_ledger(f"sqlite:///{tmp_path / 'other.sqlite'}")
    problem = json_of(Service(other, url, policies).get("/v1/grants"), 503)
    other.close()
    assert "postgresql://user:password@host/name" in problem["detail"]
    assert "secret" not in problem["detail"]


def test_a_writer_that_holds_on_is_waited_for_only_so_long(
    tmp_path: Path, policies: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever cannot write in time is told to come again; afterwards it goes on."""
    monkeypatch.setattr(database, "_WAIT_SECONDS", 0.2)
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    ledger = open_ledger(url)
    service = Service(ledger, url, policies)
    with alone(tmp_path / "ledger.sqlite-queue"):
        assert json_of(service.propose(loan(), "one"), 503)["type"] == "/problems/ledger-unavailable"
        assert json_of(service.get("/v1/grants"))["grants"] == []
    json_of(service.propose(loan(), "one"), 201)
    service.close()
    ledger.close()


#: Proposes until the disk is full, makes room, and goes on; tells how many were stored before and after.
FULL = """
import resource, sys
from pathlib import Path
from service.errors import Unavailable
from service.ledger.grants import propose
from service.ledger.keys import Actor
from service.ledger.opening import open_ledger
from service.policies import load
from tests.ledger.asking import loan

kind, file = sys.argv[1], Path(sys.argv[2])
ledger, policies = open_ledger(f"sqlite:///{file}"), load()
actor = Actor("k", "Li", "proposer")
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
ballast = file.with_name("ballast")
if kind == "limit":
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
else:
    with ballast.open("wb", buffering=0) as filling:
        filling.write(bytes(2_000_000))
stored, refused = 0, 0
while refused < 5:
    assert stored < 1_000, "the disk never became full"
    try:
        propose(ledger, policies, loan(f"R{stored}", f"F{stored}"), f"n-{stored}", actor)
        stored += 1
    except Unavailable as full:
        assert full.code == "ledger-unreachable"
        refused += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
ballast.unlink(missing_ok=True)
for number in range(stored, stored + 20):
    propose(ledger, policies, loan(f"R{number}", f"F{number}"), f"n-{number}", actor)
print(stored, stored + 20)
ledger.close()
"""


def fill(kind: str, file: Path) -> None:
    """Fill a disk, make room, and see that the ledger holds exactly what was acknowledged."""
    done = subprocess.run([sys.executable, "-c", FULL, kind, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    stored, after = map(int, done.stdout.split())
    assert stored > 5
    ledger = open_ledger(f"sqlite:///{file}")
    with ledger.reading() as connection:
        assert len(list(grants_of(connection))) == after
    assert verify(ledger).flaw is None
    ledger.close()


def test_a_file_that_may_not_grow_is_told(tmp_path: Path) -> None:
    """Where files may not grow any more nothing is stored by halves, and when they may again, it goes on."""
    fill("limit", tmp_path / "ledger.sqlite")


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """The same on a small file system that is really full."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "town", str(tmp_path)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no right to mount a file system, so only the limit of a file was tried: {mounted.stderr.strip()}")
    try:
        fill("tmpfs", tmp_path / "ledger.sqlite")
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
