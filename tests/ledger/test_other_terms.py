"""What other terms would have cost: as if every grant had been proposed under them, in the same order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from service.errors import NothingToGrant, Refused
from service.ledger.database import Ledger
from service.ledger.grants import propose
from service.ledger.history import import_history
from service.ledger.keys import Actor
from service.ledger.opening import open_ledger
from service.ledger.other_terms import Recast, Terms, read_events, recast
from service.ledger.verbs import change
from service.policies import Policies, default_path, load
from service.policies.source import read
from tests.ledger.asking import Body, advertisement, award, loan
from tests.ledger.conftest import person

EARLIER = """\
申报年度,专业镇级别,属于主导产业,统一社会信用代码,借据编号,放款本金,放款日期,付息天数,年度利息发生额,补助金额
2027,provincial_key,是,F1,R-OLD,60000000.00,2027-01-01,365,3000000.00,400000.00
"""


class _Plain(yaml.SafeDumper):
    """Writes no aliases: the loader refuses them."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def deciding(reading: str, choice: str, folder: Path) -> Policies:
    """Return the policies as they would be if the bureau had decided a reading otherwise."""
    path = default_path()
    tree = read(path.read_bytes(), str(path)).tree
    tree["policies"][-1]["readings"][reading]["in_use"] = choice
    target = folder / f"{choice}.yaml"
    target.write_text(yaml.dump(tree, Dumper=_Plain, allow_unicode=True, sort_keys=False), "utf-8")
    return load(target)


def proposals(chance: Random) -> Iterator[Body]:
    """Make proposals that meet at the ceilings of a few firms, towns and projects."""
    for number in range(60):
        firm, town = f"F{chance.randrange(3)}", f"T{chance.randrange(2)}"
        year = chance.choice([2027, 2028])
        match number % 3:
            case 0:
                changes = {"disbursed_amount": f"{chance.randrange(1, 60)}000000.33", "interest_accrued": "900000.00"}
                body = loan(f"R{number}", firm, **changes, disbursed_on=f"{year}-01-01")
                body["facts"]["application_year"] = year
            case 1:
                body = award(f"P{chance.randrange(4)}", town, f"{chance.randrange(1, 900000)}.77")
            case _:
                body = advertisement(f"I{number}", firm, f"{chance.randrange(100000, 9000000)}.10", town_id=town)
                more = {"invoice_number": f"J{number}", "ad_paid": f"{chance.randrange(100000, 3000000)}.30"}
                body["lines"] += [{**body["lines"][0], **more}] * (number % 2)
        yield body


def live(ledger: Ledger, policies: Policies, bodies: list[Body], seed: int, folder: Path) -> None:
    """Live through a year: propose, release, pay and recover, import in between."""
    chance = Random(seed)
    proposer, approver = person(ledger, "李伟", "proposer"), person(ledger, "Wang Fang", "approver")
    granted: dict[int, str] = {}
    for number, body in enumerate(bodies):
        if number == len(bodies) // 2:
            file = folder / "earlier.csv"
            file.write_text(EARLIER, "utf-8")
            import_history(ledger, policies, file, "loan_interest", by="root")
        with suppress(NothingToGrant):
            granted[number] = propose(ledger, policies, body, f"k{number}", proposer)[0].id
        fate, whose = chance.random(), chance.randrange(number + 1)
        if whose in granted and fate < 0.6:
            meet(ledger, granted.pop(whose), fate, approver)


def meet(ledger: Ledger, grant_id: str, fate: float, approver: Actor) -> None:
    """Release a grant, or pay it, and recover a part or all."""
    if fate < 0.2:
        change(ledger, grant_id, "release", b"", approver)
        return
    change(ledger, grant_id, "approve", {"reason": "checked"}, approver)
    change(ledger, grant_id, "pay", b"", approver)
    if fate < 0.3:
        change(ledger, grant_id, "recover", {"amount": "0.50", "reason": "x"}, approver)
        change(ledger, grant_id, "recover", {"amount": "0.25", "reason": "x"}, approver)
    elif fate < 0.4:
        change(ledger, grant_id, "recover", {"reason": "x"}, approver)


@pytest.mark.parametrize("seed", range(3))
def test_own_terms_change_nothing(ledger: Ledger, policies: Policies, seed: int, tmp_path: Path) -> None:
    """Under the terms in use every grant comes out as it is, whatever was released, recovered, imported in between."""
    live(ledger, policies, list(proposals(Random(seed))), seed, tmp_path)
    events = read_events(ledger)
    for terms in (Terms(), Terms(readings={"loan_firm_cap": "year"}), Terms(policies.newest)):
        found = recast(policies, events, terms)
        assert [(one.grant.id, one.moved, one.defects) for one in found] == [(one.id, 0, ()) for one in events.grants]
    assert any(one.gone for one in events.grants)
    assert any(one.amount > 0 for one in events.grants)


@pytest.mark.parametrize(
    ("reading", "choice"),
    [
        ("loan_firm_cap", "policy_life"),
        ("loan_days", "inclusive"),
        ("rounding", "floor_yuan"),
        ("rounding_stage", "total"),
        ("ad_rate_base", "excess"),
        ("ad_allocation", "in_order"),
        ("project_allocation", "equal"),
        ("ad_threshold_scope", "placement"),
    ],
)
def test_other_terms_are_as_if_lived(
    ledger: Ledger, policies: Policies, empty: Any, reading: str, choice: str, tmp_path: Path
) -> None:
    """What comes out is what another ledger grants that lives the same year under the other reading."""
    bodies = list(proposals(Random(7)))
    proposer = person(ledger, "李伟", "proposer")
    ids = {}
    for number, body in enumerate(bodies):
        try:
            ids[propose(ledger, policies, body, f"k{number}", proposer)[0].id] = number
        except NothingToGrant:
            continue
    found = recast(policies, read_events(ledger), Terms(readings={reading: choice}))
    other = open_ledger(empty("sqlite"), upgrade=True)
    decided = deciding(reading, choice, tmp_path)
    someone = person(other, "李伟", "proposer")
    for one in found:
        expected = granted(other, decided, bodies[ids[one.grant.id]], one.grant.id, someone)
        assert (one.grant.id, one.amount) == (one.grant.id, expected)
    other.close()


def granted(ledger: Ledger, policies: Policies, body: Body, key: str, proposer: Actor) -> int:
    """Propose something and return the fen that are granted."""
    try:
        return propose(ledger, policies, body, key, proposer)[0].amount
    except NothingToGrant:
        return 0


def one_of(found: list[Recast]) -> Recast:
    """Return the only one."""
    (one,) = found
    return one


def test_what_cannot_be_computed_is_told(ledger: Ledger, policies: Policies, proposer: Actor) -> None:
    """A grant whose request lacks what other terms ask for is named with the reason; it moves nothing."""
    propose(ledger, policies, loan(), "k", proposer)
    one = one_of(recast(policies, read_events(ledger), Terms(readings={"loan_principal": "outstanding"})))
    assert (one.moved, one.status) == (0, "needs_input")
    assert {defect.code for defect in one.defects} >= {"missing"}


def test_unknown_readings_are_refused(ledger: Ledger, policies: Policies) -> None:
    """A reading or a choice that there is not is refused, even on an empty ledger."""
    with pytest.raises(Refused):
        recast(policies, read_events(ledger), Terms(readings={"loan_days": "x"}))
    assert recast(policies, read_events(ledger), Terms()) == []
