"""What is left of every ceiling: as the API tells it, in words, page by page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service import create_app
from service.config import Config
from service.derivation import figure
from service.ledger.database import Ledger
from service.ledger.grants import propose
from service.ledger.keys import Actor
from service.policies import Policies, default_path, load
from tests.ledger.asking import loan
from tests.ledger.finance import Year, firm
from tests.web.finance.reading import Json, link_to, table, text_of
from tests.web.visiting import sign_in

LABEL = {"zh": "额度使用情况", "en": "What is left of the ceilings"}
Rest = Callable[..., Json]


def told(entries: list[Json]) -> list[list[str]]:
    """Return the figures that a page is to show."""
    names = ("ceiling", "reserved", "granted", "paid", "remaining")
    return [[figure(entry[name]) for name in names] for entry in entries]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_shows_what_the_api_answers(auditor: FlaskClient, rest: Rest, language: str) -> None:
    """Every group with every figure, in the order of the ledger, and nobody has to read codes."""
    page = auditor.get(f"/{language}/limits")
    rows = table(page, LABEL[language])
    entries = rest("/v1/limits")["limits"]
    assert len(entries) > 25
    assert [row[2:7] for row in rows] == told(entries)
    for code in ("town_id", "applicant_id", "firm_cap", "loan_interest", "evaluation_published_on"):
        assert code not in text_of(page)
    groups = {row[1] for row in rows}
    assert ("专业镇编码 T1，年度 2027" if language == "zh" else "Town identifier T1, Year 2027") in groups


@pytest.mark.parametrize(
    "asked",
    [
        {"measure": "loan_interest"},
        {"limit": "town_year_cap"},
        {"town_id": "T3"},
        {"applicant_id": firm(1, 9)},
        {"year": "2027", "measure": "advertising"},
        {"town_id": "nowhere"},
    ],
)
def test_a_choice_is_that_of_the_api(auditor: FlaskClient, rest: Rest, asked: Json) -> None:
    """Fields that are left empty ask for nothing; what was asked stays in the form."""
    page = auditor.get("/zh/limits", query_string={"measure": "", "limit": " ", "town_id": ""} | asked)
    assert [row[2:7] for row in table(page, LABEL["zh"])] == told(rest("/v1/limits", **asked)["limits"])
    for value in asked.values():
        assert f'value="{value}"' in page.text


def test_every_group_is_on_one_page(auditor: FlaskClient, rest: Rest) -> None:
    """Page after page, each group comes once."""
    address: str | None = "/zh/limits?page_size=7&year=2027"
    rows = []
    while address:
        page = auditor.get(address)
        rows += table(page, LABEL["zh"])
        address = link_to(page)
    assert [row[2:7] for row in rows] == told(rest("/v1/limits", year=2027)["limits"])


def test_what_is_nearly_used_up_is_said(
    auditor: FlaskClient, ledger: Ledger, policies: Policies, keys: dict[str, str], year: Year
) -> None:
    """Nine tenths are not yet marked, a fen more is; what is used up is said to be."""
    actor = Actor(keys["proposer"][3:15], "李伟", "proposer")
    for number in range(6):
        propose(ledger, policies, loan(f"N{number}", "NEARLY"), f"nearly-{number}", actor)

    def used(applicant: str) -> str:
        (row,) = table(auditor.get("/zh/limits", query_string={"applicant_id": applicant}), LABEL["zh"])
        return row[7]

    assert used("NEARLY") == "90%"
    propose(ledger, policies, loan("N9", "NEARLY", disbursed_amount="1000.00"), "nearly-9", actor)
    assert used("NEARLY") == "90% 将用完"
    assert year.at_ceiling[0].applicant_id is not None
    assert used(year.at_ceiling[0].applicant_id) == "100% 已用完"


def test_a_ceiling_of_nothing_is_used_up(database: str, keys: dict[str, str], tmp_path: Path) -> None:
    """A policy may leave nothing to grant; that is a share as well."""
    file = tmp_path / "policies.yaml"
    file.write_text(
        default_path().read_text("utf-8").replace('firm_cap: {amount: "1,000,000.00"', 'firm_cap: {amount: "0.00"')
    )
    app = create_app(Config(database_url=database), load(file))
    client = app.test_client()
    sign_in(client, keys["auditor"])
    rows = table(client.get(f"/zh/limits?limit=firm_cap&applicant_id={firm(1, 9)}"), LABEL["zh"])
    app.extensions["ledger"].close()
    assert [row[2:] for row in rows] == [["0.00", "0.00", "1,000,000.00", "0.00", "0.00", "100% 已用完"]]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("year=soon", "请填写四位年份"),
        ("measure=x", "没有这一项"),
        ("town_id=%00", "不可见字符"),
        ("cursor=x", "没有这一页"),
        ("colour=red", "没有名为“colour”的项"),
        ("town_id=T1&town_id=T2", "出现不止一次"),
    ],
)
def test_what_cannot_be_asked_is_told_on_the_form(auditor: FlaskClient, query: str, said: str) -> None:
    """The form stays, with what is wrong; no figures are shown."""
    page = auditor.get(f"/zh/limits?{query}")
    assert page.status_code == 422
    assert said in text_of(page)
    assert "<form" in page.text
    assert "3,000,000.00" not in page.text
