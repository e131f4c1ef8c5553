"""Nothing in policies.yaml can change by the smallest step without some case failing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from service.calculation import calculate
from service.errors import PolicyFileError, Refused
from service.intake.request import read_request
from service.policies import Policies, load
from service.policies.loader import default_path
from service.policies.model import Measure, Provision, Version
from tests.case_files import Case, all_cases, answer_of
from tests.engine.mutations import Mutation, mutations

TEXT = default_path().read_text("utf-8")
MUTATIONS = mutations(TEXT)
SHIPPED = load()
NEWEST = SHIPPED.newest

#: Changes that cannot change an answer, and why. If one of them does, it has to leave this list.
WITHOUT_EFFECT = {
    "measures/expo_budget/limits/actual_cost/allocation": "a line's own ceiling is shared with nobody",
    "measures/platform_operator/limits/project_cap/allocation": "no two lines of one contract are ever rewarded",
}
#: Neighbours that never fail together: what is not given is not judged.
NEVER_BOTH = {("project_award", "in_production", "project_window")}
#: What the documents say of themselves; it is shown and changes no amount.
PUBLISHED = {("jzbf-2022-81@1", "2022-09"), ("jzbf-2026-3@1", "2026-01-30")}
LOAN = {
    "application_year": 2028, "town_tier": "provincial_key", "is_leading_industry": True, "disbursed_amount": "1",
    "disbursed_on": "2028-01-01", "interest_accrued": "1", "interest_paid_days": 366,
}  # fmt: skip
#: Requests that are refused: a count beyond its end, an input that a reading asks for.
REFUSED: tuple[tuple[str, dict[str, str], dict[str, Any]], ...] = (
    ("expo_budget", {}, {"year": 2026, "editions_held_since_2026": 1_001}),
    ("expo_budget", {"expo_step": "edition"}, {"year": 2026}),
    ("loan_interest", {}, LOAN | {"interest_paid_days": 367}),
    ("loan_interest", {"loan_principal": "outstanding"}, LOAN),
    ("platform_operator", {"operator_base": "received"}, {"contract_amount": "1", "signed_on": "2028-01-01"}),
)


class Changed(NamedTuple):
    """A change of what a measure consists of, made on the resolved measure."""

    measure: str
    what: str
    ids: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.measure}: {self.what} {' '.join(self.ids)}"

    def of(self, measure: Measure) -> Measure:
        """Leave out a condition or a limit, or exchange two conditions or limits."""
        return replace(
            measure,
            conditions=_arranged(measure.conditions, self.ids, self.what),
            limits=_arranged(measure.limits, self.ids, self.what),
        )


def _arranged(parts: tuple[Any, ...], ids: tuple[str, ...], what: str) -> tuple[Any, ...]:
    if what == "without":
        return tuple(part for part in parts if part.id not in ids)
    places = {part.id: place for place, part in enumerate(parts)}
    if not set(ids) <= set(places):
        return parts
    order = {places[ids[0]]: parts[places[ids[1]]], places[ids[1]]: parts[places[ids[0]]]}
    return tuple(order.get(place, part) for place, part in enumerate(parts))


class Altered:
    """The policies with one measure changed; everything else is asked of the real ones."""

    def __init__(self, policies: Policies, change: Changed) -> None:
        self._policies, self._change = policies, change
        self._made: dict[Provision, Provision] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._policies, name)

    def provision(self, version: Version, measure: str, readings: Mapping[str, str] | None = None) -> Provision:
        """Resolve as ever, then change."""
        real = self._policies.provision(version, measure, readings)
        if real not in self._made:
            self._made[real] = replace(real, measure=self._change.of(real.measure))
        return self._made[real]


def resolved(measure: str) -> list[Measure]:
    """Return a measure under the readings in use, and under each alternative."""
    alternatives = [{name: choice} for name, one in NEWEST.readings.items() for choice in one.choices]
    return [SHIPPED.provision(NEWEST, measure, readings).measure for readings in [{}, *alternatives]]


def removals() -> list[Changed]:
    """List every condition and limit that a measure has under some reading."""
    return [
        Changed(name, "without", (part,))
        for name in NEWEST.measures
        for part in dict.fromkeys(part.id for one in resolved(name) for part in (*one.conditions, *one.limits))
    ]


def exchanges() -> list[Changed]:
    """List every pair of neighbouring conditions whose order decides which rule is named."""
    return [
        Changed(name, "exchanges", (first.id, second.id))
        for name, measure in NEWEST.measures.items()
        for first, second in pairwise(measure.conditions)
        if getattr(first, "otherwise", "") != getattr(second, "otherwise", "")
        and (name, first.id, second.id) not in NEVER_BOTH
    ]


def first_to_differ(policies: Any, cases: list[Case]) -> Case | None:
    """Find a case that is answered otherwise, or not at all."""
    for case in cases:
        try:
            if answer_of(calculate(policies, read_request(policies, case.measure, case.body), "zh")) != case.expected:
                return case
        except Refused:
            return case
    return None


def concerned(measure: str | None, choice: tuple[str, str] | None = None) -> list[Case]:
    """List the cases that a change may concern, those that ask for the changed choice first."""
    cases = [case for case in all_cases() if measure in {None, case.measure}]
    if choice is None:
        return sorted(cases, key=lambda case: len(case.readings))
    return sorted(cases, key=lambda case: case.readings.get(choice[0]) != choice[1])


def is_noticed(mutation: Mutation, policies: Policies) -> bool:
    """Tell whether a case fails, a document is another one, or something is no longer refused."""
    if {(version.ref, version.document.issued) for version in policies.versions} != PUBLISHED:
        return True
    for measure, readings, line in REFUSED:
        try:
            read_request(policies, measure, {"readings": readings, "lines": [line]})
        except Refused:
            continue
        return True
    return first_to_differ(policies, concerned(mutation.measure, mutation.choice)) is not None


def test_the_file_as_shipped_changes_nothing(policies: Policies) -> None:
    """The file itself is not noticed, so that what the other tests notice is the change."""
    assert first_to_differ(policies, list(all_cases())) is None
    assert not is_noticed(Mutation((), 0, 0, ""), policies)
    assert len(MUTATIONS) >= 200


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_a_changed_figure_or_list_is_noticed(mutation: Mutation, tmp_path: Path) -> None:
    """With this one thing changed in the file, a case fails or the file is refused."""
    file = tmp_path / "policies.yaml"
    file.write_text(mutation.of(TEXT), "utf-8")
    expected = not any(path in str(mutation) for path in WITHOUT_EFFECT)
    policies = loaded(file, mutation)
    assert policies is None or is_noticed(mutation, policies) == expected


def loaded(file: Path, mutation: Mutation) -> Policies | None:
    """Load a changed file; None if the loader refuses it, for a changed number for one reason only."""
    try:
        return load(file)
    except PolicyFileError as error:
        if mutation.number and "changes nothing" not in str(error):
            raise
        return None


@pytest.mark.parametrize("change", [*removals(), *exchanges()], ids=str)
def test_a_missing_or_misplaced_condition_or_limit_is_noticed(change: Changed, policies: Policies) -> None:
    """Without this condition or limit, or with two conditions exchanged, a case fails."""
    assert first_to_differ(Altered(policies, change), concerned(change.measure)) is not None


def test_every_exception_is_needed() -> None:
    """Every entry of the list of changes without effect names some."""
    for path in WITHOUT_EFFECT:
        assert any(path in str(mutation) for mutation in MUTATIONS), path
