"""What marshmallow says about a file, as mistakes with a place and a cure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any, Final

from marshmallow import ValidationError

from service.policies.report import Path, Tree
from service.policies.values import Complaint

#: Takes a path, the problem, the cure, and whether it is the key that is wrong.
Tell = Callable[[Path, str, str, bool], None]

_CURES: Final = {
    "Missing data for required field.": Complaint("is missing", "add it"),
    "Field may not be null.": Complaint("is null", "give a value"),
    "Not a valid list.": Complaint("is no list", "write a list: [a, b]"),
    "Invalid input type.": Complaint("is no mapping", "write keys with values: {a: …, b: …}"),
    "Not a valid mapping type.": Complaint("is no mapping", "write keys with values: {a: …, b: …}"),
}


def parsed(load: Callable[[Tree], Any], tree: Tree, tell: Tell) -> Tree:
    """Load a tree and tell every complaint; None if there are any."""
    try:
        return load(tree)
    except ValidationError as error:
        for path, complaint in _leaves(error.messages, ()):
            unknown = complaint.problem == "is no known key"
            tell(path, complaint.problem, _cure(path, complaint) if unknown else complaint.cure, unknown)
        return None


def _leaves(messages: Tree, path: Path) -> Iterator[tuple[Path, Complaint]]:
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from _leaves(below, path if key == "_schema" else (*path, key))
        return
    for message in messages:
        if isinstance(message, Complaint):
            yield path, message
        else:
            yield path, _CURES.get(message, Complaint(str(message), "mend it"))


def _cure(path: Path, complaint: Complaint) -> str:
    """Name the key that was perhaps meant, before all that are known."""
    known = complaint.cure.removeprefix("known keys are ").split(", ")
    near = get_close_matches(str(path[-1]), known, n=1)
    return f"write {near[0]}; {complaint.cure}" if near else complaint.cure


def nearest(name: str, known: list[str] | tuple[str, ...]) -> str:
    """Say which name was perhaps meant, and all that are known."""
    if near := get_close_matches(name, known, n=1):
        return f"write {near[0]}"
    return f"known are {', '.join(known)}" if known else "there are none"
