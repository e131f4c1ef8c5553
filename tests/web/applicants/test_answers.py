"""The answer page: everything that the result says, in words, for every case that was worked out by hand."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask

from service.calculation import calculate
from service.capitals import capitals
from service.intake.request import read_request
from service.policies import Policies
from service.policies.model import Language
from service.telling import figure
from service.web.applicants.answers import answer_of, told_as_json
from service.web.applicants.forms import form_of
from tests.case_files import all_cases
from tests.engine.opinions import fen
from tests.web.applicants.showing import LINK, Page, shown

EACH_MEASURE = pytest.mark.parametrize("measure", sorted({case.measure for case in all_cases()}))
LOAN: dict[str, Any] = {
    "disbursed_amount": "10000000.00", "disbursed_on": "2027-01-01",
    "interest_paid_days": 365, "interest_accrued": "400000.00",
}  # fmt: skip
FIRM = {"town_tier": "provincial_key", "is_leading_industry": True, "application_year": 2027}
TOWN = {"town_tier": "provincial_key", "year": 2027}
#: Statuses of which a sum of 0.00 would tell the wrong story.
WITHOUT_SUM = {"manual_review", "not_in_force", "referenced"}


def loans(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Make a request of loans, each the common one with changes."""
    return {"facts": FIRM, "lines": [LOAN | line for line in lines], **more}


def advertising(paid: str, **more: Any) -> dict[str, Any]:
    """Make a request of one payment."""
    return {"facts": TOWN, "lines": [{"ad_paid": paid, "paid_on": "2027-05-01"}], **more}


@EACH_MEASURE
def test_a_page_says_what_the_result_says(measure: str, app: Flask, policies: Policies) -> None:
    """Amounts of the whole and of each line, conditions, formulas, ceilings, hashes: in every case."""
    for case in all_cases():
        if case.measure == measure:
            result = calculate(policies, read_request(policies, measure, case.body), "zh")
            check(Page(shown(app, policies, measure, case.body)), result, case.title)


@EACH_MEASURE
def test_a_page_in_english_says_the_same(measure: str, app: Flask, policies: Policies) -> None:
    """A sample in English, in which only the document's own name is Chinese."""
    for case in [case for case in all_cases() if case.measure == measure][::8]:
        result = calculate(policies, read_request(policies, measure, case.body), "en")
        page = Page(shown(app, policies, measure, case.body, "en"))
        check(page, result, case.title)
        document = policies.newest.document
        names = (document.title, document.number, "中文", *(line["line_id"] for line in result["lines"]))
        text = page.text
        for name in names:
            text = text.replace(name, "")
        assert not re.search(r"[一-龥，。；：]", text), case.title


def check(page: Page, result: dict[str, Any], title: str) -> None:
    """Hold a page against a result."""
    text = page.text
    if result["status"] not in WITHOUT_SUM:
        assert figure(result["amount"]) in page.pieces, title
    cells = {cell for row in page.rows for cell in row}
    for line in result["lines"] if result["status"] != "referenced" else ():
        assert len(result["lines"]) == 1 or line["line_id"] in page.pieces, title
        assert figure(line["amount"]) in text, title
        for condition in line["conditions"]:
            assert any(row[0] == condition["label"] for row in page.rows if row), title
            assert condition["shortfall"] is None or figure(condition["shortfall"]) in cells, title
        for step in line["steps"]:
            assert step["label"] in cells, title
            assert step["amount"] is None or figure(step["amount"]) in cells, title
        for limit in line["limits"]:
            figures = (limit.get(name) for name in ("ceiling", "granted_before", "remaining", "requested"))
            shown_ones = [figure(one) for one in figures if one is not None]
            assert all(one in cells for one in (shown_ones if "remaining" in limit else shown_ones[:1])), title
            assert any(row[0].startswith(limit["label"]) for row in page.rows if row), title
    for digest in ("inputs_sha256", "result_sha256"):
        assert result[digest] in page.pieces, title
    assert result["policy"]["sha256"] in page.pieces, title
    for warning in result["warnings"]:
        assert warning["message"] in text, title
    hashes = re.compile(r"[0-9a-f]{64}|http\S+|\S+@\d")
    assert not re.search(r"\b[a-z]+_[a-z_]+\b|\b(?:None|True|False)\b", hashes.sub("", text)), title
    ids = Counter(str(attributes["id"]) for _, attributes in page.tags if "id" in attributes)
    assert not [name for name, count in ids.items() if count > 1], title
    assert {label["for"] for label in page.all("label")} <= ids.keys(), title


def test_the_amount_stands_in_words(app: Flask, policies: Policies) -> None:
    """In Chinese in capitals, in English as a figure only, and nothing is written about nothing."""
    body = loans({"interest_accrued": "150000.00"})
    assert capitals(12_000_000) == "壹拾贰万元整"
    assert "大写：人民币壹拾贰万元整" in Page(shown(app, policies, "loan_interest", body)).text
    assert "壹拾贰万" not in shown(app, policies, "loan_interest", body, "en")
    assert "零元整" not in shown(app, policies, "advertising", advertising("1.00"))


def test_the_bar_tells_what_each_ceiling_took(app: Flask, policies: Policies) -> None:
    """Calculated, less what the loan's interest and the firm's ceiling take, is granted; the picture has a text."""
    body = loans({"interest_accrued": "150000.00"}, {}, granted_before=[{"limit": "firm_cap", "amount": "800000.00"}])
    page = Page(shown(app, policies, "loan_interest", body))
    assert [row for row in page.rows if len(row) == 2 and "笔" not in row[0]][1:5] == [
        ["计算金额", "300,000.00"],
        ["利息比例上限核减", "− 30,000.00"],
        ["每户企业上限核减", "− 70,000.00"],
        ["补助金额", "= 200,000.00"],
    ]
    bar = next(svg for svg in page.all("svg") if svg.get("role") == "img")
    assert bar["aria-labelledby"] == "bar-title bar-text"
    assert "计算金额 300,000.00 元，补助金额 200,000.00 元；各项核减见下表。" in page.pieces
    widths = [rect["width"] or "" for rect in page.all("rect") if (rect.get("width") or "").endswith("%")]
    assert widths == ["66.67%", "10.00%", "23.33%"]
    assert "符合条件，金额按“每户企业上限”封顶。" in page.pieces


def test_what_is_not_met_is_said_first_and_how_far_it_is(app: Flask, policies: Policies) -> None:
    """A fen below the threshold: kindly, with what is required, what there is and what is lacking."""
    text = Page(shown(app, policies, "advertising", advertising("499999.99"))).text
    assert "很抱歉，按所填情况，本次没有可补助的金额：未达到门槛金额。" in text
    assert "要求：≥ 500,000.00 实际：499,999.99 离门槛还差 0.01 元" in text


def test_each_failed_condition_names_its_lines(app: Flask, policies: Policies) -> None:
    """Of several lines those that fail are named, each condition once."""
    body = loans({}, {"disbursed_on": "2026-03-01"}, {"disbursed_on": "2026-04-01"})
    page = Page(shown(app, policies, "loan_interest", body))
    assert "涉及 2 笔：L2、L3" in page.pieces
    assert page.text.count("申报年度新增贷款（第二条）") == 1


def test_how_far_it_is_to_the_ceiling(app: Flask, policies: Policies) -> None:
    """What is left of shared ceilings, after this request and what was granted before."""
    text = Page(shown(app, policies, "loan_interest", loans({}))).text
    assert "离“每户企业上限”（1,000,000.00 元）还差 850,000.00 元。" in text
    before = [{"limit": "firm_cap", "amount": "300000.00"}]
    text = Page(shown(app, policies, "loan_interest", loans({}, granted_before=before))).text
    assert "离“每户企业上限”（1,000,000.00 元，此前已获 300,000.00 元）还差 550,000.00 元。" in text


def test_a_ceiling_that_is_used_up_is_no_lack_of_merit(app: Flask, policies: Policies) -> None:
    """Who is eligible and gets nothing reads that nothing is left, not that anything is wrong."""
    before = [{"limit": "firm_cap", "amount": "1000000.00"}]
    page = Page(shown(app, policies, "loan_interest", loans({}, granted_before=before)))
    assert "符合条件，但“每户企业上限”内已没有余额，本次没有可补助的金额。" in page.pieces
    assert "未满足的条件" not in page.pieces


def test_what_rounds_to_nothing_is_not_used_up(app: Flask, policies: Policies) -> None:
    """Three tenths of a fen are nothing, and no ceiling is to blame."""
    equipment = {"town_tier": "provincial_key", "platform_type": "design_rnd", "completed_on": "2027-01-01"}
    line = equipment | {"hardware_investment": "0.01", "software_investment": "0.00"}
    page = Page(shown(app, policies, "platform_equipment", {"lines": [line]}))
    assert "符合条件，但计算金额取整后为零。" in page.pieces


@pytest.mark.parametrize(("measure", "body", "sentence"), [
    ("little_giant", {}, "本文件提到此项措施，但金额按其他规定执行：中小企业发展相关政策"),
    ("platform_equipment", {"lines": [{
        "town_tier": "provincial_key", "platform_type": "other", "hardware_investment": "1.00",
        "software_investment": "2.00", "completed_on": "2027-01-01",
    }]}, "所填情况须由主管部门人工审核后确定，这里不计算金额。"),
    ("advertising", {"facts": TOWN, "lines": [{"ad_paid": "1.00", "paid_on": "2025-12-01"}]},
     "所填日期没有可据以计算的政策：新旧政策之间无有效政策。"),
])  # fmt: skip
def test_no_sum_is_shown_where_there_is_none(
    measure: str, body: dict[str, Any], sentence: str, app: Flask, policies: Policies
) -> None:
    """Other rules, a case for an officer, a day without a policy: a sentence, never a big zero."""
    page = Page(shown(app, policies, measure, body))
    assert sentence in page.pieces
    assert not [attributes for attributes in page.all("p") if attributes.get("class") == "sum"]


def test_more_than_three_lines_are_folded(app: Flask, policies: Policies) -> None:
    """Three lines lie open; of ten the summary tells name, amount and rule, and what all share is said once."""
    three = Page(shown(app, policies, "loan_interest", loans({}, {}, {})))
    assert not [one for one in three.all("details") if "line" in str(one.get("class")).split()]
    ten = Page(shown(app, policies, "loan_interest", loans(*[{}] * 10)))
    assert len([one for one in ten.all("details") if "line" in str(one.get("class")).split()]) == 10
    assert "L7 100,000.00 元 每户企业上限" in ten.text
    assert ten.text.count("专业镇级别符合") == 1
    assert "各笔相同的条件" in ten.pieces


def test_conditions_that_differ_stay_with_their_lines(app: Flask, policies: Policies) -> None:
    """What is the same for all lines is said once, the rest line by line."""
    rows = Page(shown(app, policies, "loan_interest", loans({}, {"interest_paid_days": 181}))).rows
    assert [row[3] for row in rows if row[0] == "有付息天数"] == ["365", "181"]
    assert len([row for row in rows if row[0] == "属于主导产业"]) == 1


def test_names_are_text_whatever_they_hold(app: Flask, policies: Policies) -> None:
    """Markup in a line's name is shown, not obeyed."""
    name = "<img src=x onerror=alert(1)>\"'&amp;"
    html = shown(app, policies, "loan_interest", loans({"line_id": name}, {}))
    assert "<img" not in html
    assert name in Page(html).pieces


def test_a_doubtful_figure_is_named_by_line_and_label(app: Flask, policies: Policies) -> None:
    """A warning says where in words: the line, the field; or which entry of what was granted before."""
    body = loans({"line_id": "借据一", "disbursed_on": "2027-12-01"}, granted_before=[
        {"limit": "firm_cap", "group": {"applicant_id": "x"}, "amount": "1.00"},
    ])  # fmt: skip
    text = Page(shown(app, policies, "loan_interest", body)).text
    assert "“借据一”“付息天数”：付息天数超过放款日至年底的天数。" in text
    assert "此前已获第 1 项：此项已发放金额与本次任何一行都不相符" in text


def test_a_trial_is_called_one(app: Flask, policies: Policies) -> None:
    """A reading that holds for this request only is told first, with the one in use."""
    body = advertising("600000.00", readings={"ad_rate_base": "excess"})
    text = Page(shown(app, policies, "advertising", body)).text
    assert text.index("试算结果") < text.index("20,000.00")
    assert "本次：仅超过部分；现行：全部。" in text


def test_a_link_is_there_to_copy_or_it_is_said_why_not(app: Flask, policies: Policies) -> None:
    """The link leads back to the form and to the files; without one the page says so."""
    page = Page(shown(app, policies, "loan_interest", loans({})))
    assert next(page.all("input"))["value"] == LINK
    wanted = {f"{LINK}&edit=1", f"{LINK}&as=result", f"{LINK}&as=request", f"{LINK}&compare=1#readings"}
    assert wanted <= {str(attributes["href"]) for attributes in page.all("a")}
    form = form_of(policies, loans({}))
    without = Page(shown(app, policies, "loan_interest", loans({}), link=None, carried="{}", form=form))
    assert "填写内容较多，无法放进链接" in without.text
    assert not [one for one in without.all("a") if "&compare" in str(one["href"])]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_and_the_api_give_the_same_result(language: Language, policies: Policies) -> None:
    """What a page hands over as JSON is the API's answer to the same request, to the byte."""
    for case in all_cases()[::12]:
        request = read_request(policies, case.measure, case.body)
        answer = answer_of(policies, request, language)
        ours = told_as_json(policies, request, answer, language)
        assert orjson.dumps(ours) == orjson.dumps(
            calculate(policies, read_request(policies, case.measure, case.body), language)
        )
        assert answer.outcome.amount == ("" if ours["amount"] is None else figure(ours["amount"]))
        assert sum(fen(line["amount"] or "0.00") for line in ours["lines"]) == fen(ours["amount"] or "0.00")


def test_the_style_sheet_prints_what_is_folded() -> None:
    """On paper there is nothing to unfold: the style sheet opens what the screen folds."""
    style = (Path(__file__).parents[3] / "service/web/static/answer.css").read_text("utf-8")
    assert re.search(r"@media print \{.*details::details-content \{ content-visibility: visible", style, re.DOTALL)
