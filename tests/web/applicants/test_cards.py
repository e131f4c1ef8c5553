"""A screening's answer: a card per measure, in groups, and a sum that says what it is."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from service.intake.screening import read_screening
from service.policies import Policies
from service.policies.model import Language
from service.screening import screen
from service.web.applicants.cards import Screened, screened
from tests.web.applicants.showing import Page, page

TOWN: dict[str, Any] = {
    "town_tier": "provincial_key", "recognised_on": "2027-03-01", "ad_paid": "400000.00", "paid_on": "2027-03-01",
    "year": 2027, "evaluation_result": "good", "platform_type": "other", "hardware_investment": "1.00",
    "software_investment": "2.00", "completed_on": "2027-10-11", "signed_on": "2025-12-01",
}  # fmt: skip


def answered(policies: Policies, facts: dict[str, Any], language: Language = "zh") -> Screened:
    """Screen a set of facts and lay the result out."""
    result = screen(policies, read_screening(policies, {"facts": facts}), language)
    return screened(policies, result, language, {name: f"/form/{name}" for name in policies.newest.measures})


def shown(app: Flask, policies: Policies, facts: dict[str, Any], language: Language = "zh") -> Page:
    """Render the cards."""
    answer = answered(policies, facts, language)
    return Page(page(app, policies, "applicants/screening_answer.html", language, screened=answer))


def test_cards_stand_in_groups_by_what_can_be_had(policies: Policies) -> None:
    """First what could be had now, then what needs more, what is out of reach, what others pay; each measure once."""
    answer = answered(policies, TOWN)
    groups = {name: [card.measure for card in cards] for name, cards in answer.groups}
    assert list(groups) == ["could_have", "needs_input", "out_of_reach", "budgets", "by_other_rules"]
    assert groups["could_have"] == ["national_cluster_award"]
    assert groups["budgets"] == ["expo_budget"]
    assert "platform_equipment" in groups["needs_input"]
    assert {"project_award", "platform_operator", "advertising"} <= set(groups["out_of_reach"])
    every = [measure for members in groups.values() for measure in members]
    assert sorted(every) == sorted([*policies.newest.measures, *policies.newest.referenced])


def test_the_sum_is_of_what_could_be_applied_for_now(app: Flask, policies: Policies) -> None:
    """Two measures fit: their amounts, added up, and a word on who applies for what; a budget is not among them."""
    both = TOWN | {"selected_on": "2027-04-01"}
    answer = answered(policies, both)
    assert (answer.fitting, answer.total) == (2, "6,000,000.00")
    text = shown(app, policies, both).text
    assert "有 2 项措施符合条件，金额合计 6,000,000.00 元。" in text
    assert "申报主体可能不同" in text
    assert "有 1 项措施符合条件，可得 3,000,000.00 元。" in shown(app, policies, TOWN).text
    budget = shown(app, policies, {"year": 2027}).text
    assert "还没有可以算出金额的申报措施" in budget
    assert "9,000,000.00 元" in budget


def test_nothing_known_gives_no_sum(app: Flask, policies: Policies) -> None:
    """Without facts no amount is named, not even zero; each card lists what it needs, in asking order."""
    page = shown(app, policies, {})
    assert "还没有可以算出金额的申报措施" in page.text
    assert not [one for one in page.all("span") if one.get("class") == "amount"]
    cards = {card.measure: card for _, cards in answered(policies, {}).groups for card in cards}
    assert cards["loan_interest"].missing[:3] == ["申报年度", "专业镇级别", "属于主导产业"]


def test_out_of_reach_says_by_what_and_how_far(app: Flask, policies: Policies) -> None:
    """The condition that fails, what it requires, what there is, what is lacking; nothing more is asked."""
    text = shown(app, policies, TOWN).text
    assert "✗ 广告费达到门槛（第六条） 要求：≥ 500,000.00 实际：400,000.00 离门槛还差 100,000.00 元" in text
    cards = {card.measure: card for _, cards in answered(policies, TOWN).groups for card in cards}
    assert cards["project_award"].missing
    assert "、".join(cards["project_award"].missing) not in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_card_tells_who_what_and_where(language: Language, app: Flask, policies: Policies) -> None:
    """Each measure with whom it is for, materials, departments, article, and the way to its form."""
    page = shown(app, policies, TOWN, language)
    for measure in policies.newest.measures.values():
        assert measure.title.to(language) in page.pieces
        assert measure.who.to(language) in page.text
        assert all(material.to(language) in page.text for material in measure.materials)
        assert f"/form/{measure.id}" in {attributes["href"] for attributes in page.all("a")}
    for other in policies.newest.referenced.values():
        assert other.title.to(language) in page.pieces
        assert other.under.to(language) in page.text
    assert "None" not in page.text
