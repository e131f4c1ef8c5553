"""What changed between versions reads well; without amounts on one side that is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from service.changes import Changes
from service.demands import Demands
from service.policies import Policies, changed_terms
from service.policies.model import Language
from service.policies.resolve import applied
from tests.web.policies.conftest import Open

FIRST, SECOND = "jzbf-2026-3@1", "jzbf-2026-3@2"


@pytest.mark.parametrize(("language", "rows"), [
    ("zh", [
        ["年度新增贷款贴息 · 标准 · 贴息率", "1.5%", "2%"],
        ["年度新增贷款贴息 · 上限 · 每户企业上限 · 金额", "1,000,000.00 元", "1,500,000.00 元"],
        ["公共服务平台运营机构奖励 · 填报项 · 合同到账金额", "选填", "必填"],
        ["公共服务平台运营机构奖励 · 标准 · 不超过", "无", "合同到账金额"],
        ["解释口径 · 运营奖励按合同金额还是实际到账金额计算？", "合同金额", "合同金额与到账金额孰低"],
        ["有效期 · 失效之日（当天不计）", "2028-01-01", "（无）"],
    ]),
    ("en", [
        ["Interest subsidy on new loans · Term · Rate", "1.5%", "2%"],
        ["Interest subsidy on new loans · Ceiling · Ceiling per firm · Amount",
         "1,000,000.00 yuan", "1,500,000.00 yuan"],
    ]),
])  # fmt: skip
def test_a_change_is_told_in_words(language: str, rows: list[list[str]], open_amended: Open) -> None:
    """Where it is, what it was, what it is."""
    page = open_amended(f"/{language}/policies/{FIRST}/changes/{SECOND}")
    for row in rows:
        assert row in page.rows
    assert len(page.rows) == 1 + len([row for row in page.rows[1:] if row[1] != row[2]])


@pytest.mark.parametrize(("path", "said"), [
    ("/zh/policies/jzbf-2022-81/changes/jzbf-2026-3", "晋政办发〔2022〕81号的标准不详，金额无法比较"),
    ("/en/policies/jzbf-2026-3/changes/jzbf-2022-81", "The amounts of 晋政办发〔2022〕81号 are not known"),
    ("/zh/policies/jzbf-2026-3/changes/jzbf-2026-3", "两个版本没有差别"),
])  # fmt: skip
def test_what_cannot_be_compared_is_said(path: str, said: str, open_page: Open) -> None:
    """A version without amounts, and one compared with itself."""
    assert said in open_page(path).text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_whatever_a_reading_changes_can_be_told(language: Language, policies: Policies) -> None:
    """Every kind of term that any choice of any reading touches has words, and both values differ in them."""
    version = policies.newest
    teller = Changes(Demands(policies, language), version, version)
    codes = {*policies.fields, *version.measures, *version.readings} | {"half_open", "pro_rata", "in_order", "actual"}
    count = 0
    for reading in version.readings.values():
        for choice in reading.choices:
            for change in changed_terms(version, version, {reading.id: choice}):
                told = teller.told(asdict(change))
                assert told.before != told.after, told
                words = f"{told.where} {told.before} {told.after}"
                assert not {code for code in codes if "_" in code and code in words}, told
                count += 1
    assert count > 60


def leaves(tree: Any, *path: str) -> Iterator[tuple[str, Any]]:
    """List the terms of a version by their paths."""
    if isinstance(tree, dict):
        for name, one in tree.items():
            yield from leaves(one, *path, name)
    elif tree is not None:
        yield ".".join(path), tree


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_term_of_the_law_has_words(language: Language, policies: Policies) -> None:
    """Whatever term a later version changes, the page can name its place and its value, without codes."""
    version = policies.newest
    teller = Changes(Demands(policies, language), version, version)
    tree = applied(version.tree) | {key: version.tree[key] for key in ("town_classes", "referenced")}
    found = [teller.told({"path": path, "before": None, "after": value}) for path, value in leaves(tree)]
    assert len(found) > 300
    for told in found:
        text = f"{told.where} {told.after}"
        known = told.path == "id" or (language == "zh" and told.path.endswith(".en"))
        assert known or not re.search(r"[a-z]_[a-z]" if language == "en" else r"[a-z]{2}", text.replace("null", "")), (
            told
        )
