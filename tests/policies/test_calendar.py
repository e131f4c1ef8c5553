"""Which version covers a day, and why none does, on both sides of every boundary."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from service.conditions import REASONS
from service.errors import PolicyFileError, Refused
from service.policies import Calendar, Policies, load
from service.policies.calendar import calendar
from service.policies.model import Validity

GOOD = Path(__file__).parent / "good" / "town.yaml"
EPOCH = date(1970, 1, 1)


def covers(found: Calendar, *days: str) -> list[int | str]:
    """What covers each day: a version's position, or the reason why none."""
    column = np.array([(date.fromisoformat(day) - EPOCH).days for day in days], dtype=np.int64)
    return [place if place >= 0 else REASONS[-1 - place] for place in found.applies(column).tolist()]


@pytest.mark.parametrize(
    ("day", "covered"),
    [
        ("1900-01-01", "no_policy"),
        ("2022-08-31", "no_policy"),
        ("2022-09-01", "predecessor_policy"),
        ("2025-08-31", "predecessor_policy"),
        ("2025-09-01", "predecessor_expiry_month"),
        ("2025-09-30", "predecessor_expiry_month"),
        ("2025-10-01", "policy_gap"),
        ("2026-01-29", "policy_gap"),
        ("2026-01-30", 1),
        ("2200-12-31", 1),
    ],
)
def test_day_is_covered(policies: Policies, day: str, covered: int | str) -> None:
    """Each day has its version, or the reason why it has none."""
    assert covers(policies.calendar(), day) == [covered]


def test_reading_moves_the_first_day(policies: Policies) -> None:
    """Under `calendar_year` the measures apply from the first of January."""
    moved = policies.calendar({"in_force": "calendar_year"})
    assert covers(moved, "2025-12-31", "2026-01-01") == ["policy_gap", 1]
    assert covers(policies.calendar(), "2026-01-01") == ["policy_gap"]
    assert policies.calendar({"in_force": "calendar_year"}) is moved


def test_columns_keep_their_order(policies: Policies) -> None:
    """A column of days gets a column of answers."""
    assert covers(policies.calendar(), "2026-01-30", "2020-01-01", "2025-09-15") == [
        *(1, "no_policy", "predecessor_expiry_month")
    ]


def test_nothing_is_extrapolated_past_an_end() -> None:
    """After the last version there is none."""
    found = load(GOOD).calendar()
    assert covers(found, "2029-01-29", "2029-01-30", "2100-01-01") == [1, "policy_gap", "policy_gap"]


def test_unknown_reading_is_refused(policies: Policies) -> None:
    """A reading or choice that no version knows is refused; one that does not move days is accepted."""
    for asked, code in (({"in_farce": "x"}, "unknown_reading"), ({"in_force": "x"}, "unknown_choice")):
        with pytest.raises(Refused) as caught:
            policies.calendar(asked)
        assert [defect.code for defect in caught.value.defects] == [code]
    assert covers(policies.calendar({"vat": "included"}), "2026-01-30") == [1]


def test_versions_follow_each_other() -> None:
    """Any number of versions, in any order: with amounts goes before without, gaps are gaps."""
    found = calendar(
        [
            (Validity(300, None), True),
            (Validity(100, 200), True),
            (Validity(50, 150, 120), False),
            (Validity(250, 260, None), False),
        ]
    )
    days = np.array([49, 50, 99, 100, 149, 199, 200, 250, 259, 260, 299, 300, 10**6])
    told = [place if place >= 0 else REASONS[-1 - place] for place in found.applies(days).tolist()]
    assert told == [
        *("no_policy", "predecessor_policy", "predecessor_policy", 1, 1, 1, "policy_gap"),
        *("predecessor_policy", "predecessor_policy", "policy_gap", "policy_gap", 0, 0),
    ]


def twins(tmp_path: Path, first_day: str) -> Path:
    """A file in which a policy that begins on the given day stands before the one of the good file."""
    text = GOOD.read_text("utf-8")
    start = text.index("- id: town")
    other = text[start:].replace("- id: town", "- id: other")
    other = other.replace("from: 2026-01-30, until: 2029-01-30", f"from: {first_day}, until: null")
    other = other.replace("{in_force.from: 2026-01-01}", "{in_force.from: 2029-03-01}")
    file = tmp_path / "policies.yaml"
    file.write_text(f"{text[:start]}{other}\n{text[start:]}", "utf-8")
    return file


def test_two_policies_with_amounts_share_no_day(tmp_path: Path) -> None:
    """One may begin on the day on which the other ends, but not the day before."""
    assert [one.ref for one in load(twins(tmp_path, "2029-01-30")).versions] == ["old@1", "other@1", "town@1"]
    with pytest.raises(PolicyFileError, match="overlaps other@1") as caught:
        load(twins(tmp_path, "2029-01-29"))
    assert [mistake.path for mistake in caught.value.mistakes] == ["policies[2].in_force.from"]
