"""The JSON Schema for editors: up to date, accepts what is right, refuses what an editor can see."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from service.policies.schema import editor_schema, editor_text

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
MARK = "⟶"
SEEN = [file for file in sorted((HERE / "bad").glob("*.yaml")) if yaml.safe_load(file.read_text("utf-8")).get("editor")]


class AsEditorsRead(yaml.SafeLoader):
    """YAML 1.2 as editors read it: a date is text."""


AsEditorsRead.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)


def accepts(text: str) -> bool:
    """Whether an editor would accept the text."""
    tree = yaml.load(text, Loader=AsEditorsRead)  # noqa: S506 - it is a SafeLoader
    return Draft202012Validator(editor_schema()).is_valid(tree)


def test_schema_is_a_schema() -> None:
    """The generated document is valid JSON Schema 2020-12."""
    Draft202012Validator.check_schema(editor_schema())


def test_written_schema_is_up_to_date() -> None:
    """docs/policies.schema.json is what the loader's own schemas generate."""
    assert (ROOT / "docs" / "policies.schema.json").read_text("utf-8") == editor_text()


@pytest.mark.parametrize("file", [ROOT / "policies.yaml", HERE / "good" / "town.yaml"], ids=lambda file: file.name)
def test_good_file_is_accepted(file: Path) -> None:
    """An editor accepts what the loader accepts."""
    assert accepts(file.read_text("utf-8"))


@pytest.mark.parametrize("file", SEEN, ids=lambda file: file.stem)
def test_bad_file_is_refused(file: Path) -> None:
    """An editor sees the mistakes of form."""
    patch = yaml.safe_load(file.read_text("utf-8"))
    text = (HERE / "good" / "town.yaml").read_text("utf-8")
    bad = text.replace(patch["change"], patch["to"].replace(MARK, ""))
    assert bad != text
    assert not accepts(bad)
