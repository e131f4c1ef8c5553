"""`calculate` and `screen`: the answers of the REST API, on the command line."""

from __future__ import annotations

from typing import Any

import click

from service.cli.console import Session, command, print_json, print_lines, read_bytes

FROM_FILE = click.option(
    "--json", "file", required=True, metavar="FILE|-", help="JSON 申请；- 为标准输入 · the request; - is stdin"
)
EXPLAIN = click.option("--explain", is_flag=True, help="输出推导过程，不输出 JSON · print the derivation, not the JSON")


@click.command()
@click.argument("measure")
@FROM_FILE
@EXPLAIN
@command
def calculate(session: Session, measure: str, file: str, *, explain: bool) -> None:
    """计算一项补助 · Calculate a measure."""
    body = read_bytes(file)
    from service.calculation import calculate as answer
    from service.intake.request import read_request

    request = read_request(session.policies, measure, body)
    _print(answer(session.policies, request, session.language), session, explain=explain)


@click.command()
@FROM_FILE
@EXPLAIN
@command
def screen(session: Session, file: str, *, explain: bool) -> None:
    """一组情况对照全部补助 · Hold one set of facts against every measure."""
    body = read_bytes(file)
    from service.intake.screening import read_screening
    from service.screening import screen as answer

    screening = read_screening(session.policies, body)
    _print(answer(session.policies, screening, session.language), session, explain=explain)


def _print(result: dict[str, Any], session: Session, *, explain: bool) -> None:
    if not explain:
        return print_json(result)
    from service.derivation import derivation

    return print_lines(derivation(result, session.policies, session.language))
