"""What the tests propose."""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]


def loan(receipt: str = "R1", firm: str = "F1", **changes: Any) -> Body:
    """Propose the interest subsidy on a loan: 150,000.00 unless something is changed."""
    facts = {"town_tier": "provincial_key", "is_leading_industry": True, "application_year": 2027}
    line = {
        "receipt_number": receipt,
        "disbursed_amount": "10000000.00",
        "disbursed_on": "2027-01-01",
        "interest_paid_days": 365,
        "interest_accrued": "400000.00",
    }
    return {
        "measure": "loan_interest",
        "facts": {**facts, "town_id": "T1", "applicant_id": firm},
        "lines": [line | changes],
    }


def award(project: str, town: str = "T1", amount: str = "37777.77") -> Body:
    """Propose a project award: at most 1,000,000.00 per project and 3,000,000.00 per town and year."""
    facts = {
        "town_id": town,
        "town_tier": "provincial_key",
        "evaluation_result": "excellent",
        "evaluation_published_on": "2027-05-01",
        "is_leading_industry": True,
    }
    line = {
        "project_id": project,
        "equipment_investment": "6000000.00",
        "in_production_on": "2027-03-01",
        "proposed_award": amount,
    }
    return {"measure": "project_award", "facts": facts, "lines": [line]}


def recognition(town: str = "T1", on: str = "2027-03-01") -> Body:
    """Propose the award for a national cluster: 3,000,000.00 once per town."""
    line = {"town_id": town, "town_tier": "provincial_key", "recognised_on": on}
    return {"measure": "national_cluster_award", "lines": [line]}


def advertisement(invoice: str, firm: str = "F1", paid: str = "600000.00", **changes: Any) -> Body:
    """Propose the subsidy for advertising: 20% of what was paid, at most 3,000,000.00 per town and year."""
    line = {
        "year": 2027,
        "town_id": "T1",
        "town_tier": "provincial_key",
        "applicant_id": firm,
        "invoice_number": invoice,
        "ad_paid": paid,
        "paid_on": "2027-08-01",
    }
    return {"measure": "advertising", "lines": [line | changes]}
