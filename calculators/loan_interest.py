"""Interest subsidy on new loans (article 二): principal × rate × days of interest paid ÷ days of the year."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from calculators.exact import Column, Days, Exact, Fen, portion


@dataclass(frozen=True, slots=True)
class Terms:
    """`days_per_year` is a number of days or `actual`, those of the line's year; None: no bound, no following."""

    rate: Fraction
    days_per_year: int | Literal["actual"]
    days_at_most: int | None = None
    ends: Literal["half_open", "inclusive"] = "half_open"
    principal: Literal["disbursed", "outstanding"] = "disbursed"
    months_followed: int | None = None
    other_subsidy: Literal["net", "gross"] = "net"


class Periods(NamedTuple):
    """Periods of several lines in one table: the line each belongs to, first day, end day, balance if any."""

    line: Column
    start: Days
    end: Days
    balance: Fen | None = None


class Steps(NamedTuple):
    """What was computed; `fen_days` is principal (or balance) times days."""

    days: Days
    fen_days: Column
    by_days: Exact


def paid_days(periods: Periods, *, opens: Days, closes: Days, ends: str) -> Days:
    """Count the days of each line covered by its periods within [opens, closes): a day covered twice counts once.

    `opens` and `closes` are columns of days, one per line; periods are half-open unless `ends` is `inclusive`.
    """
    order = np.lexsort((periods.start, periods.line))
    line = periods.line[order]
    start, end = _clipped(periods.start[order], periods.end[order], line, opens, closes, ends)
    covered_to = _latest_end_before(line, end)
    days = np.maximum(end - np.maximum(start, covered_to), 0)
    counted = np.zeros_like(opens)
    np.add.at(counted, line, days)
    return counted


def balance_days(periods: Periods, *, opens: Days, closes: Days, terms: Terms) -> tuple[Days, Column]:
    """Count each line's days and fen-days (balance × days, summed) within [opens, closes).

    Where the terms bound the days, the latest ones fall away.
    """
    if periods.balance is None:
        raise ValueError("outstanding periods need a balance")
    order = np.lexsort((periods.start, periods.line))
    line, balance = periods.line[order], periods.balance[order]
    # Both ends of a period are a question of the interest paid; a balance holds from its first day to the next balance.
    start, end = _clipped(periods.start[order], periods.end[order], line, opens, closes, "half_open")
    days = np.maximum(end - start, 0)
    if terms.days_at_most is not None:
        before = days.cumsum() - days
        first = np.searchsorted(line, line)
        days = np.clip(terms.days_at_most - (before - before[first]), 0, days)
    counted, fen_days = np.zeros_like(opens), np.zeros_like(opens)
    np.add.at(counted, line, days)
    np.add.at(fen_days, line, balance * days)
    return counted, fen_days


def net_interest(terms: Terms, *, accrued: Fen, other_subsidy: Fen) -> Fen:
    """Deduct other public subsidies from the interest of the year, never below 0: fen per line."""
    return accrued if terms.other_subsidy == "gross" else np.maximum(accrued - other_subsidy, 0)


def at_most(terms: Terms, days: Days) -> Days:
    """Bound the days where the reading says so."""
    return days if terms.days_at_most is None else np.minimum(days, terms.days_at_most)


def calculate(terms: Terms, *, days: Days, fen_days: Column, days_of_year: Days) -> Steps:
    """Take the rate of principal × days ÷ days of the year: `days_of_year` per line where the terms say `actual`."""
    if terms.days_per_year == "actual":
        by_days = portion(fen_days, (terms.rate.numerator, days_of_year * terms.rate.denominator))
    else:
        by_days = portion(fen_days, _per_day(terms.rate, terms.days_per_year))
    return Steps(days, fen_days, by_days)


@lru_cache(maxsize=64)
def _per_day(rate: Fraction, days_per_year: int) -> Fraction:
    return rate / days_per_year


def _clipped(start: Days, end: Days, line: Column, opens: Days, closes: Days, ends: str) -> tuple[Days, Days]:
    """Bring periods into their line's window as half-open periods."""
    last = end + 1 if ends == "inclusive" else end
    return np.maximum(start, opens[line]), np.minimum(last, closes[line])


def _latest_end_before(line: Column, end: Days) -> Days:
    """Per period, sorted by line and start: the latest end of the line's earlier ones (the far past for its first)."""
    far_past = -(2**31)
    # Lines are lifted into bands, so that one running maximum never reaches from one line into the next.
    band = (line - line[:1]) * 2**32
    latest = np.maximum.accumulate(band + end)
    before = np.concatenate([[far_past], latest[:-1]]) - band
    earlier: Days = np.maximum(before, far_past)
    return earlier
