"""Proposals: read and checked without the ledger, then calculated on what it knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from service.applying import applicable, event_days
from service.calculation import sealed
from service.canonical import canonical, sha256_of
from service.errors import Defect, NothingToGrant, Refused
from service.intake.envelope import parsed, readings_of
from service.intake.request import Request, read_request
from service.ledger import guard, limits
from service.ledger.guard import Identifier
from service.ledger.limits import Group, Totals
from service.lines import year_of
from service.money import fen_of
from service.policies import Policies
from service.policies.model import Input, Provision

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal that was read: nothing in it can be refused any more, whatever the ledger holds.

    `groups` names the group of every line by shared limit; `body_sha256` tells one body from another.
    """

    measure: str
    data: Json
    body_sha256: str
    request: Request
    provision: Provision
    groups: dict[str, Sequence[str]]
    year: int

    def common(self, name: str) -> str | None:
        """Return the text that all lines agree in."""
        values = {row.get(name) for row in self.request.rows}
        return values.pop() if len(values) == 1 else None


def read_proposal(policies: Policies, body: bytes | Json) -> Proposal:
    """Read a calculation request with its measure; Refused with every defect, NotFound for an unknown measure."""
    whole = dict(parsed(body))
    data = {name: value for name, value in whole.items() if name != "measure"}
    measure = whole.get("measure")
    if not isinstance(measure, str):
        code = "not_text" if "measure" in whole else "missing"
        raise Refused([Defect("/measure", code, measure, None, {"field": "measure"})])
    if "granted_before" in data:
        raise Refused([Defect("/granted_before", "ledger_knows", None, None)])
    request = read_request(policies, measure, data)
    provision = _provision(policies, request)
    _refuse_other_readings(policies, data, provision)
    _refuse_unnamed(request, provision)
    texts = {name: [row.get(name) for row in request.rows] for name in limits.text_keys(provision)}
    groups = limits.groups_of(request.lines, texts, provision)
    year = int(year_of(event_days(provision.measure, request.lines))[0])
    return Proposal(measure, data, sha256_of(whole), request, provision, groups, year)


def _provision(policies: Policies, request: Request) -> Provision:
    """Find the one version that all lines are under; NothingToGrant if there is none, Refused for several."""
    if request.provision is None:
        raise NothingToGrant(sealed(policies, request))
    measure = request.provision.measure
    applies = applicable(policies, measure, request.lines, request.policy, request.readings)
    versions = np.unique(applies[applies >= 0]).tolist()
    if len(versions) > 1:
        names = ", ".join(policies.versions[version].ref for version in versions)
        raise Refused([Defect("/lines", "several_policies", names, None)])
    if not versions:
        raise NothingToGrant(sealed(policies, request))
    return policies.provision(policies.versions[versions[0]], measure.id, request.readings)


def _refuse_other_readings(policies: Policies, data: Json, provision: Provision) -> None:
    """Refuse what-if readings: money is granted under those in use, so that all share the same ceilings."""
    version = policies.version(f"{provision.policy}@{provision.version}")
    asked = readings_of(data, version, [])
    defects = [
        Defect(f"/readings/{name}", "reading_not_in_use", choice, version.readings[name].in_use)
        for name, choice in asked.items()
        if choice != version.readings[name].in_use
    ]
    if defects:
        raise Refused(defects)


def _refuse_unnamed(request: Request, provision: Provision) -> None:
    """Refuse lines that do not name what their ceilings are shared by, or what is granted once."""
    keys = [name for limit in limits.shared_limits(provision.measure) for name in limit.per]
    keys += [name for per in guard.once_per(provision) for name in per]
    texts = [name for name in dict.fromkeys(keys) if name in provision.fields]
    defects = [
        Defect(f"/lines/{place}/{name}", "grant_needs_key", None, None, {"field": name})
        for place, row in enumerate(request.rows)
        for name in texts
        if row.get(name) is None and not _is_filled_in(provision.measure.inputs.get(name))
    ]
    if defects:
        raise Refused(defects)


def _is_filled_in(asked: Input | None) -> bool:
    """Tell whether a value that is not given is taken from elsewhere."""
    return asked is not None and (asked.default is not None or asked.same_as is not None)


@dataclass(frozen=True, slots=True)
class Calculated:
    """A proposal calculated on what its groups have used: the request with `granted_before`, and its result.

    `taken` is what it takes of every group, `claimed` what it claims of what is paid once; `columns` is what its row
    says of it. Fen.
    """

    data: Json
    result: Json
    amount: int
    reviewed: bool
    taken: Mapping[Group, int]
    claimed: Mapping[Identifier, list[str]]
    columns: Json

    @property
    def is_nothing(self) -> bool:
        """Tell whether nothing is due, and nothing is to be reviewed."""
        return not (self.amount or self.reviewed)


def calculate_proposal(policies: Policies, proposal: Proposal, used: Mapping[Group, Totals]) -> Calculated:
    """Calculate a proposal on the totals of its groups."""
    data = {**proposal.data, "granted_before": limits.granted_before(used)}
    return calculated(proposal, data, sealed(policies, read_request(policies, proposal.measure, data)))


def calculated(proposal: Proposal, data: Json, result: Json) -> Calculated:
    """Work out what a proposal takes and claims by the result of its request with `granted_before`."""
    lines = result["lines"]
    return Calculated(
        data=data,
        result=result,
        amount=fen_of(result["amount"]),
        reviewed=any(line["status"] == "manual_review" for line in lines),
        taken=limits.shares(proposal.provision, proposal.groups, [fen_of(line["amount"]) for line in lines]),
        claimed=guard.claims(proposal.request, proposal.provision, lines),
        columns=_columns(proposal, data, result),
    )


def _columns(proposal: Proposal, data: Json, result: Json) -> Json:
    """Make the grant's row, all but its number and who proposed it."""
    return {
        "body_sha256": proposal.body_sha256,
        "policy": f"{proposal.provision.policy}@{proposal.provision.version}",
        "policy_sha256": result["policy"]["sha256"],
        "engine": result["engine"],
        "town_id": proposal.common("town_id"),
        "applicant_id": proposal.common("applicant_id"),
        "amount": fen_of(result["amount"]),
        "request": canonical(data).decode(),
        "request_sha256": result["inputs_sha256"],
        "result": orjson.dumps(result).decode(),
        "result_sha256": result["result_sha256"],
    }
