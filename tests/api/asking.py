"""What the tests of the API send."""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]

LOAN_LINE: Body = {
    "application_year": 2027,
    "town_tier": "provincial_key",
    "is_leading_industry": True,
    "disbursed_amount": "10000000.00",
    "disbursed_on": "2027-01-01",
    "interest_paid_days": 365,
    "interest_accrued": "400000.00",
}
#: A value of each type that is right, by a field of that type.
GONE = object()


def loan(**changes: Any) -> Body:
    """Return a loan request of one line with some of its inputs changed, or left out where the value is GONE."""
    line = {name: value for name, value in (LOAN_LINE | changes).items() if value is not GONE}
    return {"lines": [line]}
