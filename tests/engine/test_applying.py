"""Which version applies: the one named, on the days on which it is in force."""

from __future__ import annotations

from typing import Any

import pytest

from service.calculation import calculate
from service.intake.request import read_request
from service.policies import Policies, load

RECOGNITION = {"town_tier": "provincial_key"}


@pytest.fixture(scope="module")
def policies() -> Policies:
    """The policies as they are."""
    return load()


def answered(policies: Policies, *days: str, policy: str | None = None) -> dict[str, Any]:
    """Calculate a recognition of a town of its own on each day."""
    lines = [{"recognised_on": day, "town_id": f"town-{day}"} for day in days]
    body: dict[str, Any] = {"facts": RECOGNITION, "lines": lines}
    if policy is not None:
        body["policy"] = policy
    return calculate(policies, read_request(policies, "national_cluster_award", body), "en")


@pytest.mark.parametrize("policy", [None, "jzbf-2026-3", "jzbf-2026-3@1"])
def test_naming_the_version_in_force_changes_nothing(policies: Policies, policy: str | None) -> None:
    """A named version applies on its days and on no others, with the same reasons as if none were named."""
    result = answered(policies, "2026-01-30", "2026-01-29", "2025-09-30", "2022-09-01", "2022-08-31", policy=policy)
    assert [(line["status"], line["amount"], line["rule"]) for line in result["lines"]] == [
        ("eligible", "3000000.00", "fixed_amount"),
        ("not_in_force", "0.00", "policy_gap"),
        ("not_in_force", "0.00", "predecessor_expiry_month"),
        ("not_in_force", "0.00", "predecessor_policy"),
        ("not_in_force", "0.00", "no_policy"),
    ]
    assert result["amount"] == "3000000.00"
    assert (result["status"], result["rule"]) == ("eligible", "fixed_amount")


def test_lines_of_one_request_may_all_be_outside(policies: Policies) -> None:
    """Where no version applies to any line, the first line speaks for the result, which still names its policy."""
    result = answered(policies, "2025-12-31", "2021-01-01", policy="jzbf-2026-3")
    assert (result["status"], result["rule"], result["amount"]) == ("not_in_force", "policy_gap", "0.00")
    assert result["policy"]["id"] == "jzbf-2026-3"
