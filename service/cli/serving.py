"""`serve`: the pages and the REST API under gunicorn. The only place that knows gunicorn's options."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

import click

from service.cli.console import Session, command

APP = "service:create_app()"
_MEMORY = Path("/dev/shm")  # noqa: S108 - where workers note that they are alive; a disk may block


@click.command()
@click.option("--host", envvar="HOST", default="127.0.0.1", show_default=True, show_envvar=True)
@click.option(
    "--port", envvar="PORT", type=click.IntRange(1, 65_535), default=8000, show_default=True, show_envvar=True
)
@click.option(
    "--workers", envvar="WEB_CONCURRENCY", type=click.IntRange(min=1), default=2, show_default=True, show_envvar=True
)
@command
def serve(session: Session, host: str, port: int, workers: int) -> None:
    """启动服务：网页和 REST 接口 · Serve the pages and the REST API.

    gunicorn's other options: GUNICORN_CMD_ARGS
    """
    from service.policies import loader

    if session.policy_file:
        os.environ[loader.VARIABLE] = str(session.policy_file.resolve())
    assert session.policies.versions  # a broken file is told here, once, and not by every worker
    _prepare_ledger(session)
    # Made here, so that all workers share it: a form that one of them shows is sent to another. It lasts as long as the
    # service: sessions end when the service is started anew. Several machines need one SECRET_KEY, set by hand.
    if not os.environ.get("SECRET_KEY"):
        os.environ["SECRET_KEY"] = secrets.token_urlsafe(32)
    click.echo(session.say("serving", host=_clickable(host), port=port), err=True)
    # Becomes gunicorn, so that a signal to stop reaches it.
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *options(host, port, workers), APP])  # noqa: S606


def _prepare_ledger(session: Session) -> None:
    """Make the SQLite ledger or bring it up to date; without a ledger, say why, and serve calculations all the same."""
    from service.cli.console import told_problem
    from service.cli.ledger import opened
    from service.errors import Unavailable

    try:
        with opened():
            pass
    except Unavailable as problem:
        if problem.code == "ledger-url-wrong":
            raise
        click.echo(session.say("no_ledger", why=told_problem(problem, session)), err=True)


def options(host: str, port: int, workers: int) -> list[str]:
    """List gunicorn's options."""
    given = [
        *("--bind", f"{_bracketed(host)}:{port}"),
        *("--workers", str(workers)),
        # A sync worker: calculations are short and busy, and threads only make them wait for each other.
        *("--worker-class", "service.worker.Worker"),
        # Otherwise gunicorn writes a socket into the home folder, which a container may not have.
        "--no-control-socket",
    ]
    if os.access(_MEMORY, os.W_OK):
        given += ["--worker-tmp-dir", str(_MEMORY)]
    return given


def _clickable(host: str) -> str:
    """Name the address that a browser on this machine can open."""
    return _bracketed({"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host))  # noqa: S104


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
