"""Article 二 (loan interest) and article 六 (advertising, the yearly expo)."""

from datetime import date, timedelta
from fractions import Fraction

from .basics import Line, Request, Verdict, day, eligible, examine, fen, rounded, settle, tier_fits
from .sharing import Group, in_order, per, pro_rata, share, spread

YUAN = 100
ONE_DAY = timedelta(days=1)


def a_year_after(drawn: date) -> date:
    """Anniversary of a drawing; February 29 has it on February 28."""
    leap_day = (drawn.month, drawn.day) == (2, 29)
    return date(drawn.year + 1, drawn.month, 28 if leap_day else drawn.day)


def window(request: Request, line: Line) -> tuple[date, date]:
    """二: first day that counts for a loan, and first day that does not any more."""
    year, drawn = line["application_year"], day(line, "disbursed_on")
    end = date(year + 1, 1, 1)
    if request.reads("loan_follow", "twelve_months"):
        end = min(end, a_year_after(drawn))
    return max(date(year, 1, 1), drawn), end


def days_between(first: date, beyond: date, within: tuple[date, date]) -> set[date]:
    """Days from the first (counts) to the one beyond (does not) that lie in a window."""
    start, end = max(first, within[0]), min(beyond, within[1])
    return {start + ONE_DAY * i for i in range(max(0, (end - start).days))}


def paid_days(request: Request, line: Line) -> int:
    """二: days for which interest was paid, none twice."""
    start, end = window(request, line)
    if "interest_periods" in line:
        last_counts = ONE_DAY * request.reads("loan_days", "inclusive")
        paid: set[date] = set()
        for period in line["interest_periods"]:
            beyond = day(period, "paid_to") + last_counts
            paid |= days_between(day(period, "paid_from"), beyond, (start, end))
        days = len(paid)
    else:
        days = int(line["interest_paid_days"])
        if line["application_year"] > day(line, "disbursed_on").year:
            days = min(days, max(0, (end - start).days))
    return min(days, 365) if request.reads("loan_leap", "cap_365") else days


def owed_days(request: Request, line: Line) -> list[tuple[Fraction, int]]:
    """二: principal and its days; one pair, or one for each balance (reading loan_principal)."""
    if not request.reads("loan_principal", "outstanding"):
        return [(fen(line, "disbursed_amount"), paid_days(request, line))]
    owed, left = [], 365 if request.reads("loan_leap", "cap_365") else 366
    for part in sorted(line["outstanding"], key=lambda part: str(part["from"])):
        days = len(days_between(day(part, "from"), day(part, "to"), window(request, line)))
        owed.append((fen(part, "balance"), min(days, left)))
        left -= owed[-1][1]
    return owed


def days_per_year(request: Request, line: Line) -> int:
    """二: the 365 of the formula, or the days of the application year."""
    year = line["application_year"]
    actual = (date(year + 1, 1, 1) - date(year, 1, 1)).days
    return actual if request.reads("loan_leap", "actual") else 365


def loan_interest(request: Request) -> list[Verdict]:
    """二: principal × 1.5% × days ÷ 365, at most 80% of the interest and a million a firm."""

    def first_failing(line: Line) -> str | None:
        if not tier_fits(request, line, "bare"):
            return "tier_not_eligible"
        if not line["is_leading_industry"]:
            return "not_leading_industry"
        later = line["application_year"] - day(line, "disbursed_on").year
        if later not in ({0, 1} if request.reads("loan_follow", "twelve_months") else {0}):
            return "not_new_loan"
        if not fen(line, "disbursed_amount"):
            return "zero_base"
        return None if any(days for _, days in owed_days(request, line)) else "zero_days"

    def net_interest(line: Line) -> Fraction:
        gross = request.reads("loan_other_subsidy", "gross")
        other = Fraction(0) if gross else fen(line, "other_interest_subsidy")
        return max(Fraction(0), fen(line, "interest_accrued") - other)

    by_firm = request.reads("loan_interest_cap", "firm_year")
    verdicts = examine(request, "disbursed_on", "rate", first_failing)
    for verdict in eligible(verdicts):
        parts = owed_days(request, verdict.line)
        owed = sum((balance * days for balance, days in parts), Fraction(0))
        verdict.exact = owed * Fraction(15, 1000) / days_per_year(request, verdict.line)
        if not by_firm:
            verdict.ceilings["interest_cap"] = net_interest(verdict.line) * Fraction(80, 100)
    settle(verdicts, request)

    def firm_year(line: Line) -> Group:
        return per(line, "applicant_id", "application_year")

    def of_interest(members: list[Verdict]) -> int:
        total = sum((net_interest(member.line) for member in members), Fraction(0))
        return total * 80 // 100

    if by_firm:
        share(request, verdicts, "interest_cap", of_interest, firm_year)
    for_life = request.reads("loan_firm_cap", "policy_life")
    share(
        request,
        verdicts,
        "firm_cap",
        lambda _: 1_000_000 * YUAN,
        lambda line: per(line, "applicant_id") if for_life else firm_year(line),
    )
    return verdicts


def advertising_scope(request: Request, position: int, line: Line) -> Group:
    """六: whose advertising together must reach 500,000 (reading ad_threshold_scope)."""
    if request.reads("ad_threshold_scope", "placement"):
        return (("line", position),)
    if request.reads("ad_threshold_scope", "town_year"):
        return per(line, "town_id", "year")
    return per(line, "applicant_id", "year")


def advertising(request: Request) -> list[Verdict]:
    """六: a fifth of what was paid for advertising, three million a town and year."""

    def base(line: Line) -> Fraction:
        deducted = request.reads("ad_base", "enterprise_only")
        government = fen(line, "government_paid") if deducted else Fraction(0)
        return max(Fraction(0), fen(line, "ad_paid") - government)

    def measured(line: Line) -> Fraction:
        if request.reads("ad_threshold_base", "incurred"):
            return fen(line, "ad_cost", fen(line, "ad_paid"))
        return base(line)

    def first_failing(line: Line) -> str | None:
        if not tier_fits(request, line, "characteristic"):
            return "tier_not_eligible"
        return None if day(line, "paid_on").year == line["year"] else "other_year"

    verdicts = examine(request, "paid_on", "rate", first_failing)
    scopes: dict[Group, list[Verdict]] = {}
    for position, verdict in enumerate(verdicts):
        if verdict.status == "eligible":
            scope = advertising_scope(request, position, verdict.line)
            scopes.setdefault(scope, []).append(verdict)
    for members in scopes.values():
        bases = [base(member.line) for member in members]
        total = sum((measured(member.line) for member in members), Fraction(0))
        reached = total >= 500_000 * YUAN
        counted = bases
        if request.reads("ad_rate_base", "excess") and any(bases):
            excess = max(0, int(sum(bases)) - 500_000 * YUAN)
            counted = [Fraction(part) for part in spread(excess, [int(b) for b in bases])]
        for member, own, part in zip(members, bases, counted, strict=True):
            member.exact = part * Fraction(20, 100)
            if not (reached and own):
                member.status = "ineligible"
                member.rule = "zero_base" if reached else "threshold_not_met"
    settle(verdicts, request)
    share(
        request,
        verdicts,
        "town_year_cap",
        lambda _: 3_000_000 * YUAN,
        lambda line: per(line, "town_id", "year"),
        in_order if request.reads("ad_allocation", "in_order") else pro_rata,
    )
    return verdicts


def expo_schedule(request: Request, line: Line) -> Fraction:
    """六: ten million, a tenth less with every step."""
    by_edition = request.reads("expo_step", "edition")
    steps = int(line["editions_held_since_2026"] if by_edition else line["year"] - 2026)
    steps += request.reads("expo_first_year", "cut")
    budget = Fraction(10_000_000 * YUAN)
    if request.reads("expo_decline", "linear"):
        return max(Fraction(0), budget - steps * 1_000_000 * YUAN)
    if request.reads("expo_decline", "compound_rounded_each_year"):
        for _ in range(steps):
            budget = Fraction(rounded(budget * 9 / 10, request))
        return budget
    return budget * Fraction(9, 10) ** steps


def expo_budget(request: Request) -> list[Verdict]:
    """六: the yearly expo's budget, until the market runs it."""
    verdicts = []
    for line in request.lines:
        verdict = Verdict(line, "schedule")
        verdicts.append(verdict)
        if line["year"] < 2026:
            verdict.status, verdict.rule = "not_in_force", "before_base_year"
        elif "marketised_from" in line and line["year"] >= line["marketised_from"]:
            verdict.status, verdict.rule = "ineligible", "marketised"
        else:
            verdict.exact = expo_schedule(request, line)
            if "actual_cost" in line:
                verdict.ceilings["actual_cost"] = fen(line, "actual_cost")
    settle(verdicts, request)
    return verdicts
