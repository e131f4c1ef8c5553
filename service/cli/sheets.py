"""What the policy file says, as tables: the same descriptions that the REST API gives, laid out for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.cli.console import Session
from service.cli.layout import titled
from service.demands import Demands
from service.derivation import article, table
from service.formulas import formula_of
from service.words import label_of

Json = Mapping[str, Any]

_SHORT = 12


def versions(data: Json, counts: Mapping[str, tuple[int, int]], session: Session) -> list[str]:
    """List the versions; `counts` holds how many measures each has, and how many it only names."""
    rows = []
    for one in data["policies"]:
        computable, referenced = counts[one["ref"]]
        holds = session.say("and_referenced", computable=computable, referenced=referenced)
        holds = holds if one["has_amounts"] else session.say("no_amounts")
        period = _demands(session).in_force(one["in_force"])
        rows.append([one["ref"], one["document"]["number"], period, holds, one["sha256"][:_SHORT]])
    return titled([session.say(one) for one in ("ref", "document", "in_force", "measures", "sha256")], rows)


def version(data: Json, session: Session) -> list[str]:
    """Describe a version: its document, its measures, what it only names, what moves no money."""
    document = data["document"]
    lines = [
        f"{document['number']}  {document['title']}",
        session.say("issued", issuer=document["issuer"], day=document["issued"]),
        f"{data['ref']}  {_demands(session).in_force(data['in_force'])}  sha256 {data['sha256']}",
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
    if "calculator" in data:
        lines += _calculated(data, session)
    in_use = [[one["id"], one["question"], _label_in_use(one)] for one in data.get("readings", [])]
    return lines + _section("readings", in_use, session)


def readings(ref: str, data: Sequence[Json], session: Session) -> list[str]:
    """List where the text is ambiguous: each question with its choices, the one in use marked."""
    lines = [ref] if data else [ref, session.say("no_readings")]
    for reading in data:
        decided = _demands(session).decided(reading)
        rows = [["●" if one["id"] == reading["in_use"] else "○", one["id"], one["label"]] for one in reading["choices"]]
        lines += ["", f"{reading['id']}  {reading['question']}  {decided}", *table(rows, indent="  ")]
    return lines


def _section(title: str, rows: Sequence[Sequence[str]], session: Session) -> list[str]:
    return ["", session.say(title), *table(rows, indent="  ")] if rows else []


def _heads(measures: Sequence[Json], session: Session) -> list[list[str]]:
    return [[article(one["article"], session.language), one["id"], one["title"]] for one in measures]


def _joined(session: Session, named: Sequence[Json]) -> str:
    return session.say("between").join(one["label"] for one in named)


def _calculated(data: Json, session: Session) -> list[str]:
    """Tell what is asked, which conditions hold, how the amount comes about, and its ceilings."""
    said = _demands(session)
    inputs = [
        [one["id"], one["label"], one["type_label"], one["need_label"], "  ".join([*_codes(one), *said.remarks(one)])]
        for one in data["inputs"]
    ]
    conditions = [[one["id"], one["label"], said.condition(one)] for one in data["conditions"]]
    terms = [
        [name, label_of("terms", name, session.language), said.term(name, value)]
        for name, value in data["terms"].items()
    ]
    limits = [
        [one["id"], one["label"], said.ceiling(one), said.per(one["per"]), said.shared(one)] for one in data["limits"]
    ]
    return [
        *_section("inputs", inputs, session),
        *_section("conditions", conditions, session),
        *_section("formula", formula_of(data, said).rows(said), session),
        *_section("terms", terms, session),
        *_section("limits", limits, session),
    ]


def _codes(one: Json) -> list[str]:
    return [" | ".join(code["id"] for code in one["codes"])] if one["codes"] else []


def _demands(session: Session) -> Demands:
    return Demands(session.policies, session.language)


def _label_in_use(reading: Json) -> str:
    return next(str(one["label"]) for one in reading["choices"] if one["id"] == reading["in_use"])
