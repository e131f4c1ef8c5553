"""Lists on the pages: the figures of the API, page by page, as a workbook, as JSON."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest
from flask.testing import FlaskClient

from service.derivation import figure
from tests.ledger.finance import firm
from tests.web.finance.reading import Json, table, text_of

Rest = Callable[..., Json]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PUBLICITY, PERFORMANCE = "专业镇补助资金公示表", "专业镇补助资金绩效表"


@pytest.mark.parametrize(
    "asked", [{"year": "2027"}, {"year": "2027", "town_id": "T2"}, {"year": "2027", "measure": "advertising"}]
)
def test_the_publicity_list(auditor: FlaskClient, rest: Rest, asked: Json) -> None:
    """Every row of the API's list, masked, with its total; nobody's whole code is on the page."""
    page = auditor.get("/zh/exports/publicity", query_string={"measure": "", "town_id": ""} | asked)
    answered = rest("/v1/exports/publicity", **asked)
    assert [(row[0], row[5], row[6], row[8]) for row in table(page, PUBLICITY)] == [
        (str(one["number"]), one["applicant_id"] or "–", figure(one["amount"]), one["grant"])
        for one in answered["rows"]
    ]
    assert answered["rows"]
    assert figure(answered["total"]) in text_of(page)
    assert answered["sha256"] in page.text
    assert not any(firm(town, number) in page.text for town in range(1, 6) for number in range(3))


def test_the_performance_table(auditor: FlaskClient, rest: Rest) -> None:
    """Towns, then measures, then all; the figures of the API."""
    rows = table(auditor.get("/zh/exports/performance?year=2027"), PERFORMANCE)
    answered = rest("/v1/exports/performance", year=2027)
    parts = [*answered["rows"], *answered["by_measure"], answered["total"]]
    names = ("proposed_amount", "open_amount", "approved_amount", "paid_amount", "recovered_amount", "net_amount")
    assert [[row[place] for place in (4, 6, 8, 10, 11, 12)] for row in rows] == [
        [figure(one[name]) for name in names] for one in parts
    ]
    assert [row[3] for row in rows] == [str(one["proposed_grants"]) for one in parts]
    assert rows[-1][:2] == ["合计", ""]


@pytest.mark.parametrize("name", ["publicity", "performance"])
def test_the_downloads_are_those_of_the_api(
    auditor: FlaskClient, visitor: FlaskClient, keys: dict[str, str], rest: Rest, name: str
) -> None:
    """The same JSON; a workbook of the same size, under the same name."""
    data = auditor.get(f"/zh/exports/{name}.json?year=2027")
    assert orjson.loads(data.data) == rest(f"/v1/exports/{name}", year=2027)
    headers = {"Authorization": f"Bearer {keys['auditor']}", "Accept": XLSX, "Accept-Language": "zh"}
    theirs = visitor.get(f"/v1/exports/{name}?year=2027", headers=headers)
    ours = auditor.get(f"/zh/exports/{name}.xlsx?year=2027")
    assert ours.content_type == XLSX
    assert ours.headers["Content-Disposition"] == theirs.headers["Content-Disposition"]
    assert abs(len(ours.data) - len(theirs.data)) < 64  # the time of writing stands in it


@pytest.mark.parametrize("name", ["publicity", "performance"])
@pytest.mark.parametrize("query", ["", "year=", "year=x", "year=2027&year=2028", "year=2027&cursor=1", "year=2027&x=1"])
def test_a_list_that_cannot_be_had_is_told_on_the_form(auditor: FlaskClient, name: str, query: str) -> None:
    """The forms stay, with what is wrong; so does the download's page of errors."""
    page = auditor.get(f"/zh/exports/{name}?{query}")
    assert page.status_code == 422
    assert page.text.count("<form") >= 3
    assert 'role="alert"' in page.text
    download = auditor.get(f"/zh/exports/{name}.xlsx?{query}")
    assert download.status_code == 422
    assert "所提供的内容有误" in text_of(download)
    assert "errors" not in text_of(download)


def test_a_year_of_which_there_is_nothing(auditor: FlaskClient) -> None:
    """That is said, not shown as zeros."""
    for name in ("publicity", "performance"):
        assert "没有符合条件的记录" in text_of(auditor.get(f"/zh/exports/{name}?year=1999"))
