"""A version's tree under chosen readings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from service.policies.report import Tree

#: Mappings of a measure in which a reading may add an entry, or delete one by null.
OPEN: Final = frozenset({"conditions", "limits"})
#: Texts of a measure: rewording them changes no amount, and so no hash.
_ONLY_READ: Final = frozenset({"title", "who", "materials", "earmark"})
_OPEN_DEPTH: Final = 4  # measures, the measure, conditions, the condition


def steps(path: str) -> tuple[str, ...]:
    """Split `measures.advertising.terms.share` into its steps."""
    return tuple(path.split("."))


def is_open(path: tuple[str, ...]) -> bool:
    """Tell whether the path names an entry that a reading may add or delete."""
    return len(path) == _OPEN_DEPTH and path[0] == "measures" and path[2] in OPEN


def resolved(tree: Tree, readings: Mapping[str, str], measure: str | None = None) -> Tree:
    """Apply the `set` of each reading's choice; with `measure`, keep only that one and what it rests on."""
    choices = {reading: tree["readings"][reading]["choices"][choice] for reading, choice in readings.items()}
    if measure is not None:
        kept = ("id", "version", "document", "in_force", "rounding", "rounding_stage", "town_classes")
        tree = {key: tree[key] for key in kept} | {"measures": {measure: tree["measures"][measure]}}
    for choice in choices.values():
        for said, value in choice.get("set", {}).items():
            path = steps(said)
            if measure is None or path[0] != "measures" or path[1] == measure:
                tree = put(tree, path, value)
    return tree


def put(tree: Tree, path: tuple[str, ...], value: Tree) -> Tree:
    """Return the tree with another value at the path; null deletes a condition or limit. Shares what stays."""
    return _put(tree, path, value, deletes=value is None and is_open(path))


def _put(tree: Tree, path: tuple[str, ...], value: Tree, *, deletes: bool) -> Tree:
    first, *rest = path
    if rest:
        return {**tree, first: _put(tree[first], tuple(rest), value, deletes=deletes)}
    if deletes:
        return {name: one for name, one in tree.items() if name != first}
    return {**tree, first: value}


def with_classes(measure: Tree, town_classes: Tree) -> Tree:
    """Write every class of towns in a measure's conditions out as the codes that it stands for."""
    conditions = {}
    for name, condition in measure["conditions"].items():
        if condition["kind"] == "town_class":
            kept = {key: value for key, value in condition.items() if key not in {"kind", "class"}}
            codes = town_classes[condition["class"]]
            conditions[name] = {"kind": "allowed", **kept, "allowed": codes}
        else:
            conditions[name] = condition
    return {**measure, "conditions": conditions}


def applied(tree: Tree) -> Tree:
    """Return what a resolved version applies: classes written out, without texts about other things."""
    kept = ("id", "version", "document", "in_force", "rounding", "rounding_stage")
    measures = {name: with_classes(measure, tree["town_classes"]) for name, measure in tree.get("measures", {}).items()}
    return {key: tree[key] for key in kept if key in tree} | {"measures": measures}


def computed_with(tree: Tree) -> Tree:
    """Return what decides an amount: what is applied, without the texts that only people read."""
    plain = applied(tree)
    measures = {
        name: {key: value for key, value in measure.items() if key not in _ONLY_READ}
        for name, measure in plain["measures"].items()
    }
    return {**plain, "measures": measures}


def shaping(tree: Tree) -> dict[str, tuple[str, ...]]:
    """Tell for each measure which readings have a choice that changes what is applied to it."""
    plain = applied(tree)
    shaped: dict[str, list[str]] = {name: [] for name in plain["measures"]}
    for reading, entry in tree.get("readings", {}).items():
        changed: set[str] = set()
        for choice in entry["choices"]:
            changed |= _changed_measures(plain, applied(resolved(tree, {reading: choice})))
        for measure in shaped.keys() & changed:
            shaped[measure].append(reading)
    return {measure: tuple(readings) for measure, readings in shaped.items()}


def _changed_measures(one: Tree, other: Tree) -> set[str]:
    policy = ("in_force", "rounding", "rounding_stage")
    if any(one[key] != other[key] for key in policy):
        return set(one["measures"])
    return {name for name, measure in one["measures"].items() if measure != other["measures"][name]}
