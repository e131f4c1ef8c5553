"""A measure is resolved under readings: the right terms, the readings that shaped it, a hash of exactly that."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from calculators.exact import Rounding
from service.errors import NotFound, Refused
from service.methods import METHODS
from service.policies import Policies, book, default_path, load
from service.policies.measure_checks import DERIVED
from service.policies.model import Provision, Version
from service.policies.resolve import applied, resolved

GOOD = Path(__file__).parent / "good" / "town.yaml"
POLICY = "jzbf-2026-3"


@pytest.fixture(scope="module")
def version(policies: Policies) -> Version:
    """The version of 2026."""
    return policies.version(POLICY)


def alternatives() -> list[tuple[str, str]]:
    """Every reading with every choice that is not in use."""
    readings = load().newest.readings.values()
    return [(one.id, choice) for one in readings for choice in one.choices if choice != one.in_use]


def differences(one: Provision, other: Provision) -> list[str]:
    """The paths of what differs between two provisions, but for readings and hash."""
    found = [
        f"measure.{item.name}"
        for item in fields(one.measure)
        if getattr(one.measure, item.name) != getattr(other.measure, item.name)
    ]
    return found + [
        name for name in ("validity", "rounding", "rounding_stage") if getattr(one, name) != getattr(other, name)
    ]


def test_terms_of_the_law_are_parsed(policies: Policies, version: Version) -> None:
    """Amounts become fen, rates exact fractions, dates days, classes of towns their codes' positions."""
    loan = policies.provision(version, "loan_interest").measure
    assert loan.terms.rate == Fraction(3, 200)  # type: ignore[union-attr]
    assert [limit.amount for limit in loan.limits] == [None, 100_000_000]
    assert loan.limits[0].share == Fraction(4, 5)
    assert loan.inputs["other_interest_subsidy"].default == 0
    assert loan.inputs["interest_periods"].other == "interest_paid_days"
    equipment = policies.provision(version, "platform_equipment").measure
    assert equipment.conditions[0].allowed == (0,)  # type: ignore[union-attr]
    assert equipment.limits[0].per == ("project_id",)
    advertising = policies.provision(version, "advertising").measure
    assert advertising.inputs["ad_cost"].same_as == "ad_paid"
    assert advertising.conditions[2].at_least == 50_000_000  # type: ignore[union-attr]
    assert version.validity.start == 20_483
    assert version.validity.until is None
    assert version.rounding is Rounding.HALF_UP


def test_version_without_amounts_is_known(policies: Policies) -> None:
    """The predecessor has no measures, but a document and a validity."""
    predecessor = policies.version("jzbf-2022-81")
    assert not predecessor.has_amounts
    assert predecessor.document.number == "晋政办发〔2022〕81号"
    with pytest.raises(NotFound):
        policies.provision(predecessor, "loan_interest")


def test_versions_are_found_by_name(policies: Policies, version: Version) -> None:
    """A policy's name finds its latest version, with @ exactly one; another name tells which there are."""
    assert policies.version(f"{POLICY}@1") is version
    assert policies.newest is version
    for unknown in ("jzbf", f"{POLICY}@2", f"{POLICY}@", ""):
        with pytest.raises(NotFound, match=f"{POLICY}@1"):
            policies.version(unknown)


def test_facts_are_asked_last(policies: Policies, version: Version) -> None:
    """Facts that a measure does not ask for are optional and come at the end."""
    measure = version.measures["expo_budget"]
    asked = measure.asked(policies.facts)
    assert list(asked) == [*measure.inputs, *policies.facts]
    assert all(asked[fact].need == "optional" for fact in policies.facts)
    assert version.measures["loan_interest"].asked(policies.facts)["town_tier"].need == "required"


@pytest.mark.parametrize(("reading", "choice"), alternatives())
def test_alternative_changes_what_it_should(policies: Policies, version: Version, reading: str, choice: str) -> None:
    """Every alternative changes some measure; a measure changes together with its hash, and names the reading."""
    changed = 0
    for measure in version.measures:
        before, after = policies.provision(version, measure), policies.provision(version, measure, {reading: choice})
        differing = differences(before, after)
        changed += bool(differing)
        assert (before.sha256 != after.sha256) == bool(differing)
        if differing:
            assert before.readings[reading] == version.readings[reading].in_use
            assert after.readings == {**before.readings, reading: choice}
        elif reading not in before.readings:
            assert after.readings == before.readings
    assert changed


@pytest.mark.parametrize(
    ("measure", "readings", "path", "value"),
    [
        ("loan_interest", {"loan_leap": "actual"}, "terms.days_per_year", "actual"),
        ("loan_interest", {"loan_leap": "cap_365"}, "terms.days_at_most", 365),
        ("loan_interest", {"loan_firm_cap": "policy_life"}, "limits.1.per", ("applicant_id",)),
        ("platform_equipment", {"platform_cap": "town"}, "limits.0.id", "town_cap"),
        ("platform_operator", {"operator_base": "received"}, "inputs.received_amount.need", "required"),
        ("project_award", {"project_amount": "full_cap"}, "terms.amount", 100_000_000),
        ("expo_budget", {"expo_decline": "linear", "expo_first_year": "cut"}, "terms.first_step", 1),
        ("advertising", {"town_tier": "literal"}, "conditions.0.allowed", (1,)),
        ("loan_interest", {"town_tier": "literal"}, "conditions.0.allowed", (0, 1, 2, 3)),
        ("platform_equipment", {"town_tier": "any_provincial"}, "conditions.0.allowed", (0, 1)),
    ],
)
def test_reading_sets_the_term(
    policies: Policies, version: Version, measure: str, readings: dict[str, str], path: str, value: object
) -> None:
    """A choice puts its value exactly where it belongs."""
    found: Any = policies.provision(version, measure, readings).measure
    for step in path.split("."):
        if isinstance(found, tuple):
            found = found[int(step)]
        else:
            found = found[step] if isinstance(found, dict) else getattr(found, step)
    assert found == value


def test_reading_removes_conditions(policies: Policies, version: Version) -> None:
    """Null in a choice deletes a condition."""
    kept = policies.provision(version, "consumer_brand_award", {"award_repeat": "per_recognition"}).measure
    assert [condition.id for condition in kept.conditions] == ["town_tier"]


def test_only_shaping_readings_are_named(policies: Policies, version: Version) -> None:
    """A result names the readings that can change its measure, in the order of the file, and no others."""
    assert list(policies.provision(version, "expo_budget").readings) == [
        *("in_force", "expo_decline", "expo_first_year", "expo_step", "rounding", "rounding_stage")
    ]
    assert "town_tier" in policies.provision(version, "platform_equipment").readings
    assert "town_tier" not in policies.provision(version, "platform_operator").readings


def test_unknown_readings_are_refused(policies: Policies, version: Version) -> None:
    """Every unknown reading and choice is a defect with its pointer and what is known."""
    with pytest.raises(Refused) as caught:
        policies.provision(version, "advertising", {"va/t": "x", "vat": "x", "ad_base": "total"})
    first, second = caught.value.defects
    assert (first.pointer, first.code, first.given) == ("/readings/va~1t", "unknown_reading", "va/t")
    assert first.expected == ", ".join(version.readings)
    assert (second.pointer, second.code, second.given) == ("/readings/vat", "unknown_choice", "x")
    assert second.expected == "excluded, included"


def test_unknown_measure_is_not_found(policies: Policies, version: Version) -> None:
    """A measure that does not exist, or is paid under other rules, cannot be resolved."""
    for unknown in ("loans", "little_giant"):
        with pytest.raises(NotFound, match="loan_interest"):
            policies.provision(version, unknown)


def test_reading_that_cannot_shape_is_accepted(policies: Policies, version: Version) -> None:
    """A reading of another measure changes nothing."""
    before, after = (policies.provision(version, "advertising", asked) for asked in ({}, {"vat": "included"}))
    assert (before.sha256, before.readings) == (after.sha256, after.readings)


def test_provisions_are_kept(policies: Policies, version: Version) -> None:
    """The same question gets the same object, whatever the order of its readings."""
    asked = {"vat": "included", "rounding": "floor_yuan"}
    first = policies.provision(version, "platform_equipment", asked)
    assert policies.provision(version, "platform_equipment", dict(reversed(asked.items()))) is first
    assert policies.provision(version, "advertising") is policies.provision(version, "advertising", {})


def test_kept_provisions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many combinations do not fill the memory: the oldest goes, and comes back equal."""
    monkeypatch.setattr(book, "PROVISIONS_AT_MOST", 2)
    policies = load(GOOD)
    version = policies.newest
    asked = [{"cap": "none"}, {"cap": "in_order"}, {"rounding": "floor_yuan"}]
    provisions = [policies.provision(version, "equipment", one) for one in asked]
    assert len(policies._asked) == 2
    assert policies.provision(version, "equipment", asked[2]) is provisions[2]
    again = policies.provision(version, "equipment", asked[0])
    assert again is not provisions[0]
    assert again.sha256 == provisions[0].sha256


def test_hash_is_that_of_exactly_what_is_applied(policies: Policies, version: Version) -> None:
    """The hash can be worked out by hand: canonical JSON of policy, validity, rounding and the measure's own terms."""
    tree = dict(version.tree)
    measure = json.loads(json.dumps(tree["measures"]["platform_operator"]))
    for only_read in ("title", "who", "materials"):
        del measure[only_read]
    expected = {key: tree[key] for key in ("id", "version", "document", "in_force", "rounding", "rounding_stage")} | {
        "measures": {"platform_operator": measure}
    }
    text = json.dumps(expected, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    found = policies.provision(version, "platform_operator").sha256
    assert found == hashlib.sha256(text.encode()).hexdigest()


def test_hash_writes_classes_of_towns_out() -> None:
    """Another name for a class, or an unused class, is not another rule; other towns in it are."""
    policies = load(GOOD)
    version = policies.newest
    tree = json.loads(json.dumps(version.tree))
    tree["town_classes"] = {"main": ["key"]}
    tree["measures"]["equipment"]["conditions"]["town_tier"]["class"] = "main"
    assert applied(resolved(tree, {}, "equipment")) == applied(resolved(version.tree, {}, "equipment"))
    tree["town_classes"]["main"] = ["other"]
    assert applied(resolved(tree, {}, "equipment")) != applied(resolved(version.tree, {}, "equipment"))


def test_hashes_are_the_same_in_another_process(policies: Policies, version: Version) -> None:
    """Nothing of a process (its hash seed, its order of sets) gets into a hash."""
    asked = {"vat": "included", "town_tier": "literal"}
    code = (
        "from service.policies import load; p = load(); v = p.newest; "
        f"print(v.sha256, *(p.provision(v, m, {asked}).sha256 for m in v.measures))"
    )
    told = [
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True)
        for seed in ("1", "2")
    ]
    here = [version.sha256, *(policies.provision(version, measure, asked).sha256 for measure in version.measures)]
    assert [one.stdout.decode().split() for one in told] == [here, here]


def test_resolving_leaves_the_version_as_it_is(version: Version) -> None:
    """Readings are applied to a copy."""
    before = json.dumps(version.tree)
    for reading in version.readings.values():
        for choice in reading.choices:
            resolved(version.tree, {reading.id: choice})
    assert json.dumps(version.tree) == before


def test_choice_in_use_is_what_is_applied(tmp_path: Path) -> None:
    """When the bureau decides for an alternative, the version itself follows."""
    file = tmp_path / "policies.yaml"
    file.write_text(GOOD.read_text("utf-8").replace("in_use: issue_date", "in_use: calendar_year"), "utf-8")
    policies = load(file)
    assert policies.newest.validity.start == 20_454
    provision = policies.provision(policies.newest, "fair")
    assert provision.validity.start == 20_454
    assert provision.readings["in_force"] == "calendar_year"
    assert policies.provision(policies.newest, "fair", {"in_force": "issue_date"}).validity.start == 20_483


def test_derived_columns_exist() -> None:
    """The columns that conditions may name are those that the calculators derive, of the same types."""
    for calculator, method in METHODS.items():
        assert DERIVED[calculator].items() <= method.derived.items()


def test_default_file_is_the_environments_or_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """TOWN_SUBSIDY_POLICIES names another file; else it is the checkout's."""
    monkeypatch.delenv("TOWN_SUBSIDY_POLICIES", raising=False)
    assert default_path() == Path(__file__).parents[2] / "policies.yaml"
    monkeypatch.setenv("TOWN_SUBSIDY_POLICIES", str(GOOD))
    assert load().file == GOOD
    assert load(default_path()).newest.id == "town"


def test_versions_can_be_replaced(version: Version) -> None:
    """A version is a frozen record that `replace` copies."""
    assert replace(version, version="2").ref == f"{POLICY}@2"
