"""What differs between versions and readings is told leaf by leaf."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import Refused
from service.policies import Change, Policies, changed_terms, load

GOOD = Path(__file__).parent / "good" / "town.yaml"


def next_version(tmp_path: Path) -> Policies:
    """The good file with a second version of its policy that changes a rate, drops a limit and adds an input."""
    text = GOOD.read_text("utf-8")
    start = text.index("- id: town")
    second = text[start:]
    for old, new in {
        'version: "1"': 'version: "2"',
        "from: 2026-01-30, until: 2029-01-30": "from: 2029-01-30, until: null",
        "share: 30%": "share: 25%",
        '        project_cap: {amount: "10,000.00", per: [line]}\n': "",
        "        spent: required\n": "        spent: required\n        awarded_before: optional\n",
        "important: [key]": "important: [key, other]",
        "set: {town_classes.important: [key, other]}": "set: {town_classes.important: [key]}",
        "{in_force.from: 2026-01-01}": "{in_force.from: 2029-02-01}",
    }.items():
        assert second.count(old) == 1, old
        second = second.replace(old, new)
    file = tmp_path / "policies.yaml"
    file.write_text(text + "\n" + second, "utf-8")
    return load(file)


def test_changed_terms_of_two_versions(tmp_path: Path) -> None:
    """Every changed leaf is told once, with both values as they stand in the file."""
    policies = next_version(tmp_path)
    assert changed_terms(policies.version("town@1"), policies.version("town@2")) == [
        Change("version", "1", "2"),
        Change("in_force.from", "2026-01-30", "2029-01-30"),
        Change("in_force.until", "2029-01-30", None),
        Change("measures.equipment.inputs.awarded_before", None, "optional"),
        Change("measures.equipment.conditions.town_tier.allowed", ["key"], ["key", "other"]),
        Change("measures.equipment.terms.share", "30%", "25%"),
        Change("measures.equipment.limits.project_cap", {"amount": "10,000.00", "per": ["line"]}, None),
        Change("town_classes.important", ["key"], ["key", "other"]),
    ]


def test_version_does_not_differ_from_itself(policies: Policies) -> None:
    """The same version under the readings in use has no differences."""
    assert changed_terms(policies.newest, policies.newest) == []
    assert changed_terms(policies.newest, policies.newest, {"vat": "excluded"}) == []


def test_changed_terms_of_a_reading(policies: Policies) -> None:
    """The same version read otherwise differs in what the choice sets, and in the reading."""
    assert changed_terms(policies.newest, policies.newest, {"loan_follow": "twelve_months"}) == [
        Change("measures.loan_interest.conditions.new_loan.years_after", 0, 1),
        Change("measures.loan_interest.terms.months_followed", None, 12),
        Change("readings.loan_follow", "year_only", "twelve_months"),
    ]


def test_predecessor_can_be_compared(policies: Policies) -> None:
    """A version without amounts differs by every measure as a whole."""
    changes = {change.path: change for change in changed_terms(policies.version("jzbf-2022-81"), policies.newest)}
    assert changes["measures.expo_budget"].before is None
    assert changes["measures.expo_budget"].after["calculator"] == "declining_budget"
    assert changes["rounding"] == Change("rounding", None, "half_up")


def test_unknown_reading_is_refused(policies: Policies) -> None:
    """A reading that the version does not have is a defect."""
    with pytest.raises(Refused):
        changed_terms(policies.newest, policies.newest, {"x": "y"})
