"""What the pages of the policies show: the descriptions that REST and the command line give, put in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from service.changes import Changes
from service.demands import Demands
from service.describe import changes_between, measure_of, policies_list, version_of
from service.formulas import formula_of, pays
from service.money import fen_of
from service.policies.model import Version
from service.schedule import Schedule, schedule_of

Json = Mapping[str, Any]

#: The longest bar of a chart.
_FULL: Final = 1000


class Bar(NamedTuple):
    """A bar of a chart: what it is of, its figure, its length in thousandths of the longest."""

    label: str
    amount: str
    length: int


def overview(said: Demands) -> dict[str, Any]:
    """List the versions, the newest first, each with the one before it and the days between; then all readings."""
    policies = said.policies
    heads = sorted(policies_list(policies)["policies"], key=lambda one: str(one["in_force"]["from"]), reverse=True)
    whole = [version_of(policies, policies.version(one["ref"]), said.language) for one in heads]
    versions = [
        {"head": one, "before": before, "gap": before and said.gap(before["in_force"], one["in_force"])}
        for one, before in zip(whole, [*whole[1:], None], strict=True)
    ]
    return {"said": said, "versions": versions, "counts": [_counts(one) for one in whole]}


def version(said: Demands, chosen: Version) -> dict[str, Any]:
    """Show one version whole: its measures with how much each pays, and links to compare it with the others."""
    policies = said.policies
    data = version_of(policies, chosen, said.language)
    paid = {name: pays(measure_of(policies, chosen, name, said.language), said) for name in chosen.measures}
    others = [one for one in policies_list(policies)["policies"] if one["ref"] != chosen.ref]
    return {"said": said, "policy": data, "pays": paid, "others": others, "counts": _counts(data)}


def measure(said: Demands, chosen: Version, name: str) -> dict[str, Any]:
    """Show one measure under the readings in use; for one paid under other rules only where and by whom."""
    data = measure_of(said.policies, chosen, name, said.language)
    known: dict[str, Any] = {"said": said, "policy": data["policy"], "measure": data}
    if name in chosen.referenced:
        return known
    schedule = schedule_of(said.policies, chosen, name, said.language)
    return {**known, "formula": formula_of(data, said), "schedule": schedule, "bars": schedule and bars(schedule)}


def changes(said: Demands, before: Version, after: Version) -> dict[str, Any]:
    """Show what differs between two versions."""
    data = changes_between(before, after)
    teller = Changes(said, before, after)
    return {"said": said, **data, "changes": [teller.told(one) for one in data["changes"]]}


def bars(schedule: Schedule) -> list[Bar]:
    """Lay a schedule out as bars, the largest budget the longest; years without a budget have none."""
    known = [(str(one.year), one.amount) for one in schedule.years if one.amount is not None]
    most = max((fen_of(amount) for _, amount in known), default=0) or 1
    return [Bar(year, amount, _FULL * fen_of(amount) // most) for year, amount in known]


def _counts(data: Json) -> dict[str, int]:
    """Count a version's readings, and those that the bureau has decided."""
    readings = data["readings"]
    return {"readings": len(readings), "decided": sum(one["decided_by"] is not None for one in readings)}
