"""One set of facts against every measure: what could be had, what is missing, what is out of reach and by how much."""

from __future__ import annotations

from service.applying import applicable
from service.canonical import sha256_of
from service.conditions import REASONS
from service.engine import STATUSES, decide, judge
from service.explain import Json, explained, judged, labelled
from service.history import NoHistory
from service.intake.screening import Screening, lines_of
from service.lines import Lines
from service.money import yuan
from service.policies import Policies
from service.policies.model import Language, Provision
from service.version import ENGINE


def screen(policies: Policies, screening: Screening, language: Language) -> Json:
    """Answer a screening: one entry per measure, in the order of the law; what is missing is never taken as zero."""
    version = policies.version(screening.policy) if screening.policy else policies.newest
    provisions = [policies.provision(version, measure, screening.readings) for measure in version.measures]
    answers = [_screened(policies, provision, screening) for provision in provisions]
    answers += [_answer(measure, "referenced", None, "by_other_rule") for measure in version.referenced]
    result: Json = {
        "measures": answers,
        "policy": {
            "id": version.id,
            "version": version.version,
            "document": version.document.number,
            "sha256": version.sha256,
        },
        "readings": {reading: choice for provision in provisions for reading, choice in provision.readings.items()},
        "engine": ENGINE,
        "inputs_sha256": screening.inputs_sha256,
    }
    result["result_sha256"] = sha256_of(result)
    for entry in answers:
        known = version.measures.get(entry["measure"]) or version.referenced[entry["measure"]]
        entry["title"] = known.title.to(language)
        labelled(entry, language)
    return result


def _screened(policies: Policies, provision: Provision, screening: Screening) -> Json:
    """Screen one measure: calculate it when nothing is missing, else judge what can be judged."""
    measure = provision.measure
    lines, missing = lines_of(screening.facts, measure, policies.fields)
    if lines.has(measure.event):
        applies = applicable(policies, measure, lines, screening.policy, screening.readings)
        if applies[0] < 0:
            return _answer(measure.id, "not_in_force", yuan(0), REASONS[-1 - int(applies[0])], missing=missing)
    if missing:
        return _judged(policies, provision, screening, lines, missing)
    decision = decide(provision, lines, NoHistory(), policies.calendar(screening.readings))
    line = explained(decision)[0]
    del line["line_id"]
    return {"measure": measure.id, **line, "missing": []}


def _judged(policies: Policies, provision: Provision, screening: Screening, lines: Lines, missing: list[str]) -> Json:
    """Judge the conditions whose facts are known; one that fails puts the measure out of reach, whatever is missing."""
    judgement = judge(provision, lines, policies.calendar(screening.readings))
    conditions = [column[0] for column in judged(provision, judgement, lines)]
    rule = int(judgement.rule[0])
    if judgement.counting[0]:
        return _answer(provision.measure.id, "needs_input", None, None, conditions=conditions, missing=missing)
    status = STATUSES[judgement.statuses[rule]]
    return _answer(provision.measure.id, status, yuan(0), judgement.rules[rule], conditions=conditions, missing=missing)


def _answer(
    measure: str,
    status: str,
    amount: str | None,
    rule: str | None,
    *,
    conditions: list[Json] | None = None,
    missing: list[str] | None = None,
) -> Json:
    return {
        "measure": measure,
        "status": status,
        "amount": amount,
        "rule": rule,
        "conditions": conditions or [],
        "steps": [],
        "limits": [],
        "missing": missing or [],
    }
