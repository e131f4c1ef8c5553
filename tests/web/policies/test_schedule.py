"""A budget that follows from the year: the page shows what the law pays year by year."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.policies import Policies, default_path, load
from service.schedule import schedule_of
from service.web.policies.pages import bars
from tests.web.policies.conftest import Open

EXPO = "measures/expo_budget"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_budget_of_ten_years_under_every_reading(language: str, open_page: Open) -> None:
    """Year, budget, difference; then the budget if it fell evenly, were rounded each year, or cut in the first."""
    rows = {row[0]: row[1:] for row in open_page(f"/{language}/policies/jzbf-2026-3/{EXPO}").rows}
    assert rows["2026"] == ["10,000,000.00", "–", "10,000,000.00", "10,000,000.00", "9,000,000.00"]
    assert rows["2027"] == ["9,000,000.00", "-1,000,000.00", "9,000,000.00", "9,000,000.00", "8,100,000.00"]
    assert rows["2028"][0] == "8,100,000.00"
    assert rows["2029"][0] == "7,290,000.00"
    assert rows["2035"] == ["3,874,204.89", "-430,467.21", "1,000,000.00", "3,874,204.89", "3,486,784.40"]
    assert len([year for year in rows if year.isdigit()]) == 10


def test_a_reading_that_asks_for_more_than_the_year_is_named(open_page: Open) -> None:
    """Steps by editions cannot be tabled; the page says so instead of leaving it out."""
    assert "如选“每届”，金额还取决于年度以外的情况" in open_page(f"/zh/policies/jzbf-2026-3/{EXPO}").text


def test_the_chart_shows_the_same_numbers(open_page: Open, policies: Policies) -> None:
    """Each bar has its year and amount as text, the largest is the longest."""
    schedule = schedule_of(policies, policies.newest, "expo_budget", "zh")
    assert schedule
    drawn = bars(schedule)
    assert [one.length for one in drawn[:3]] == [1000, 900, 810]
    text = open_page(f"/zh/policies/jzbf-2026-3/{EXPO}").text
    assert (
        " ".join(f"{year} {amount}" for year, amount in (("2026", "10,000,000.00"), ("2027", "9,000,000.00"))) in text
    )


def test_only_measures_by_year_have_a_schedule(policies: Policies) -> None:
    """It is the calculator that decides, and nothing else has one."""
    found = [name for name in policies.newest.measures if schedule_of(policies, policies.newest, name, "zh")]
    assert [policies.newest.measures[name].calculator for name in found] == ["declining_budget"]
    assert schedule_of(policies, policies.newest, "little_giant", "zh") is None


def test_years_out_of_force_have_no_budget(amended: Policies, open_amended: Open) -> None:
    """A version from 2028 on has nothing to say of 2026: a dash, no bar, never a zero."""
    schedule = schedule_of(amended, amended.version("jzbf-2026-3@2"), "expo_budget", "zh")
    assert schedule
    assert [one.amount for one in schedule.years[:3]] == [None, None, "8100000.00"]
    assert schedule.years[2].difference is None
    assert bars(schedule)[0][:2] == ("2028", "8100000.00")
    rows = {row[0]: row[1:] for row in open_amended(f"/zh/policies/jzbf-2026-3@2/{EXPO}").rows}
    assert rows["2026"][:2] == ["–", "–"]


def test_without_amounts_by_year_there_is_no_table(tmp_path: Path) -> None:
    """Once a step is an edition held, years alone give no budget."""
    text = default_path().read_text("utf-8")
    file = tmp_path / "policies.yaml"
    file.write_text(text.replace("in_use: calendar_year\n", "in_use: edition\n"), "utf-8")
    policies = load(file)
    assert policies.newest.readings["expo_step"].in_use == "edition"
    assert schedule_of(policies, policies.newest, "expo_budget", "zh") is None
