"""What is wrong with a form, said to the person before it: in words, by labels, with a link to the field."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple, Protocol

from service.errors import Defect
from service.policies import Policies
from service.policies.model import Language
from service.web.applicants.forms import Form, name_of, number_of
from service.web.wording import Wording, texts
from service.words import clipped_text, say

MOST_SAID: Final = 100
#: The facts of a defect that are names of fields.
_NAMES: Final = ("field", "one", "other")
_PARTS: Final = frozenset({"paid_from", "paid_to", "balance", "from", "to", "line_id", "limit", "amount"})


class Said(NamedTuple):
    """A defect: the field's name where the page has it, where that is in words, the sentence."""

    name: str | None
    where: str
    sentence: str


class Page(Protocol):
    """A page with a form."""

    def shows(self, name: str, form: Form) -> bool:
        """Tell whether the page has a field of this name, so that a link may lead to it."""
        ...


class Sayer:
    """Says the defects of one form in one language."""

    def __init__(self, policies: Policies, page: Page, form: Form, language: Language) -> None:
        self._policies, self._page, self._form, self._language = policies, page, form, language
        self._t = Wording(language)

    def all(self) -> list[Said]:
        """Say every defect for the summary, up to a number that somebody can read."""
        return [self._said(defect) for defect in self._form.defects[:MOST_SAID]]

    def at(self, name: str) -> list[str]:
        """Say what is wrong with one field."""
        return [self.sentence(defect) for defect in self._form.defect_at(name)]

    def sentence(self, defect: Defect) -> str:
        """Say one defect as it is mended in a form: without quotes and braces of JSON."""
        facts = {name: self._label(str(value)) if name in _NAMES else value for name, value in defect.facts.items()}
        facts.setdefault("field", self._label(name_of(defect.pointer).rpartition(".")[2]))
        known = texts(self._language)
        for name in (f"applicants.defect_{defect.code}_{self._form.unit}", f"applicants.defect_{defect.code}"):
            if name in known:
                return self._t(name, **{key: clipped_text(value) for key, value in facts.items()})
        return say(replace(defect, facts=facts), self._language)

    def _said(self, defect: Defect) -> Said:
        name = name_of(defect.pointer)
        linked = self._page.shows(name, self._form)
        return Said(name if linked else None, self._where(name), self.sentence(defect))

    def _where(self, name: str) -> str:
        area, *parts = name.split(".")
        number = number_of(parts[0]) if parts else None
        if area in {"lines", "granted"} and number is not None:
            place = self._t(f"applicants.where_{area}", number=number + 1)
            return self._t("applicants.within").join([place, *self._inner(parts[1:])])
        if parts:
            return self._t("applicants.within").join(self._inner(parts))
        whole = f"applicants.whole_{area}"
        return self._t(whole) if whole in texts(self._language) else clipped_text(area)

    def _inner(self, parts: list[str]) -> list[str]:
        return [
            self._label(part)
            if (number := number_of(part)) is None
            else self._t("applicants.where_row", number=number + 1)
            for part in parts
            if part != "group"
        ]

    def _label(self, name: str) -> str:
        """Call a field by its label; what is no field is called as it was sent."""
        known, reading = self._policies.fields.get(name), self._policies.newest.readings.get(name)
        if known is not None:
            return known.label.to(self._language)
        if reading is not None:
            return reading.question.to(self._language)
        return self._t(f"applicants.{name}") if name in _PARTS else clipped_text(name)
