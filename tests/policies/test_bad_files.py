"""Every mistake in a policy file is named by line, column and path, with the cure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from service.errors import PolicyFileError
from service.policies import load

HERE = Path(__file__).parent
GOOD = HERE / "good" / "town.yaml"
MARK = "⟶"
BAD = sorted((HERE / "bad").glob("*.yaml"))


def patch_of(file: Path) -> dict[str, Any]:
    """What a file in bad/ says: the change to the good file, and what is expected."""
    patch: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return patch


def patched(patch: dict[str, Any]) -> tuple[str, int, int]:
    """The bad text, and line and column of the place that the mark points at."""
    text = GOOD.read_text("utf-8")
    for old, new in {patch["change"]: patch["to"], **patch.get("also", {})}.items():
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the good file"
        text = text.replace(old, new)
    if "place" in patch:
        place = patch["place"].replace(MARK, "")
        assert text.count(place) == 1, f"{place!r} stands {text.count(place)} times in the bad file"
        text = text.replace(place, patch["place"])
    before, mark, after = text.partition(MARK)
    assert mark
    return before + after, before.count("\n") + 1, len(before) - before.rfind("\n")


def test_good_file_is_accepted() -> None:
    """The file that the bad ones change has no mistake, so that each has exactly its own."""
    assert [version.ref for version in load(GOOD).versions] == ["old@1", "town@1"]


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_mistake_is_named(file: Path, tmp_path: Path) -> None:
    """The one mistake of a bad file is told with its place, its path, what was given and the cure."""
    patch = patch_of(file)
    text, line, column = patched(patch)
    bad = tmp_path / "policies.yaml"
    bad.write_text(text, "utf-8")
    with pytest.raises(PolicyFileError) as caught:
        load(bad)
    (mistake,) = caught.value.mistakes
    assert (mistake.line, mistake.column, mistake.path) == (line, column, patch["at"])
    assert patch["problem"] in mistake.problem
    assert patch["cure"] in mistake.cure
    assert mistake.given
    assert caught.value.lines()[0].startswith(f"{bad}:{line}:{column}: {patch['at']}: ")
