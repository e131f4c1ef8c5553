"""The screening: one page of questions beside what they say so far; what is out of reach asks nothing more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

from flask import Response

from service.errors import Refused
from service.intake.screening import read_screening
from service.policies import Policies
from service.policies.model import Input, Language, Measure
from service.screening import screen
from service.web.applicants.cards import screened
from service.web.applicants.edits import edited
from service.web.applicants.forms import Form, Json, Sent, form_of, request_of
from service.web.applicants.links import packed
from service.web.applicants.questions import Question, question_of
from service.web.applicants.said import Sayer
from service.web.site import Site, elsewhere, language, link

#: Statuses with which a measure asks for nothing more.
_OUT_OF_REACH: Final = frozenset({"ineligible", "manual_review", "not_in_force"})
#: What only tells lines apart is not asked: a screening has one line.
_NOT_ASKED: Final = frozenset({"text", "credit_code"})
_REFUSED: Final = 422


class Section(NamedTuple):
    """The questions of one measure, and how it stands."""

    measure: str
    title: str
    questions: tuple[Question, ...]


class Plan(NamedTuple):
    """What a screening asks: who it is, what several measures ask for, what each asks for besides."""

    who: tuple[Question, ...]
    common: tuple[Question, ...]
    sections: tuple[Section, ...]

    def shows(self, name: str, form: Form) -> bool:
        """Tell whether a field of this name is on the page."""
        del form
        parts = (self.who, self.common, *(one.questions for one in self.sections))
        return any(name.startswith(f"facts.{question.id}") for part in parts for question in part)


def page(site: Site, sent: Sent) -> Response:
    """Show the questions with the answer so far."""
    policies, spoken = site.policies, language()
    form = _facts_only(policies, sent)
    result: Json | None = None
    try:
        asked = read_screening(policies, form.data)
        result = None if form.defects else screen(policies, asked, spoken)
    except Refused as refused:
        form = form.refused(refused.defects)
    focus = None
    if (do := sent.get("do")) and not form.defects:
        form, focus = edited(policies, form, do)
    plan = plan_of(policies, spoken)
    by_measure = {} if result is None else {one["measure"]: one for one in result["measures"]}
    return site.page(
        "applicants/screening.html",
        _REFUSED if form.defects else 200,
        plan=plan,
        form=form,
        say=Sayer(policies, plan, form, spoken),
        focus=focus,
        in_other_language=elsewhere("screening", _typed(form)),
        # Where nothing is answered yet everything is missing: the questions say so themselves, in less room.
        screened=result and form.data and screened(policies, result, spoken, _forms(policies, form, by_measure)),
        by_measure=by_measure,
        out_of_reach=[one for one in plan.sections if _status(by_measure, one) in _OUT_OF_REACH],
    )


@lru_cache(maxsize=8)
def plan_of(policies: Policies, language: Language) -> Plan:
    """Plan the questions, from what the measures of the newest version ask for."""
    measures = list(policies.newest.measures.values())
    asking = Counter(name for one in measures for name in one.inputs)
    first = {name: asked for one in reversed(measures) for name, asked in one.inputs.items()}
    who = [first[name] for name in policies.facts if name in first and first[name].need != "optional"]
    several = (name for name, count in asking.items() if count > 1 and name not in policies.facts)
    common = [first[name] for name in several if _is_asked(policies, name)]

    def laid_out(inputs: Iterable[Input]) -> tuple[Question, ...]:
        return tuple(question_of(policies, asked, language) for asked in inputs)

    def own(measure: Measure) -> Iterator[Input]:
        for name, asked in measure.inputs.items():
            if asking[name] == 1 and name not in policies.facts and _is_asked(policies, name):
                yield asked

    sections = tuple(Section(one.id, one.title.to(language), laid_out(own(one))) for one in measures)
    return Plan(laid_out(who), laid_out(common), sections)


def _is_asked(policies: Policies, name: str) -> bool:
    return policies.fields[name].type not in _NOT_ASKED


def _facts_only(policies: Policies, sent: Sent) -> Form:
    """Read the facts that were answered; a screening has nothing else, and what is empty is not taken for zero."""
    form = request_of(policies, sent)
    facts = form.data.get("facts")
    return form_of(policies, {"facts": facts} if facts else {}, form.unit).refused(form.defects)


def _status(by_measure: dict[str, Any], section: Section) -> str | None:
    found = by_measure.get(section.measure)
    return found and found["status"]


def _typed(form: Form) -> dict[str, str | None]:
    """Return what a link to the same answers carries: all that was typed, and the unit that it was typed in."""
    return {"unit": form.unit_in_link, **{name: text for name, text in form.values.items() if text}}


def _forms(policies: Policies, form: Form, by_measure: dict[str, Any]) -> dict[str, str]:
    """Return where each measure's form is, filled with what it asks for of the answers; where it fits, its answer."""
    version, known = policies.newest, form.data.get("facts", {})
    forms = {}
    for name, measure in version.measures.items():
        facts = {one: value for one, value in known.items() if one in policies.facts}
        line = {one: value for one, value in known.items() if one in measure.inputs and one not in facts}
        request = {"facts": facts, "lines": [line]}
        text = packed(request, version.ref, policies.provision(version, name).sha256)
        edit = 1 if text and by_measure[name]["status"] != "eligible" else None
        forms[name] = link("measure", {"case": text, "unit": form.unit_in_link, "edit": edit}, measure=name)
    return forms
