"""Files through a real gunicorn: limits, slow and broken uploads, clients that hang up, many at once, memory."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import NamedTuple

import pytest

from service.api.uploads import PARQUET, XLSX
from tests.api.uploading import by_command_line
from tests.batch.files import table, write
from tests.batch.test_bad_rows import GOOD

MOST_BYTES = 1_000_000
TIMEOUT_SECONDS = 3
PATH = "/v1/batches/loan_interest"
HEADER = "applicant_id,town_tier,is_leading_industry,application_year,disbursed_amount,disbursed_on,interest_paid_days,"
ROW = "firm-{0},provincial_key,true,2027,1000000.37,2027-01-05,{1},40000.11"


class Served(NamedTuple):
    """A running service: where it listens, who runs it, and where its temporary files go."""

    port: int
    process: subprocess.Popen[bytes]
    scratch: Path

    def send(self, body: bytes | Iterator[bytes], **headers: str) -> tuple[int, bytes]:
        """Post a CSV; a body of unknown length goes in chunks."""
        with self.post(body, **headers) as response:
            return response.status, response.read()

    @contextmanager
    def post(self, body: bytes | Iterator[bytes], **headers: str) -> Iterator[HTTPResponse]:
        """Post a CSV and give the answer unread."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=120)) as connection:
            connection.request("POST", PATH, body, {"Content-Type": "text/csv", **headers})
            yield connection.getresponse()

    def begin(self, *headers: str) -> socket.socket:
        """Send the head of a request."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        head = [f"POST {PATH} HTTP/1.1", "Host: x", "Content-Type: text/csv", *headers, "", ""]
        client.sendall("\r\n".join(head).encode())
        return client

    def left_behind(self, seconds: int = 20) -> list[str]:
        """List temporary files once they had time to go."""
        for _ in range(seconds * 10):
            if not any(self.scratch.iterdir()):
                break
            time.sleep(0.1)
        return [path.name for path in self.scratch.iterdir()]

    def workers(self) -> list[int]:
        """List the process ids of the workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(child) for child in children.read_text("ascii").split()]

    def peak_megabytes(self) -> int:
        """Tell the most memory that a worker ever took."""
        status = [Path(f"/proc/{worker}/status").read_text("utf-8") for worker in self.workers()]
        return max(int(one.partition("VmHWM:")[2].split()[0]) for one in status) // 1024


@contextmanager
def serving(scratch: Path, workers: int, **settings: str) -> Iterator[Served]:
    """Run `town-subsidy serve` on a free port."""
    scratch.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    environment = {**os.environ, "PORT": str(port), "WEB_CONCURRENCY": str(workers), "TMPDIR": str(scratch), **settings}
    command = [sys.executable, "-c", "from service.cli import main; main()", "serve"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        served = Served(port, process, scratch)
        try:
            _await(served)
            yield served
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)


def _await(served: Served) -> None:
    for _ in range(600):
        try:
            with closing(HTTPConnection("127.0.0.1", served.port, timeout=60)) as connection:
                connection.request("GET", "/healthz")
                assert connection.getresponse().status == 200
        except OSError:
            assert served.process.poll() is None
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the service did not come up")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a service of one worker, a small limit and little patience."""
    settings = {"MAX_FILE_BYTES": str(MOST_BYTES), "GUNICORN_CMD_ARGS": f"--timeout {TIMEOUT_SECONDS}"}
    with serving(tmp_path_factory.mktemp("small") / "scratch", 1, **settings) as served:
        yield served


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a service of four workers."""
    with serving(tmp_path_factory.mktemp("large") / "scratch", 4) as served:
        yield served


def csv_of(size: int) -> bytes:
    """Write a CSV of exactly so many bytes: rows, and blanks behind the last."""
    header = (HEADER + "interest_accrued\n").encode()
    rows = "\n".join(ROW.format(number % 50_000, number % 366) for number in range(80_000)).encode() + b"\n"
    text = header + rows * (size // len(rows) + 1)
    cut = text[: text.rindex(b"\n", 0, size) + 1]
    return cut + b"\n" * (size - len(cut))


def in_chunks(body: bytes, size: int = 50_000) -> Iterator[bytes]:
    """Cut a body into chunks."""
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.mark.parametrize("chunked", [False, True])
def test_the_limit(chunked: bool, small: Served) -> None:
    """A file of the limit is decided; above it, the limit, the size and the cure are told, whoever counts."""
    for size, status in ((MOST_BYTES, 200), (MOST_BYTES + 1, 413), (MOST_BYTES * 2, 413)):
        body = csv_of(size)
        found, answer = small.send(in_chunks(body) if chunked else body, **{"Accept-Language": "en"})
        assert found == status
        if status == 413:
            detail = json.loads(answer)["detail"]
            assert f"at most {MOST_BYTES} bytes" in detail
            assert (f"> {MOST_BYTES}" if chunked else str(size)) in detail
            assert "Parquet" in detail
    assert small.left_behind() == []


def test_a_wrong_type_is_told_to_who_is_still_sending(small: Served) -> None:
    """What is refused before the file is read is heard all the same."""
    found, answer = small.send(csv_of(MOST_BYTES), **{"Content-Type": "application/pdf"})
    assert (found, json.loads(answer)["status"]) == (415, 415)


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        (("Content-Length: 5000",), b"a,b\n1,2\n"),
        (("Transfer-Encoding: chunked",), b"8\r\na,b\n1,2\n\r\n"),
        (("Transfer-Encoding: chunked",), b"nonsense\r\n"),
    ],
)
def test_a_file_that_breaks_off_is_not_decided(headers: tuple[str, ...], sent: bytes, small: Served) -> None:
    """Half a file is never taken for a whole one, and what came of it is deleted."""
    with small.begin(*headers) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        answer = client.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert "中断".encode() in answer
    assert small.left_behind() == []


def test_a_client_that_hangs_up(small: Served) -> None:
    """Who goes away while sending, or before reading the result, leaves no file behind."""
    for sent in (csv_of(MOST_BYTES)[:700_000], csv_of(MOST_BYTES)):
        client = small.begin(f"Content-Length: {MOST_BYTES}")
        client.sendall(sent)
        client.close()
        assert small.left_behind() == []
    assert small.send(csv_of(1_000))[0] == 200


def test_a_slow_upload_is_not_killed(small: Served) -> None:
    """An upload may last longer than a worker may be silent."""

    def slowly() -> Iterator[bytes]:
        for chunk in in_chunks(csv_of(500_000), 60_000):
            time.sleep(TIMEOUT_SECONDS / 4)
            yield chunk

    started = time.monotonic()
    assert small.send(slowly())[0] == 200
    assert time.monotonic() - started > 2 * TIMEOUT_SECONDS


def test_a_long_decision_is_not_killed(small: Served, tmp_path: Path) -> None:
    """A workbook that takes longer to write than a worker may be silent is finished."""
    source = write(table([GOOD] * 300_000), tmp_path / "in.parquet")
    started = time.monotonic()
    status, answer = small.send(source.read_bytes(), **{"Content-Type": PARQUET, "Accept": XLSX})
    assert (status, answer[:2]) == (200, b"PK")
    assert time.monotonic() - started > TIMEOUT_SECONDS


def test_what_a_killed_worker_left_is_removed(small: Served) -> None:
    """A worker that is killed outright cannot tidy up: the next upload does, once the folder is a minute old."""
    client = small.begin("Content-Length: 5000")
    client.sendall(b"a,b\n")
    for _ in range(100):
        if any(small.scratch.iterdir()):
            break
        time.sleep(0.05)
    (worker,) = small.workers()
    os.kill(worker, signal.SIGKILL)
    client.close()
    (left,) = small.scratch.iterdir()
    assert small.send(csv_of(1_000))[0] == 200
    assert small.left_behind(1) == [left.name]
    os.utime(left, (0, 0))
    assert small.send(csv_of(1_000))[0] == 200
    assert small.left_behind() == []


def test_a_folder_in_use_is_not_removed(small: Served) -> None:
    """However old, a folder that a living process holds stays."""
    folder = small.scratch / "town-subsidy-scratch-old"
    folder.mkdir()
    held = os.open(folder, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    os.utime(folder, (0, 0))
    assert small.send(csv_of(1_000))[0] == 200
    assert folder.exists()
    os.close(held)
    assert small.send(csv_of(1_000))[0] == 200
    assert not folder.exists()


def test_an_upload_that_stands_still_is_cut_off(small: Served) -> None:
    """A worker that nobody sends anything is not held for ever; its files go, and the next request is answered."""
    with small.begin("Content-Length: 5000") as client:
        client.sendall(b"a,b\n")
        assert b" 200 " not in client.makefile("rb").read()
    assert small.left_behind() == []
    assert small.send(csv_of(1_000))[0] == 200


def test_four_at_once(large: Served, tmp_path: Path) -> None:
    """Four uploads at the same time each get the bytes of the command line."""
    source = write(table([GOOD, GOOD | {"town_tier": "x"}] * 20_000), tmp_path / "in.csv")
    expected = by_command_line(tmp_path / "out.csv", "loan_interest", [source])
    with ThreadPoolExecutor(4) as clients:
        answers = list(clients.map(lambda _: large.send(source.read_bytes()), range(8)))
    assert answers == [(200, expected)] * 8
    assert large.left_behind() == []


def test_memory_is_bounded(large: Served) -> None:
    """Sixty megabytes of CSV in and more out take a worker no more memory than its parts do."""
    with large.post(in_chunks(csv_of(60_000_000), 1 << 20)) as response:
        totals = json.loads(response.headers["Batch-Totals"])["loan_interest"]
        assert totals["read"] == totals["written"] > 800_000
        assert len(response.read()) == int(response.headers["Content-Length"]) > 60_000_000
    assert large.peak_megabytes() < 500
    assert large.left_behind() == []
