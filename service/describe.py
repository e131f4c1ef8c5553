"""What a policy says, described for readers: versions, measures, inputs, conditions, terms, limits, readings.

Plain data with labels in the reader's language, for the API, the command line and the pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from fractions import Fraction
from typing import Any, Final

from service.conditions import (
    Allowed,
    Before,
    Condition,
    First,
    Given,
    Positive,
    SameYear,
    Threshold,
    WithinValidity,
)
from service.errors import NotFound
from service.money import day_of, rate_text, yuan
from service.policies import Policies
from service.policies.diff import changed_terms
from service.policies.model import (
    Field,
    Input,
    Language,
    Limit,
    Measure,
    Provision,
    Reading,
    Referenced,
    Terms,
    Version,
)
from service.words import label_of

Json = dict[str, Any]

#: The terms that are amounts of fen; all other whole numbers are what they are.
_AMOUNTS: Final = frozenset({"amount", "base"})


def policies_list(policies: Policies) -> Json:
    """List the versions in the order of the file."""
    return {"policies": [_head(version) for version in policies.versions]}


def version_of(policies: Policies, version: Version, language: Language) -> Json:
    """Describe one version whole: measures, what it names without an amount, what is not modelled, its readings."""
    rounding = version.rounding.name.lower() if version.rounding else None
    return {
        **_head(version),
        "rounding": rounding,
        "rounding_stage": version.rounding_stage,
        "measures": [_measure_head(policies, measure, language) for measure in version.measures.values()],
        "referenced": [_referenced(policies, one, language) for one in version.referenced.values()],
        "not_modelled": [{"article": one.article, "text": one.text.to(language)} for one in version.not_modelled],
        "readings": [_reading(reading, language) for reading in version.readings.values()],
    }


def measure_of(policies: Policies, version: Version, measure: str, language: Language) -> Json:
    """Describe one measure under the readings in use; NotFound tells which measures the version has."""
    if measure in version.referenced:
        return {"policy": _head(version), **_referenced(policies, version.referenced[measure], language)}
    if measure not in version.measures:
        raise NotFound("measure", measure, [*version.measures, *version.referenced])
    provision = policies.provision(version, measure)
    resolved = provision.measure
    return {
        "policy": _head(version),
        **_measure_head(policies, resolved, language),
        "earmark": resolved.earmark.to(language) if resolved.earmark else None,
        "materials": [material.to(language) for material in resolved.materials],
        "event": resolved.event,
        "inputs": inputs_of(policies, resolved, language),
        "conditions": [_condition(one, policies.fields, language) for one in resolved.conditions],
        "calculator": resolved.calculator,
        "terms": _terms(resolved.terms),
        "limits": [_limit(limit, language) for limit in resolved.limits],
        "readings": [_reading(version.readings[name], language) for name in provision.readings],
        "sha256": provision.sha256,
    }


def inputs_of(policies: Policies, measure: Measure, language: Language) -> list[Json]:
    """Describe what a measure asks of a line, in asking order; the facts that it does not ask for come last."""
    asked = measure.asked(policies.facts)
    return [_input(policies.fields[name], one, language) for name, one in asked.items()]


def shared_limits(policies: Policies, provision: Provision) -> list[Limit]:
    """List the shared limits of a measure under every choice of every reading that shapes it."""
    version = policies.version(f"{provision.policy}@{provision.version}")
    asked = [{}, *({name: choice} for name in provision.readings for choice in version.readings[name].choices)]
    shapes = [policies.provision(version, provision.measure.id, readings) for readings in asked]
    return [limit for shape in shapes for limit in shape.measure.limits if limit.shared]


def changes_between(before: Version, after: Version) -> Json:
    """List the terms that differ between two versions under their readings in use."""
    return {
        "before": _head(before),
        "after": _head(after),
        "changes": [asdict(change) for change in changed_terms(before, after)],
    }


def _head(version: Version) -> Json:
    validity = version.validity
    return {
        "id": version.id,
        "version": version.version,
        "ref": version.ref,
        "document": asdict(version.document),
        "in_force": {
            "from": _day(validity.start),
            "until": _day(validity.until),
            "certain_until": _day(validity.certain_until),
        },
        "sha256": version.sha256,
        "has_amounts": version.has_amounts,
    }


def _day(days: int | None) -> str | None:
    return None if days is None else day_of(days).isoformat()


def _named(kind: str, code: str, language: Language) -> Json:
    return {"id": code, "label": label_of(kind, code, language)}


def _departments(policies: Policies, names: tuple[str, ...], language: Language) -> list[Json]:
    return [{"id": name, "label": policies.departments[name].to(language)} for name in names]


def _measure_head(policies: Policies, measure: Measure, language: Language) -> Json:
    return {
        "id": measure.id,
        "title": measure.title.to(language),
        "who": measure.who.to(language),
        "article": measure.article,
        "departments": _departments(policies, measure.departments, language),
        "funding_mode": _named("funding_modes", measure.funding_mode, language),
    }


def _referenced(policies: Policies, measure: Referenced, language: Language) -> Json:
    return {
        "id": measure.id,
        "title": measure.title.to(language),
        "article": measure.article,
        "departments": _departments(policies, measure.departments, language),
        "status": "referenced",
        "under": measure.under.to(language),
    }


def _input(field: Field, asked: Input, language: Language) -> Json:
    return {
        "id": field.id,
        "label": field.label.to(language),
        "type": field.type,
        "type_label": label_of("types", field.type, language),
        "need": asked.need,
        "need_label": label_of("needs", asked.need, language),
        "other": asked.other,
        "default": default_of(field, asked.default),
        "same_as": asked.same_as,
        "codes": [{"id": code, "label": words.to(language)} for code, words in field.codes.items()],
        "most": field.most,
        "proof": field.proof.to(language) if field.proof else None,
    }


def default_of(field: Field, value: int | None) -> Any:
    """Write a default of a column as a request would give it."""
    if value is None:
        return None
    match field.type:
        case "yuan":
            return yuan(value)
        case "date":
            return _day(value)
        case "flag":
            return bool(value)
        case "code":
            return list(field.codes)[value]
        case _:
            return value


def _condition(condition: Condition, dictionary: Mapping[str, Field], language: Language) -> Json:
    return {
        "id": condition.id,
        "label": label_of("conditions", condition.id, language),
        "otherwise": getattr(condition, "otherwise", None),
        **_demand(condition, dictionary),
    }


def _demand(condition: Condition, dictionary: Mapping[str, Field]) -> Json:
    """Tell what a condition demands, as data."""
    match condition:
        case Allowed(field=name, allowed=allowed):
            codes = list(dictionary[name].codes)
            return {
                "kind": "allowed",
                "field": name,
                "allowed": [codes[one] if codes else bool(one) for one in allowed],
            }
        case Given(field=name):
            return {"kind": "given", "field": name}
        case WithinValidity(field=name):
            return {"kind": "in_force", "field": name}
        case SameYear(field=name, year=year, years_after=after):
            return {"kind": "same_year", "field": name, "year": year, "years_after": after}
        case Threshold(of=of, at_least=fen, per=per):
            return {"kind": "threshold", "of": of, "at_least": yuan(fen), "per": list(per)}
        case Positive(of=of):
            return {"kind": "positive", "of": of}
        case First(per=per):
            return {"kind": "first", "per": list(per)}
        case Before(field=name, before=before):
            return {"kind": "before", "field": name, "before": before}


def _terms(terms: Terms) -> Json:
    return {one.name: _term(one.name, getattr(terms, one.name)) for one in fields(terms)}


def _term(name: str, value: Any) -> Any:
    if isinstance(value, Fraction):
        return rate_text(value)
    if isinstance(value, int) and name in _AMOUNTS:
        return yuan(value)
    return list(value) if isinstance(value, tuple) else value


def _limit(limit: Limit, language: Language) -> Json:
    return {
        **_named("limits", limit.id, language),
        "amount": None if limit.amount is None else yuan(limit.amount),
        "share": None if limit.share is None else rate_text(limit.share),
        "of": limit.of,
        "per": list(limit.per),
        "allocation": limit.allocation,
    }


def _reading(reading: Reading, language: Language) -> Json:
    return {
        "id": reading.id,
        "question": reading.question.to(language),
        "article": reading.article,
        "in_use": reading.in_use,
        "choices": [{"id": choice.id, "label": choice.label.to(language)} for choice in reading.choices.values()],
        "decided_by": reading.decided_by,
        "decision_ref": reading.decision_ref,
    }
