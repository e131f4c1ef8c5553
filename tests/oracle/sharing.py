"""Limits that several lines share, and the three ways to share them. All in whole fen."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from .basics import Line, Request, Verdict, eligible

Group = tuple[tuple[str, Any], ...]
Allocate = Callable[[list[int], int], list[int]]


def in_order(amounts: list[int], room: int) -> list[int]:
    """Give each line what is left, first come first served."""
    given = []
    for amount in amounts:
        given.append(min(amount, room))
        room -= given[-1]
    return given


def spread(total: int, weights: list[int]) -> list[int]:
    """Split a total by weight: floors, then single fen to the largest remainders, earlier first."""
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    given = [share // 1 for share in exact]
    largest_remainder_first = sorted(range(len(weights)), key=lambda i: given[i] - exact[i])
    for i in largest_remainder_first[: total - sum(given)]:
        given[i] += 1
    return given


def pro_rata(amounts: list[int], room: int) -> list[int]:
    """Cut all lines in proportion when their sum does not fit the room."""
    return amounts if sum(amounts) <= room else spread(room, amounts)


def equal(amounts: list[int], room: int) -> list[int]:
    """Give equal shares, none above the own amount; what one leaves goes to the others."""
    given = [0] * len(amounts)
    while room > 0:
        hungry = [i for i, amount in enumerate(amounts) if given[i] < amount]
        if not hungry:
            break
        share = room // len(hungry)
        if share == 0:
            for i in hungry[:room]:
                given[i] += 1
            break
        for i in hungry:
            bite = min(share, amounts[i] - given[i])
            given[i] += bite
            room -= bite
    return given


def granted(request: Request, limit: str, group: Group, groups: int) -> int:
    """Fen that were granted before out of one group's ceiling."""
    total = Fraction(0)
    for entry in request.granted_before:
        named = entry.get("group")
        fits = groups == 1 if named is None else set(named.items()) <= set(group)
        if entry["limit"] == limit and fits:
            total += Fraction(entry["amount"]) * 100
    return int(total)


def share(
    request: Request,
    verdicts: list[Verdict],
    limit: str,
    ceiling: Callable[[list[Verdict]], int],
    group_of: Callable[[Line], Group],
    allocate: Allocate = in_order,
) -> None:
    """Hold the eligible lines of each group under the ceiling, less what was granted before."""
    groups: dict[Group, list[Verdict]] = {}
    for verdict in eligible(verdicts):
        groups.setdefault(group_of(verdict.line), []).append(verdict)
    for group, members in groups.items():
        room = max(0, ceiling(members) - granted(request, limit, group, len(groups)))
        for verdict, given in zip(members, allocate([verdict.fen for verdict in members], room), strict=True):
            if given < verdict.fen:
                verdict.fen, verdict.rule = given, limit


def per(line: Line, *keys: str) -> Group:
    """Group of a line by some of its inputs; lines without one of them belong together."""
    return tuple((key, line.get(key)) for key in keys)


def per_own(line: Line, key: str) -> Group:
    """Group of a line by an input; a line without it is a group of its own."""
    return ((key, line[key]),) if key in line else (("line", id(line)),)
