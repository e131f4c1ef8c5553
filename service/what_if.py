"""What the other choices of the readings would give for the same request: each calculated, none estimated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from service.calculation import applied_to
from service.errors import Defect, Refused
from service.intake.envelope import Body, parsed
from service.intake.request import Request, read_request
from service.policies import Policies


class Alternative(NamedTuple):
    """Another choice of a reading: the total in fen that it would give, and what that is more (or less) than now.

    Where the choice asks for what the request does not say there is no amount, and `defects` tell what it lacks.
    """

    reading: str
    choice: str
    amount: int | None
    difference: int | None
    defects: tuple[Defect, ...] = ()


def alternatives(policies: Policies, measure: str, body: bytes | Body) -> list[Alternative]:
    """Calculate a request once for each other choice of every reading that shapes its measure.

    Refused or NotFound as `read_request` raises them for the request itself; a measure that is paid under other rules
    has no alternatives.
    """
    data = parsed(body)
    request = read_request(policies, measure, data)
    now = _total(policies, request)
    return [
        _calculated(policies, measure, data, reading, choice, now) for reading, choice in _others(policies, request)
    ]


def _others(policies: Policies, request: Request) -> Iterator[tuple[str, str]]:
    """List the choices that do not hold, reading by reading."""
    if request.provision is None:
        return
    provision = request.provision
    known = policies.version(f"{provision.policy}@{provision.version}").readings
    for reading, holds in provision.readings.items():
        yield from ((reading, choice) for choice in known[reading].choices if choice != holds)


def _calculated(policies: Policies, measure: str, data: Body, reading: str, choice: str, now: int) -> Alternative:
    asked = {**data, "readings": {**(data.get("readings") or {}), reading: choice}}
    try:
        amount = _total(policies, read_request(policies, measure, asked))
    except Refused as refused:
        return Alternative(reading, choice, None, None, refused.defects)
    return Alternative(reading, choice, amount, amount - now)


def _total(policies: Policies, request: Request) -> int:
    applied = applied_to(policies, request)
    parts = applied.parts if applied else ()
    return sum(int(part.decision.amount.sum()) for part in parts)
