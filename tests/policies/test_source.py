"""YAML is read strictly, and nothing in a file makes the loader fail otherwise than by naming mistakes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from copy import deepcopy
from itertools import cycle, islice
from pathlib import Path as FilePath

import pytest

from service.errors import PolicyFileError
from service.policies import load
from service.policies.report import Path, Tree
from service.policies.source import Refusal, plain, read

GOOD = FilePath(__file__).parent / "good" / "town.yaml"
GONE = object()
ODD_VALUES: list[Tree] = [
    *(GONE, None, True, -1, 10**30, "", " ", "x", "1.5%"),
    *([], {}, [[]], [{}], ["line", "line"], {"x": None}, {"kind": []}),
]
AMBIGUOUS = (
    "0.1 .5 1. 1e3 1.5E-3 -0.1 1_0.5 .inf -.INF .nan 012 0o17 0x1F 0b11 1_000 +5 -012 00 1:30 190:20:30 1:30.5 "
    "yes No ON off True FALSE ~ Null NULL"
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("0", 0),
        ("-12", -12),
        ("365", 365),
        ("1.5%", "1.5%"),
        ("3/200", "3/200"),
        ("2026-01-30", "2026-01-30"),
        ("2022-09", "2022-09"),
        ("一", "一"),
        ("x1e3", "x1e3"),
    ],
)
def test_plain_word_means_what_it_says(text: str, value: object) -> None:
    """Unquoted words are whole numbers, truth values, null, or the text that they are."""
    assert plain(text) == value
    assert type(plain(text)) is type(value)


@pytest.mark.parametrize("text", [*AMBIGUOUS.split(), ""])
def test_ambiguous_word_is_refused(text: str) -> None:
    """What YAML 1.1 and 1.2, or a quick reader, may take for something else is not accepted."""
    found = plain(text)
    assert isinstance(found, Refusal)
    assert found.cure


def mistakes_of(data: bytes, tmp_path: FilePath) -> list[tuple[int, int, str]]:
    """Line, column and problem of every mistake in a file."""
    file = tmp_path / "policies.yaml"
    file.write_bytes(data)
    with pytest.raises(PolicyFileError) as caught:
        load(file)
    assert all(mistake.cure for mistake in caught.value.mistakes)
    return [(mistake.line, mistake.column, mistake.problem) for mistake in caught.value.mistakes]


def test_file_in_another_encoding_is_refused(tmp_path: FilePath) -> None:
    """A file in GB18030 is named as such at its first impossible byte (some pairs of bytes pass for Hebrew)."""
    assert mistakes_of("a: b\nfields: 专业镇\n".encode("gb18030"), tmp_path) == [(2, 11, "is not UTF-8")]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"# only a comment\n"])
def test_empty_file_is_refused(data: bytes, tmp_path: FilePath) -> None:
    """A file without content says so."""
    assert mistakes_of(data, tmp_path) == [(1, 1, "the file is empty")]


@pytest.mark.parametrize("data", [b"[]", b"text", b"1", b"null"])
def test_file_that_is_no_mapping_is_refused(data: bytes, tmp_path: FilePath) -> None:
    """A file must be a mapping."""
    assert mistakes_of(data, tmp_path) == [(1, 1, "is no mapping")]


def test_missing_file_is_refused(tmp_path: FilePath) -> None:
    """A file that is not there is a mistake with a cure, too."""
    with pytest.raises(PolicyFileError, match="cannot be read"):
        load(tmp_path / "nowhere.yaml")


def test_deep_nesting_is_refused(tmp_path: FilePath) -> None:
    """Brackets without end exhaust nothing."""
    ((line, _, problem),) = mistakes_of(b"[" * 100_000, tmp_path)
    assert line == 1
    assert "nested too deeply" in problem


def test_control_character_is_refused(tmp_path: FilePath) -> None:
    """A character that YAML does not allow is a mistake."""
    ((_, _, problem),) = mistakes_of(b"a: \x07", tmp_path)
    assert "no YAML" in problem


def test_byte_order_mark_and_windows_lines_are_accepted(tmp_path: FilePath) -> None:
    """What a Windows editor adds changes nothing."""
    file = tmp_path / "policies.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.read_bytes().replace(b"\n", b"\r\n"))
    assert [one.sha256 for one in load(file).versions] == [one.sha256 for one in load(GOOD).versions]


def test_places_are_those_of_values() -> None:
    """Every value and key has its line and column, also in Chinese text and flow style."""
    source = read("a:\n  中文: [一, {b: 二}]\n".encode(), "x")
    assert source.report.values["a", "中文", 1, "b"] == (2, 15)
    assert source.report.keys["a", "中文", 1, "b"] == (2, 12)
    assert source.report.values["a", "中文", 0] == (2, 8)


def test_all_mistakes_are_told_at_once(tmp_path: FilePath) -> None:
    """A syntax, a format and a reference mistake in different places come together, in the order of the file."""
    text = GOOD.read_text("utf-8")
    for old, new in {
        "most: 366": "most: 3_66",
        "share: 80%": "share: 0.8",
        "class: important": "class: importent",
        "funding_mode: direct": "funding_mode: gift",
        "base_year: 2026": "base_year: 2026.0",
        "in_use: issue_date": "in_use: issue_day",
        "set: {rounding: floor_yuan}": "set: {rounding: up}",
    }.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    found = mistakes_of(text.encode(), tmp_path)
    assert found == sorted(found)
    assert len(found) == 7


def places(tree: Tree, path: Path = ()) -> Iterator[Path]:
    """The path of every part of the tree."""
    steps: Iterable[str | int] = tree if isinstance(tree, dict) else range(len(tree) if isinstance(tree, list) else 0)
    for step in steps:
        yield (*path, step)
        yield from places(tree[step], (*path, step))


def changed(tree: Tree, path: Path, value: Tree) -> Tree:
    """A copy of the tree with another value at the path; without the path's end if the value is GONE."""
    copy = deepcopy(tree)
    *above, last = path
    inner = copy
    for step in above:
        inner = inner[step]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    return copy


@pytest.mark.parametrize("first", range(len(ODD_VALUES)))
def test_no_file_breaks_the_loader(first: int, tmp_path: FilePath) -> None:
    """Whatever stands anywhere in a file, it is accepted or its mistakes are named: JSON is YAML.

    Every test takes other places, with all odd values in turn.
    """
    tree = read(GOOD.read_bytes(), "town").tree
    file = tmp_path / "policies.yaml"
    told = []
    for path, value in zip(islice(places(tree), first, None, len(ODD_VALUES)), cycle(ODD_VALUES), strict=False):
        file.write_text(json.dumps(changed(tree, path, value), ensure_ascii=False), "utf-8")
        with suppress(PolicyFileError):
            load(file)
            continue
        told.append(path)
    assert told
