"""`--explain`: everything that a result says, in words, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import Result

from service.calculation import calculate
from service.derivation import article, derivation, figure, table, width
from service.intake.request import read_request
from service.policies import Policies
from service.policies.model import Language, Measure, Referenced
from tests.case_files import Case, all_cases

Run = Callable[..., Result]
LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])
EACH_MEASURE = pytest.mark.parametrize("measure", sorted({case.measure for case in all_cases()}))
LOAN: dict[str, Any] = {
    "facts": {"town_tier": "provincial_key", "is_leading_industry": True, "application_year": 2027},
    "lines": [
        {
            "disbursed_amount": "10000000.00",
            "disbursed_on": "2027-01-01",
            "interest_periods": [{"paid_from": "2027-01-01", "paid_to": "2028-01-01"}],
            "interest_accrued": "400000.00",
        }
    ],
    "granted_before": [{"limit": "firm_cap", "amount": "900000.00"}],
}

CHINESE = """\
年度新增贷款贴息
晋政办发〔2026〕3号 第二条  jzbf-2026-3@1  sha256 {policy:.12}
符合条件  100,000.00 元  每户企业上限
  条件
    ✓  专业镇级别符合    第二条  实际 省级重点专业镇  要求 省级重点专业镇或省级特色专业镇
    ✓  属于主导产业      第二条  实际 是              要求 是
    ✓  申报年度新增贷款  第二条  实际 2027            要求 2027
    ✓  计算基数大于零    第二条  实际 10,000,000.00   要求 > 0
    ✓  有付息天数        第二条  实际 365             要求 > 0
  计算
    付息天数    [2027-01-01/2028-01-01] ∩ [2027-01-01, 2028-01-01) = 365 天
    按天数计算  10,000,000.00 × 1.5% × 365 ÷ 365 = 150,000.00
  上限
                        上限额    此前已获    可用余额  本组应得合计  其中在前各笔
    利息比例上限    320,000.00        0.00
    每户企业上限  1,000,000.00  900,000.00  100,000.00    150,000.00          0.00  ◀ 按此封顶
"""
ENGLISH = """\
Interest subsidy on new loans
晋政办发〔2026〕3号 art. 2  jzbf-2026-3@1  sha256 {policy:.12}
Eligible  CNY 100,000.00  Ceiling per firm
"""


@LANGUAGES
@EACH_MEASURE
def test_every_number_of_a_result_is_told(measure: str, language: Language, policies: Policies) -> None:
    """Each amount, day count, hash and formula of a result stands in its derivation, in every case of the measure."""
    for case, result, lines in derived(measure, language, policies):
        text = "\n".join(lines)
        for number in numbers(result):
            assert number in text, (case.title, number)


def derived(measure: str, language: Language, policies: Policies) -> Iterator[tuple[Case, dict[str, Any], list[str]]]:
    """Calculate and tell every case of a measure."""
    for case in all_cases():
        if case.measure == measure:
            result = calculate(policies, read_request(policies, measure, orjson.dumps(case.body)), language)
            yield case, result, derivation(result, policies, language)


def numbers(result: dict[str, Any]) -> Iterator[str]:
    """List what a reader must find: amounts as they are printed, days, formulas, hashes."""
    yield from (result["inputs_sha256"], result["result_sha256"], result["policy"]["sha256"])
    for line in result["lines"]:
        entries = [line, *line["conditions"], *line["steps"], *line["limits"]]
        for entry in entries:
            yield from (figure(value) for value in entry.values() if isinstance(value, str) and is_amount(value))
        for step in line["steps"]:
            if "days" in step:
                yield str(step["days"])
            if step["id"] != "rounding_of_total":
                yield step["formula"]


def is_amount(text: str) -> bool:
    """Tell whether a text is an amount."""
    return re.fullmatch(r"-?\d+\.\d\d", text) is not None


@LANGUAGES
@EACH_MEASURE
def test_no_code_is_left_untold(measure: str, language: Language, policies: Policies) -> None:
    """No line speaks in identifiers, ends in blanks, or mixes languages; only a warning's pointer names a field."""
    for case, result, lines in derived(measure, language, policies):
        assert lines == [line.rstrip() for line in lines], case.title
        text = "\n".join(line for line in lines if not line.startswith("  /"))
        assert not re.search(r"\b[a-z]+_[a-z_]+\b", text), case.title
        assert not re.search(r"\b(?:None|True|False|true|false)\b", text), case.title
        if language == "en":
            assert not re.search(r"[一-龥]", text.replace(result["policy"]["document"], "")), case.title


def test_a_chinese_derivation_looks_so(run: Run) -> None:
    """The derivation of a loan, to the letter: aligned by what a terminal shows."""
    result = orjson.loads(run("calculate", "loan_interest", "--json", "-", body=LOAN).stdout)
    text = run("calculate", "loan_interest", "--json", "-", "--explain", body=LOAN).stdout
    assert text.startswith(
        CHINESE.format(policy=result["policy"]["sha256"]) + "\n采用的解释口径（主管部门均尚未决定）\n"
    )
    assert f"  结果  {result['result_sha256']}\n" in text


def test_an_english_derivation_looks_so(run: Run) -> None:
    """The headline in English; readings that nobody decided are told as such."""
    result = orjson.loads(run("calculate", "loan_interest", "--json", "-", body=LOAN).stdout)
    text = run("calculate", "loan_interest", "--json", "-", "--explain", "--lang", "en", body=LOAN).stdout
    assert text.startswith(ENGLISH.format(policy=result["policy"]["sha256"]))
    assert "\nReadings used (none decided by the bureau yet)\n" in text
    assert "What about leap years?" in text


def test_defects_show_what_is_lacking(run: Run) -> None:
    """An unmet condition is marked, with what is lacking to the fen; met ones are marked as such."""
    line = {"ad_paid": "499999.99", "paid_on": "2027-05-01"}
    body = {"facts": {"town_tier": "provincial_key", "year": 2027}, "lines": [line]}
    lines = run("calculate", "advertising", "--json", "-", "--explain", body=body).stdout.splitlines()
    unmet = [line for line in lines if line.lstrip().startswith("✗")]
    assert len(unmet) == 1
    assert "实际 499,999.99" in unmet[0]
    assert "差 0.01" in unmet[0]
    assert "要求 ≥ 500,000.00" in unmet[0]
    assert sum(line.lstrip().startswith("✓") for line in lines) == 3


def test_another_reading_is_marked_as_what_if(run: Run) -> None:
    """A reading asked for only in this request is told beside the one in use."""
    body = {"lines": [{"year": 2027}], "readings": {"expo_decline": "linear"}}
    text = run("calculate", "expo_budget", "--json", "-", "--explain", body=body).stdout
    assert "按基数等额递减（试算；现行：按上年数递减）" in text
    assert text.count("试算") == 1


def test_decided_readings_name_the_decision(run: Run, two_versions: str) -> None:
    """Once the bureau has decided one, each reading tells whether it was."""
    path = Path(two_versions)
    text = path.read_text("utf-8").replace("decided_by: null\n", "decided_by: 省工信厅\n", 1)
    path.write_text(text.replace("decision_ref: null\n", "decision_ref: 晋工信函〔2026〕1号\n", 1), "utf-8")
    body = {"policy": "jzbf-2026-3@1", "lines": [{"year": 2026}]}
    told = run("--policies", two_versions, "calculate", "expo_budget", "--json", "-", "--explain", body=body).stdout
    assert "\n采用的解释口径\n" in told
    assert "省工信厅决定（晋工信函〔2026〕1号）" in told
    assert "尚未决定" in told


def test_warnings_are_told(run: Run) -> None:
    """A warning of the result stands in the derivation with its pointer."""
    body = LOAN | {"granted_before": [{"limit": "firm_cap", "group": {"applicant_id": "x"}, "amount": "1.00"}]}
    result = orjson.loads(run("calculate", "loan_interest", "--json", "-", body=body).stdout)
    text = run("calculate", "loan_interest", "--json", "-", "--explain", body=body).stdout
    assert len(result["warnings"]) == 1
    assert f"  {result['warnings'][0]['pointer']}: {result['warnings'][0]['message']}\n" in text


@LANGUAGES
def test_a_screening_tells_every_measure(language: Language, run: Run, policies: Policies) -> None:
    """A screening tells each measure by its title, what is missing by its label, and what it would pay."""
    body = {"facts": {"town_tier": "municipal", "year": 2027}}
    text = run("screen", "--json", "-", "--explain", "--lang", language, body=body).stdout
    result = orjson.loads(run("screen", "--json", "-", "--lang", language, body=body).stdout)
    version = policies.version("jzbf-2026-3")
    measures: list[Measure | Referenced] = [*version.measures.values(), *version.referenced.values()]
    for measure in measures:
        assert measure.title.to(language) in text
    for entry in result["measures"]:
        for name in entry["missing"]:
            assert policies.fields[name].label.to(language) in text
    assert "9,000,000.00" in text
    assert result["result_sha256"] in text
    assert "✗" in text
    assert ("28 条解释口径均按现行选项" if language == "zh" else "28 readings as in use") in text


def test_text_is_as_wide_as_a_terminal_shows_it() -> None:
    """A Chinese character takes two columns, a combining sign none."""
    assert [width(text) for text in ("", "ab", "专业镇", "（a）", "é", "✓")] == [0, 2, 6, 5, 1, 1]


def test_tables_are_aligned_and_drop_empty_columns() -> None:
    """Columns begin together, or end together where asked; a column that is empty everywhere takes no room."""
    rows = [["专业镇", "", "1.00"], ["a", "", "10.00", "x"]]
    assert table(rows, right=[2], indent=">") == [">专业镇   1.00", ">a       10.00  x"]
    assert table([]) == []


@pytest.mark.parametrize(("text", "shown"), [
    ("1234567.05", "1,234,567.05"), ("-1234.50", "-1,234.50"), ("0.00", "0.00"), ("2027", "2027"), ("＞1.00", "＞1.00"),
])  # fmt: skip
def test_figures_get_separators(text: str, shown: str) -> None:
    """Amounts get thousands separators; nothing else is touched."""
    assert figure(text) == shown


def test_articles_are_cited_in_the_language() -> None:
    """An article keeps its Chinese number in Chinese and has digits in English."""
    assert article("一、六", "zh") == "第一、六条"
    assert article("一、六", "en") == "art. 1, 6"
