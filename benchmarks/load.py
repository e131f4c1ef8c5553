"""Two load generators for a server that closes after each answer: plain sockets in processes of their own, and wrk."""

from __future__ import annotations

import json
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

HOST = "127.0.0.1"
TIMEOUT_SECONDS = 10
MOST_SECONDS = 60
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


class Load(NamedTuple):
    """What is sent in a round: so many requests, or by wrk as many as fit into the seconds."""

    path: str
    body: bytes
    connections: int
    requests: int
    seconds: int


class Round(NamedTuple):
    """What a round of requests to one server took."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    requests: int


Client = Callable[[int], Round]


@contextmanager
def client_of(kind: str, load: Load) -> Iterator[Client]:
    """Open a load generator, `python` or `wrk`: called with a port, it drives one round and returns what that took."""
    if kind == "wrk":
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder, "post.lua")
            script.write_text(_lua(load), encoding="utf-8")
            yield partial(_drive_wrk, load, script)
    else:
        context = get_context("spawn")
        with ProcessPoolExecutor(load.connections, mp_context=context) as pool:
            yield partial(_drive_sockets, load, pool)


def _drive_sockets(load: Load, pool: ProcessPoolExecutor, port: int) -> Round:
    """Share the requests among the processes, each with one connection at a time."""
    each = max(load.requests // load.connections, 1)
    message = (
        f"POST {load.path} HTTP/1.1\r\nHost: {HOST}:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(load.body)}\r\n\r\n"
    ).encode() + load.body
    shares = list(pool.map(send, *zip(*[(port, message, each)] * load.connections, strict=True)))
    began, ended = min(share[0] for share in shares), max(share[1] for share in shares)
    taken = [nanoseconds for share in shares for nanoseconds in share[2]]
    hundredths = statistics.quantiles(taken, n=100)
    return Round(len(taken) / (ended - began) * 1e9, hundredths[49] / 1e6, hundredths[98] / 1e6, len(taken))


def send(port: int, message: bytes, requests: int) -> tuple[int, int, list[int]]:
    """Send the message again and again; return begin, end and what each answer took, in nanoseconds.

    Raises RuntimeError on any answer but 200, and where the requests do not fit into a minute.
    """
    taken: list[int] = []
    began = before = time.monotonic_ns()
    latest = began + MOST_SECONDS * 1_000_000_000
    for _ in range(requests):
        answer = _answer(port, message)
        after = time.monotonic_ns()
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"expected 200, got {answer[:200]!r}")
        if after > latest:
            raise RuntimeError(f"a round took more than {MOST_SECONDS} s: ask for fewer --requests")
        taken.append(after - before)
        before = time.monotonic_ns()
    return began, before, taken


def _answer(port: int, message: bytes) -> bytes:
    """Read as much as the answer says it has and hang up: the server waits for that before it serves the next."""
    with socket.socket() as connection:
        connection.settimeout(TIMEOUT_SECONDS)
        connection.connect((HOST, port))
        connection.sendall(message)
        answer = connection.recv(65536)
        while not _whole(answer):
            part = connection.recv(65536)
            if not part:
                raise RuntimeError(f"the server hung up after {answer[:200]!r}")
            answer += part
    return answer


def _whole(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    length = LENGTH.search(head)
    return length is not None and len(body) >= int(length[1])


def _lua(load: Load) -> str:
    """Write wrk's script: the request, and the figures as JSON on the last line."""
    return f"""
wrk.method = "POST"
wrk.path = {json.dumps(load.path)}
wrk.headers["Content-Type"] = "application/json"
wrk.body = [=[{load.body.decode()}]=]
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\\n{{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "errors": %d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


def _drive_wrk(load: Load, script: Path, port: int) -> Round:
    wrk = shutil.which("wrk")
    if wrk is None:
        raise RuntimeError("wrk is not installed: apt-get install wrk, or --client python")
    options = [f"-t{min(load.connections, 2)}", f"-c{load.connections}", f"-d{load.seconds}s", "-s", str(script)]
    done = subprocess.run(
        [wrk, *options, f"http://{HOST}:{port}"],
        capture_output=True,
        check=True,
        text=True,
        timeout=load.seconds + TIMEOUT_SECONDS,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    if told["errors"]:
        raise RuntimeError(f"{told['errors']} of {told['requests']} requests failed")
    return Round(told["requests"] / told["microseconds"] * 1e6, told["p50"] / 1e3, told["p99"] / 1e3, told["requests"])
