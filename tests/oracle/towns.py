"""Article 一 and the brand award of article 六: what towns, their projects and platforms get."""

from fractions import Fraction

from .basics import (
    Line,
    Request,
    Verdict,
    day,
    eligible,
    examine,
    fen,
    reason_not_in_force,
    settle,
    tier_fits,
)
from .sharing import equal, in_order, per, per_own, pro_rata, share

YUAN = 100


def once_per_town(request: Request, event: str, named_tier: str) -> list[Verdict]:
    """Three million, once for each town unless read per recognition."""
    per_recognition = request.reads("award_repeat", "per_recognition")
    awarded_towns: list[object] = []

    def first_failing(line: Line) -> str | None:
        if not tier_fits(request, line, named_tier):
            return "tier_not_eligible"
        town = line.get("town_id")
        repeated = town in awarded_towns or line.get("already_awarded")
        awarded_towns.append(town)
        return "already_awarded" if repeated and not per_recognition else None

    verdicts = examine(request, event, "fixed_amount", first_failing)
    for verdict in eligible(verdicts):
        verdict.exact = Fraction(3_000_000 * YUAN)
    settle(verdicts, request)
    return verdicts


def national_cluster_award(request: Request) -> list[Verdict]:
    """一: a provincial characteristic town recognised as a national SME cluster."""
    return once_per_town(request, "recognised_on", "characteristic")


def consumer_brand_award(request: Request) -> list[Verdict]:
    """六: a professional town selected as a 中国消费名品 regional brand."""
    return once_per_town(request, "selected_on", "bare")


def project_fails(request: Request, line: Line) -> str | None:
    """一: conditions of a project before its investment is looked at."""
    if not tier_fits(request, line, "bare"):
        return "tier_not_eligible"
    if not line["is_leading_industry"]:
        return "not_leading_industry"
    if line["evaluation_result"] != "excellent":
        return "not_excellent"
    if "in_production_on" not in line:
        return "not_in_production"
    if request.reads("project_window", "any"):
        return None
    return reason_not_in_force(day(line, "in_production_on"), request.first_day)


def project_investment(request: Request, line: Line) -> Fraction:
    """一: equipment of a project, or of all its town's projects that may count (town_sum)."""
    if not request.reads("project_threshold", "town_sum"):
        return fen(line, "equipment_investment")
    total = Fraction(0)
    for other in request.lines:
        evaluated = day(other, "evaluation_published_on")
        counts = not (reason_not_in_force(evaluated, request.first_day) or project_fails(request, other))
        if counts and per(other, "town_id") == per(line, "town_id"):
            total += fen(other, "equipment_investment")
    return total


def project_award(request: Request) -> list[Verdict]:
    """一: projects of an excellent town, a million each, three million a town and round."""

    def first_failing(line: Line) -> str | None:
        if failing := project_fails(request, line):
            return failing
        if project_investment(request, line) < 5_000_000 * YUAN:
            return "threshold_not_met"
        full = request.reads("project_amount", "full_cap")
        return None if full or fen(line, "proposed_award") else "zero_base"

    verdicts = examine(request, "evaluation_published_on", "fixed_amount", first_failing)
    for verdict in eligible(verdicts):
        full = request.reads("project_amount", "full_cap")
        verdict.exact = Fraction(1_000_000 * YUAN) if full else fen(verdict.line, "proposed_award")
    settle(verdicts, request)
    allocate = {"in_order": in_order, "equal": equal}.get(request.readings.get("project_allocation", ""), pro_rata)
    share(
        request,
        verdicts,
        "project_cap",
        lambda _: 1_000_000 * YUAN,
        lambda line: per_own(line, "project_id"),
    )
    share(
        request,
        verdicts,
        "pool_cap",
        lambda _: 3_000_000 * YUAN,
        lambda line: (
            *per(line, "town_id"),
            ("evaluation_year", day(line, "evaluation_published_on").year),
        ),
        allocate,
    )
    return verdicts


def platform_equipment(request: Request) -> list[Verdict]:
    """一: thirty percent of a key town's platform equipment, ten million a project (or town)."""

    def base(line: Line) -> Fraction:
        net = fen(line, "hardware_investment") + fen(line, "software_investment")
        return net + fen(line, "deductible_vat") if request.reads("vat", "included") else net

    def first_failing(line: Line) -> str | None:
        if not tier_fits(request, line, "key"):
            return "tier_not_eligible"
        if line["platform_type"] == "other":
            return "manual_review"
        return None if base(line) else "zero_base"

    verdicts = examine(request, "completed_on", "rate", first_failing)
    for verdict in eligible(verdicts):
        verdict.exact = base(verdict.line) * Fraction(30, 100)
    settle(verdicts, request)
    by_town = request.reads("platform_cap", "town")
    share(
        request,
        verdicts,
        "town_cap" if by_town else "project_cap",
        lambda _: 10_000_000 * YUAN,
        lambda line: per(line, "town_id") if by_town else per_own(line, "project_id"),
    )
    return verdicts


def platform_operator(request: Request) -> list[Verdict]:
    """一: half of a service contract, 200,000 a contract and two million an operator."""
    seen_contracts: set[str] = set()

    def base(line: Line) -> Fraction:
        contract = fen(line, "contract_amount")
        if request.reads("operator_base", "received"):
            return min(contract, fen(line, "received_amount"))
        return contract

    def first_failing(line: Line) -> str | None:
        number = line.get("contract_number")
        seen_before = number in seen_contracts
        if number is not None:
            seen_contracts.add(number)
        if line.get("already_rewarded") or seen_before:
            return "already_rewarded"
        return None if base(line) else "zero_base"

    verdicts = examine(request, "signed_on", "rate", first_failing)
    for verdict in eligible(verdicts):
        verdict.exact = base(verdict.line) * Fraction(50, 100)
    settle(verdicts, request)
    share(
        request,
        verdicts,
        "project_cap",
        lambda _: 200_000 * YUAN,
        lambda line: per_own(line, "contract_number"),
    )
    by_year = request.reads("operator_total", "year")
    share(
        request,
        verdicts,
        "cumulative_cap",
        lambda _: 2_000_000 * YUAN,
        lambda line: (
            *per(line, "applicant_id"),
            ("year", day(line, "signed_on").year if by_year else None),
        ),
    )
    return verdicts
