"""What a policy demands, in words: conditions, ceilings, terms, inputs, validity, readings.

Takes what `service.describe` says, or the same entries as they stand in the policy file; everything is called by its
label. The command line and the pages both tell a policy with these words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from service.money import fen_of, yuan
from service.policies import Policies
from service.policies.model import Language
from service.words import WORDS, label_of, text_of

Json = Mapping[str, Any]

_DAY: Final = timedelta(days=1)
#: A ceiling that is all of an amount is called by what it is.
WHOLE: Final = "100%"


@dataclass(frozen=True, slots=True)
class Demands:
    """Says the terms of policies in one language."""

    policies: Policies
    language: Language

    def say(self, code: str, **facts: object) -> str:
        """Say one of the texts of these words."""
        return text_of("demands", code, self.language, **facts)

    def name(self, key: str) -> str:
        """Say what an input is called, or a column that is derived from inputs, or a group's key."""
        field = key.removesuffix(".year")
        if field != key:
            return self.say("year_of", field=self.name(field))
        known = self.policies.fields.get(key)
        return known.label.to(self.language) if known else label_of("derived", key, self.language)

    def names(self, keys: Sequence[str]) -> str:
        """List inputs by what they are called."""
        return self.say("between").join(map(self.name, keys)) or self.say("nothing")

    def one_of(self, said: Sequence[str]) -> str:
        """List alternatives: A, B or C."""
        *others, last = said
        return self.say("or").join([self.say("between").join(others), last]) if others else last

    def value(self, field: str, given: object) -> str:
        """Say a value of an input: codes and flags by their names, amounts with separators and unit."""
        known = self.policies.fields[field]
        if isinstance(given, bool):
            return self.say("true" if given else "false")
        if known.codes:
            return known.codes[str(given)].to(self.language)
        return self.yuan(str(given)) if known.type == "yuan" else str(given)

    def yuan(self, amount: str) -> str:
        """Say an amount with its unit."""
        return self.say("yuan", amount=grouped(amount))

    def condition(self, one: Json) -> str:
        """Say what a condition demands of a line."""
        kind = one["kind"]
        facts = {name: self.name(one[name]) for name in ("field", "year", "of", "before") if name in one}
        match kind:
            case "allowed":
                facts["values"] = self.one_of([self.value(one["field"], value) for value in one["allowed"]])
            case "same_year" if one["years_after"]:
                kind, facts["years"] = "same_year_or_before", str(one["years_after"])
            case "threshold":
                facts |= {"amount": grouped(one["at_least"]), "per": self.per(one["per"])}
            case "first":
                facts["keys"] = self.names(one["per"])
        return self.say(kind, **facts)

    def per(self, keys: Sequence[str]) -> str:
        """Say which lines are taken together."""
        return self.say("each_line") if list(keys) == ["line"] else self.say("per", keys=self.names(keys))

    def ceiling(self, limit: Json) -> str:
        """Say how high a ceiling is."""
        if limit.get("amount") is not None:
            return self.yuan(limit["amount"])
        of = self.name(limit["of"])
        return of if limit["share"] == WHOLE else self.say("share", of=of, share=limit["share"])

    def shared(self, limit: Json) -> str:
        """Say how lines share a ceiling; nothing where each has its own."""
        return "" if list(limit["per"]) == ["line"] else self.say(limit["allocation"])

    def term(self, name: str, value: object) -> str:
        """Say a term's value: fields and choices by their names, amounts with separators."""
        if value is None:
            return self.say("nothing")
        if isinstance(value, list):
            return self.names(value)
        text = str(value)
        if text in self.policies.fields and text not in WORDS[self.language]["term_values"]:
            return self.name(text)
        if name in {"amount", "base"}:
            return self.yuan(text)
        return label_of("term_values", text, self.language)

    def remarks(self, asked: Json) -> list[str]:
        """Say what an input may be replaced by, and what stands for it when it is left out."""
        remarks = [self.say(key, field=self.name(asked[key])) for key in ("other", "same_as") if asked[key] is not None]
        if asked["default"] is not None:
            remarks.append(self.say("default", value=self.value(asked["id"], asked["default"])))
        return remarks

    def in_force(self, period: Json) -> str:
        """Say from when to when a version is in force; the last day counts."""
        if period["until"] is None:
            return self.say("from_on", start=period["from"])
        code = "from_to" if period["certain_until"] is None else "from_to_about"
        return self.say(code, start=period["from"], end=date.fromisoformat(period["until"]) - _DAY)

    def gap(self, earlier: Json, later: Json) -> str | None:
        """Say on which days between two periods nothing is in force; None where they meet."""
        if earlier["until"] is None or earlier["until"] >= later["from"]:
            return None
        return self.in_force({"from": earlier["until"], "until": later["from"], "certain_until": None})

    def decided(self, reading: Json) -> str:
        """Say who decided an ambiguous place, if anybody."""
        if reading["decided_by"] is None:
            return self.say("undecided")
        return self.say("decided", by=reading["decided_by"], ref=reading["decision_ref"])


def grouped(amount: str) -> str:
    """Put thousands separators into an amount of yuan, which may have them already."""
    return yuan(fen_of(amount.replace(",", "")), grouped=True)
