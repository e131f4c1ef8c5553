"""GoRules zen: the rule is an expression in its language, compiled once; rows, ceilings and files are Python's."""

import csv
import sys
from collections import defaultdict

import zen

DUE = "min([disbursed_amount * 0.015 * interest_paid_days / 365, interest_accrued * 0.8])"
FIRM_CAP = 1_000_000
TIERS = {"provincial_key", "provincial_characteristic"}
NUMBERS = ("disbursed_amount", "interest_paid_days", "interest_accrued")


def main(source: str, target: str) -> None:
    """Calculate a file."""
    due_of = zen.compile_expression(DUE)
    left: dict[tuple[str, str], float] = defaultdict(lambda: FIRM_CAP)
    with open(source, newline="") as read, open(target, "w", newline="") as written:  # noqa: PTH123
        rows = csv.DictReader(read)
        out = csv.writer(written)
        out.writerow([*(rows.fieldnames or ()), "status", "amount"])
        for row in rows:
            fits = row["town_tier"] in TIERS and row["is_leading_industry"] == "true"
            firm = row["applicant_id"], row["application_year"]
            due = round(due_of.evaluate({name: float(row[name]) for name in NUMBERS}), 2) if fits else 0.0
            amount = min(due, left[firm])
            left[firm] -= amount
            out.writerow([*row.values(), "eligible" if fits else "ineligible", f"{amount:.2f}"])


main(*sys.argv[1:])
