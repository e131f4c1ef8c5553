"""A report in words: what each finding says, in the reader's language. No hash covers them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.errors import Defect
from service.ledger.audit.findings import OTHER_PURPOSE
from service.ledger.naming import group_in_words, titles_of
from service.money import fen_of, yuan
from service.policies import Policies
from service.policies.model import Language
from service.words import clipped_text, label_of, say, text_of

Json = dict[str, Any]


def told(report: Json, policies: Policies, language: Language) -> Json:
    """Add a sentence to every finding, warning and to what was not checked, and labels to kinds."""
    spoken = dict(report)
    spoken["findings"] = [{**one, "message": sentence(one, policies, language)} for one in report["findings"]]
    spoken["by_kind"] = [{**one, "label": label_of("audit_kinds", one["kind"], language)} for one in report["by_kind"]]
    spoken["not_checked"] = [
        {**one, "message": text_of("audit_gaps", one["code"], language)} for one in report["not_checked"]
    ]
    spoken["warnings"] = [{**one, "message": _said(one, language)} for one in report["warnings"]]
    return spoken


def sentence(finding: Mapping[str, Any], policies: Policies, language: Language) -> str:
    """Say what is wrong with a payment, and what the ledger says of its grant."""
    facts = dict(finding["facts"])
    if "defects" in facts:
        facts["defects"] = _apart(language).join(_of_the_cell(one, language) for one in facts["defects"])
    if "group" in facts:
        facts["group"] = group_in_words(facts["group"], policies, language)
        facts["limit"] = label_of("limits", facts["limit"], language)
    titles = titles_of(policies, language) if finding["kind"] == OTHER_PURPOSE else {}
    between = text_of("demands", "between", language)
    facts |= {
        name: between.join(titles.get(one, one) for one in facts[name].split(", ")) for name in _LISTED & facts.keys()
    }
    ledger = {name: value for name, value in finding["ledger"].items() if value is not None}
    known = {"paid": finding["paid"], "at_stake": finding["at_stake"], **ledger, **facts}
    known |= {name: yuan(fen_of(known[name]), grouped=True) for name in _MONEY if known.get(name) is not None}
    said = text_of("audit_findings", finding["code"], language, **known)
    grant = _of_the_grant(finding["ledger"], language)
    return said + _apart(language) + grant if grant else said


def _apart(language: Language) -> str:
    """Return what stands between two sentences."""
    return " " if language == "en" else ""


def _of_the_cell(one: Mapping[str, Any], language: Language) -> str:
    """Say what is wrong with a cell: its column, what stands there if anything does, the cure."""
    given = "" if one["given"] is None else clipped_text(one["given"])
    shown = "".join(sign if sign.isprintable() else "�" for sign in given)
    code = "cell" if shown else "empty_cell"
    return text_of("audit", code, language, column=one["pointer"], given=shown, what=_said(one, language))


def _said(one: Mapping[str, Any], language: Language) -> str:
    pointer, code = one["pointer"], one["code"]
    return say(Defect(pointer, code, one.get("given"), facts=one["facts"]), language)


def _of_the_grant(ledger: Mapping[str, Any], language: Language) -> str | None:
    """Say what the ledger holds: the grant, its amount, and who approved it when."""
    if ledger["grant"] is None:
        return None
    code = "approved" if ledger["approved_on"] else "granted"
    state = label_of("statuses" if ledger["state"] not in _STATES else "grant_states", ledger["state"], language)
    due = yuan(fen_of(ledger["due"]), grouped=True)
    return text_of("audit", code, language, **{**ledger, "state": state, "due": due})


_MONEY = ("paid", "at_stake", "due", "ceiling")
#: Facts that name several: grants, payees, years, measures and towns.
_LISTED = frozenset({"given", "expected", "candidates"})
_STATES = frozenset({"reserved", "manual_review", "approved", "paid", "recovered", "released"})
