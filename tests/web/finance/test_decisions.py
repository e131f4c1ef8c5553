"""Decisions: found by what is known of them, their whole file, and whether they come out again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from flask.testing import FlaskClient

from service.derivation import figure
from service.ledger.database import Ledger
from service.ledger.exports.decision import flaws_of, read_decision, strays_of
from service.ledger.history import import_history
from service.money import yuan
from service.policies import Policies
from service.policies.model import Language
from service.web.explaining import explained
from service.web.times import in_china
from service.words import label_of
from tests.ledger.finance import Year, firm
from tests.ledger.test_tampering import HISTORY, tamper
from tests.web.finance.reading import Json, table, text_of

Rest = Callable[..., Json]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_is_the_file(auditor: FlaskClient, rest: Rest, year: Year, lang: Language) -> None:
    """Every hash, every step, the explanation in the reader's language: what the export holds."""
    grant = year.paid[0]
    file = rest(f"/v1/exports/decisions/{grant.id}")
    page = auditor.get(f"/{lang}/grants/{grant.id}/decision")
    said = text_of(page)
    hashes = [file["sha256"], file["result"]["inputs_sha256"], file["result"]["result_sha256"]]
    hashes += [file["grant"]["policy_sha256"], f"{file['checkpoint']['seq']}:{file['checkpoint']['hash']}"]
    hashes += [entry[name] for entry in file["log"] for name in ("hash", "previous", "rows_sha256")]
    for text in hashes:
        assert text in said
    for line in file["result"]["lines"]:
        assert line["limits"]
        for one in line["conditions"]:
            assert label_of("conditions", one["id"], lang) in said
        for one in line["steps"]:
            assert " ".join(one["formula"].split()) in said
        for one in line["limits"]:
            assert figure(one["ceiling"]) in said
    rows = table(page, "办理经过" if lang == "zh" else "What happened")
    steps = [step for entry in file["log"] for step in entry["rows"]["transitions"]]
    assert [(row[0], row[2], row[3]) for row in rows] == [
        (in_china(step["at"], "seconds"), step["person"], figure(yuan(step["amount"]))) for step in steps
    ]
    assert "BK-0000" in rows[-1][4]
    assert figure(file["grant"]["amount"]) in said


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_does_not_come_out_again_is_explained_as_it_is_stored(
    rest: Rest, year: Year, policies: Policies, lang: Language
) -> None:
    """Tables are shown of a result that is computed again to the byte; of another the stored one, as text."""
    file = rest(f"/v1/exports/decisions/{year.paid[0].id}")
    asked, result = (year.paid[0].measure, file["request"]), file["result"]
    same = explained(policies, *asked, result, lang)
    assert same.answer is not None
    assert same.answer.result["result_sha256"] == result["result_sha256"]
    other = explained(policies, *asked, {**result, "engine": "0.9.0", "result_sha256": "0" * 64}, lang)
    assert other.answer is None
    assert "0.9.0" in other.text
    gone = {**result["policy"], "version": "7"}
    assert explained(policies, *asked, {**result, "policy": gone, "result_sha256": "0" * 64}, lang) == (None, "")
    assert explained(policies, "gone", {"lines": 1}, result, lang).answer is None


def test_the_downloads_are_the_exports(
    auditor: FlaskClient, visitor: FlaskClient, keys: dict[str, str], ledger: Ledger, policies: Policies, year: Year
) -> None:
    """The JSON proves itself, and the page to print is the one of the API; both are kept, not shown."""
    path = f"/zh/grants/{year.paid[1].id}/decision"
    data = auditor.get(f"{path}.json")
    decision = read_decision(data.data)
    assert list(flaws_of(decision, policies)) == []
    with ledger.reading() as connection:
        assert list(strays_of(connection, decision)) == []
    printed = auditor.get(f"{path}.html")
    headers = {"Authorization": f"Bearer {keys['auditor']}", "Accept": "text/html"}
    assert printed.data == visitor.get(f"/v1/exports/decisions/{year.paid[1].id}", headers=headers).data
    for answered, end in ((data, "json"), (printed, "html")):
        assert answered.headers["Content-Disposition"] == f"attachment; filename={year.paid[1].id}.{end}"


def test_moments_are_told_in_beijing() -> None:
    """Eight hours ahead of what the ledger holds."""
    assert in_china("2027-12-31T16:00:00.999999Z") == "2028-01-01 00:00"
    assert in_china("2027-12-31T16:00:09.999999Z", "seconds") == "2028-01-01 00:00:09"


def found(auditor: FlaskClient, **asked: str) -> list[str]:
    """Search, and return the grants that were found."""
    return [row[0] for row in table(auditor.get("/zh/decisions", query_string=asked), "查找结果")]


def test_decisions_are_found_by_what_is_known_of_them(auditor: FlaskClient, rest: Rest, year: Year) -> None:
    """By grant, town, applicant, and by the numbers of receipts and invoices however they are written."""
    one = year.paid[0]
    assert found(auditor, id=one.id) == [one.id]
    for asked in ({"town_id": "T4"}, {"applicant_id": firm(2, 1)}, {"town_id": "T1", "year": "2027"}):
        listed = [grant["id"] for grant in rest("/v1/grants", **asked)["grants"]]
        assert len(listed) > 2
        assert found(auditor, **asked) == listed
    (receipt,) = found(auditor, number="R521")
    assert found(auditor, number=" ｒ５ ２１") == [receipt]
    assert found(auditor, number="r521", town_id="T5") == [receipt]
    assert found(auditor, number="R521", town_id="T1") == []
    (invoice,) = found(auditor, number="I42")
    assert (receipt[:13], invoice[:11]) == ("loan_interest", "advertising")
    page = auditor.get("/zh/decisions", query_string={"number": "R521"})
    assert f'href="/zh/grants/{receipt}/decision"' in page.text
    assert f'href="/zh/grants/{receipt}/replay"' in page.text


def test_nothing_is_listed_unless_asked_for(auditor: FlaskClient) -> None:
    """The empty form finds nothing and says nothing; what is not there is said."""
    assert found(auditor) == []
    assert "没有找到" not in auditor.get("/zh/decisions").text
    assert "没有找到" in auditor.get("/zh/decisions?number=none").text
    page = auditor.get("/zh/decisions", query_string={"number": "长" * 10_000, "year": "<b>"})
    assert page.status_code == 422
    assert "文本应为 1 至 64 个字符" in page.text
    assert "<b>" not in page.text


def test_a_number_of_a_list_from_before_is_told(
    auditor: FlaskClient, ledger: Ledger, policies: Policies, tmp_path: Path
) -> None:
    """What was granted before there was a ledger has no decision here, but is not passed over."""
    path = tmp_path / "earlier.csv"
    path.write_text(HISTORY, "utf-8")
    import_history(ledger, policies, path, "loan_interest", by="root")
    page = auditor.get("/zh/decisions?number=r9")
    assert "还见于启用台账之前导入的清单 import-" in text_of(page)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_decision_comes_out_as_it_is_stored(auditor: FlaskClient, rest: Rest, year: Year, lang: str) -> None:
    """The page says what the API answers: the same, and both amounts."""
    for grant in (year.paid[0], year.at_ceiling[6], year.approved[2]):
        answered = rest(f"/v1/grants/{grant.id}/replay")
        said = text_of(auditor.get(f"/{lang}/grants/{grant.id}/replay"))
        assert answered["outcome"] == "identical"
        assert ("完全相同" if lang == "zh" else "The same: the result is what is stored") in said
        assert said.count(figure(answered["stored"])) >= 2


def test_a_decision_that_was_tampered_with_is_told(auditor: FlaskClient, rest: Rest, file: Path, year: Year) -> None:
    """Where it differs, what is stored and what comes out; a request that means nothing is told as well."""
    one, other = year.approved[3], year.approved[4]
    tamper(
        file,
        f"UPDATE grants SET amount = 99999999900 WHERE id = '{one.id}'",
        f"UPDATE grants SET request = 'x' WHERE id = '{other.id}'",
    )
    page = auditor.get(f"/zh/grants/{one.id}/replay")
    answered = rest(f"/v1/grants/{one.id}/replay")
    assert answered["outcome"] == "differs"
    assert "不一致" in text_of(page)
    rows = table(page, "不同之处")
    assert rows == [["台账记载的拨付金额 grants.amount", "999,999,999.00", yuan(one.amount, grouped=True)]]
    assert figure(answered["replayed"]) in page.text
    page = auditor.get(f"/zh/grants/{other.id}/replay")
    assert "无法重新计算" in text_of(page)
    assert "库中的请求已无法读取" in text_of(page)


@pytest.mark.parametrize("column", ["request", "result"])
def test_a_decision_that_cannot_be_read_sends_to_the_log(
    auditor: FlaskClient, file: Path, year: Year, column: str
) -> None:
    """Not "try again later": it will not be any better then."""
    one = year.approved[3].id
    tamper(file, f"UPDATE grants SET {column} = 'x' WHERE id = '{one}'")
    for path in (f"/zh/grants/{one}/decision", f"/zh/grants/{one}/decision.json"):
        page = auditor.get(path)
        assert (page.status_code, page.mimetype) == (503, "text/html")
        assert "请核验日志" in text_of(page)
    assert auditor.get("/zh/exports/publicity?year=2027").status_code == (503 if column == "request" else 200)
    assert auditor.get("/zh/decisions?year=2027").status_code == 200


@pytest.mark.parametrize("part", ["decision", "decision.json", "decision.html", "replay"])
def test_a_grant_that_does_not_exist_is_told(auditor: FlaskClient, part: str) -> None:
    """In words, whatever was asked for."""
    page = auditor.get(f"/zh/grants/%3Cb%3Enone/{part}")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "没有名为“<b>none”的拨付" in text_of(page)
    assert "<b>" not in page.text


def test_the_json_of_a_decision_is_that_of_the_api(auditor: FlaskClient, rest: Rest, year: Year) -> None:
    """Not a byte of its own."""
    path = year.approved[0].id
    assert orjson.loads(auditor.get(f"/en/grants/{path}/decision.json").data) == rest(f"/v1/exports/decisions/{path}")
