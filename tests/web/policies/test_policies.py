"""The pages of the policy leave nothing out: every version, measure, reading, and sentence, in both languages."""

from __future__ import annotations

import re

import pytest

from service.demands import Demands
from service.derivation import article
from service.policies import Policies
from service.policies.model import Language, Measure, Reading, Referenced
from tests.web.markup import Page
from tests.web.policies.conftest import Open

NEW = "jzbf-2026-3@1"
OLD = "jzbf-2022-81@1"
LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])
MARKS = {"zh": ("现行", "其他"), "en": ("In use", "Other")}


def paths(policies: Policies) -> list[str]:
    """List the path of every page of the policy."""
    found = ["policies"]
    for version in policies.versions:
        found.append(f"policies/{version.ref}")
        found += [f"policies/{version.ref}/measures/{one}" for one in (*version.measures, *version.referenced)]
        found += [f"policies/{version.ref}/changes/{other.ref}" for other in policies.versions]
    return found


def told(reading: Reading, language: Language, decided: str) -> str:
    """Write a reading as it stands on a page: question, article, decision, each choice with its mark."""
    in_use, other = MARKS[language]
    choices = [
        f"{in_use if one.id == reading.in_use else other} {one.label.to(language)}" for one in reading.choices.values()
    ]
    return " ".join([reading.question.to(language), article(reading.article, language), decided, *choices])


@LANGUAGES
def test_all_versions_are_listed_with_what_they_hold(language: Language, policies: Policies, open_page: Open) -> None:
    """Each version with its document, time, measures and hash, a link to it, and the days between versions."""
    page = open_page(f"/{language}/policies")
    for version in policies.versions:
        assert f"/{language}/policies/{version.ref}" in page.links
        for part in (version.document.number, version.document.title, version.document.issuer):
            assert part in page.text
        assert version.sha256[:12] in page.codes
    said = {
        "zh": ["2022-09-01 至 2025-09-30（日期不详）", "2025-10-01 至 2026-01-29：没有有效的政策",
               "2026-01-30 起", "8 项可计算，8 项按"],
        "en": ["2022-09-01 to 2025-09-30 (day not stated)", "2025-10-01 to 2026-01-29: no policy",
               "from 2026-01-30", "8 with an amount, 8 paid"],
    }  # fmt: skip
    for part in said[language]:
        assert part in page.text
    assert f"/{language}/policies/{OLD}/changes/{NEW}" in page.links


@LANGUAGES
def test_all_readings_are_listed_decided_or_not(language: Language, policies: Policies, open_page: Open) -> None:
    """The register counts 28, and leads from each question to its choices."""
    page = open_page(f"/{language}/policies")
    readings = policies.version(NEW).readings
    assert len(readings) == 28
    counted = {"zh": "共 28 条，已决定 0 条，尚未决定 28 条", "en": "28 in all; decided: 0; not yet decided: 28"}
    assert counted[language] in page.text
    for one in readings.values():
        assert f"/{language}/policies/{NEW}#reading-{one.id}" in page.links
        row = next(row for row in page.rows if row[0] == one.question.to(language))
        assert one.choices[one.in_use].label.to(language) in row


def test_a_decision_is_told_with_its_document(open_amended: Open) -> None:
    """What the bureau has decided is counted and cited."""
    page = open_amended("/zh/policies")
    assert "共 28 条，已决定 1 条，尚未决定 27 条" in page.text
    assert "省工业和信息化厅决定（复函第12号）" in page.text
    assert "8 with an amount" in open_amended("/en/policies").text
    assert [one for one in page.links if "/changes/" in one] == [
        "/zh/policies/jzbf-2026-3@1/changes/jzbf-2026-3@2",
        f"/zh/policies/{OLD}/changes/{NEW}",
    ]


@LANGUAGES
def test_a_version_is_shown_whole(language: Language, policies: Policies, open_page: Open) -> None:
    """Nothing of a version is left out: measures, those paid under other rules, what moves no money, readings."""
    version = policies.version(NEW)
    page = open_page(f"/{language}/policies/{NEW}")
    measures: list[Measure | Referenced] = [*version.measures.values(), *version.referenced.values()]
    for measure in measures:
        assert f"/{language}/policies/{NEW}/measures/{measure.id}" in page.links
        row = next(row for row in page.rows if row[0] == measure.title.to(language))
        assert row[1] == article(measure.article, language)
    for referenced in version.referenced.values():
        assert referenced.under.to(language) in page.text
        for department in referenced.departments:
            assert policies.departments[department].to(language) in page.text
    for sentence in version.not_modelled:
        assert sentence.text.to(language) in page.text
        assert article(sentence.article, language) in page.text
    undecided = Demands(policies, language).say("undecided")
    for reading in version.readings.values():
        assert told(reading, language, undecided) in page.text
    assert version.sha256 in page.codes


def test_a_version_without_amounts_says_so(open_page: Open) -> None:
    """The predecessor has a page, with its time and no measures; the bare name leads to the latest of its versions."""
    page = open_page("/zh/policies/jzbf-2022-81")
    assert "标准不详，不能据此计算" in page.text
    assert page.rows == []
    assert OLD in page.codes


@LANGUAGES
def test_every_measure_has_a_page_that_tells_all_of_it(language: Language, policies: Policies, open_page: Open) -> None:
    """Who, where, by whom, with which papers; every condition, ceiling, input and reading by its label."""
    version = policies.version(NEW)
    said = Demands(policies, language)
    for name in version.measures:
        provision = policies.provision(version, name)
        measure = provision.measure
        page = open_page(f"/{language}/policies/{NEW}/measures/{name}")
        labels = [
            measure.title,
            measure.who,
            *measure.materials,
            *(policies.departments[one] for one in measure.departments),
        ]
        labels += [measure.earmark] if measure.earmark else []
        for field in map(policies.fields.__getitem__, measure.asked(policies.facts)):
            labels += [field.label, *field.codes.values(), *([field.proof] if field.proof else [])]
            assert {field.id, *field.codes} <= set(page.codes)
        for words in labels:
            assert words.to(language) in page.text, (name, words)
        for reading in provision.readings:
            assert told(version.readings[reading], language, said.say("undecided")) in page.text
        assert len(page.rows) > len(measure.conditions) + len(measure.limits) + len(measure.inputs)
        assert provision.sha256 in page.codes
        assert f"/{language}/measures/{name}" in page.links


@LANGUAGES
def test_measures_paid_under_other_rules_have_pages_without_amounts(
    language: Language, policies: Policies, open_page: Open
) -> None:
    """They say under which rules, and no figure, not even a zero."""
    for measure in policies.version(NEW).referenced.values():
        page = open_page(f"/{language}/policies/{NEW}/measures/{measure.id}")
        for words in (measure.title, measure.under, *(policies.departments[one] for one in measure.departments)):
            assert words.to(language) in page.text
        assert not re.search(r"\d\.\d\d\b", page.text)


@pytest.mark.parametrize(("measure", "parts"), [
    ("loan_interest", ["放款本金 × 1.5% × 付息天数 ÷ 365", "计入的利息 × 80% 每笔单独计算", "算头不算尾",
                       "1,000,000.00 元 按统一社会信用代码、申报年度合计 超出时按先后顺序"]),
    ("advertising", ["实际支付广告费 × 20%", "计算基数：不低于 500,000.00 元（按统一社会信用代码、年度合计）",
                     "3,000,000.00 元 按专业镇编码、年度合计 超出时按比例分配"]),
    ("platform_equipment", ["[硬件投资（不含可抵扣增值税） + 软件投资（不含可抵扣增值税）] × 30%",
                            "平台类型：设计研发、检验检测、计量标准、产业信息或成果转化"]),
    ("project_award", ["按拟奖励额", "按专业镇编码、评价结果公布日期所在年度合计", "建成投产日期：在政策有效期内"]),
    ("consumer_brand_award", ["3,000,000.00 元（定额）", "没有另设上限",
                              "主要用于专业镇品牌建设", "同一专业镇编码首次"]),
    ("expo_budget", ["10,000,000.00 元 × (1 − 10%)ⁿ", "年度 − 2026", "年度：早于“市场化办展起始年度”"]),
])  # fmt: skip
def test_the_figures_of_the_law_stand_in_sentences(measure: str, parts: list[str], open_page: Open) -> None:
    """Rates, thresholds and ceilings are told as a finance officer would."""
    page = open_page(f"/zh/policies/jzbf-2026-3/measures/{measure}")
    for part in parts:
        assert part in page.text


@LANGUAGES
def test_pages_of_measures_show_codes_only_as_codes(language: Language, policies: Policies, open_page: Open) -> None:
    """Who reads a page meets no name of the dictionary but where it is shown as a code, for headers of files."""
    version = policies.version(NEW)
    codes = {*policies.fields, *policies.departments, *version.measures, *version.referenced, *version.readings}
    codes |= {code for field in policies.fields.values() for code in field.codes}
    codes |= {choice for reading in version.readings.values() for choice in reading.choices}
    for measure in version.measures.values():
        codes |= {one.id for one in (*measure.conditions, *measure.limits)} | {measure.calculator, measure.funding_mode}
    # An English page has words such as "year", which are codes as well; with an underscore none is a word.
    shown = {code for code in codes if language == "zh" or "_" in code}
    for name in (*version.measures, *version.referenced):
        words = set(re.findall(r"[a-z][a-z0-9_]*", open_page(f"/{language}/policies/{NEW}/measures/{name}").text))
        assert not words & shown, name


@LANGUAGES
def test_the_markup_of_every_page_is_sound(language: Language, amended: Policies, open_amended: Open) -> None:
    """Tags match, ids are unique, what is referred to is there, headings are in order."""
    for path in paths(amended):
        page = open_amended(f"/{language}/{path}")
        assert page.flaws == [], path


@pytest.mark.parametrize("html", ["<p><b>x</p></b>", "<p>x", "x</p>", '<p id="a"></p><p id="a"></p>'])
def test_unsound_markup_is_found(html: str) -> None:
    """The check can fail."""
    frame = "<html lang=zh><head><title>x</title></head><body><main><h1>x</h1>{}</main></body></html>"
    assert Page(frame.format("")).flaws == []
    assert Page(frame.format(html)).flaws


@pytest.mark.parametrize(("path", "said"), [
    ("/zh/policies/jzbf-2026-4", "是否应为“jzbf-2026-3@1”？"),
    ("/en/policies/jzbf-2026-3/measures/loan_intrest", 'Did you mean "loan_interest"?'),
    ("/zh/policies/jzbf-2026-3/measures/litle_giant", "是否应为“little_giant”？"),
    ("/en/policies/jzbf-2026-3/changes/jzbf-2022-18", 'Did you mean "jzbf-2022-81@1"?'),
    ("/zh/policies/jzbf-2026-3@9", "没有名为“jzbf-2026-3@9”的政策版本"),
    ("/zh/policies/%3Cscript%3E", "没有名为“<script>”的政策版本"),
])  # fmt: skip
def test_unknown_names_are_told_with_the_nearest(path: str, said: str, open_page: Open) -> None:
    """A slip of a name leads on."""
    assert said in open_page(path, 404).text


def test_pages_are_kept_by_no_cache(policies: Policies) -> None:
    """The frame says who is signed in."""
    from service import create_app

    assert create_app(policies=policies).test_client().get("/zh/policies").headers["Cache-Control"] == "no-store"
