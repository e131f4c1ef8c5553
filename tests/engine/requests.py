"""Random requests, made from the data dictionary: valid, near every boundary, and of one generator for all tests.

`chance` is a seeded `random.Random`, or one of hypothesis, which then searches and shrinks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from service.policies import Policies
from service.policies.model import Field, Input, Limit, Measure

Line = dict[str, Any]
Body = dict[str, Any]

MOST_FEN: Final = 10**13 - 1
#: Amounts in fen on which something turns, somewhere.
TURNING: Final = (
    0, 1, 5, 15, 25, 100, 40_000_000, 50_000_000, 100_000_000, 200_000_000, 300_000_000, 333_333_333, 500_000_000,
    1_000_000_000, 1_500_000_000, 3_333_333_333, MOST_FEN,
)  # fmt: skip
DATES: Final = (
    "2022-08-31", "2022-09-01", "2025-08-31", "2025-09-01", "2025-09-30", "2025-10-01", "2025-12-31", "2026-01-01",
    "2026-01-29", "2026-01-30", "2026-12-31", "2027-01-01", "2027-12-31", "2028-02-28", "2028-02-29", "2028-12-31",
)  # fmt: skip
#: Codes that are more often right than wrong, so that lines get as far as the money.
USUAL: Final = {
    "town_tier": ("provincial_key", "provincial_characteristic"),
    "evaluation_result": ("excellent",),
    "is_leading_industry": (True,),
    "already_awarded": (False,),
    "already_rewarded": (False,),
}
#: How many different names there are; few, so that lines meet in groups, but contracts are rewarded only once.
NAMES: Final = {"contract_number": 500, "town_id": 8}


def yuan(fen: int) -> str:
    """Write fen as yuan text."""
    return f"{fen // 100}.{fen % 100:02d}"


def fen(text: str) -> int:
    """Read yuan text as fen."""
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))


def some_readings(chance: Random, policies: Policies, measure: str) -> dict[str, str]:
    """Choose other answers to some of the questions that shape a measure, or to none."""
    version = policies.newest
    asked = [name for name in version.shaped_by[measure] if chance.random() < 0.3]
    return {name: chance.choice(sorted(version.readings[name].choices)) for name in asked}


def some_request(chance: Random, policies: Policies, measure: str, lines: int, readings: Mapping[str, str]) -> Body:
    """Make a request of so many lines, sometimes with money granted before."""
    provision = policies.provision(policies.newest, measure, readings)
    body: Body = {"readings": dict(readings), "lines": some_lines(chance, policies, provision.measure, lines)}
    granted = [
        entry
        for limit in provision.measure.limits
        if limit.shared and chance.random() < 0.3 and (entry := _granted_before(chance, limit, body["lines"]))
    ]
    return body | {"granted_before": granted} if granted else body


def some_lines(chance: Random, policies: Policies, measure: Measure, lines: int) -> list[Line]:
    """Make lines of a measure with everything that it asks for."""
    asked = measure.asked(policies.facts)
    return [some_line(chance, policies.fields, measure, asked) for _ in range(lines)]


def some_line(chance: Random, fields: Mapping[str, Field], measure: Measure, asked: Mapping[str, Input]) -> Line:
    """Make a line: what is required is there, of two alternatives one, and what is optional more often than not."""
    line: Line = {}
    for name, one in asked.items():
        if one.need == "either" and one.other in line:
            continue
        is_left_out = one.need == "optional" and chance.random() < 0.3
        is_second = one.need == "either" and one.other is not None and _comes_later(asked, name, one.other)
        if is_left_out or (is_second and chance.random() < 0.5):
            continue
        line[name] = None if one.need == "nullable" and chance.random() < 0.1 else _value(chance, fields[name])
    return _coherent(chance, measure, line)


def _comes_later(asked: Mapping[str, Input], name: str, other: str) -> bool:
    places = list(asked)
    return places.index(other) > places.index(name)


def _value(chance: Random, field: Field) -> Any:
    if field.id in USUAL and chance.random() < 0.9:
        return chance.choice(USUAL[field.id])
    return MAKERS[field.type](chance, field)


def _name(chance: Random, field: Field) -> str:
    return f"{field.id}-{chance.randint(1, NAMES.get(field.id, 3))}"


MAKERS: Final[Mapping[str, Callable[[Random, Field], Any]]] = {
    "yuan": lambda chance, _: yuan(_amount(chance)),
    "date": lambda chance, _: _day(chance),
    "year": lambda chance, _: chance.choice([*range(2025, 2031)] * 5 + [1900, 2024, 2050, 2200]),
    "code": lambda chance, field: chance.choice(sorted(field.codes)),
    "flag": lambda chance, _: chance.random() < 0.5,
    "count": lambda chance, field: _count(chance, field.most or 0),
    "periods": lambda chance, _: _periods(chance, with_balances=False),
    "balances": lambda chance, _: _periods(chance, with_balances=True),
    "text": _name,
    "credit_code": _name,
}


def _count(chance: Random, most: int) -> int:
    return chance.choice([0, 1, 181, 365, most - 1, most, chance.randint(0, most)])


def _amount(chance: Random) -> int:
    if chance.random() < 0.4:
        return min(max(chance.choice(TURNING) + chance.randint(-1, 1), 0), MOST_FEN)
    return chance.randint(0, 10 ** chance.randint(1, 11))


def _day(chance: Random) -> str:
    if chance.random() < 0.2:
        return chance.choice(DATES)
    return (date(2026, 2, 1) + timedelta(days=chance.randint(0, 3 * 365))).isoformat()


def _periods(chance: Random, *, with_balances: bool) -> list[Line]:
    """Make periods that may overlap, or balances that follow one another, perhaps with gaps."""
    start = date.fromisoformat(_day(chance))
    periods = []
    for _ in range(chance.randint(1, 4)):
        end = start + timedelta(days=chance.choice([0, 1, 30, 181, 365, 366, chance.randint(0, 800)]))
        if with_balances:
            periods.append({"balance": yuan(_amount(chance)), "from": start.isoformat(), "to": end.isoformat()})
            start = end + timedelta(days=chance.choice([0, 0, 1, 40]))
        else:
            periods.append({"paid_from": start.isoformat(), "paid_to": end.isoformat()})
            start += timedelta(days=chance.choice([0, 30, 181, 400]) if chance.random() < 0.7 else -20)
    return periods


def _coherent(chance: Random, measure: Measure, line: Line) -> Line:
    """Make what belongs together fit, mostly: years and dates, periods and loans, interest and principal."""
    for year in ("application_year", "year"):
        if year in line and measure.event != year and chance.random() < 0.85:
            line[year] = date.fromisoformat(line[measure.event]).year + (chance.random() < 0.1)
    if "equipment_investment" in line and chance.random() < 0.7:
        line["equipment_investment"] = yuan(min(fen(line["equipment_investment"]) + 500_000_000, MOST_FEN))
    if "interest_accrued" in line and chance.random() < 0.7:
        line["interest_accrued"] = yuan(fen(line["disbursed_amount"]) * chance.randint(0, 300) // 10_000)
    for table, first in (("interest_periods", "paid_from"), ("outstanding", "from")):
        if line.get(table) and chance.random() < 0.8:
            line[table] = _moved(line[table], first, date.fromisoformat(line["disbursed_on"]))
    if line.get("outstanding") and chance.random() < 0.7:
        for part in line["outstanding"]:
            part["balance"] = line["disbursed_amount"]
    return line


def _moved(periods: list[Line], first: str, to: date) -> list[Line]:
    """Let the first of some periods begin on a day, and the others after it as before."""
    by = to - date.fromisoformat(periods[0][first])
    return [
        {key: value if key == "balance" else (date.fromisoformat(value) + by).isoformat() for key, value in one.items()}
        for one in periods
    ]


def _granted_before(chance: Random, limit: Limit, lines: list[Line]) -> Line | None:
    """Grant something before to the group of one of the lines; None if that line's group cannot be named."""
    line = chance.choice(lines)
    group = {
        key: date.fromisoformat(line[key.removesuffix(".year")]).year if key.endswith(".year") else line.get(key)
        for key in limit.per
    }
    if None in group.values():
        return None
    return {"limit": limit.id, "group": group, "amount": yuan(_amount(chance))}
