"""A second opinion on every case: slow, scalar, and knowing the policy (晋政办发〔2026〕3号) by itself.

Nothing here reads policies.yaml or imports the product. Amounts are fractions of fen until they are rounded.
"""

from collections.abc import Callable, Mapping
from typing import Any

from .basics import Decision, Outcome, Request, Verdict, decision
from .money import advertising, expo_budget, loan_interest
from .towns import (
    consumer_brand_award,
    national_cluster_award,
    platform_equipment,
    platform_operator,
    project_award,
)

__all__ = ["Decision", "decide"]

MEASURES: dict[str, tuple[Callable[[Request], list[Verdict]], list[str]]] = {
    "national_cluster_award": (national_cluster_award, []),
    "consumer_brand_award": (consumer_brand_award, []),
    "project_award": (project_award, ["project_cap", "pool_cap"]),
    "platform_equipment": (platform_equipment, ["project_cap", "town_cap"]),
    "platform_operator": (platform_operator, ["project_cap", "cumulative_cap"]),
    "loan_interest": (loan_interest, ["interest_cap", "firm_cap"]),
    "advertising": (advertising, ["town_year_cap"]),
    "expo_budget": (expo_budget, ["actual_cost"]),
}
"""Every computable measure with its limits from narrow to wide."""

REFERENCED = {
    "specialised_sme",
    "little_giant",
    "tech_upgrade_revenue_step",
    "agri_leading_firm",
    "standard_setting",
    "green_manufacturing",
    "brand_and_ip_honours",
    "industry_college",
}
"""Measures that pay under other rules (二, 四, 五, 六, 七)."""


def decide(measure: str, body: Mapping[str, Any]) -> Decision:
    """Decide a valid request of POST /v1/calculations/{measure}."""
    request = Request.of(body)
    if measure in REFERENCED:
        outcome: Outcome = ("referenced", "by_other_rule", None)
        return Decision(*outcome, [outcome for _ in request.lines])
    calculate, limits = MEASURES[measure]
    return decision(calculate(request), limits)
