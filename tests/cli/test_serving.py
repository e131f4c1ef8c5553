"""`serve`: a real gunicorn that answers, stops when told, and says where to click."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import orjson
import pytest
from click.testing import Result
from gunicorn.util import load_class
from gunicorn.workers.sync import SyncWorker

from service.cli.serving import options
from service.config import Config

SERVE = [sys.executable, "-c", "from service.cli import main; main()"]


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def answer_of(port: int, path: str, process: subprocess.Popen[bytes]) -> bytes:
    """Ask until the service is up; give up when it has ended or after half a minute."""
    for _ in range(300):
        assert process.poll() is None
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", path)
            return connection.getresponse().read()
        except ConnectionError:
            time.sleep(0.1)
    raise AssertionError("the service did not come up")


def test_the_service_answers_and_stops(two_versions: str, tmp_path: Path) -> None:
    """The service listens on PORT with the policy file named, prints its address, and ends quietly on a signal."""
    port = free_port()
    environment = {**os.environ, "PORT": str(port), "WEB_CONCURRENCY": "1", "HOME": str(tmp_path)}
    command = [*SERVE, "--policies", Path(two_versions).name, "serve", "--lang", "en"]
    with subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        try:
            listed = orjson.loads(answer_of(port, "/v1/policies", process))
        finally:
            process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=30)
    assert [one["ref"] for one in listed["policies"]][-1] == "jzbf-2026-3@2"
    address = f"http://127.0.0.1:{port}/"
    assert f"{address} (API: {address}docs;" in told.decode()
    assert process.returncode == 0
    assert not (tmp_path / ".gunicorn").exists()


@pytest.mark.parametrize("given", [None, "", "a secret of more than 32 characters"])
def test_workers_share_a_secret(tmp_path: Path, given: str | None) -> None:
    """SECRET_KEY is handed on to the workers as it is set, and is a fresh one where it is not."""
    environment = {**os.environ, "PORT": str(free_port()), "WEB_CONCURRENCY": "1", "HOME": str(tmp_path)}
    environment.pop("SECRET_KEY", None)
    if given is not None:
        environment["SECRET_KEY"] = given
    with subprocess.Popen([*SERVE, "serve"], env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        try:
            answer_of(int(environment["PORT"]), "/healthz", process)
            own = Path(f"/proc/{process.pid}/environ").read_bytes().decode().split("\0")
        finally:
            process.send_signal(signal.SIGTERM)
    (secret,) = (one.partition("=")[2] for one in own if one.startswith("SECRET_KEY="))
    assert Config.from_environment({"SECRET_KEY": secret}).secret_key == secret
    assert secret == given if given else len(secret) > 32


def test_a_broken_policy_file_is_told_before_workers_start(run: Callable[..., Result], tmp_path: Path) -> None:
    """A policy file that cannot be used ends `serve` with its mistakes, not with workers that die in turn."""
    file = tmp_path / "broken.yaml"
    file.write_text("a: 1\na: 2\n", "utf-8")
    done = run("--policies", str(file), "serve")
    assert done.exit_code == 1
    assert f"{file}:2:1: " in done.stderr
    assert "gunicorn" not in done.stderr


def test_a_wrong_port_is_told(run: Callable[..., Result]) -> None:
    """A port that is none is refused, from the option as from the environment."""
    assert run("serve", "--port", "70000").exit_code == 2
    done = run("serve", env={"PORT": "http"})
    assert done.exit_code == 2
    assert "PORT" in done.stderr


def test_the_options_are_those_that_we_measured() -> None:
    """Sync workers, nothing loaded before the fork, no control socket; IPv6 in brackets."""
    given = options("::", 8000, 3)
    assert given[given.index("--bind") + 1] == "[::]:8000"
    assert given[given.index("--workers") + 1] == "3"
    assert load_class(given[given.index("--worker-class") + 1]).__bases__ == (SyncWorker,)
    assert "--no-control-socket" in given
    assert not [one for one in given if "preload" in one]


def test_a_wrong_setting_is_told_in_words(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that says nothing usable ends `serve` with the cure, and a secret is not repeated."""
    monkeypatch.setenv("SECRET_KEY", "too short")
    done = run("serve", "--lang", "en")
    assert done.exit_code == 2
    assert "SECRET_KEY is set wrongly: expected ≥ 32 characters, given 9" in done.stderr
    assert "too short" not in done.stderr
