"""The check of hashes that the README prints proves any answer, and refuses one that was changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from service import create_app
from tests.docs.examples import ROOT, Block, blocks, run

Json = dict[str, Any]

LOAN = {
    "town_tier": "municipal",
    "is_leading_industry": True,
    "application_year": 2027,
    "disbursed_amount": "1000000.00",
    "disbursed_on": "2027-03-01",
    "interest_paid_days": 181,
    "interest_accrued": "20000.00",
}
AD = {
    "year": 2027,
    "town_tier": "provincial_key",
    "town_id": "专业镇一",
    "ad_paid": "700000.01",
    "paid_on": "2027-01-02",
}
REQUESTS: list[tuple[str, Json]] = [
    ("loan_interest", {"lines": [LOAN]}),
    ("loan_interest", {"lines": [LOAN | {"disbursed_on": "2025-12-01", "application_year": 2025}]}),
    ("advertising", {"lines": [AD, AD], "readings": {"rounding_stage": "total"}}),
    ("advertising", {"lines": [AD], "granted_before": [
        {"limit": "town_year_cap", "group": {"town_id": "another", "year": 2027}, "amount": "1.00"},
    ]}),
    ("little_giant", {}),
]  # fmt: skip


@pytest.fixture(scope="module")
def check() -> Block:
    """The README's check."""
    found = [one for one in blocks((ROOT / "README.md").read_text(encoding="utf-8")) if one.language == "python"]
    (proof,) = [one for one in found if "result_sha256" in one.text]
    return proof


def proven(check: Block, folder: Path, request: Json, answer: Json) -> str:
    """What the README's check prints about a request and its answer."""
    (folder / "loan.json").write_text(json.dumps(request), encoding="utf-8")
    (folder / "answer.json").write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")
    return run(check, folder, "").stdout


def answered(measure: str, request: Json, language: str = "zh-CN") -> Json:
    """The service's answer."""
    response = (
        create_app()
        .test_client()
        .post(f"/v1/calculations/{measure}", json=request, headers={"Accept-Language": language})
    )
    assert response.status_code == 200, response.text
    answer: Json = json.loads(response.data)
    return answer


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize(("measure", "request_body"), REQUESTS, ids=[f"{m}-{n}" for n, (m, _) in enumerate(REQUESTS)])
def test_every_kind_of_answer_proves_itself(
    measure: str, request_body: Json, language: str, check: Block, tmp_path: Path
) -> None:
    """Eligible or not, with warnings, rounded in total, out of force or paid under other rules, in both languages."""
    answer = answered(measure, request_body, language)
    assert proven(check, tmp_path, request_body, answer) == "True\nTrue\n"


def test_a_changed_answer_is_found_out(check: Block, tmp_path: Path) -> None:
    """One fen more in the answer, or another request, does not pass."""
    request = {"lines": [LOAN]}
    answer = answered("loan_interest", request)
    assert proven(check, tmp_path, request, answer | {"amount": "0.01"}) == "True\nFalse\n"
    assert proven(check, tmp_path, {"lines": [LOAN, LOAN]}, answer) == "False\nTrue\n"


def test_both_languages_have_the_same_hash() -> None:
    """Words are not part of a result's hash."""
    request = {"lines": [LOAN]}
    zh, en = (answered("loan_interest", request, language) for language in ("zh-CN", "en"))
    assert zh != en
    assert zh["result_sha256"] == en["result_sha256"]
