"""`replay`: the ledger's decisions computed again, as they were made or under other terms."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from service.cli.console import REFUSED, Session, command, print_lines, readings_of
from service.cli.ledger import opened

if TYPE_CHECKING:
    from service.ledger.other_terms import Recast
    from service.ledger.replay import Replay, Replayed

#: The exit code where something came out otherwise than it is stored.
DIFFERENT: Final = 3
_SHOWN: Final = 20
_SUMS: Final = ("measure", "town", "grants", "stored_yuan", "replayed_yuan", "top_up", "to_recover")

Rows = list[dict[str, Any]]


@click.command()
@click.argument("grants", metavar="[GRANT_ID]…", nargs=-1)
@click.option("--policy", metavar="REF", help="改按此政策版本 · under this version instead")
@click.option(
    "--reading", "readings", multiple=True, metavar="K=V", help="改按此口径，可重复 · under this reading instead"
)
@click.option(
    "-o", "--output", "target", metavar="FILE", type=click.Path(path_type=Path), help="不同的各笔 · .csv .xlsx .json"
)
@command
def replay(
    session: Session, grants: tuple[str, ...], policy: str | None, readings: tuple[str, ...], target: Path | None
) -> None:
    """重新计算台账中的决定 · Compute the decisions of the ledger again: all of them, or these grants.

    不带选项时逐字节核对；带 --policy 或 --reading 时按其他条款从头计算，列出应补、应退。
    Byte for byte as they were made; with --policy or --reading under other terms from the beginning: what would have to
    be topped up or recovered.
    退出码 · exit codes: 0 全部相同 all the same, 3 有不同 some differ, 2 有的无法计算 some cannot be computed
    """
    from service.cli.listing import writer_of

    write = None if target is None else writer_of(target)
    chosen = readings_of(readings, session)
    if policy is None and not chosen:
        rows, told, code = _as_made(session, grants)
    else:
        rows, told, code = _otherwise(session, grants, policy, chosen)
    if write is not None:
        write(rows)
    print_lines(told)
    if code:
        sys.exit(code)


def _as_made(session: Session, grants: Sequence[str]) -> tuple[Rows, list[str], int]:
    from service.ledger.replay import replay as replay_all

    with opened() as ledger:
        policies = session.policies
        found = replay_all(ledger, policies, grants)
    told = [session.say("replayed", count=f"{found.decisions:,}", same=f"{found.counts['identical']:,}")]
    others = {kind: count for kind, count in found.counts.items() if count and kind != "identical"}
    told += [session.say(f"replayed_{kind}", count=f"{count:,}") for kind, count in others.items()]
    told += [line for one in found.found[:_SHOWN] if one.kind != "engine" for line in _found(one, session)]
    return [_row(one) for one in found.found], told, _code(found)


def _code(found: Replay) -> int:
    if found.counts["refused"]:
        return REFUSED
    return DIFFERENT if found.counts["differs"] else 0


def _found(one: Replayed, session: Session) -> Iterator[str]:
    """Tell where a decision differs, or why it cannot be computed."""
    from service.words import clipped_text, say

    for place in one.places:
        facts = {"stored": clipped_text(place.stored), "now": clipped_text(place.replayed)}
        yield session.say("replay_place", grant=one.grant_id, place=place.pointer, **facts)
    for defect in one.defects:
        yield session.say("at", place=f"{one.grant_id} {defect.pointer}", what=say(defect, session.language))


def _row(one: Replayed) -> dict[str, Any]:
    from service.money import yuan

    replayed = None if one.replayed is None else yuan(one.replayed)
    return {
        "grant_id": one.grant_id,
        "measure": one.measure,
        "town_id": one.town_id,
        "applicant_id": one.applicant_id,
        "outcome": one.kind,
        "stored": yuan(one.stored),
        "replayed": replayed,
        "difference": None if one.replayed is None else yuan(one.replayed - one.stored),
        "places": " | ".join([*(place.pointer for place in one.places), *(f.code for f in one.defects)]),
    }


def _otherwise(
    session: Session, grants: Sequence[str], policy: str | None, readings: dict[str, str]
) -> tuple[Rows, list[str], int]:
    from service.errors import NotFound
    from service.ledger.other_terms import Terms, read_events, recast

    terms = Terms(None if policy is None else session.policies.version(policy), readings)
    with opened() as ledger:
        events = read_events(ledger)
    known = {one.id for one in events.grants}
    for grant_id in grants:
        if grant_id not in known:
            raise NotFound("grant", grant_id, [])
    found = [one for one in recast(session.policies, events, terms) if not grants or one.grant.id in grants]
    standing = [one for one in found if not one.grant.gone]
    differing = [one for one in standing if one.moved or one.defects]
    told = [*_sums(standing, session), *_cannot(standing, session)]
    cannot = any(one.defects for one in standing)
    code = REFUSED if cannot else DIFFERENT if differing else 0
    return [_recast_row(one) for one in differing], told, code


def _sums(standing: Sequence[Recast], session: Session) -> list[str]:
    """Add up by measure and town: what is stored, what comes out, what is to be topped up and recovered."""
    from service.cli.layout import titled
    from service.money import yuan

    sums: dict[tuple[str, str | None], list[int]] = {}
    total = [0] * (len(_SUMS) - 2)
    for one in standing:
        if one.defects:
            continue
        figures = (1, one.grant.amount, one.amount, max(one.moved, 0), max(-one.moved, 0))
        for into in (sums.setdefault((one.grant.measure, one.grant.town_id), [0] * len(total)), total):
            for place, figure in enumerate(figures):
                into[place] += figure

    def line(measure: str, town: str, figures: Sequence[int]) -> list[str]:
        return [measure, town, f"{figures[0]:,}", *(yuan(fen, grouped=True) for fen in figures[1:])]

    rows = [
        line(measure, town or session.say("no_town"), figures)
        for (measure, town), figures in sorted(sums.items(), key=lambda one: (one[0][0], one[0][1] or ""))
    ]
    rows.append(line(session.say("total"), "", total))
    return titled([session.say(one) for one in _SUMS], rows, right=range(2, len(_SUMS)))


def _cannot(standing: Sequence[Recast], session: Session) -> list[str]:
    """Tell which grants cannot be computed under these terms, and why."""
    from service.words import say

    refused = [one for one in standing if one.defects]
    if not refused:
        return []
    told = [session.say("replayed_refused", count=f"{len(refused):,}")]
    for one in refused[:_SHOWN]:
        places = [(f"{one.grant.id} {defect.pointer}", say(defect, session.language)) for defect in one.defects]
        told += [session.say("at", place=place, what=what) for place, what in places]
    return told


def _recast_row(one: Recast) -> dict[str, Any]:
    from service.money import yuan

    known = not one.defects
    return {
        "grant_id": one.grant.id,
        "measure": one.grant.measure,
        "town_id": one.grant.town_id,
        "applicant_id": one.grant.applicant_id,
        "state": one.grant.state,
        "stored": yuan(one.grant.amount),
        "replayed": yuan(one.amount) if known else None,
        "difference": yuan(one.moved) if known else None,
        "status": one.status,
        "rule": one.rule,
    }
