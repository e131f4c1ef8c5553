"""The words for a result's reasons: conditions of every kind, steps, limits, readings, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from service.calculation import calculate
from service.intake.request import read_request
from service.policies import Policies
from service.policies.model import Language
from service.telling import Teller, ToldCondition, ToldLimit, ToldOutcome, ToldStep, article, figure, undecided

PROJECT: dict[str, Any] = {
    "town_tier": "municipal", "evaluation_result": "good", "evaluation_published_on": "2027-05-01",
    "is_leading_industry": True, "equipment_investment": "4999999.99", "in_production_on": None,
    "proposed_award": "1000.00",
}  # fmt: skip
LOAN: dict[str, Any] = {
    "town_tier": "provincial_key", "is_leading_industry": True, "application_year": 2027,
    "disbursed_amount": "10000000.00", "disbursed_on": "2027-01-01", "interest_accrued": "400000.00",
    "interest_periods": [{"paid_from": "2027-01-01", "paid_to": "2028-01-01"}],
}  # fmt: skip


def told(policies: Policies, measure: str, body: dict[str, Any], language: Language) -> tuple[Teller, dict[str, Any]]:
    """Calculate a request, and make a teller for its result."""
    result = calculate(policies, read_request(policies, measure, body), language)
    return Teller(policies, policies.newest, language), result


def conditions(
    policies: Policies, measure: str, line: dict[str, Any], language: Language = "zh"
) -> dict[str, ToldCondition]:
    """Tell the conditions of a request's only line, by id."""
    teller, result = told(policies, measure, {"lines": [line]}, language)
    entries = result["lines"][0]["conditions"]
    (spoken,) = teller.conditions([entries], measure, result["readings"])
    return {entry["id"]: one for entry, one in zip(entries, spoken, strict=True)}


def test_conditions_are_told_in_chinese(policies: Policies) -> None:
    """Codes by their labels, flags as yes and no, a missing day as none, amounts with separators and what lacks."""
    found = conditions(policies, "project_award", PROJECT)
    assert found["town_tier"] == ToldCondition(
        False, "专业镇级别符合", "第一条", "省级重点专业镇或省级特色专业镇", "市级专业镇", ""
    )
    assert found["leading_industry"] == ToldCondition(True, "属于主导产业", "第一条", "是", "是", "")
    assert found["in_production"] == ToldCondition(False, "已建成投产", "第一条", "已有日期", "无", "")
    assert found["project_window"] == ToldCondition(False, "政策施行后投产", "第一条", "政策有效期内", "", "")
    assert found["equipment_threshold"].shortfall == "0.01"


def test_conditions_are_told_in_english(policies: Policies) -> None:
    """The same in English, articles with digits."""
    found = conditions(policies, "platform_equipment", {
        "town_tier": "county", "platform_type": "other", "hardware_investment": "1.00",
        "software_investment": "0.00", "completed_on": "2027-05-01",
    }, "en")  # fmt: skip
    assert found["town_tier"] == ToldCondition(
        False, "The town's tier", "art. 1", "Provincial key town", "County town", ""
    )
    assert found["platform_type"].required == "not Other"
    assert found["base"] == ToldCondition(True, "There is something to take the rate of", "art. 1", "> 0", "1.00", "")


def test_a_repeat_is_told_by_what_it_repeats(policies: Policies) -> None:
    """What is granted once names the fields by which it is told apart, by their labels."""
    line = {"town_tier": "provincial_key", "recognised_on": "2027-05-01"}
    assert conditions(policies, "national_cluster_award", line)["first_award"].required == "同一专业镇编码首次"
    english = conditions(policies, "national_cluster_award", line, "en")
    assert english["first_award"].required == "the first of its Town identifier"


def test_every_line_is_told_its_own_conditions(policies: Policies) -> None:
    """Lines that are judged alike and lines that are not: each as if it were the only one."""
    lines = [LOAN, LOAN, LOAN | {"town_tier": "county"}, LOAN | {"disbursed_amount": "1.00"}, LOAN]
    teller, result = told(policies, "loan_interest", {"lines": lines}, "zh")
    judged = [line["conditions"] for line in result["lines"]]
    spoken = teller.conditions(judged, "loan_interest", result["readings"])
    assert [[*one] for one in spoken] == [[*conditions(policies, "loan_interest", line).values()] for line in lines]
    assert [all(one.met for one in told_line) for told_line in spoken] == [True, True, False, True, True]
    assert teller.conditions([[], []], "loan_interest", result["readings"]) == [[], []]


def test_steps_and_limits_are_told_with_their_figures(policies: Policies) -> None:
    """Days with their unit, a formula that is its result only once, ceilings shared and of the line's own."""
    body = {"lines": [LOAN], "granted_before": [{"limit": "firm_cap", "amount": "900000.00"}]}
    teller, result = told(policies, "loan_interest", body, "zh")
    line = result["lines"][0]
    assert [teller.step(entry) for entry in line["steps"]] == [
        ToldStep("付息天数", "[2027-01-01/2028-01-01] ∩ [2027-01-01, 2028-01-01)", "365 天"),
        ToldStep("按天数计算", "10,000,000.00 × 1.5% × 365 ÷ 365", "150,000.00"),
    ]
    assert [teller.limit(entry) for entry in line["limits"]] == [
        ToldLimit("interest_cap", "利息比例上限", "320,000.00", "0.00", "", "", "", shared=False, binding=False),
        ToldLimit(
            "firm_cap", "每户企业上限", "1,000,000.00", "900,000.00", "100,000.00", "150,000.00", "0.00",
            shared=True, binding=True,
        ),
    ]  # fmt: skip
    assert teller.outcome(result) == ToldOutcome("符合条件", "100,000.00", "每户企业上限")


def test_the_rounding_of_a_total_is_told_by_its_reading(policies: Policies) -> None:
    """How the total was rounded is told in words, not by its code."""
    body = {"lines": [LOAN | {"interest_accrued": "0.13"}], "readings": {"rounding_stage": "total"}}
    teller, result = told(policies, "loan_interest", body, "en")
    assert teller.step(result["lines"][0]["steps"][-1]).formula == "To the fen, half up"


def test_no_amount_is_no_zero(policies: Policies) -> None:
    """Under other rules there is no amount; a rule that says no more than the status is left out."""
    teller, result = told(policies, "little_giant", {}, "zh")
    assert teller.outcome(result) == ToldOutcome("按其他规定执行", "", "")


def test_readings_are_told_with_the_other_choices(policies: Policies) -> None:
    """The choice that holds, the one in use, all others; where the text says nothing no article is made up."""
    teller = Teller(policies, policies.newest, "zh")
    as_used, asked = teller.readings({"rounding_stage": "line", "ad_rate_base": "excess"})
    assert (as_used.choice, as_used.asked_instead, as_used.article) == ("单笔", False, "文件未规定")
    assert as_used.others == (("total", "合计"),)
    assert (asked.choice, asked.in_use, asked.asked_instead) == ("仅超过部分", "全部", True)
    assert asked.others == (("whole", "全部"),)
    assert asked.decided == ""
    assert (undecided("zh"), undecided("en")) == ("尚未决定", "undecided")


@pytest.mark.parametrize(("number", "zh", "en"), [
    ("二", "第二条", "art. 2"), ("一、二、六", "第一、二、六条", "art. 1, 2, 6"),
    ("印发日期", "印发日期", "the day of issue"), ("未规定", "文件未规定", "not settled by the text"),
])  # fmt: skip
def test_sources_are_cited_as_what_they_are(number: str, zh: str, en: str, policies: Policies) -> None:
    """Articles by number, other sources by name; no reading of the policy is cited in another way."""
    assert (article(number, "zh"), article(number, "en")) == (zh, en)
    for reading in policies.newest.readings.values():
        assert article(reading.article, "en").isascii()


def test_names_and_figures(policies: Policies) -> None:
    """Fields by their labels; amounts with separators, everything else as it is."""
    assert Teller(policies, policies.newest, "zh").names(["ad_paid", "paid_on"]) == "实际支付广告费、支付日期"
    assert [figure(text) for text in ("-1234.50", "2027", "")] == ["-1,234.50", "2027", ""]
