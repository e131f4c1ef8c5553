"""`batch` and `template`: files of applications decided, and workbooks to fill in."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from service.cli.console import Session, Unusable, command, fail, readings_of, told_defects

if TYPE_CHECKING:
    from service.batch.job import Begin, Progress, Report
    from service.batch.run import Options
    from service.batch.totals import Totals

#: The exit code where some rows could not be used.
SOME_INVALID = 3

_PATH = click.Path(path_type=Path)


class Where(TypedDict):
    """On which machines a file is decided."""

    engine: str
    master: str | None


@click.command()
@click.argument("measure")
@click.argument("sources", metavar="IN…", nargs=-1, required=True, type=_PATH)
@click.option("-o", "--output", "target", metavar="OUT", required=True, type=_PATH, help="结果文件 · the result")
@click.option("--engine", type=click.Choice(["local", "spark"]), default="local", help="在何处计算 · where to decide")
@click.option("--master", metavar="URL", help="Spark 的地址 · of Spark: local[4], spark://HOST:7077 [local[*]]")
@click.option("--explain", is_flag=True, help="附各条件、步骤和上限 · add every condition, step and limit")
@click.option(
    "--history", metavar="FILE", type=_PATH, help="此前已发放的清单（同样的列，加补助金额） · what was granted before"
)
@click.option("--policy", metavar="REF", help="只按此政策版本 · only this version")
@click.option("--reading", "readings", multiple=True, metavar="K=V", help="解释口径 · a reading; may be repeated")
@click.option("--grant", is_flag=True, help="在台账中逐行拨付，全部或全不 · grant every row in the ledger, all or none")
@click.option(
    "--key", envvar="TOWN_SUBSIDY_KEY", metavar="KEY", help="申报人密钥 · a proposer's key [TOWN_SUBSIDY_KEY]"
)
@click.option(
    "--idempotency-key", metavar="NAME", help="这份文件的编号，默认按内容 · your name for the file [its content]"
)
@command
def batch(  # noqa: PLR0913, PLR0917 - one for each option
    session: Session,
    measure: str,
    sources: tuple[Path, ...],
    target: Path,
    history: Path | None,
    policy: str | None,
    readings: tuple[str, ...],
    key: str | None,
    idempotency_key: str | None,
    *,
    explain: bool,
    grant: bool,
    **where: Unpack[Where],
) -> None:
    """成批计算文件（.csv .xlsx .ndjson .parquet） · Decide files of applications.

    MEASURE 为 all 时按工作表名称识别措施 · all: every sheet of the workbooks is of the measure it is called after.
    退出码 · exit codes: 0 全部已计算 all decided, 3 有行输入有误（--grant 时全不拨付） some rows invalid (with --grant
    nothing is granted), 2 无法读取 nothing could be read
    """
    from service.batch.sources import Source

    files = [Source(path) for path in sources]
    if where["engine"] == "local":
        for file in files:
            file.begin()  # while the rest of the program and the policies are loaded
    from service.batch.run import Options, Run
    from service.errors import Defect, Refused

    options = Options(measure, policy, readings_of(readings, session), explain=explain, language=session.language)
    if where["engine"] == "spark":
        if grant:
            raise Refused([Defect("--grant", "grants_here", where["engine"], "local")])
        report = _on_spark(session, sources, target, options, history, where["master"] or "local[*]")
    elif where["master"] is not None:
        raise Refused([Defect("--master", "master_without_spark", where["master"])])
    else:
        from service.batch.job import run_files

        begin = _granting(session, key, idempotency_key, sources, options, history) if grant else nullcontext(Run)
        with begin as run, _shown(session) as progress:
            report = run_files(session.policies, files, target, options, history, progress, run)
    for line in _told(report, target, session):
        click.echo(line, err=True)
    if report.invalid:
        sys.exit(SOME_INVALID)


def _on_spark(
    session: Session, sources: tuple[Path, ...], target: Path, options: Options, history: Path | None, master: str
) -> Report:
    from service.batch.job import provision_of
    from service.batch.spark.session import session as spark_session
    from service.batch.spark.unfit import refuse_unfit

    refuse_unfit(sources, target, options, history)
    provision_of(session.policies, options)
    with spark_session(master) as spark:
        from service.batch.spark.job import run_on_spark

        return run_on_spark(spark, session.policies, sources[0], target, options, history=history)


@contextmanager
def _granting(
    session: Session,
    key: str | None,
    idempotency_key: str | None,
    sources: Sequence[Path],
    options: Options,
    history: Path | None,
) -> Iterator[Begin]:
    """Decide files into the ledger, in the name of whose key it is."""
    from service.cli.ledger import opened
    from service.ledger.files import GrantRun, InvalidRows, refuse_options, signed
    from service.ledger.keys import admitted

    if not key:
        raise Unusable(session.say("no_key"))
    refuse_options(options, history)
    with opened() as ledger:
        with ledger.reading() as connection:
            actor = admitted(connection, key, "proposer")
        try:
            yield partial(GrantRun, signed=signed(ledger, actor, idempotency_key, sources, options))
        except InvalidRows as invalid:
            fail([*told_defects(invalid.defects, session), session.say("nothing_granted")], SOME_INVALID)


@click.command()
@click.argument("measures", metavar="MEASURE…", nargs=-1, required=True)
@click.option("-o", "--output", "target", metavar="FILE.xlsx", required=True, type=_PATH, help="工作簿 · the workbook")
@command
def template(session: Session, measures: tuple[str, ...], target: Path) -> None:
    """写出待填写的工作簿 · Write a workbook to fill in."""
    from service.batch.xlsx.template import write_template
    from service.errors import Defect, Refused

    if target.suffix.lower() != ".xlsx":
        raise Refused([Defect(target.name, "unknown_format", target.suffix or target.name, ".xlsx")])
    chosen = list(session.policies.newest.measures) if measures == ("all",) else list(dict.fromkeys(measures))
    write_template(target, session.policies, chosen, session.language)


@contextmanager
def _shown(session: Session) -> Iterator[Progress | None]:
    """Show the progress on a terminal; how many rows there are is known only at the end."""
    if not sys.stderr.isatty():
        yield None
        return
    done = 0

    def progress(rows: int) -> None:
        nonlocal done
        done += rows
        bar.label = f"{session.say('deciding')} {done:,}"
        bar.update(1)

    with click.progressbar(length=None, iterable=_endless(), label=session.say("deciding"), file=sys.stderr) as bar:
        yield progress


def _endless() -> Iterator[int]:
    while True:
        yield 0


def _told(report: Report, target: Path, session: Session) -> Iterator[str]:
    from service.words import label_of, say

    for warning in report.warnings:
        yield session.say("warned", place=warning.pointer, what=say(warning, session.language))
    is_workbook = target.suffix.lower() in {".xlsx", ".xlsm"}
    defects, warnings = (
        label_of("batch", name, session.language) if is_workbook else name for name in ("defects", "warnings")
    )
    for measure, totals in report.totals.items():
        yield from _totals(measure, totals, session)
        if totals.warned:
            yield session.say("warned_rows", rows=f"{totals.warned:,}", column=warnings)
        yield from (session.say("warned", place=measure, what=told) for told in totals.unusual)
    if report.invalid:
        yield session.say("invalid_rows", rows=f"{report.invalid:,}", column=defects)


def _totals(measure: str, totals: Totals, session: Session) -> Iterator[str]:
    from service.money import yuan
    from service.words import label_of

    yield session.say("rows_in_out", measure=measure, read=f"{totals.read:,}", written=f"{totals.written:,}")
    for status, rows in totals.rows.items():
        if rows:
            name = label_of("statuses", status, session.language)
            yield session.say("rows_of_status", status=name, rows=f"{rows:,}")
    calculated, granted = totals.calculated, totals.granted
    sums = {"calculated": calculated, "cut": calculated - granted, "granted": granted}
    yield session.say("sums", **{name: yuan(fen, grouped=True) for name, fen in sums.items()})
    if totals.carried:
        yield session.say("carried", names=session.say("between").join(totals.carried))
