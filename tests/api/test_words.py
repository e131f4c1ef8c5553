"""Everything that has a code has words, in both languages."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from service.conditions import REASONS
from service.engine import STATUSES
from service.errors import Defect
from service.ledger import files, history
from service.ledger.audit import keeping
from service.ledger.schema import VERBS
from service.ledger.sessions import SIGN_IN, SIGN_OUT
from service.methods import METHODS
from service.policies import Policies
from service.policies.model import Language
from service.words import WORDS, clipped, label_of, language_of, say

SERVICE = Path(__file__).parents[2] / "service"
#: The calls that raise a code, and which of their arguments it is.
RAISING = {"Defect": 1, "wrong": 0, "Doubt": 1, "Slip": 1, "Unusual": 1}
PLACES = {**RAISING, "Flaw": 1}


def constants_of(*calls: str) -> set[str]:
    """Collect the constant codes given to these calls anywhere in service/."""
    found = set()
    for path in SERVICE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in calls:
                place = PLACES.get(node.func.id, 0)
                if len(node.args) > place:
                    found |= {
                        part.value
                        for part in ast.walk(node.args[place])
                        if isinstance(part, ast.Constant) and isinstance(part.value, str)
                    }
    return found


def codes_held_in_variables() -> set[str]:
    """Codes that reach `wrong` or `Defect` through a name: class attributes and choices between two codes."""
    codes = "not_year not_count either_both either_missing unknown_limit text_length text_characters text_blank_ends"
    return set(codes.split())


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_defect_has_words(language: Language) -> None:
    """Every code that is raised anywhere can be said."""
    raised = constants_of(*RAISING) | codes_held_in_variables()
    said = {**WORDS[language]["defects"], **WORDS[language]["warnings"]}
    assert len(raised) > 30
    assert raised <= said.keys(), raised - said.keys()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_the_log_tells_has_words(language: Language) -> None:
    """Everything that can be found wrong with it can be said, and every verb that it writes."""
    words = WORDS["en" if language == "en" else "zh"]
    flaws = constants_of("Flaw")
    assert len(flaws) > 8
    assert flaws == words["flaws"].keys()
    verbs = {*VERBS, SIGN_IN, SIGN_OUT, keeping.VERB, history.VERB, files.VERB, "create-key", "revoke-key"}
    assert verbs == words["verbs"].keys()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_problem_has_words(language: Language) -> None:
    """Every code by which the ledger denies, forbids or regrets something can be said."""
    raised = constants_of("HeaderMissing", "Denied", "Conflict", "Unavailable")
    said = WORDS[language]["details"].keys()
    assert {"session-unknown", "session-ended", "session-expired", "key-revoked", "key-expired"} <= raised
    assert raised <= said, raised - said


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_part_of_the_policies_has_words(policies: Policies, language: Language) -> None:
    """Rules, conditions, limits, steps, statuses, types, needs and funding modes all have a label."""
    words = WORDS[language]
    for version in policies.versions:
        for name in version.measures:
            provisions = [policies.provision(version, name)]
            provisions += [
                policies.provision(version, name, {reading.id: choice})
                for reading in version.readings.values()
                for choice in reading.choices
            ]
            for provision in provisions:
                measure = provision.measure
                assert {one.id for one in measure.conditions} <= words["conditions"].keys()
                assert {one.otherwise for one in measure.conditions if hasattr(one, "otherwise")} <= words[
                    "rules"
                ].keys()
                assert {limit.id for limit in measure.limits} <= words["limits"].keys() & words["rules"].keys()
                assert measure.funding_mode in words["funding_modes"]
                assert {asked.need for asked in measure.inputs.values()} <= words["needs"].keys()
    assert {field.type for field in policies.fields.values()} <= words["types"].keys()
    assert {method.rule for method in METHODS.values()} <= words["rules"].keys()
    assert {*REASONS, "by_other_rule", "manual_review", "invalid_input"} <= words["rules"].keys()
    assert {*STATUSES, "referenced", "needs_input", "invalid"} <= words["statuses"].keys()


def test_every_step_has_words() -> None:
    """Every step that a calculator writes out has a label."""
    steps = constants_of("Step") | {"rounding_of_total"}
    assert {"by_days", "by_share", "award", "scheduled"} <= steps
    for language in WORDS:
        assert {step for step in steps if step.isidentifier()} - {"days"} <= WORDS[language]["steps"].keys()


def test_both_languages_say_the_same_things() -> None:
    """No text exists in one language only, none is empty, and both fill in the same facts."""
    for kind, texts in WORDS["zh"].items():
        assert texts.keys() == WORDS["en"][kind].keys()
        for code, text in texts.items():
            english = WORDS["en"][kind][code]
            assert text.strip()
            assert english.strip()
            assert sorted(fields_of(text)) == sorted(fields_of(english)), code


def fields_of(text: str) -> set[str]:
    """List the facts that a text fills in."""
    return {part.partition("}")[0] for part in text.split("{")[1:]}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "zh"),
        ("", "zh"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("EN", "en"),
        ("zh-TW", "zh"),
        ("fr", "zh"),
        ("fr, en;q=0.1", "en"),
        ("zh;q=0.1, en;q=0.2", "en"),
        ("en;q=0", "zh"),
        ("*", "zh"),
        (";;;=,", "zh"),
    ],
)
def test_language(header: str | None, language: Language) -> None:
    """The language that the caller prefers is taken; Chinese where nothing fits."""
    assert language_of(header) == language


def test_what_was_given_is_shown_in_eighty_characters() -> None:
    """Short values are shown as they are, long and deep ones by their beginning, odd ones without harm."""
    deep: list[object] = []
    for _ in range(3_000):
        deep = [deep]
    assert [clipped(value) for value in (None, True, 1, 1.5, "x")] == [None, True, 1, 1.5, "x"]
    for value in ("x" * 10_000, deep, {"k": ["v"] * 10_000}, 10**4_000, object()):
        shown = clipped(value)
        assert isinstance(shown, str)
        assert len(shown) <= 80
    assert clipped("\ud800") == "?"
    assert clipped(2**60) == str(2**60)


def test_a_near_name_is_suggested() -> None:
    """Whoever misspells an input is told the nearest that exists."""
    defect = Defect(
        "/lines/0/disbursd",
        "unknown_field",
        "disbursd_amount",
        "town_tier, disbursed_amount",
        {"field": "disbursd_amount"},
    )
    assert '"disbursed_amount"' in say(defect, "en")
    assert "“disbursed_amount”" in say(defect, "zh")


def test_braces_in_what_was_given_are_only_text() -> None:
    """A name that looks like a placeholder is not filled in."""
    defect = Defect("/x", "unknown_field", "{expected.__class__}", "a, b", {"field": "{expected.__class__}"})
    assert "{expected.__class__}" in say(defect, "en")


def test_a_code_without_words_stands_for_itself() -> None:
    """A policy of another province may name its own conditions."""
    assert label_of("conditions", "unheard_of", "en") == "unheard_of"
