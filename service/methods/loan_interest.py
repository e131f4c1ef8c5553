"""Interest on loans: fed by the days paid, declared or counted from periods, within the year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from dateutil.relativedelta import relativedelta

from calculators import loan_interest
from calculators.exact import Column, Days, Exact, Fen, Mask
from service.lines import Lines, first_day, year_of
from service.methods.base import Doubt, Step, Written, above, grouped
from service.money import day_of, days_of, rate_text
from service.policies.model import FieldType, Measure, Provision


class LoanInterest:
    """Derives `days`, `fen_days` (principal × days) and `interest` (net of other subsidies)."""

    rule: ClassVar[str] = "rate"
    derived: ClassVar[Mapping[str, FieldType]] = {"days": "count", "interest": "yuan"}

    def derive(self, measure: Measure, lines: Lines) -> None:
        terms = _terms(measure)
        columns = lines.columns
        columns["interest"] = loan_interest.net_interest(
            terms, accrued=columns["interest_accrued"], other_subsidy=columns["other_interest_subsidy"]
        )
        if terms.principal == "outstanding":
            opens, closes = _window(terms, lines)
            columns["days"], columns["fen_days"] = loan_interest.balance_days(
                lines.periods["outstanding"], opens=opens, closes=closes, terms=terms
            )
        else:
            columns["days"] = loan_interest.at_most(terms, _days_paid(terms, lines))
            columns["fen_days"] = columns["disbursed_amount"] * columns["days"]

    def due(self, provision: Provision, lines: Lines, counting: Mask) -> Exact:
        terms = _terms(provision.measure)
        days = lines.columns["days"]
        days_of_year = days if terms.days_per_year != "actual" else _days_of_year(lines.columns["application_year"])
        return loan_interest.calculate(
            terms, days=days, fen_days=lines.columns["fen_days"], days_of_year=days_of_year
        ).by_days

    def written(self, provision: Provision, lines: Lines, calculated: Fen) -> Written:
        terms = _terms(provision.measure)
        by_days = Step("by_days", calculated, lambda: _by_days_formulas(terms, lines))
        if "interest_periods" not in lines.periods or terms.principal == "outstanding":
            return [by_days]
        return [Step("days", lines.columns["days"], lambda: _period_formulas(terms, lines), "days"), by_days]

    def doubts(self, measure: Measure, lines: Lines) -> list[Doubt]:
        return _beyond_calendar(lines) + above(lines, "other_interest_subsidy", "interest_accrued")


def _terms(measure: Measure) -> loan_interest.Terms:
    assert isinstance(measure.terms, loan_interest.Terms)
    return measure.terms


def _window(terms: loan_interest.Terms, lines: Lines) -> tuple[Days, Days]:
    """The days of the application year on which interest counts: from drawing, while the loan is followed."""
    year, disbursed = lines.columns["application_year"], lines.columns["disbursed_on"]
    opens, closes = np.maximum(first_day(year), disbursed), first_day(year + 1)
    if terms.months_followed is not None:
        closes = np.minimum(closes, _anniversary(disbursed, terms.months_followed))
    return opens, np.maximum(closes, opens)


def _days_paid(terms: loan_interest.Terms, lines: Lines) -> Days:
    """Days counted from periods where a line gives them, otherwise the days as declared."""
    declared = lines.columns.get("interest_paid_days")
    if "interest_periods" not in lines.periods:
        assert declared is not None
        return _followed(terms, lines, declared)
    opens, closes = _window(terms, lines)
    counted = loan_interest.paid_days(lines.periods["interest_periods"], opens=opens, closes=closes, ends=terms.ends)
    if declared is None:
        return counted
    return np.where(lines.given["interest_paid_days"], _followed(terms, lines, declared), counted)


def _followed(terms: loan_interest.Terms, lines: Lines, declared: Days) -> Days:
    """Cut declared days where a loan that is followed into the next year runs out."""
    if terms.months_followed is None:
        return declared
    opens, closes = _window(terms, lines)
    later_year = lines.columns["application_year"] > year_of(lines.columns["disbursed_on"])
    return np.where(later_year, np.minimum(declared, closes - opens), declared)


def _anniversary(days: Days, months: int) -> Days:
    """The same day `months` later, or the month's last where it has no such day; each distinct day once."""
    distinct, place = np.unique(days, return_inverse=True)
    return np.array([days_of(day_of(day) + relativedelta(months=months)) for day in distinct.tolist()], dtype=np.int64)[
        place
    ]


def _days_of_year(year: Column) -> Days:
    return first_day(year + 1) - first_day(year)


def _by_days_formulas(terms: loan_interest.Terms, lines: Lines) -> list[str]:
    columns = lines.columns
    rate = rate_text(terms.rate)
    divisors = [terms.days_per_year] * lines.count
    if terms.days_per_year == "actual":
        divisors = _days_of_year(columns["application_year"]).tolist()
    if terms.principal == "outstanding":
        sums = zip(_balance_formulas(lines), columns["fen_days"].tolist(), divisors, strict=True)
        return [f"({balances} = {grouped(fen_days)}) × {rate} ÷ {per}" for balances, fen_days, per in sums]
    products = zip(columns["disbursed_amount"].tolist(), columns["days"].tolist(), divisors, strict=True)
    return [f"{grouped(principal)} × {rate} × {days} ÷ {per}" for principal, days, per in products]


def _period_formulas(terms: loan_interest.Terms, lines: Lines) -> list[str]:
    table = lines.periods["interest_periods"]
    texts: list[list[str]] = [[] for _ in range(lines.count)]
    for line, start, end in zip(table.line.tolist(), table.start.tolist(), table.end.tolist(), strict=True):
        texts[line].append(f"{day_of(start)}/{day_of(end)}")
    opens, closes = (column.tolist() for column in _window(terms, lines))
    given = lines.columns["interest_paid_days"].tolist() if lines.has("interest_paid_days") else None
    return [
        f"[{' ∪ '.join(periods)}] ∩ [{day_of(opens[row])}, {day_of(closes[row])})"
        if periods or given is None
        else str(given[row])
        for row, periods in enumerate(texts)
    ]


def _balance_formulas(lines: Lines) -> list[str]:
    table = lines.periods["outstanding"]
    assert table.balance is not None
    texts: list[list[str]] = [[] for _ in range(lines.count)]
    for line, start, end, fen in zip(
        table.line.tolist(), table.start.tolist(), table.end.tolist(), table.balance.tolist(), strict=True
    ):
        texts[line].append(f"{grouped(fen)}@{day_of(start)}/{day_of(end)}")
    return [f"Σ {'; '.join(periods)}" for periods in texts]


def _beyond_calendar(lines: Lines) -> list[Doubt]:
    """Days of interest declared that are more than the year has from the day of drawing."""
    declared = lines.columns.get("interest_paid_days")
    if declared is None:
        return []
    ends = first_day(lines.columns["application_year"] + 1)
    left = ends - lines.columns["disbursed_on"]
    doubtful = np.flatnonzero(declared > left)
    doubtful = doubtful[left[doubtful] > 0]
    return [Doubt("interest_paid_days", "days_beyond_calendar", doubtful)] if len(doubtful) else []
