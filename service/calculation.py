"""One request, answered: which policy applies to which line, the decision, its reasons, the hashes that prove both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from service.applying import Part, apply
from service.canonical import sha256_of
from service.engine import Decision
from service.errors import Defect
from service.explain import Json, explained, labelled
from service.history import RequestHistory
from service.intake.request import Request
from service.methods import METHODS
from service.money import yuan
from service.policies import Policies
from service.policies.model import Document, Language, Version
from service.version import ENGINE
from service.words import say


def calculate(policies: Policies, request: Request, language: Language) -> Json:
    """Calculate a request that has been read: JSON-ready, and the same for ever under the same policy."""
    result = told(sealed(policies, request), language)
    if request.provision is not None:
        return result
    return result | {"under": _version_of(policies, request).referenced[request.measure].under.to(language)}


def sealed(policies: Policies, request: Request) -> Json:
    """Calculate a request, in no language: what the hash of the result covers, and the hash."""
    if request.provision is None:
        return _referenced(policies, request)
    history = RequestHistory(request.granted_before)
    applied = apply(policies, request.provision.measure, request.lines, request.policy, request.readings, history)
    lines: list[Json] = [{}] * request.lines.count
    for part in applied.parts:
        for place, line in zip(part.places.tolist(), explained(part.decision), strict=True):
            lines[place] = line
    for place, reason in applied.outside():
        lines[place] = _unjudged(request.lines.ids[place], "not_in_force", yuan(0), reason)
    result = _computed(request, lines, [part.decision for part in applied.parts])
    doubts = [doubt for part in applied.parts for doubt in _doubts(part)]
    return _sealed(result, [*request.warnings, *doubts])


def _doubts(part: Part) -> list[Defect]:
    """Tell which figures of the decided lines are hard to believe."""
    measure = part.decision.provision.measure
    return [
        Defect(f"/lines/{place}/{doubt.field}", doubt.code)
        for doubt in METHODS[measure.calculator].doubts(measure, part.decision.lines)
        for place in part.places[doubt.lines].tolist()
    ]


def _unjudged(line_id: str, status: str, amount: str | None, rule: str) -> Json:
    """Write out a line to which no conditions were applied, and why."""
    line: Json = {"line_id": line_id, "status": status, "amount": amount, "rule": rule}
    return line | {"conditions": [], "steps": [], "limits": []}


def _referenced(policies: Policies, request: Request) -> Json:
    """Answer for a measure that is paid under other rules: no amount, never 0."""
    version = _version_of(policies, request)
    article = version.referenced[request.measure].article
    answer = ("referenced", None, "by_other_rule")
    lines = [_unjudged(line_id, *answer) for line_id in request.lines.ids]
    source = policy_entry(version.id, version.version, version.document, version.sha256, article)
    return _sealed(_result(request, answer, lines, source, {}), request.warnings)


def _version_of(policies: Policies, request: Request) -> Version:
    return policies.version(request.policy) if request.policy else policies.newest


def _computed(request: Request, lines: list[Json], decisions: Sequence[Decision]) -> Json:
    status, rule = summary([(line["status"], line["rule"]) for line in lines], decisions)
    amount = yuan(sum(int(decision.amount.sum()) for decision in decisions))
    provision = decisions[0].provision if decisions else request.provision
    assert provision is not None
    source = policy_entry(
        provision.policy, provision.version, provision.document, provision.sha256, provision.measure.article
    )
    return _result(request, (status, amount, rule), lines, source, provision.readings)


def _result(
    request: Request,
    answer: tuple[str, str | None, str],
    lines: list[Json],
    policy: Json,
    readings: Mapping[str, str],
) -> Json:
    status, amount, rule = answer
    return {
        "measure": request.measure,
        "status": status,
        "amount": amount,
        "currency": "CNY",
        "rule": rule,
        "lines": lines,
        "missing": [],
        "warnings": [],
        "policy": policy,
        "readings": dict(readings),
        "engine": ENGINE,
        "inputs_sha256": request.inputs_sha256,
    }


def policy_entry(policy: str, version: str, document: Document, sha256: str, article: str) -> Json:
    """Name the version that an answer was given under, and the hash of what was applied."""
    return {"id": policy, "version": version, "document": document.number, "article": article, "sha256": sha256}


def summary(lines: Sequence[tuple[str, str]], decisions: Sequence[Decision]) -> tuple[str, str]:
    """Sum up the lines' statuses and rules: theirs where they agree, else eligible, by the widest limit that bound."""
    if len(set(lines)) == 1 or all(status != "eligible" for status, _ in lines):
        return lines[0]
    for decision in decisions:
        for applied in reversed(decision.limits):
            if applied.binding.any():
                return "eligible", applied.limit.id
    return next(line for line in lines if line[0] == "eligible")


def _sealed(result: Json, warnings: Sequence[Defect]) -> Json:
    result["warnings"] = [{"pointer": warning.pointer, "code": warning.code} for warning in warnings]
    result["result_sha256"] = sha256_of(result)
    return result


def told(result: Json, language: Language) -> Json:
    """Add to a sealed result what only readers need: labels and sentences, which no hash covers."""
    for entry in result["warnings"]:
        pointer, code = entry["pointer"], entry["code"]
        entry["message"] = say(Defect(pointer, code), language)
    for line in result["lines"]:
        labelled(line, language)
    return result
