"""What a policy file will need soon: versions that end, questions that nobody has decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from dateutil.relativedelta import relativedelta

from service.policies.book import Policies
from service.policies.model import Version
from service.policies.values import EPOCH

MONTHS_AHEAD: Final = 6


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to see to: `ends` (by `day`, the first day that is not covered) or `undecided` (a reading)."""

    kind: Literal["ends", "undecided"]
    policy: str
    day: date | None = None
    reading: str | None = None

    def __str__(self) -> str:
        """Say it in a sentence."""
        if self.kind == "ends":
            return f"{self.policy} is in force until {self.day} (that day excluded): add the version that follows"
        return f"{self.policy}: reading {self.reading} is not decided by the bureau; we apply the choice in use"


def warnings(policies: Policies, today: date) -> list[Notice]:
    """List versions with amounts that end within six months and have no successor, then undecided readings.

    A version that ended is history and no warning.
    """
    current = [one for one in policies.versions if one.has_amounts and not _is_over(one, today)]
    return [*_ending(policies, current, today), *_undecided(current)]


def _ending(policies: Policies, current: list[Version], today: date) -> list[Notice]:
    horizon = today + relativedelta(months=MONTHS_AHEAD)
    beginnings = {one.validity.start for one in policies.versions if one.has_amounts}
    return [
        Notice("ends", one.ref, day=_day(until))
        for one in current
        if (until := one.validity.until) is not None and _day(until) <= horizon and until not in beginnings
    ]


def _undecided(current: list[Version]) -> list[Notice]:
    return [
        Notice("undecided", one.ref, reading=reading.id)
        for one in current
        for reading in one.readings.values()
        if reading.decided_by is None
    ]


def _is_over(version: Version, today: date) -> bool:
    until = version.validity.until
    return until is not None and _day(until) <= today


def _day(days: int) -> date:
    return EPOCH + timedelta(days=days)
