"""One request, answered: which policy applies to which line, the decision, its reasons, the hashes that prove both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from service.applying import Answered, apply
from service.canonical import sha256_of
from service.engine import Decision
from service.errors import Defect
from service.explain import Json, explained, labelled
from service.history import RequestHistory
from service.intake.request import Request
from service.methods import METHODS
from service.money import yuan
from service.policies import Policies
from service.policies.model import Document, Language, Provision, Version
from service.version import ENGINE
from service.words import say


def calculate(policies: Policies, request: Request, language: Language) -> Json:
    """Calculate a request that has been read: JSON-ready, and the same for ever under the same policy."""
    return said(policies, request, sealed(policies, request), language)


def said(policies: Policies, request: Request, result: Json, language: Language) -> Json:
    """Add to a sealed result what only readers need, and to a measure paid under other rules, which those are."""
    told(result, language)
    if request.provision is not None:
        return result
    return result | {"under": _version_of(policies, request).referenced[request.measure].under.to(language)}


def sealed(policies: Policies, request: Request) -> Json:
    """Calculate a request, in no language: what the hash of the result covers, and the hash."""
    return written(policies, request, applied_to(policies, request))


def applied_to(policies: Policies, request: Request) -> Answered | None:
    """Decide a request under the versions that apply; None for a measure that is paid under other rules."""
    if request.provision is None:
        return None
    history = RequestHistory(request.granted_before)
    return apply(policies, request.provision.measure, request.lines, request.policy, request.readings, history)


def written(policies: Policies, request: Request, applied: Answered | None) -> Json:
    """Write out and seal what was decided on a request."""
    if applied is None:
        return _referenced(policies, request)
    result = _computed(request, lines_written(applied, request.lines.ids), [part.decision for part in applied.parts])
    doubts = [Defect(f"/lines/{line}/{field}", code) for line, field, code in doubts_of(applied)]
    return seal(result, [*request.warnings, *doubts])


def lines_written(applied: Answered, ids: Sequence[str]) -> list[Json]:
    """Write out all lines, those to which no version applies among them."""
    lines: list[Json] = [{}] * len(ids)
    for part in applied.parts:
        for place, line in zip(part.places.tolist(), explained(part.decision), strict=True):
            lines[place] = line
    for place, reason in applied.outside():
        lines[place] = _unjudged(ids[place], "not_in_force", yuan(0), reason)
    return lines


def doubts_of(applied: Answered) -> Iterator[tuple[int, str, str]]:
    """Tell which figures of the lines are hard to believe: the line by position, the field, a code for words."""
    for part in applied.parts:
        measure = part.decision.provision.measure
        for doubt in METHODS[measure.calculator].doubts(measure, part.decision.lines):
            yield from ((place, doubt.field, doubt.code) for place in part.places[doubt.lines].tolist())


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
    return seal(result_of(request.measure, answer, lines, source, {}, request.inputs_sha256), request.warnings)


def _version_of(policies: Policies, request: Request) -> Version:
    return policies.version(request.policy) if request.policy else policies.newest


def _computed(request: Request, lines: list[Json], decisions: Sequence[Decision]) -> Json:
    status, rule = summary([(line["status"], line["rule"]) for line in lines], decisions)
    amount = yuan(sum(int(decision.amount.sum()) for decision in decisions))
    provision = decisions[0].provision if decisions else request.provision
    assert provision is not None
    answer = (status, amount, rule)
    return result_of(request.measure, answer, lines, source_of(provision), provision.readings, request.inputs_sha256)


def result_of(
    measure: str,
    answer: tuple[str, str | None, str],
    lines: list[Json],
    policy: Json,
    readings: Mapping[str, str],
    inputs_sha256: str,
) -> Json:
    """Put a result together from its status, amount and rule, its lines, and what it was given under."""
    status, amount, rule = answer
    return {
        "measure": measure,
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
        "inputs_sha256": inputs_sha256,
    }


def source_of(provision: Provision) -> Json:
    """Name the version that a provision is of, and the hash of the provision."""
    article = provision.measure.article
    return policy_entry(provision.policy, provision.version, provision.document, provision.sha256, article)


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


def seal(result: Json, warnings: Sequence[Defect]) -> Json:
    """Add the warnings, and last the hash of it all."""
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
