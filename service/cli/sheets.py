"""What the policy file says, as tables: the same descriptions that the REST API gives, laid out for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from service.cli.console import Session
from service.cli.layout import titled
from service.derivation import article, figure, table

Json = Mapping[str, Any]

_SHORT = 12


def versions(data: Json, counts: Mapping[str, tuple[int, int]], session: Session) -> list[str]:
    """List the versions; `counts` holds how many measures each has, and how many it only names."""
    rows = []
    for one in data["policies"]:
        computable, referenced = counts[one["ref"]]
        holds = session.say("and_referenced", computable=computable, referenced=referenced)
        holds = holds if one["has_amounts"] else session.say("no_amounts")
        period = in_force(one["in_force"], session)
        rows.append([one["ref"], one["document"]["number"], period, holds, one["sha256"][:_SHORT]])
    return titled([session.say(one) for one in ("ref", "document", "in_force", "measures", "sha256")], rows)


def in_force(period: Json, session: Session) -> str:
    """Say from when to when a version is in force; the last day counts."""
    if period["until"] is None:
        return session.say("from_on", start=period["from"])
    end = date.fromisoformat(period["until"]) - timedelta(days=1)
    code = "from_to" if period["certain_until"] is None else "from_to_about"
    return session.say(code, start=period["from"], end=end)


def version(data: Json, session: Session) -> list[str]:
    """Describe a version: its document, its measures, what it only names, what moves no money."""
    document = data["document"]
    lines = [
        f"{document['number']}  {document['title']}",
        session.say("issued", issuer=document["issuer"], day=document["issued"]),
        f"{data['ref']}  {in_force(data['in_force'], session)}  sha256 {data['sha256']}",
    ]
    if not data["has_amounts"]:
        lines.append(session.say("no_amounts"))
    lines += _section("measures", _heads(data["measures"], session), session)
    lines += _section("referenced", _heads(data["referenced"], session), session)
    sentences = [[article(one["article"], session.language), one["text"]] for one in data["not_modelled"]]
    lines += _section("not_modelled", sentences, session)
    if data["readings"]:
        lines += ["", session.say("readings_of", count=len(data["readings"]), ref=data["ref"])]
    return lines


def measure(data: Json, session: Session) -> list[str]:
    """Describe a measure: who, what is asked, which conditions, terms and limits."""
    policy = data["policy"]
    cited = article(data["article"], session.language)
    about: list[tuple[str, str | None]] = [
        ("who", data.get("who")),
        ("under", data.get("under")),
        ("departments", _joined(session, data["departments"])),
        ("funding_mode", data.get("funding_mode", {}).get("label")),
        ("earmark", data.get("earmark")),
        ("materials", session.say("between").join(data.get("materials", []))),
    ]
    lines = [
        f"{data['title']}  {data['id']}",
        f"{policy['document']['number']} {cited}  {policy['ref']}  sha256 {data.get('sha256', policy['sha256'])}",
        *table([[session.say(code), text] for code, text in about if text]),
    ]
    lines += _section("inputs", [_input(one, session) for one in data.get("inputs", [])], session)
    lines += _section("conditions", [_condition(one, session) for one in data.get("conditions", [])], session)
    terms = [[name, figure(_term(value))] for name, value in data.get("terms", {}).items()]
    lines += _section("terms", terms, session)
    lines += _section("limits", [_limit(one, session) for one in data.get("limits", [])], session)
    in_use = [[one["id"], one["question"], _label_in_use(one)] for one in data.get("readings", [])]
    return lines + _section("readings", in_use, session)


def readings(ref: str, data: Sequence[Json], session: Session) -> list[str]:
    """List where the text is ambiguous: each question with its choices, the one in use marked."""
    lines = [ref] if data else [ref, session.say("no_readings")]
    for reading in data:
        decided = session.say("undecided")
        if reading["decided_by"] is not None:
            decided = session.say("decided", by=reading["decided_by"], ref=reading["decision_ref"])
        rows = [["●" if one["id"] == reading["in_use"] else "○", one["id"], one["label"]] for one in reading["choices"]]
        lines += ["", f"{reading['id']}  {reading['question']}  {decided}", *table(rows, indent="  ")]
    return lines


def _section(title: str, rows: Sequence[Sequence[str]], session: Session) -> list[str]:
    return ["", session.say(title), *table(rows, indent="  ")] if rows else []


def _heads(measures: Sequence[Json], session: Session) -> list[list[str]]:
    return [[article(one["article"], session.language), one["id"], one["title"]] for one in measures]


def _joined(session: Session, named: Sequence[Json]) -> str:
    return session.say("between").join(one["label"] for one in named)


def _input(one: Json, session: Session) -> list[str]:
    remarks = [" | ".join(code["id"] for code in one["codes"])]
    for key in ("other", "default", "same_as"):
        if one[key] is not None:
            remarks.append(session.say(key, what=_term(one[key])))
    return [one["id"], one["label"], one["type_label"], one["need_label"], "  ".join(filter(None, remarks))]


def _condition(one: Json, session: Session) -> list[str]:
    match one["kind"]:
        case "allowed":
            demand = f"{one['field']} = {' | '.join(_term(value) for value in one['allowed'])}"
        case "given":
            demand = session.say("is_given", field=one["field"])
        case "in_force":
            demand = session.say("is_in_force", field=one["field"])
        case "same_year":
            later = f" − 0..{one['years_after']}" if one["years_after"] else ""
            demand = f"{one['field']}.year = {one['year']}{later}"
        case "threshold":
            demand = f"Σ {one['of']} ≥ {figure(one['at_least'])}  {_per(one, session)}"
        case "positive":
            demand = f"{one['of']} > 0"
        case "first":
            demand = session.say("is_first", per=", ".join(one["per"]))
        case _:
            demand = f"{one['field']} < {one['before']}"
    return [one["id"], one["label"], demand]


def _limit(one: Json, session: Session) -> list[str]:
    ceiling = f"{one['share']} × {one['of']}" if one["amount"] is None else figure(one["amount"])
    return [one["id"], one["label"], ceiling, _per(one, session), session.say(one["allocation"])]


def _per(one: Json, session: Session) -> str:
    return session.say("per", what=", ".join(one["per"]))


def _label_in_use(reading: Json) -> str:
    return next(str(one["label"]) for one in reading["choices"] if one["id"] == reading["in_use"])


def _term(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    return (", ".join(map(str, value)) or "–") if isinstance(value, list) else str(value)
