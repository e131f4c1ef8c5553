"""An answer beside others: under the rules of an older link, and under other choices of its readings."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from service.calculation import calculate
from service.errors import NotFound, Refused
from service.explain import Json
from service.intake.envelope import Body
from service.intake.request import read_request
from service.money import yuan
from service.policies import Policies
from service.policies.book import alone
from service.policies.model import Language, Validity, Version
from service.telling import figure
from service.web.applicants.answers import Answer
from service.web.wording import Wording
from service.what_if import Alternative, alternatives
from service.words import say

_KEPT: Final = 16


class Changed(NamedTuple):
    """The rules are no longer those of the link: both versions, both amounts ("" where one cannot be had)."""

    then: str
    now: str
    amount: str
    amount_now: str


def changed_since(
    policies: Policies, measure: str, data: Body, then: str, terms_sha256: str, answer: Answer
) -> Changed | None:
    """Tell that a link was made under other rules, and what those would give if they can still be had."""
    policy = answer.result["policy"]
    now = f"{policy['id']}@{policy['version']}"
    if (then, terms_sha256) == (now, policy["sha256"]):
        return None
    before = _before(policies, measure, data, then)
    known = before is not None and before["policy"]["sha256"] == terms_sha256
    amount = figure(before["amount"] or "") if before is not None and known else ""
    return Changed(then, now, amount, answer.outcome.amount)


def _before(policies: Policies, measure: str, data: Body, then: str) -> Json | None:
    """Answer a request as the version of its link did while no other had followed it; None where that is gone."""
    try:
        book = book_of(policies, policies.version(then))
        return calculate(book, read_request(book, measure, data), "zh")
    except (NotFound, Refused):
        return None


@lru_cache(maxsize=_KEPT)
def book_of(policies: Policies, version: Version) -> Policies:
    """Return the book in which no other version has followed this one: one for all links, as much is kept with it."""
    return alone(policies, version, Validity(version.validity.start, None))


class Compared(NamedTuple):
    """Another choice of a reading: what it would give and how that differs, or ("" then) what it needs to know."""

    label: str
    amount: str
    sign: str
    difference: str
    needs: str


def comparison_of(
    policies: Policies, measure: str, data: Body, answer: Answer, language: Language
) -> dict[str, list[Compared]]:
    """Calculate what the other choices of each reading would give."""
    labels = {reading.id: dict(reading.others) for reading in answer.readings}
    compared: dict[str, list[Compared]] = {name: [] for name in labels}
    for one in alternatives(policies, measure, data):
        compared[one.reading].append(_compared(policies, one, labels[one.reading][one.choice], language))
    return compared


def _compared(policies: Policies, one: Alternative, label: str, language: Language) -> Compared:
    if one.amount is None or one.difference is None:
        names = (defect.pointer.rpartition("/")[2] for defect in one.defects)
        needed = dict.fromkeys(name for name in names if name in policies.fields)
        said_so = [policies.fields[name].label.to(language) for name in needed] or [
            say(defect, language) for defect in one.defects[:1]
        ]
        return Compared(label, "", "", "", Wording(language)("answers.and").join(said_so))
    sign = "+" if one.difference > 0 else "−" if one.difference else ""
    return Compared(label, yuan(one.amount, grouped=True), sign, yuan(abs(one.difference), grouped=True), "")
