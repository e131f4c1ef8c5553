"""How much of a bare Flask endpoint's throughput a loan calculation with its full explanation keeps.

    python -m benchmarks.rest                  both servers in turn, as a ratio
    python -m benchmarks.rest --profile        where the time goes inside the process

Both run under gunicorn with one sync worker and the same options, each in processes of its own, pinned to the same CPU;
the client has the other CPUs. Rounds alternate, so that what else the machine does hits both alike.
"""

from __future__ import annotations

import argparse
import cProfile
import http.client
import importlib
import io
import json
import os
import platform
import pstats
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.load import HOST, Client, Load, Round, client_of

ROOT = Path(__file__).resolve().parent.parent
PATH = "/v1/calculations/loan_interest"
FACTS = {"town_tier": "provincial_key", "is_leading_industry": True, "application_year": 2027}
LOAN = {
    "disbursed_amount": "10000000.00",
    "disbursed_on": "2027-01-01",
    "interest_paid_days": 365,
    "interest_accrued": "400000.00",
}
SERVERS = {"bare Flask": "benchmarks.bare", "town-subsidy": "service"}
BARE, OURS = SERVERS
GUNICORN = ["--workers", "1", "--worker-class", "sync", "--no-control-socket", "--log-level", "warning"]
START_SECONDS = 30

Rounds = dict[str, list[Round]]


class Cpus(NamedTuple):
    """Which CPUs serve and which send; empty where a process cannot be bound to some."""

    serve: set[int]
    send: set[int]


def main() -> None:
    """Read the options and measure."""
    options = _options()
    if options.profile:
        profile(loans(options.lines), options.requests or 2_000)
        return
    body = loans(options.lines)
    load = Load(PATH, body, options.connections, (options.requests or 20_000) // options.rounds, options.seconds)
    measured = measure(load, options.rounds, options.client)
    report = summary(measured, load, options.client)
    print(table(report))
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def loans(lines: int) -> bytes:
    """Write a request for so many loans of one firm."""
    return json.dumps({"facts": FACTS, "lines": [LOAN] * lines}).encode()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, help="to each server in all rounds together (default: 20,000)")
    parser.add_argument("--rounds", type=int, default=20, help="rounds per server (default: %(default)s)")
    parser.add_argument("--connections", type=int, default=4, help="at the same time (default: %(default)s)")
    parser.add_argument("--lines", type=int, default=1, help="loans in a request (default: %(default)s)")
    parser.add_argument(
        "--client", choices=["python", "wrk"], default="python", help="wrk counts seconds, not requests"
    )
    parser.add_argument("--seconds", type=int, default=2, help="of a wrk round (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file, too")
    parser.add_argument("--profile", action="store_true", help="profile the WSGI call inside this process instead")
    return parser.parse_args()


def measure(load: Load, rounds: int, client: str) -> Rounds:
    """Drive both servers in turn, after a round to warm up each."""
    cpus = cpus_of()
    measured: Rounds = {name: [] for name in SERVERS}
    with ExitStack() as stack:
        ports = {name: stack.enter_context(serving(module, cpus)) for name, module in SERVERS.items()}
        for port in ports.values():
            _expect_answer(port, load.body)
        stack.enter_context(bound_to(cpus.send))
        drive: Client = stack.enter_context(client_of(client, load))
        for port in ports.values():
            drive(port)
        for number in range(rounds):
            for name in SERVERS if number % 2 == 0 else reversed(SERVERS):
                measured[name].append(drive(ports[name]))
    return measured


def cpus_of() -> Cpus:
    """Give the last CPU to the server and the others to the client."""
    if not hasattr(os, "sched_getaffinity"):
        return Cpus(set(), set())
    ours = sorted(os.sched_getaffinity(0))
    return Cpus({ours[-1]}, set(ours[:-1])) if len(ours) > 1 else Cpus(set(), set())


@contextmanager
def bound_to(cpus: set[int]) -> Iterator[None]:
    """Bind this process, and what it starts meanwhile, to some CPUs."""
    if not cpus:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def serving(module: str, cpus: Cpus) -> Iterator[int]:
    """Run `module:create_app()` under gunicorn on a free port of this machine only; the port is already open."""
    with socket.create_server((HOST, 0)) as listening:
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listening.fileno()}", *GUNICORN]
        with bound_to(cpus.serve):
            server = subprocess.Popen([*command, f"{module}:create_app()"], cwd=ROOT, pass_fds=[listening.fileno()])
        port = listening.getsockname()[1]
    try:
        yield port
    finally:
        server.terminate()
        server.wait(START_SECONDS)


def _expect_answer(port: int, body: bytes) -> None:
    """Wait until the server answers, and see that the calculation is the one that is meant."""
    connection = http.client.HTTPConnection(HOST, port, timeout=START_SECONDS)
    connection.request("POST", PATH, body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    if response.status != http.HTTPStatus.OK or answer.get("status", "eligible") != "eligible":
        raise RuntimeError(f"unexpected answer {response.status}: {str(answer)[:300]}")


def summary(measured: Rounds, load: Load, client: str) -> dict[str, Any]:
    """Take the median round of each server, and the median, least and greatest ratio of rounds that were neighbours."""
    servers = {}
    for name, rounds in measured.items():
        columns = dict(zip(Round._fields, zip(*rounds, strict=True), strict=True))
        servers[name] = {
            field: round(statistics.median(columns[field]), 3) for field in ("requests_per_second", "p50_ms", "p99_ms")
        } | {"requests": sum(columns["requests"])}
    pairs = zip(measured[OURS], measured[BARE], strict=True)
    ratios = [ours.requests_per_second / bare.requests_per_second for ours, bare in pairs]
    return {
        "ratio": round(statistics.median(ratios), 3),
        "ratio_least": round(min(ratios), 3),
        "ratio_greatest": round(max(ratios), 3),
        "servers": servers,
        "rounds": len(ratios),
        "connections": load.connections,
        "request_bytes": len(load.body),
        "client": client,
        "machine": {
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "flask": version("flask"),
            "gunicorn": version("gunicorn"),
        },
    }


def table(report: dict[str, Any]) -> str:
    """Write the report for a terminal."""
    rows = [f"{'':14}{'requests/s':>12}{'p50 ms':>10}{'p99 ms':>10}{'requests':>10}"]
    rows += [
        f"{name:14}{of['requests_per_second']:>12,.0f}{of['p50_ms']:>10.2f}{of['p99_ms']:>10.2f}{of['requests']:>10,}"
        for name, of in report["servers"].items()
    ]
    machine = ", ".join(
        f"{value} CPUs" if name == "cpus" else f"{name} {value}" for name, value in report["machine"].items()
    )
    rows += [
        f"ratio {report['ratio']:.2f} (rounds between {report['ratio_least']:.2f} and {report['ratio_greatest']:.2f})",
        f"{report['rounds']} rounds each, {report['connections']} connections, client {report['client']}; {machine}",
    ]
    return "\n".join(rows)


def profile(body: bytes, requests: int) -> None:
    """Time the WSGI call of both applications in this process, then show where ours spends its time."""
    calls = {name: _caller(importlib.import_module(module).create_app(), body) for name, module in SERVERS.items()}
    for call in calls.values():
        _repeat(call, max(requests // 10, 1))
    for name, call in calls.items():
        best = min(_repeat(call, requests) for _ in range(5))
        print(f"{name:14}{best / requests * 1e6:>8.1f} µs per request, without gunicorn")
    profiler = cProfile.Profile()
    profiler.runcall(_repeat, calls[OURS], requests)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def _repeat(call: Callable[[], bytes], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        call()
    return time.perf_counter() - began


def _caller(app: Callable[..., Iterable[bytes]], body: bytes) -> Callable[[], bytes]:
    """Call a WSGI application with the request as gunicorn hands it over."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": PATH,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": HOST,
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": f"{HOST}:8000",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }

    def start_response(status: str, headers: object, problem: object = None) -> None:
        if not status.startswith("200 "):
            raise RuntimeError(f"expected 200, got {status}: {headers} {problem}")

    return lambda: b"".join(app({**environ, "wsgi.input": io.BytesIO(body)}, start_response))


if __name__ == "__main__":
    main()
