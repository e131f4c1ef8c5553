"""The text of a policy file as a plain tree, with the place of every key and value.

YAML is read strictly, because law is no place for guesses: no duplicate keys, no aliases, no tags, no numbers that only
look like decimal ones, no words that turn into truth values. A date stays the text that it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

import yaml

from service.policies.report import BROKEN, Path, Place, Report, Tree

#: An event of PyYAML's parser: no stubs say which attributes it has.
Event: TypeAlias = Any

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEPTH_AT_MOST: Final = 30

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?"
    r"|[0-9][0-9_]*[eE][-+]?[0-9]+|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)"
)
_ODD_WHOLE = re.compile(
    r"[-+]?(?:0[bB][01_]+|0[oO]?[0-9_]+|0[xX][0-9a-fA-F_]+|[0-9][0-9_]*"
    r"|[1-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?)"
)
_ODD_FLAG = re.compile(r"(?i:yes|no|on|off|true|false)")
_ODD_NULL = re.compile(r"(?i:null)|~|")


class Refusal(NamedTuple):
    """Why a piece of YAML is not accepted."""

    problem: str
    cure: str


@dataclass(slots=True)
class Source:
    """A file as a plain tree of mappings, lists, text, whole numbers, truth values and null."""

    tree: Tree
    report: Report


def read(data: bytes, file: str) -> Source:
    """Read a file's bytes; what is wrong stands in `report.mistakes`, and as BROKEN in the tree."""
    report = Report(file)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8")
        line, column = good.count("\n") + 1, len(good) - good.rfind("\n")
        report.keep(
            Place(line, column), "", "is not UTF-8", repr(data[error.start : error.end]),
            "save the file as UTF-8 (not GB18030)",
        )  # fmt: skip
        return Source(BROKEN, report)
    text = text.removeprefix("\ufeff")
    for tab in re.finditer("\t", text):
        line, column = text.count("\n", 0, tab.start()) + 1, tab.start() - text.rfind("\n", 0, tab.start())
        report.keep(Place(line, column), "", "a tab", r"'\t'", "write spaces")
    return Source(_Builder(text.replace("\t", " "), report).build(), report)


@dataclass(slots=True)
class _Builder:
    """Makes the tree from the parser's events, which still know anchors, tags and styles."""

    text: str
    report: Report
    path: Path = ()
    events: Iterator[Any] = field(init=False)

    def build(self) -> Tree:
        self.events = yaml.parse(self.text, Loader=_LOADER)
        try:
            return self._document()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
            lines = self.text.splitlines()
            given = lines[place.line - 1].strip()[:60] if place.line <= len(lines) else "the end of the file"
            said = ", ".join(filter(None, [error.context, error.problem]))
            self._refuse(
                place, f"is no YAML ({said})", given, "mend the quotes, brackets or indentation here or just above"
            )
        except yaml.YAMLError as error:
            self._refuse(Place(1, 1), "is no YAML", str(error)[:60], "remove the characters that YAML does not allow")
        return BROKEN

    def _document(self) -> Tree:
        tree: Tree = BROKEN
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(_place(event), "a second document", "---", "keep one document per file")
                    return tree
            elif isinstance(event, yaml.NodeEvent):
                tree = self._node(event)
        if not documents:
            self._refuse(
                Place(1, 1), "the file is empty", "nothing", "start from the policies.yaml that came with the product"
            )
        return tree

    def _node(self, event: Event) -> Tree:
        self.report.values[self.path] = place = _place(event)
        if isinstance(event, yaml.AliasEvent):
            return self._refuse(place, "an alias", f"*{event.anchor}", "write the value out")
        if event.anchor is not None:
            cure = "remove it; values are written out where they apply"
            self._note(place, "an anchor", f"&{event.anchor}", cure)
        if event.tag is not None:
            self._refuse(place, "a tag", str(event.tag), "remove it; text goes into quotes")
        if len(self.path) > _DEPTH_AT_MOST:
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=event.start_mark)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        return self._mapping() if isinstance(event, yaml.MappingStartEvent) else self._list()

    def _scalar(self, event: Event) -> Tree:
        value = plain(event.value) if _is_plain(event) else event.value
        if isinstance(value, Refusal):
            return self._refuse(_place(event), value.problem, event.value or "nothing", value.cure)
        return value

    def _list(self) -> Tree:
        found: list[Tree] = []
        parent = self.path
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            self.path = (*parent, len(found))
            found.append(self._node(event))
        self.path = parent
        return found

    def _mapping(self) -> Tree:
        found: dict[str, Tree] = {}
        parent = self.path
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event)
            self.path = (*parent, key)
            if key in found:
                self._duplicate(_place(event), key)
            else:
                self.report.keys[self.path] = _place(event)
                found[key] = self._node(next(self.events))
            self.path = parent
        return found

    def _key(self, event: Event) -> str:
        """Return the text of a key; a key that is no text is reported and named as it is written."""
        if not isinstance(event, yaml.ScalarEvent):
            self._bad_key(event, "?", "a key that is no text", "write a name as key")
            with self.report.muted():
                self._node(event)
            return "?"
        key = str(event.value)
        if event.anchor is not None or event.tag is not None:
            self._bad_key(event, key, "an anchor or tag on a key", "remove it")
        elif _is_plain(event) and not isinstance(plain(key), str):
            self._bad_key(event, key, "a key that is no text", f'quote it: "{key}"')
        elif _is_plain(event) and key == "<<":
            self._bad_key(event, key, "a merge key", "write the keys out")
        return key

    def _bad_key(self, event: Event, key: str, problem: str, cure: str) -> None:
        self.report.broken((*self.path, key), _place(event), problem, key or "nothing", cure)

    def _duplicate(self, place: Place, key: str) -> None:
        first = self.report.keys[self.path]
        cure = f"keep one of them; the first is on line {first.line}"
        self._note(place, "this key stands twice", key, cure)
        with self.report.muted():
            self._node(next(self.events))

    def _note(self, place: Place, problem: str, given: str, cure: str) -> None:
        """Report what does not keep the rest from being read."""
        self.report.note(self.path, place, problem, given, cure)

    def _refuse(self, place: Place, problem: str, given: str, cure: str) -> Tree:
        self.report.broken(self.path, place, problem, given, cure)
        return BROKEN


def plain(text: str) -> str | int | bool | Refusal | None:
    """Tell what an unquoted word means, or why it is not accepted."""
    if text in {"true", "false", "null"}:
        return {"true": True, "false": False, "null": None}[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return Refusal("a float", 'quote amounts ("1,000.00"); rates are text such as 1.5% or 3/200')
    if _ODD_WHOLE.fullmatch(text):
        return Refusal("a whole number in an odd form", "write decimal digits only (12), or quote it if it is text")
    if _ODD_FLAG.fullmatch(text):
        return Refusal("a word that YAML takes for a truth value", f'write true or false, or quote it: "{text}"')
    if _ODD_NULL.fullmatch(text):
        return Refusal("no value", "write null, or give a value")
    return text


def _is_plain(event: Event) -> bool:
    return event.style in {None, ""} and event.tag is None


def _place(event: Event) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)
