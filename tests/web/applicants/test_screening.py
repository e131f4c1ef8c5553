"""The screening asks little, answers from the first fact on, and says what the API says."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.policies import Policies
from service.telling import figure
from service.web.applicants.screening import plan_of
from tests.web.applicants.filling import fields_of

PATH = "/zh/screening"
TOWN = {"facts.town_tier": "provincial_key", "facts.is_leading_industry": "true"}


def sections_of(page: str) -> dict[str, str]:
    """Return the attributes of each folded section by its key."""
    return dict(re.findall(r'<details class="panel" data-key="([a-z_-]+)"([^>]*)>', page))


def test_every_needed_fact_is_asked_for_once(policies: Policies) -> None:
    """Together the sections ask for everything that some measure needs, each fact in one place."""
    plan = plan_of(policies, "zh")
    asked = [one.id for part in (plan.who, plan.common, *(one.questions for one in plan.sections)) for one in part]
    assert len(asked) == len(set(asked))
    needed = {
        name
        for measure in policies.newest.measures.values()
        for name, one in measure.inputs.items()
        if one.need != "optional"
    }
    assert needed <= set(asked)


@pytest.mark.parametrize("facts", [{}, TOWN, TOWN | {"facts.year": "2027", "facts.ad_paid": "600000"}])
def test_the_answer_is_the_apis(anybody: FlaskClient, facts: dict[str, str]) -> None:
    """Status and amount of every measure are those of the REST answer; what is empty is not sent as zero."""
    page = anybody.post(PATH, data=facts)
    assert page.status_code == 200
    values: dict[str, Any] = {name.removeprefix("facts."): value for name, value in facts.items()}
    for name, read in (("is_leading_industry", bool), ("year", int)):
        if name in values:
            values[name] = read(values[name])
    result: Any = anybody.post("/v1/screenings", json={"facts": values} if values else {}).json
    text = unescape(page.text)
    for one in result["measures"] if facts else ():
        assert one["title"] in text
        if one["status"] == "eligible":
            assert figure(one["amount"]) in text
    missing = {one["measure"]: len(one["missing"]) for one in result["measures"] if one["status"] == "needs_input"}
    for measure, count in missing.items():
        section = page.text.partition(f'data-key="{measure}"')[2].partition("</summary>")[0]
        assert f"还差 {count} 项" in section


def test_cards_lead_to_forms_filled_with_the_answers(anybody: FlaskClient) -> None:
    """What was answered need not be typed again: facts stand above the lines, the rest in the first line."""
    page = anybody.post(PATH, data=TOWN | {"facts.year": "2027", "facts.ad_paid": "600000"}).text
    found = re.search(r'href="(/zh/measures/advertising\?case=[^"]+)"', page)
    assert found
    sent = fields_of(anybody.get(unescape(found[1])).text)
    assert sent["facts.town_tier"] == "provincial_key"
    assert sent["lines.0.ad_paid"] == "600000"
    assert sent["lines.0.year"] == "2027"
    assert "/zh/measures/little_giant?" not in page


def test_it_begins_with_few_questions(anybody: FlaskClient) -> None:
    """Before anything is known only who it is stands open; everything else is folded."""
    page = anybody.get(PATH).text
    assert sections_of(page)
    assert not any(" open" in attributes for attributes in sections_of(page).values())


def test_what_is_out_of_reach_is_folded_away(anybody: FlaskClient) -> None:
    """A county's town need not answer what would only matter to a provincial one."""
    page = anybody.post(PATH, data={"facts.town_tier": "county"}).text
    sections = list(sections_of(page))
    assert "out-of-reach" in sections
    assert sections.index("project_award") > sections.index("out-of-reach") > sections.index("platform_operator")
    known = anybody.post(PATH, data=TOWN).text
    assert "out-of-reach" not in sections_of(known)


def test_answered_sections_stay_open(anybody: FlaskClient) -> None:
    """What somebody has begun to answer is not folded away under their hands."""
    page = anybody.post(PATH, data=TOWN | {"facts.ad_paid": "600000"}).text
    assert " open" in sections_of(page)["advertising"]
    assert " open" not in sections_of(page)["loan_interest"]


def test_wrong_answers_are_said_at_their_fields(anybody: FlaskClient) -> None:
    """A fact that cannot be read is refused with its place, and nothing is calculated."""
    page = anybody.post(PATH, data=TOWN | {"facts.ad_paid": "abc"})
    assert page.status_code == 422
    assert 'href="#facts.ad_paid"' in page.text
    assert 'id="facts.ad_paid-wrong"' in page.text


def test_amounts_may_be_in_ten_thousands(anybody: FlaskClient) -> None:
    """The unit's button shows what was typed in the other unit."""
    page = anybody.post(PATH, data={"facts.ad_paid": "600000", "do": "unit-wan"})
    sent = fields_of(page.text)
    assert sent["unit"] == "wan"
    assert sent["facts.ad_paid"] == "60"


def test_amounts_keep_their_unit_wherever_they_go(anybody: FlaskClient) -> None:
    """In the other language, and in the form of a measure: 60 of ten thousands are never 60 yuan."""
    answers = TOWN | {"facts.ad_paid": "60", "facts.paid_on": "2027-05-01", "facts.year": "2027"}
    page = anybody.post(PATH, data=answers | {"unit": "wan"}).text
    paths = [
        unescape(path) for path in re.findall(r'href="(/en/screening[^"]*|/zh/measures/advertising[?][^"]*)"', page)
    ]
    other, answer = paths
    assert "120,000.00" in anybody.get(other).text
    assert fields_of(anybody.get(other).text) == fields_of(page)
    assert "120,000.00" in anybody.get(answer).text
    form = fields_of(anybody.get(f"{answer}&edit=1").text)
    assert (form["unit"], form["lines.0.ad_paid"]) == ("wan", "60")
