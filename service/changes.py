"""What changed between two versions, in words: where each term stands, what it said before, what it says now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from service.demands import Demands
from service.policies.model import Version
from service.words import label_of, text_of

Json = Mapping[str, Any]

#: Scalars that are codes, by the last step of their path, and the kind of words that says them.
_CODES: Final = {
    "funding_mode": "funding_modes",
    "kind": "condition_kinds",
    "otherwise": "rules",
    "calculator": "calculators",
    "allocation": "demands",
    "rounding": "roundings",
    "rounding_stage": "rounding_stages",
}
#: Scalars that name an input, and those that are yuan.
_NAMES: Final = frozenset({"field", "of", "year", "before", "event", "same_as", "or"})
_AMOUNTS: Final = frozenset({"at_least", "amount"})
#: What has entries with names of their own.
_LISTED: Final = frozenset({"readings", "town_classes", "inputs", "conditions", "terms", "limits"})


class Told(NamedTuple):
    """A change: its path in the file, where that is in words, and both values; None where there is nothing."""

    path: str
    where: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Changes:
    """Says the changes that `service.describe.changes_between` lists for two versions."""

    demands: Demands
    before: Version
    after: Version

    def told(self, change: Json) -> Told:
        """Say one change."""
        steps = change["path"].split(".")
        where = text_of("places", "between", self.demands.language).join(self._places(steps))
        before, after = (
            None if value is None else _Side(self.demands, version, steps).value(value)
            for version, value in ((self.before, change["before"]), (self.after, change["after"]))
        )
        return Told(change["path"], where, before, after)

    def _places(self, steps: Sequence[str]) -> Iterator[str]:
        """Name the steps of a path: what is listed by name is called by its label."""
        first, *rest = steps
        if rest and first in {"measures", "referenced"}:
            yield self._title(rest.pop(0))
        else:
            yield label_of("places", first, self.demands.language)
            if rest and first in _LISTED:
                yield self._label(first, rest.pop(0))
        if rest:
            yield from self._places(rest)

    def _label(self, listed: str, name: str) -> str:
        match listed:
            case "inputs":
                return self.demands.name(name)
            case "readings":
                known = (self.after if name in self.after.readings else self.before).readings[name]
                return known.question.to(self.demands.language)
            case _:
                return label_of(listed, name, self.demands.language)

    def _title(self, measure: str) -> str:
        """Find what a measure is called, in whichever version has it."""
        both = (self.after.measures, self.after.referenced, self.before.measures, self.before.referenced)
        known = next(measures[measure] for measures in both if measure in measures)
        return known.title.to(self.demands.language)


@dataclass(frozen=True, slots=True)
class _Side:
    """Says a value as one of the versions has it at a path."""

    demands: Demands
    version: Version
    steps: Sequence[str]

    def value(self, value: Any) -> str:
        """Say a value: an entry, a list, or a single term."""
        if isinstance(value, Mapping):
            return self._entry(value)
        if "terms" in self.steps:
            return self.demands.term(self.steps[-1], value)
        return self._list(value) if isinstance(value, list) else self._scalar(value)

    def _within(self, step: str, value: Any) -> str:
        return _Side(self.demands, self.version, [*self.steps, step]).value(value)

    def _entry(self, value: Json) -> str:
        """Say an entry that only one side has, or several of them."""
        language = self.demands.language
        if language in value:
            return str(value[language])
        if "title" in value:
            return str(value["title"][language])
        if self.steps[-2:-1] == ["conditions"]:
            return self.demands.condition(value)
        if self.steps[-2:-1] == ["limits"]:
            said = [self.demands.ceiling(value), self.demands.per(value["per"]), self.demands.shared(value)]
            return self._joined(said)
        if self.steps[-1] == "referenced":
            return self._joined([self._within(key, one) for key, one in value.items()])
        kind = "town_classes" if "town_classes" in self.steps else "places"
        named = [(label_of(kind, key, language), self._within(key, one)) for key, one in value.items()]
        return self._joined([text_of("places", "pair", language, name=name, what=what) for name, what in named])

    def _joined(self, said: Sequence[str]) -> str:
        return text_of("batch", "between", self.demands.language).join(filter(None, said))

    def _list(self, values: Sequence[Any]) -> str:
        said = self.demands
        match self.steps[-1]:
            case "departments":
                listed = [said.policies.departments[name].to(said.language) for name in values]
            case "per":
                return said.per(values)
            case "allowed":
                return said.one_of([said.value(self._judged(), value) for value in values])
            case _ if "town_classes" in self.steps:
                tier = next(one.id for one in said.policies.fields.values() if one.codes.keys() >= set(values))
                listed = [said.value(tier, value) for value in values]
            case _:
                listed = [self._within("", one) for one in values]
        return said.say("between").join(listed)

    def _judged(self) -> str:
        """Find the field that the condition at this path judges."""
        _, measure, _, condition, *_ = self.steps
        known = next(one for one in self.version.measures[measure].conditions if one.id == condition)
        return str(getattr(known, "field", condition))

    def _scalar(self, value: Any) -> str:
        said, last, text = self.demands, self.steps[-1], str(value)
        language = said.language
        if self.steps[0] == "readings":
            return self.version.readings[last].choices[text].label.to(language)
        if self.steps[-2:-1] == ["inputs"]:
            return label_of("needs", text, language)
        if last == "default" and isinstance(value, bool | str):
            return said.value(self.steps[-2], value)
        if last in _NAMES:
            return said.name(text)
        if last in _AMOUNTS:
            return said.yuan(text)
        return label_of(_CODES[last], text, language) if last in _CODES else text
