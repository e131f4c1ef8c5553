"""The command line `town-subsidy`: everything that the service can do without a network."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import click

from service.cli.answers import calculate, screen
from service.cli.audit import audit, export
from service.cli.batch import batch, template
from service.cli.console import Session, tolerate_narrow_streams
from service.cli.ledger import db, keys, ledger, log
from service.cli.policy_file import policies
from service.cli.replaying import replay
from service.cli.serving import serve
from service.version import ENGINE


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option(
    "--policies",
    "policy_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="政策文件 · the policy file [TOWN_SUBSIDY_POLICIES, else the one installed]",
)
@click.version_option(ENGINE, prog_name="town-subsidy")
@click.pass_context
def main(context: click.Context, policy_file: Path | None) -> None:
    """计算山西省专业镇补助 · Calculates the subsidies of Shanxi's professional towns."""
    tolerate_narrow_streams()
    _start_quickly()
    context.obj = Session(policy_file)


def _start_quickly() -> None:
    """Leave out what costs a short-lived process most: searching new modules for garbage, threads for matrices.

    Where a file is read, decided and written at once, threads take turns more often than every five milliseconds.
    """
    gc.set_threshold(100_000)
    sys.setswitchinterval(0.0005)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


for one in (calculate, screen, batch, template, policies, audit, export, ledger, keys, log, db, replay, serve):
    main.add_command(one)
