"""What needs a decision soon is told: versions that end, readings that nobody decided."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from service.policies import Notice, Policies, load, warnings

GOOD = Path(__file__).parent / "good" / "town.yaml"
UNDECIDED = [Notice("undecided", "town@1", reading=reading) for reading in ("in_force", "cap", "rounding")]


@pytest.mark.parametrize(
    ("today", "told"),
    [
        (date(2028, 7, 29), False),
        (date(2028, 7, 30), True),
        (date(2029, 1, 29), True),
    ],
)
def test_version_that_ends_within_six_months(today: date, told: bool) -> None:
    """An end is told from six calendar months before, until it is past."""
    ending = [Notice("ends", "town@1", day=date(2029, 1, 30))] if told else []
    assert warnings(load(GOOD), today) == ending + UNDECIDED


def test_version_that_ended_is_history() -> None:
    """Neither its end nor its readings need anything any more."""
    assert warnings(load(GOOD), date(2029, 1, 30)) == []


def test_version_with_a_successor_is_no_warning(tmp_path: Path) -> None:
    """An end is no matter when the next version begins on that day; one day later is a gap."""
    text = GOOD.read_text("utf-8")
    second = text[text.index("- id: town") :].replace("- id: town", "- id: next")
    for first_day, told in (("2029-01-30", 0), ("2029-01-31", 1)):
        file = tmp_path / f"{first_day}.yaml"
        following = second.replace("from: 2026-01-30, until: 2029-01-30", f"from: {first_day}, until: null")
        file.write_text(text + "\n" + following.replace("2026-01-01}", "2029-03-01}"), "utf-8")
        found = warnings(load(file), date(2029, 1, 1))
        assert sum(notice.kind == "ends" for notice in found) == told


def test_every_open_question_of_our_policy_is_told(policies: Policies) -> None:
    """The bureau has decided none of the readings yet."""
    found = warnings(policies, date(2026, 11, 22))
    assert [notice.reading for notice in found] == list(policies.newest.readings)


def test_notice_is_a_sentence() -> None:
    """A notice says what to do."""
    assert "add the version that follows" in str(Notice("ends", "a@1", day=date(2029, 1, 30)))
    assert "reading vat" in str(Notice("undecided", "a@1", reading="vat"))
