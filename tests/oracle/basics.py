"""What all measures share: lines, readings, dates in force, tiers, rounding, and the final decision."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

Line = Mapping[str, Any]
Outcome = tuple[str, str, str | None]


class Decision(NamedTuple):
    """Status, rule and amount of a request, and the same of each line."""

    status: str
    rule: str
    amount: str | None
    lines: list[Outcome]


@dataclass
class Request:
    """A request whose facts are merged into its lines."""

    lines: list[Line]
    readings: Mapping[str, str]
    granted_before: list[Mapping[str, Any]]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Request":
        """Merge the facts into every line; the line wins, null means not given."""
        facts = body.get("facts") or {}
        merged = [{**facts, **line} for line in body.get("lines") or []]
        lines: list[Line] = [{k: v for k, v in line.items() if v is not None} for line in merged]
        return cls(lines, body.get("readings") or {}, body.get("granted_before") or [])

    def reads(self, reading: str, choice: str) -> bool:
        """Tell whether the request asks for this choice of a reading."""
        return self.readings.get(reading) == choice

    @property
    def first_day(self) -> date:
        """Day from which 晋政办发〔2026〕3号 is in force."""
        return date(2026, 1, 1) if self.reads("in_force", "calendar_year") else date(2026, 1, 30)


@dataclass
class Verdict:
    """What becomes of one line: exact fen and line ceilings first, then whole fen and a rule."""

    line: Line
    rule: str
    status: str = "eligible"
    exact: Fraction = Fraction(0)
    ceilings: dict[str, Fraction] = field(default_factory=dict)
    fen: int = 0


def fen(line: Line, key: str, default: Fraction = Fraction(0)) -> Fraction:
    """Money of a line in fen."""
    return Fraction(line[key]) * 100 if key in line else default


def day(line: Line, key: str) -> date:
    """Date of a line."""
    return date.fromisoformat(line[key])


NOT_IN_FORCE = {"no_policy", "predecessor_policy", "predecessor_expiry_month", "policy_gap"}


def reason_not_in_force(event: date, first_day: date) -> str | None:
    """Say why the policy is not in force on a day, or None when it is."""
    if event >= first_day:
        return None
    if event < date(2022, 9, 1):
        return "no_policy"
    if event < date(2025, 9, 1):
        return "predecessor_policy"
    return "predecessor_expiry_month" if event < date(2025, 10, 1) else "policy_gap"


def tier_fits(request: Request, line: Line, named: str) -> bool:
    """Tell whether the town's tier is what the article names: characteristic, key or bare 专业镇."""
    both = {"provincial_key", "provincial_characteristic"}
    fitting = {"characteristic": both, "key": {"provincial_key"}, "bare": both}
    if request.reads("town_tier", "literal"):
        everyone = both | {"municipal", "county"}
        fitting = {
            "characteristic": {"provincial_characteristic"},
            "key": {"provincial_key"},
            "bare": everyone,
        }
    if request.reads("town_tier", "any_provincial"):
        fitting = dict.fromkeys(fitting, both)
    return line["town_tier"] in fitting[named]


def examine(request: Request, event: str, rule: str, first_failing: Callable[[Line], str | None]) -> list[Verdict]:
    """Judge each line: the policy in force on the event date, then the measure's conditions."""
    verdicts = []
    for line in request.lines:
        reason = reason_not_in_force(day(line, event), request.first_day) or first_failing(line)
        verdicts.append(Verdict(line, reason, status_of(reason)) if reason else Verdict(line, rule))
    return verdicts


def status_of(reason: str) -> str:
    """Status of a line that is not paid for a reason."""
    if reason in NOT_IN_FORCE:
        return "not_in_force"
    return reason if reason == "manual_review" else "ineligible"


def eligible(verdicts: list[Verdict]) -> list[Verdict]:
    """Verdicts of the lines that are paid (so far)."""
    return [verdict for verdict in verdicts if verdict.status == "eligible"]


def rounded(exact: Fraction, request: Request) -> int:
    """Round exact fen by the reading in use (half up unless asked otherwise)."""
    how = request.readings.get("rounding", "half_up")
    if how == "half_even":
        return round(exact)
    unit = {"half_up": 0, "floor_fen": 1, "floor_yuan": 100, "floor_hundred_yuan": 10_000}[how]
    return exact // unit * unit if unit else (2 * exact + 1) // 2


def settle(verdicts: list[Verdict], request: Request) -> None:
    """Take the line ceilings and round: each line, or only the total (reading rounding_stage)."""
    paid = eligible(verdicts)
    if request.reads("rounding_stage", "total"):
        settle_total(paid, request)
        return
    for verdict in paid:
        verdict.fen = rounded(verdict.exact, request)
        for limit, ceiling in verdict.ceilings.items():
            if rounded(ceiling, request) < verdict.fen:
                verdict.fen, verdict.rule = rounded(ceiling, request), limit


def settle_total(paid: list[Verdict], request: Request) -> None:
    """Floor the lines, round their exact total; the difference is shown on the largest line that has room for it."""
    for verdict in paid:
        for limit, ceiling in verdict.ceilings.items():
            if ceiling // 1 < verdict.exact // 1:
                verdict.rule = limit
            verdict.exact = min(verdict.exact, ceiling)
        verdict.fen = verdict.exact // 1
    total = rounded(sum((verdict.exact for verdict in paid), Fraction(0)), request)
    difference = total - sum(verdict.fen for verdict in paid)
    with_room = [verdict for verdict in paid if verdict.exact % 1] if difference > 0 else paid
    for verdict in sorted(with_room, key=lambda verdict: -verdict.fen):
        part = max(difference, -verdict.fen)
        verdict.fen += part
        difference -= part


def yuan(amount: int) -> str:
    """Write fen as yuan with two decimals."""
    return f"{amount // 100}.{amount % 100:02d}"


def decision(verdicts: list[Verdict], limits: list[str]) -> Decision:
    """Sum the lines up; where they differ the eligible ones and the widest binding limit win."""
    lines: list[Outcome] = [(v.status, v.rule, yuan(v.fen)) for v in verdicts]
    speaker = (eligible(verdicts) or verdicts)[0]
    rule = speaker.rule
    if speaker.status == "eligible":
        binding = {verdict.rule for verdict in verdicts} & set(limits)
        rule = max(binding, key=limits.index) if binding else rule
    return Decision(speaker.status, rule, yuan(sum(v.fen for v in verdicts)), lines)
