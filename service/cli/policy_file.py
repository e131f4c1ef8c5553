"""`policies`: what the policy file says, whether it is right, and how versions and readings differ."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.console import BROKEN, Session, command, print_json, print_lines, read_bytes, readings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

AS_JSON = click.option("--json", "as_json", is_flag=True, help="输出 JSON · for machines")


@click.group()
def policies() -> None:
    """政策文件 · The policy file: list, show, check, compare."""


@policies.command("list")
@AS_JSON
@command
def list_versions(session: Session, *, as_json: bool) -> None:
    """列出政策版本 · List the versions."""
    from service.cli import sheets
    from service.describe import policies_list

    data = policies_list(session.policies)
    counts = {one.ref: (len(one.measures), len(one.referenced)) for one in session.policies.versions}
    return print_json(data) if as_json else print_lines(sheets.versions(data, counts, session))


@policies.command()
@click.argument("ref")
@click.argument("measure", required=False)
@AS_JSON
@command
def show(session: Session, ref: str, measure: str | None, *, as_json: bool) -> None:
    """显示一个版本或其中一项补助 · Show a version, or one of its measures."""
    from service.cli import sheets
    from service.describe import measure_of, version_of

    version = session.policies.version(ref)
    if measure is None:
        data = version_of(session.policies, version, session.language)
        return print_json(data) if as_json else print_lines(sheets.version(data, session))
    data = measure_of(session.policies, version, measure, session.language)
    return print_json(data) if as_json else print_lines(sheets.measure(data, session))


@policies.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@AS_JSON
@command
def check(session: Session, file: Path | None, *, as_json: bool) -> None:
    """检查政策文件 · Check the file: every mistake with its place and cure, and what will need a decision."""
    from service.cli.checking import checked

    report = checked(file or session.policy_file, datetime.now().astimezone().date())
    if as_json:
        print_json(report.written())
    else:
        print_lines(report.told(session))
    if report.mistakes:
        sys.exit(BROKEN)


@policies.command()
@click.argument("before")
@click.argument("after")
@click.option("--reading", "readings", multiple=True, metavar="KEY=CHOICE", help="后者按此解释 · read AFTER so")
@click.option("--applications", metavar="FILE|-", help="用这些申请试算金额变化 · calculate these under both")
@click.option(
    "--ledger", "in_ledger", is_flag=True, help="用台账中的全部拨付试算 · decide the ledger's grants under both"
)
@AS_JSON
@command
def diff(
    session: Session,
    before: str,
    after: str,
    readings: Sequence[str],
    applications: str | None,
    *,
    in_ledger: bool,
    as_json: bool,
) -> None:
    """比较两个版本或两种解释 · Compare versions, or readings (diff A A --reading key=choice)."""
    from service.cli import difference
    from service.cli.ledger import opened

    if in_ledger and applications is not None:
        raise click.UsageError("--applications | --ledger")
    chosen = readings_of(readings, session)
    one, other = session.policies.version(before), session.policies.version(after)
    data = None if applications is None else read_bytes(applications)
    found = difference.between(one, other, chosen)
    if applications is not None and data is not None:
        found = difference.with_money(session, found, data, applications)
    if in_ledger:
        with opened() as ledger:
            found = difference.with_ledger(session, found, ledger)
    return print_json(found.written(session)) if as_json else print_lines(found.told(session))


@policies.command()
@click.argument("ref", required=False)
@AS_JSON
@command
def readings(session: Session, ref: str | None, *, as_json: bool) -> None:
    """列出有歧义之处及所采用的解释 · List where the text is ambiguous and how it is read."""
    from service.cli import sheets
    from service.describe import version_of

    version = session.policies.version(ref) if ref else session.policies.newest
    data = version_of(session.policies, version, session.language)["readings"]
    return print_json(data) if as_json else print_lines(sheets.readings(version.ref, data, session))


@policies.command()
@command
def schema(_: Session) -> None:
    """输出编辑器用的 JSON Schema · Print the JSON Schema for editors."""
    import json

    from service.policies.schema import editor_schema

    click.echo(json.dumps(editor_schema(), ensure_ascii=False, indent=2))
