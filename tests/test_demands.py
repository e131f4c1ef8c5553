"""What policies demand is told in words, under every reading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.demands import Demands
from service.describe import measure_of
from service.formulas import formula_of
from service.policies import Policies, default_path, load
from service.policies.model import Language
from service.words import WORDS


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_term_and_its_values_have_words(language: Language, policies: Policies) -> None:
    """No term of any calculator, under any reading, is told by its code."""
    said = Demands(policies, language)
    for version in policies.versions:
        for name in version.measures:
            data = measure_of(policies, version, name, language)
            assert data["terms"].keys() <= WORDS[language]["terms"].keys()
            for term, value in data["terms"].items():
                assert not re.search(r"[a-z]_[a-z]", said.term(term, value)), (name, term)
            told = [
                formula_of(data, said).amount,
                *map(said.condition, data["conditions"]),
                *map(said.ceiling, data["limits"]),
            ]
            assert not re.search(r"[a-z]_[a-z]|–", " ".join(told)), told


@pytest.mark.parametrize(("reading", "choice", "measure", "amount"), [
    ("loan_principal", "outstanding", "loan_interest", "各段贷款余额时间段 × 天数之和 × 1.5% ÷ 365"),
    ("loan_leap", "actual", "loan_interest", "放款本金 × 1.5% × 付息天数 ÷ 当年天数"),
    ("operator_base", "received", "platform_operator", "[服务合同金额与合同到账金额中较低者] × 50%"),
    ("ad_rate_base", "excess", "advertising", "超过门槛部分 × 20%"),
    ("ad_base", "enterprise_only", "advertising", "[实际支付广告费 − 其中政府支付] × 20%"),
    ("project_amount", "full_cap", "project_award", "1,000,000.00 元（定额）"),
    ("expo_decline", "linear", "expo_budget", "10,000,000.00 元 × (1 − 10% × n)，不低于零"),
])  # fmt: skip
def test_the_formula_follows_the_reading(reading: str, choice: str, measure: str, amount: str, tmp_path: Path) -> None:
    """A reading decided otherwise changes the formula that people read."""
    policies = decided(reading, choice, tmp_path / "policies.yaml")
    said = Demands(policies, "zh")
    assert formula_of(measure_of(policies, policies.newest, measure, "zh"), said).amount == amount


def decided(reading: str, choice: str, file: Path) -> Policies:
    """Load the policies as they would be if the bureau decided a reading so."""
    text = default_path().read_text("utf-8")
    block = rf"(^    {reading}:\n(?:      .*\n)*?      in_use: )\w+$"
    text, count = re.subn(block, rf"\g<1>{choice}", text, flags=re.MULTILINE)
    assert count == 1
    file.write_text(text, "utf-8")
    return load(file)
