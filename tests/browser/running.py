"""The real service as `town-subsidy serve` starts it, on a ledger with a year of grants, and a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

from service.ledger.keys import actor_of, create_key
from service.ledger.opening import open_ledger
from service.policies import Policies
from tests.api.test_batches_served import serving
from tests.ledger.finance import grant_a_year

PEOPLE = {"proposer": "李伟", "approver": "王芳", "auditor": "张敏", "admin": "刘洋"}
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
    # Nothing leaves this machine, whatever a page asks for.
    "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip


class Running(NamedTuple):
    """A running service: its origin, the key of each role, and where it logs."""

    origin: str
    tokens: dict[str, str]
    log: Path

    def mishaps(self) -> list[str]:
        """List what the service logged as an error."""
        lines = self.log.read_text("utf-8").splitlines()
        return [line for line in lines if "ERROR" in line or line.startswith("Traceback")]


@contextmanager
def running(folder: Path, policies: Policies) -> Iterator[Running]:
    """Serve a ledger in the folder that holds the grants of five towns over a year."""
    url, log = f"sqlite:///{folder / 'ledger.sqlite'}", folder / "service.log"
    tokens = _filled(url, policies)
    with serving(folder / "scratch", 2, DATABASE_URL=url, GUNICORN_CMD_ARGS=f"--log-file {log}") as served:
        yield Running(f"http://127.0.0.1:{served.port}", tokens, log)


def _filled(url: str, policies: Policies) -> dict[str, str]:
    ledger = open_ledger(url, upgrade=True)
    tokens = {role: create_key(ledger, name, role, by="root")[1] for role, name in PEOPLE.items()}
    with ledger.reading() as connection:
        proposer, approver = (actor_of(connection, tokens[role]) for role in ("proposer", "approver"))
    grant_a_year(ledger, policies, proposer, approver)
    ledger.close()
    return tokens


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium; fields for dates show them in English, the only language that comes with it."""
    path = shutil.which("chromium")
    assert path, "chromium is missing: scripts/test installs it"
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=path, args=FLAGS) as browser:
        yield browser
