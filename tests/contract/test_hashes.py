"""The hashes prove what they say: anybody with a JSON library recomputes them, and nothing can change under them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.calculation import calculate
from service.intake.request import read_request
from service.intake.screening import read_screening
from service.policies import Policies, load
from service.screening import screen
from tests.case_files import Case, all_cases

#: What only readers need, in the language that they asked for; and the hash itself.
UNHASHED = {"label", "message", "under", "title", "result_sha256"}
POLICIES = load()
EACH_CASE = pytest.mark.parametrize("case", all_cases(), ids=str)
ONE_OF_EACH = [max((c for c in all_cases() if c.measure == m), key=lambda c: len(str(c.body))) for m in (
    "national_cluster_award", "project_award", "platform_equipment", "platform_operator", "loan_interest",
    "advertising", "expo_budget", "little_giant",
)]  # fmt: skip
Leaf = tuple[list[Any], Any]


def recomputed(data: Any) -> str:
    """Hash canonical JSON with nothing but the standard library."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def hashed_part(data: Any) -> Any:
    """Leave out what no hash covers."""
    if isinstance(data, dict):
        return {key: hashed_part(value) for key, value in data.items() if key not in UNHASHED}
    return [hashed_part(one) for one in data] if isinstance(data, list) else data


def leaves(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """List the paths of everything in a result that is no list or object."""
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from leaves(value, (*path, key))
    else:
        yield path


def with_changed(data: Any, path: tuple[Any, ...]) -> Any:
    """Change one leaf a little."""
    changed = deepcopy(data)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    value = holder[path[-1]]
    holder[path[-1]] = (not value) if isinstance(value, bool) else f"{value}0" if value is not None else "0"
    return changed


@EACH_CASE
def test_both_hashes_are_recomputed(case: Case, policies: Policies) -> None:
    """What was asked and what was answered give the hashes of the answer, which is the same in both languages."""
    answers = [calculate(policies, read_request(policies, case.measure, case.body), lang) for lang in ("zh", "en")]
    for answer in answers:
        assert answer["inputs_sha256"] == recomputed({"measure": case.measure, **case.body})
        assert answer["result_sha256"] == recomputed(hashed_part(answer))
    assert answers[0]["result_sha256"] == answers[1]["result_sha256"]


@pytest.mark.parametrize("case", ONE_OF_EACH, ids=str)
def test_nothing_changes_under_the_hash(case: Case, policies: Policies) -> None:
    """With any figure or word of the result changed, except for labels, the hash is another one."""
    answer = calculate(policies, read_request(policies, case.measure, case.body), "zh")
    paths = list(leaves(answer))
    assert len(paths) > 15
    for path in paths:
        same = recomputed(hashed_part(with_changed(answer, path))) == answer["result_sha256"]
        assert same == (not UNHASHED.isdisjoint(path)), path


#: Characters that one JSON library might escape and another not.
NAMES = st.text(st.sampled_from("a甲镇é😀\U0001d4b3ﬀ€½\"\\/“<>&'"), min_size=1, max_size=20)


@given(NAMES, st.randoms(use_true_random=False))
def test_the_hash_of_inputs_does_not_care_for_the_order_of_keys(name: str, chance: Random) -> None:
    """The same request in another order of keys is the same, in whatever script its names are written."""
    line = {"year": 2027, "town_name": name, "actual_cost": "1.5", "applicant_name": "甲"}
    keys = list(line)
    chance.shuffle(keys)
    body = {"lines": [{key: line[key] for key in keys}], "readings": {}}
    request = read_request(POLICIES, "expo_budget", json.dumps(body).encode())
    assert request.inputs_sha256 == recomputed({"lines": [line], "measure": "expo_budget", "readings": {}})


@pytest.mark.parametrize("change", [
    {"lines": [{"year": 2028}]},
    {"lines": [{"year": 2027, "town_name": "甲"}]},
    {"lines": [{"year": 2027}], "readings": {}},
    {"lines": [{"year": 2027}], "readings": {"expo_decline": "compound"}},
    {"lines": [{"year": 2027}, {"year": 2027}]},
    {"facts": {"year": 2027}, "lines": [{}]},
])  # fmt: skip
def test_another_request_has_another_hash(change: dict[str, Any], policies: Policies) -> None:
    """The hash is of the request as it was sent, also where the amount would be the same."""
    plain = read_request(policies, "expo_budget", {"lines": [{"year": 2027}]})
    assert read_request(policies, "expo_budget", change).inputs_sha256 != plain.inputs_sha256


@pytest.mark.parametrize("facts", [{}, {"town_tier": "provincial_key", "year": 2027, "ad_paid": "600000"}])
def test_screenings_are_hashed_likewise(facts: dict[str, Any], policies: Policies) -> None:
    """A screening carries the hash of what was asked, and of the answer without its labels and titles."""
    body = {"facts": facts}
    for language in ("zh", "en"):
        answer = screen(policies, read_screening(policies, body), "zh" if language == "zh" else "en")
        assert answer["inputs_sha256"] == recomputed(body)
        assert answer["result_sha256"] == recomputed(hashed_part(answer))
