"""Words that the bureau's pages share: what went wrong, where, and what measures are called."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from service.api.problems import problem_of
from service.errors import Conflict, Defect, Refused
from service.policies import Policies
from service.policies.model import Language
from service.web.wording import Wording, texts
from service.words import clipped_text, label_of, say

Json = dict[str, Any]
#: Refusals name at most so many defects on a page.
MOST_TOLD: Final = 100


def titles(policies: Policies, language: Language) -> dict[str, str]:
    """Name all measures that any version can calculate, the newest version's last."""
    return {name: one.title.to(language) for version in policies.versions for name, one in version.measures.items()}


def told(defect: Defect, language: Language) -> Json:
    """Tell a defect: where, what is wrong and how to mend it, what was given, what is expected."""
    of_form = defect.pointer.startswith("/")
    place = _label(defect.pointer[1:], language) if of_form else clipped_text(defect.pointer)
    told = _sentence(said_of(defect, language), place)
    given = None if defect.given is None else clipped_text(defect.given)
    # What a form expects is what it offers; its codes are nothing to read.
    return {**told, "given": given, "expected": None if of_form else defect.expected}


def said_of(defect: Defect, language: Language) -> str:
    """Say a defect; a field of a form is called what the form calls it."""
    if not defect.pointer.startswith("/"):
        return say(defect, language)
    facts = {**defect.facts, "field": _label(defect.pointer[1:], language)}
    return say(replace(defect, facts=facts), language)


def _label(name: str, language: Language) -> str:
    return texts(language).get(f"bureau.field_{name}", clipped_text(name))


def _sentence(said: str, place: str = "") -> Json:
    return {"place": place, "said": said, "given": None, "expected": None}


def why(error: Exception, language: Language) -> list[Json]:
    """Tell why something was refused: every defect, or one sentence."""
    if isinstance(error, Refused):
        return [told(defect, language) for defect in error.defects[:MOST_TOLD]]
    if isinstance(error, Conflict) and error.code == "state-forbids":
        state = label_of("grant_states", error.facts["state"], language)
        sentence = Wording(language)("bureau.state_forbids", grant=error.facts["grant"], state=state)
    else:
        sentence = problem_of(error, language).detail
    return [_sentence(sentence)]
