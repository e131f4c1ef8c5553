"""The smallest changes of policies.yaml, found by walking its YAML, so that new numbers are covered by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

import yaml

Path = tuple[str, ...]

AMOUNT: Final = re.compile(r"\d[\d,]*\.\d\d")
PER_CENT: Final = re.compile(r"\d+(?:\.\d+)?%")
DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
MONTH: Final = re.compile(r"\d{4}-\d\d")
WHOLE: Final = re.compile(r"\d+")
ALLOCATIONS: Final = ("in_order", "pro_rata", "equal")
#: Lists of names that only people read.
DESCRIPTIONS: Final = {"departments", "materials", "not_modelled"}


@dataclass(frozen=True)
class Mutation:
    """A piece of the file's text, what stands there instead, and where that is."""

    path: Path
    start: int
    end: int
    becomes: str
    number: bool = False

    def __str__(self) -> str:
        return f"{'/'.join(self.path)} → {self.becomes or 'nothing'}"

    def of(self, text: str) -> str:
        """Write the change into the file's text."""
        return text[: self.start] + self.becomes + text[self.end :]

    @property
    def measure(self) -> str | None:
        """The measure that the change concerns; None where it may concern several."""
        found = re.search(r"(?:^|/)measures[./]([a-z_]+)", "/".join(self.path[2:]))
        return found[1] if found else None

    @property
    def choice(self) -> tuple[str, str] | None:
        """The reading and the choice in which the change stands, if it stands in one."""
        match self.path[2:]:
            case ("readings", reading, "choices", choice, *_):
                return reading, choice
        return None


class Place(NamedTuple):
    """A node of the file with its path, the node that holds it, and the root."""

    path: Path
    node: yaml.Node
    parent: yaml.Node
    root: yaml.Node

    @property
    def name(self) -> str:
        """The last word of the path, also where a reading's setting has a path of its own for a key."""
        return self.path[-1].rpartition(".")[2] if self.path else ""

    def becomes(self, text: str, *, number: bool = False) -> Mutation:
        """Put something else in the place of the node."""
        return Mutation(self.path, self.node.start_mark.index, self.node.end_mark.index, text, number)


def mutations(text: str) -> list[Mutation]:
    """List every smallest change of a policy file."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert root is not None
    kinds = (_numbers, _allocations, _flags, _readings_in_use, _elements_dropped, _elements_added, _settings_dropped)
    return [mutation for place in walk(Place((), root, root, root)) for kind in kinds for mutation in kind(place)]


def walk(place: Place) -> Iterator[Place]:
    """Go through everything below a place, and the place itself."""
    yield place
    entries: list[tuple[str, yaml.Node]] = []
    if isinstance(place.node, yaml.MappingNode):
        entries = [(key.value, value) for key, value in place.node.value]
    elif isinstance(place.node, yaml.SequenceNode):
        entries = [(str(position), value) for position, value in enumerate(place.node.value)]
    for name, value in entries:
        yield from walk(Place((*place.path, name), value, place.node, place.root))


def stepped(value: str, step: int) -> str | None:
    """Change a number or a date by one step in its last digit; None where that is none or would fall below zero."""
    if DATE.fullmatch(value):
        return (date.fromisoformat(value) + timedelta(days=step)).isoformat()
    if MONTH.fullmatch(value):
        year, month = divmod(int(value[:4]) * 12 + int(value[5:]) - 1 + step, 12)
        return f"{year}-{month + 1:02d}"
    number = int(re.sub(r"\D", "", value)) + step
    if number < 0:
        return None
    if AMOUNT.fullmatch(value):
        return f'"{number // 100:,}.{number % 100:02d}"'
    if PER_CENT.fullmatch(value):
        decimals = len(value.partition(".")[2].rstrip("%"))
        digits = f"{number:0{decimals + 1}d}"
        return (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits) + "%"
    return str(number)


def _numbers(place: Place) -> Iterator[Mutation]:
    """Change every number and date one step up and one step down; a share never goes above the whole."""
    value = str(place.node.value)
    known = any(kind.fullmatch(value) for kind in (AMOUNT, PER_CENT, DATE, MONTH, WHOLE))
    if not isinstance(place.node, yaml.ScalarNode) or not known or place.name == "version":
        return
    for step in (1, -1):
        becomes = stepped(value, step)
        if becomes is not None and becomes != "101%":
            yield place.becomes(becomes, number=True)


def _allocations(place: Place) -> Iterator[Mutation]:
    """Share every ceiling in each other way."""
    if place.name == "allocation":
        yield from (place.becomes(other) for other in ALLOCATIONS if other != place.node.value)


def _flags(place: Place) -> Iterator[Mutation]:
    """Turn every default of a flag around, and let lines that lack a name be one group instead of each its own."""
    if place.name == "absent":
        yield place.becomes("group")
    if place.name == "default" and place.node.value in {"true", "false"}:
        yield place.becomes("false" if place.node.value == "true" else "true")


def _readings_in_use(place: Place) -> Iterator[Mutation]:
    """Apply each other choice of every reading."""
    if place.name == "in_use":
        choices = [key.value for key, _ in entry(place.parent, "choices").value]
        yield from (place.becomes(choice) for choice in choices if choice != place.node.value)


def _elements_dropped(place: Place) -> Iterator[Mutation]:
    """Take each element out of every list that decides something; a key that stands alone gives way to the line."""
    if len(place.path) < 2 or not _is_list_of_names(place.node) or DESCRIPTIONS & set(place.path):
        return
    names = [one.value for one in place.node.value]
    for dropped, name in enumerate(names):
        left = names[:dropped] + names[dropped + 1 :]
        if not left and place.name == "per" and name != "line":
            left = ["line"]
        yield place.becomes(f"[{', '.join(left)}]")


def _elements_added(place: Place) -> Iterator[Mutation]:
    """Put every code that is not there into the lists of town tiers and of allowed values."""
    if not _is_list_of_names(place.node):
        return
    if place.name == "allowed":
        known = codes(place.root, entry(place.parent, "field").value)
    elif "town_classes" in place.path or place.path[-1].startswith("town_classes."):
        known = codes(place.root, "town_tier")
    else:
        return
    names = [one.value for one in place.node.value]
    yield from (place.becomes(f"[{', '.join([*names, name])}]") for name in known if name not in names)


def _settings_dropped(place: Place) -> Iterator[Mutation]:
    """Leave out each one of several settings of a choice."""
    if place.name != "set" or len(place.node.value) < 2:
        return
    settings = place.node.value
    for position, (key, value) in enumerate(settings):
        start, end = key.start_mark.index, value.end_mark.index
        if position + 1 < len(settings):
            end = settings[position + 1][0].start_mark.index
        else:
            start = settings[position - 1][1].end_mark.index
        yield Mutation((*place.path, key.value), start, end, "")


def _is_list_of_names(node: yaml.Node) -> bool:
    return isinstance(node, yaml.SequenceNode) and all(isinstance(one, yaml.ScalarNode) for one in node.value)


def entry(node: yaml.Node, name: str) -> yaml.Node:
    """Find the value of a key."""
    found: yaml.Node = next(value for key, value in node.value if key.value == name)
    return found


def codes(root: yaml.Node, field: str) -> list[str]:
    """List what a field may be: its codes, or true and false."""
    described = entry(entry(root, "fields"), field)
    if entry(described, "type").value == "flag":
        return ["true", "false"]
    return [key.value for key, _ in entry(described, "codes").value]
