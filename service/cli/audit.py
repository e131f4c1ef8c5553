"""`audit` and `export`: payouts checked against the ledger, and what leaves it for others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from service.cli.console import Session, Unusable, command, print_lines
from service.cli.layout import titled
from service.cli.ledger import opened, user

if TYPE_CHECKING:
    from service.ledger.audit.auditing import Audit

#: The exit code where something was found.
FOUND: Final = 3

_PATH: Final = click.Path(path_type=Path)
_FINDINGS_SHOWN: Final = 20
_YEAR: Final = click.option("--year", type=click.IntRange(1900, 2200), required=True, help="年度 · the year")
_JSON: Final = ".json"


@click.command()
@click.argument("payouts", metavar="PAYOUTS", type=_PATH)
@click.option("-o", "--output", "target", metavar="OUT", type=_PATH, help="报告（.xlsx .json） · the report")
@click.option("--seed", metavar="TEXT", help="抽样种子 · the seed of the sample [the file's hash]")
@click.option(
    "--sample", type=click.IntRange(0, 1_000), default=20, show_default=True, help="抽查笔数 · payouts to check"
)
@click.option(
    "--applications", metavar="FILE", type=_PATH, help="不用台账，按申请清单重算 · recompute, without a ledger"
)
@click.option("--measure", help="申请清单的措施 · the measure of the applications")
@click.option("--keep", is_flag=True, help="报告存入台账 · keep the report in the ledger")
@command
def audit(
    session: Session,
    payouts: Path,
    target: Path | None,
    seed: str | None,
    sample: int,
    applications: Path | None,
    measure: str | None,
    *,
    keep: bool,
) -> None:
    """核对支付文件（.csv .xlsx .ndjson .parquet） · Audit a file of payouts.

    与台账逐笔核对；或用 --applications 和 --measure 按申请清单重算。
    退出码 · exit codes: 0 全部相符 all matched, 3 有问题 findings, 2 无法读取 nothing could be read
    """
    from service.ledger.audit.report import report_of

    _refuse_format(target, (".xlsx", _JSON))
    if (applications is None) != (measure is None) or (applications is not None and keep):
        raise Unusable(session.say("audit_options"))
    if applications is not None and measure is not None:
        from service.batch.run import Options
        from service.ledger.audit.auditing import audit_applications

        found = audit_applications(session.policies, payouts, applications, Options(measure))
        report = report_of(found, seed, sample)
    else:
        found, report = _against_ledger(session, payouts, seed, sample, keep=keep)
    if target is not None:
        _written(target, found, report, session)
    for line in _told(report, session):
        click.echo(line)
    if report["findings"]:
        sys.exit(FOUND)


def _against_ledger(
    session: Session, payouts: Path, seed: str | None, sample: int, *, keep: bool
) -> tuple[Audit, dict[str, Any]]:
    from service.ledger.audit.auditing import audit_ledger
    from service.ledger.audit.keeping import keep as store
    from service.ledger.audit.report import report_of

    with opened() as ledger:
        found = audit_ledger(ledger, session.policies, payouts)
        report = report_of(found, seed, sample)
        if keep:
            click.echo(session.say("audit_kept", id=store(ledger, report, user()).id), err=True)
    return found, report


def _refuse_format(target: Path | None, known: tuple[str, ...]) -> None:
    if target is not None and target.suffix.lower() not in known:
        from service.errors import Defect, Refused

        raise Refused([Defect(target.name, "unknown_format", target.suffix or target.name, ", ".join(known))])


def _written(target: Path, found: Audit, report: dict[str, Any], session: Session) -> None:
    if target.suffix.lower() == _JSON:
        from service.ledger.audit.told import told

        _write_json(target, told(report, session.policies, session.language))
        return
    from service.ledger.audit.workbook import write_report

    write_report(target, found, report, session.policies, session.language)


def _write_json(target: Path, data: object) -> None:
    import orjson

    target.write_bytes(orjson.dumps(data, option=orjson.OPT_INDENT_2) + b"\n")


def _told(report: dict[str, Any], session: Session) -> Iterator[str]:
    """Tell the totals by kind, what was not checked, and the first findings."""
    from service.ledger.audit.told import told
    from service.words import label_of, text_of

    spoken = told(report, session.policies, session.language)
    against, facts = next(iter(report["against"].items()))
    yield session.say(
        "audited", rows=f"{report['rows']:,}", against=text_of("audit", against, session.language, **facts)
    )
    header = [label_of("audit", name, session.language) for name in ("kind", "rows", "counted")]
    matched = label_of("audit_kinds", "matched", session.language)
    kinds = [[one["label"], f"{one['rows']:,}", one["counted"]] for one in spoken["by_kind"] if one["rows"]]
    accused = report["accused"]
    total = label_of("audit", "accused", session.language)
    rows = [
        [matched, f"{report['matched']['rows']:,}", "0.00"],
        *kinds,
        [total, f"{accused['rows']:,}", accused["at_stake"]],
    ]
    yield from titled(header, rows)
    yield from (one["message"] for one in spoken["not_checked"])
    shown = spoken["findings"][:_FINDINGS_SHOWN]
    for one in shown:
        kind = label_of("audit_kinds", one["kind"], session.language)
        yield session.say("audit_finding", place=one["place"], row=one["row"], kind=kind, what=one["message"])
    if len(spoken["findings"]) > len(shown):
        yield session.say("audit_more", rows=f"{len(spoken['findings']) - len(shown):,}")


@click.group()
def export() -> None:
    """公示表、绩效表、决定文件 · What leaves the ledger: lists to publish, decisions with their proof."""


@export.command()
@_YEAR
@click.option("--measure", help="措施 · only this measure")
@click.option("--town", metavar="ID", help="专业镇 · only this town")
@click.option("-o", "--output", "target", metavar="OUT", required=True, type=_PATH, help=".xlsx .json")
@command
def publicity(session: Session, year: int, measure: str | None, town: str | None, target: Path) -> None:
    """公示表，代码部分隐去 · The publicity list, identifiers masked."""
    from service.ledger.exports.publicity import publicity_list

    _refuse_format(target, (".xlsx", _JSON))
    asked = {"year": year, "measure": measure, "town_id": town}
    filters = {name: value for name, value in asked.items() if value is not None}
    with opened() as ledger, ledger.reading() as connection:
        found = publicity_list(connection, filters)
    _put(target, "publicity", found, session)
    print_lines([session.say("publicity_written", file=target, rows=f"{len(found['rows']):,}", total=found["total"])])


@export.command()
@_YEAR
@click.option("-o", "--output", "target", metavar="OUT", required=True, type=_PATH, help=".xlsx .json")
@command
def performance(session: Session, year: int, target: Path) -> None:
    """绩效表，按措施和专业镇 · The yearly performance table by measure and town."""
    from service.ledger.exports.performance import performance_table

    _refuse_format(target, (".xlsx", _JSON))
    with opened() as ledger, ledger.reading() as connection:
        found = performance_table(connection, year)
    _put(target, "performance", found, session)
    figures = {"file": target, "rows": f"{len(found['rows']):,}", "paid": found["total"]["paid_amount"]}
    print_lines([session.say("performance_written", **figures)])


def _put(target: Path, name: str, found: dict[str, Any], session: Session) -> None:
    from service.ledger.exports.tables import write_list

    if target.suffix.lower() == _JSON:
        _write_json(target, found)
    else:
        write_list(target, name, found, session.policies, session.language)


@export.command()
@click.argument("grant_id", metavar="GRANT")
@click.option("-o", "--output", "target", metavar="OUT", required=True, type=_PATH, help=".json .html")
@command
def decision(session: Session, grant_id: str, target: Path) -> None:
    """一笔决定及其证明 · One decision with its proof: request, result, explanation, log, hashes."""
    from service.ledger.exports.decision import decision_of
    from service.ledger.exports.page import page_of

    _refuse_format(target, (_JSON, ".html"))
    with opened() as ledger, ledger.reading() as connection:
        file = decision_of(connection, session.policies, grant_id)
    if target.suffix.lower() == _JSON:
        _write_json(target, file)
    else:
        target.write_text(page_of(file, session.policies), encoding="utf-8")
    print_lines([session.say("decision_written", file=target, hash=file["sha256"])])
