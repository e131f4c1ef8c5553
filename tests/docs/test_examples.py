"""The guides are true: what they show runs, and prints what they say."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.rest import Cpus, serving
from tests.docs import examples
from tests.docs.examples import ROOT, agrees, change, follow, guides

LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)[^)]*\)")


@pytest.fixture
def service(guide: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The real service under gunicorn, on a free port, for a guide that speaks to it.

    The guide's commands share its ledger; no other guide does, as each counts what is in it.
    """
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path_factory.mktemp('ledger')}/ledger.sqlite")
    if examples.SERVICE not in (ROOT / guide).read_text(encoding="utf-8"):
        yield ""
        return
    with serving("service", Cpus(set(), set())) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a copy of the policy file, for a guide to work in."""
    shutil.copy(ROOT / "policies.yaml", tmp_path)
    return tmp_path


@pytest.mark.parametrize("guide", guides())
def test_guide_does_what_it_says(guide: str, folder: Path, service: str) -> None:
    """Every example of a guide runs and prints what the guide shows."""
    assert shutil.which("curl"), "the guides use curl: apt-get install curl"
    defects = follow((ROOT / guide).read_text(encoding="utf-8"), folder, service)
    assert not defects, "\n".join(f"{guide}:{defect}" for defect in defects)


@pytest.mark.parametrize("guide", guides())
def test_links_lead_somewhere(guide: str) -> None:
    """Every link of a guide to a file of the repository finds it."""
    links = LINK.findall((ROOT / guide).read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / guide).parent.joinpath(link).exists()] == []


def test_the_guides_are_found() -> None:
    """The README and the guides under docs/ are among what is run."""
    assert {"README.md", "CHANGELOG.md", "docs/api.md", "docs/policies.md"} <= set(guides())


@pytest.mark.parametrize(
    ("shown", "printed"),
    [("a\n", "a\n"), ("a\n", "a"), ('"…"\n', '"x"\n'), ("a\n…\nd\n", "a\nb\nc\nd\n"), ("a\n  …\nb\n", "a\nb\n")],
)
def test_what_was_printed_is_recognised(shown: str, printed: str) -> None:
    """The same text agrees, and `…` stands for what was left out."""
    assert agrees(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("a\n", "b\n"), ("a\n", "a\nb\n"), ("a\nb\n", "a\n"), ('"…"\n', '"x"\n"y"\n'), ("a.c\n", "abc\n"),
        ("a\n…\nd\n", "a\nb\nc\n"), ("a\n", ""),
    ],
)  # fmt: skip
def test_anything_else_is_refused(shown: str, printed: str) -> None:
    """Another text, a missing line or one too many does not agree."""
    assert not agrees(shown, printed)


@pytest.mark.parametrize(
    ("guide", "defect"),
    [
        ("```sh\nfalse\n```\n", "1: exit 1"),
        ("```sh\necho 1 | cat missing | cat\n```\n", "1: exit 1"),
        ("\n```python\nassert False\n```\n", "2: exit 1"),
        ("```sh\necho 1\n```\nprints\n```output\n2\n```\n", "5: the guide shows"),
        ("```json\n{}\n```\n", "1: no block before"),
        ("```yaml\na: 1\n```\n", "1: 'yaml' is none of"),
        ("```\na\n```\n", "1: '' is none of"),
        ("```diff\n+++ policies.yaml\n-no such line\n+another\n```\n", "1: policies.yaml holds these lines 0 times"),
    ],
)
def test_an_untrue_guide_is_refused(guide: str, defect: str, folder: Path) -> None:
    """A failing example, another output, or a block of no known kind is a defect with its line."""
    (found,) = follow(guide, folder, "")
    assert found.startswith(defect)


def test_a_true_guide_is_followed_in_order(folder: Path) -> None:
    """Blocks see what earlier ones did, and what is only shown is not run."""
    (folder / "a.txt").write_text("one\ntwo\nthree\n", encoding="utf-8")
    guide = (
        "```diff\n+++ a.txt\n one\n-two\n+TWO\n```\n"
        "```text\nexit 1\n```\n"
        "```sh\ncat a.txt\n```\n"
        "```output\none\nTWO\n…\n```\n"
    )
    assert follow(guide, folder, "") == []


def test_a_diff_that_changes_nothing_is_refused(folder: Path) -> None:
    """A diff without a change, or without a file, says so."""
    assert change("+++ policies.yaml\n facts:\n", folder)
    assert change("-facts:\n+facts:\n", folder)


def test_the_port_in_the_guides_is_replaced(folder: Path) -> None:
    """Examples speak to the service that the test started."""
    block = examples.Block(1, "sh", "echo http://127.0.0.1:8000/docs\n")
    assert examples.run(block, folder, "http://there").stdout == "http://there/docs\n"
