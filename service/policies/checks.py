"""What the parts of a file say about each other: names, validities, readings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

from service.policies import build
from service.policies.complaints import Tell, nearest, parsed
from service.policies.file_schema import FieldEntry, InForce, PolicyFile, VersionEntry
from service.policies.measure_checks import DERIVED, MeasureChecks, prefixed
from service.policies.model import Field, Validity
from service.policies.report import Path, Report, Tree
from service.policies.resolve import applied, is_open, resolved, steps

_FIELD: Final = FieldEntry()
_IN_FORCE: Final = InForce()
_VERSION: Final = VersionEntry()
_MEASURE: Final = PolicyFile().fields["policies"].inner.schema.fields["measures"].inner  # type: ignore[attr-defined]
_FOREVER: Final = 2**62
#: What a reading may change.
_CHANGEABLE: Final = ("in_force", "rounding", "rounding_stage", "town_classes", "measures")
_LEAST_STEPS: Final = {"in_force": 2, "rounding": 1, "rounding_stage": 1, "town_classes": 2, "measures": 3}
_RESERVED: Final = frozenset({"line", "fen_days", *(name for columns in DERIVED.values() for name in columns)})


@dataclass(slots=True)
class Checks:
    """Checks a whole file whose format was looked at; what is broken is left out, so that the rest is checked too."""

    tree: Tree
    report: Report
    fields: Mapping[str, Field] = field(init=False)
    facts: list[str] = field(init=False)

    def run(self) -> None:
        """Check everything."""
        self.fields = dict(self._usable_fields())
        self.facts = self.tree.get("facts", []) if self.report.clean(("facts",)) else []
        for place, fact in enumerate(self.facts):
            self._is_known(("facts", place), fact, self.tree.get("fields", {}))
        if not self.report.clean(("facts",)):
            self.facts = list(_mapping(self.tree.get("fields")))
        if not isinstance(versions := self.tree.get("policies"), list):
            return
        for place, version in enumerate(versions):
            if isinstance(version, dict):
                self._version(("policies", place), version)
        self._versions_together(versions)
        if versions and not any("measures" in _mapping(version) for version in versions):
            self.tell(("policies",), "none has measures", "add a version with amounts")

    def tell(self, path: Path, problem: str, cure: str, of_key: bool = False) -> None:
        """Report a mistake."""
        self.report.add(path, problem, cure, tree=self.tree, of_key=of_key)

    def _usable_fields(self) -> Iterator[tuple[str, Field]]:
        for name, entry in _mapping(self.tree.get("fields")).items():
            if name in _RESERVED:
                self.tell(("fields", name), "is the name of a derived column", "give it another name", True)
            if self.report.clean(("fields", name)):
                yield name, build.field(name, _FIELD.load(entry))

    def _is_known(self, path: Path, name: str, known: Tree) -> None:
        if name not in _mapping(known):
            self.tell(path, "is not known", nearest(name, list(_mapping(known))))

    def _version(self, path: Path, version: Tree) -> None:
        measures = _mapping(version.get("measures"))
        for name, measure in measures.items():
            self._measure(path, name, version)
            self._departments((*path, "measures", name), measure)
        for name, entry in _mapping(version.get("referenced")).items():
            self._departments((*path, "referenced", name), entry)
            if name in measures:
                self.tell((*path, "referenced", name), "is also a measure with an amount", "keep it in one place", True)
        for name, codes in _mapping(version.get("town_classes")).items():
            self._codes((*path, "town_classes", name), codes)
        ReadingChecks(self, path, version, complete=self.report.clean(path)).run()

    def _departments(self, path: Path, entry: Tree) -> None:
        names = _mapping(entry).get("departments")
        if self.report.clean((*path, "departments")) and isinstance(names, list):
            for place, name in enumerate(names):
                self._is_known((*path, "departments", place), str(name), self.tree.get("departments"))

    def _codes(self, path: Path, codes: list[str]) -> None:
        """Check that some field has all these codes."""
        known = {code: None for one in self.fields.values() for code in one.codes}
        if self.report.clean(path):
            for place, code in enumerate(codes):
                self._is_known((*path, place), code, known)

    def _measure(self, path: Path, name: str, version: Tree) -> None:
        start = (*path, "measures", name)
        if self.report.clean(start):
            classes = version.get("town_classes", {}) if self.report.clean((*path, "town_classes")) else None
            self.check_measure(_MEASURE.deserialize(version["measures"][name]), classes, prefixed(self.tell, start))

    def check_measure(self, entry: build.Entry, town_classes: Tree | None, tell: Tell) -> None:
        """Check a parsed measure; without classes of towns, those that it names are not looked at."""
        known = self.fields if self.report.clean(("fields",)) else _Lenient(self.fields, self.tree.get("fields"))
        MeasureChecks(entry, known, self.facts, town_classes, tell).run()

    def _versions_together(self, versions: list[Tree]) -> None:
        """Check what versions must not share: names, and days."""
        usable = [(place, one) for place, one in enumerate(versions) if self.report.clean(("policies", place))]
        for (_, first), (place, second) in combinations(usable, 2):
            same = first["id"] == second["id"]
            if same and first["version"] == second["version"]:
                self.tell(("policies", place, "version"), f"of {first['id']} stands twice", "give it another number")
            elif same or ("measures" in first and "measures" in second):
                self._apart(first, second, ("policies", place, "in_force"))

    def _apart(self, first: Tree, second: Tree, path: Path) -> None:
        for one, said_one in _validities(first):
            for other, said_other in _validities(second):
                if one.start < _end(other) and other.start < _end(one):
                    under = [said for said in (said_one, said_other) if said]
                    problem = f"overlaps {first['id']}@{first['version']}"
                    problem += f" (under {' and '.join(under)})" if under else ""
                    self.tell((*path, "from"), problem, "let one end (until) where the other begins (from)")
                    return


class _Lenient(dict[str, Field]):
    """The usable fields; those whose own entry is broken are known, but not looked at."""

    def __init__(self, fields: Mapping[str, Field], entries: Tree) -> None:
        super().__init__(fields)
        self.entries = _mapping(entries)

    def __contains__(self, name: object) -> bool:
        return name in self.entries

    def __missing__(self, name: str) -> Tree:
        return _UNUSABLE


class _Unusable:
    """A field whose entry is broken: whatever is asked of it has no answer."""

    type = None
    codes: Mapping[str, Any] = {}
    id = ""


_UNUSABLE: Final = _Unusable()


@dataclass(slots=True)
class ReadingChecks:
    """Checks the readings of a version; what they change is checked where it is right by itself."""

    checks: Checks
    path: Path
    version: Tree
    complete: bool
    taken: dict[tuple[str, ...], str] = field(default_factory=dict)

    def run(self) -> None:
        """Check every reading and every choice."""
        for name, reading in _mapping(self.version.get("readings")).items():
            path = (*self.path, "readings", name)
            if not self._clean("readings", name):
                continue
            choices = reading["choices"]
            if reading["in_use"] not in choices:
                self.checks.tell((*path, "in_use"), "is no choice", nearest(reading["in_use"], list(choices)))
            if (reading["decided_by"] is None) != (reading["decision_ref"] is None):
                self.checks.tell((*path, "decision_ref"), "does not go with decided_by", "give both, or null for both")
            if all("set" in choice for choice in choices.values()):
                self.checks.tell(
                    (*path, "choices"), "none is the one that the terms are written for", "leave `set` out of one"
                )
            for choice, entry in choices.items():
                if "set" in entry:
                    self._choice((*path, "choices", choice), name, choice)

    def _choice(self, path: Path, name: str, choice: str) -> None:
        changes = self.version["readings"][name]["choices"][choice]["set"]
        exist = [self._exists((*path, "set", said), steps(said), value) for said, value in changes.items()]
        apart = [self._is_apart((*path, "set", said), steps(said), name) for said in changes]
        if not (all(exist) and all(apart)):
            return
        changed = resolved(self.version, {name: choice})
        before = len(self.checks.report.mistakes)
        self._changed_parts(path, changed, [steps(said) for said in changes])
        if self.complete and len(self.checks.report.mistakes) == before and applied(changed) == applied(self.version):
            self.checks.tell((*path, "set"), "changes nothing", "set another value, or take the choice away")

    def _exists(self, path: Path, target: tuple[str, ...], value: Tree) -> bool:
        """Check that what is set exists; conditions and limits may be added, and deleted by null."""
        found: Tree = self.version
        for place, step in enumerate(target):
            known = list(_CHANGEABLE) if place == 0 else list(_mapping(found))
            if step not in known:
                added = place == len(target) - 1 and is_open(target) and value is not None
                if not added:
                    self.checks.tell(path, f"{step} does not exist", nearest(step, known), True)
                return added
            found = found.get(step)
        if len(target) < _LEAST_STEPS[target[0]]:
            self.checks.tell(
                path, "changes too much at once", "set what differs: a single term, limit or condition", True
            )
            return False
        return True

    def _is_apart(self, path: Path, target: tuple[str, ...], name: str) -> bool:
        """Check that no other reading changes the same, so that their order does not matter."""
        for other, reading in self.taken.items():
            shorter = min(len(other), len(target))
            if reading != name and other[:shorter] == target[:shorter]:
                self.checks.tell(path, f"is also set by the reading {reading}", "let one reading decide it", True)
                return False
        self.taken[target] = name
        return True

    def _clean(self, *path: str) -> bool:
        """Tell whether the version has no mistake at or below a path."""
        return self.checks.report.clean((*self.path, *path))

    def _changed_parts(self, path: Path, changed: Tree, targets: list[tuple[str, ...]]) -> None:
        """Check the parts that a choice changes as if they had been written like that."""
        told = self._teller(path, targets)
        heads = {target[0] for target in targets}
        usable = [self._is_usable(head, changed, told) for head in sorted(heads - {"measures"})]
        if not all(usable):
            return
        names = {target[1] for target in targets if target[0] == "measures"}
        if "town_classes" in heads:
            names = set(_mapping(changed.get("measures")))
        for name in sorted(name for name in names if self._clean("measures", name)):
            tell = prefixed(told, ("measures", name))
            entry = parsed(_MEASURE.deserialize, changed["measures"][name], tell)
            if entry is not None:
                classes = changed["town_classes"] if self._clean("town_classes") else None
                self.checks.check_measure(entry, classes, tell)

    def _is_usable(self, head: str, changed: Tree, told: Tell) -> bool:
        """Parse a changed part of the version."""
        if not self._clean(head):
            return False
        return parsed(_VERSION.fields[head].deserialize, changed[head], prefixed(told, (head,))) is not None

    def _teller(self, path: Path, targets: list[tuple[str, ...]]) -> Tell:
        """Make a `tell` that points at the value that a choice sets, or else at the choice."""

        def told(where: Path, problem: str, cure: str, of_key: bool) -> None:
            for target in targets:
                if where[: len(target)] == target:
                    self.checks.tell((*path, "set", ".".join(target), *where[len(target) :]), problem, cure, of_key)
                    return
            said = ".".join(str(step) for step in where)
            self.checks.tell((*path, "set"), f"makes {said} wrong: it {problem}", cure)

        return told


def _validities(version: Tree) -> Iterator[tuple[Validity, str]]:
    """List the validities that a version can have: as written, and under each choice that changes it."""
    yield build.validity(_IN_FORCE.load(version["in_force"])), ""
    for name, reading in _mapping(version.get("readings")).items():
        for choice, entry in reading["choices"].items():
            if any(steps(said)[0] == "in_force" for said in entry.get("set", {})):
                changed = resolved(version, {name: choice})["in_force"]
                yield build.validity(_IN_FORCE.load(changed)), f"{name}: {choice}"


def _end(validity: Validity) -> int:
    return _FOREVER if validity.until is None else validity.until


def _mapping(tree: Tree) -> Mapping[str, Any]:
    return tree if isinstance(tree, dict) else {}
