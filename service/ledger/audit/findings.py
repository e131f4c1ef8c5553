"""What is wrong with a payment, and how many fen are at stake in it.

What is wrong with a payment as a whole puts all of it at stake; of several such findings the first of `WHOLE` counts
it, and nothing else is counted beside it. What was paid beyond the grant counts as `above_ceiling` as far as it is
above a ceiling, the rest as `over`. `under` is money that is still owed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from service.ledger.audit.dues import Due
from service.ledger.audit.matching import Matched
from service.ledger.audit.payouts import Payout
from service.ledger.guard import normal
from service.money import day_of, yuan

Json = dict[str, Any]

INVALID, UNKNOWN, DUPLICATE, OTHER_PAYEE, BEFORE_APPROVAL, WRONG_PERIOD, OTHER_PURPOSE = (
    "invalid", "unknown", "duplicate", "other_payee", "before_approval", "wrong_period", "other_purpose",
)  # fmt: skip
ABOVE_CEILING, OVER, UNDER = "above_ceiling", "over", "under"
#: A duplicate of what the ledger holds under another reference.
PAID_IN_LEDGER: Final = "paid_in_ledger"
#: What is wrong with a payment as a whole, the gravest first.
WHOLE: Final = (INVALID, UNKNOWN, DUPLICATE, OTHER_PAYEE, BEFORE_APPROVAL, WRONG_PERIOD, OTHER_PURPOSE)
#: Every kind of finding, in the order in which they count.
KINDS: Final = (*WHOLE, ABOVE_CEILING, OVER, UNDER)


@dataclass(slots=True)
class Finding:
    """Something wrong with a payment: the kind, the code that words say, the fen at stake, and its part of the totals.

    `code` is the kind, or a closer name of what happened.
    """

    kind: str
    code: str
    at_stake: int
    facts: Json = field(default_factory=dict)
    counted: int = 0


@dataclass(slots=True)
class Judged:
    """A payment with what it pays and all that was found; `surplus` are the fen beyond what is due by it."""

    payout: Payout
    due: Due | None
    findings: list[Finding] = field(default_factory=list)
    surplus: int = 0

    @property
    def measure(self) -> str | None:
        """The measure that the money belongs to."""
        return self.due.measure if self.due else self.payout.measure

    @property
    def town_id(self) -> str | None:
        """The town that the money belongs to."""
        return self.due.town_id if self.due and self.due.town_id else self.payout.town_id

    @property
    def at_stake(self) -> int:
        """The fen of this payment that are at stake, each once."""
        return sum(one.counted for one in self.findings)


def judged(pairs: Sequence[Matched]) -> list[Judged]:
    """Judge every payment but for the ceilings, in the order of the file."""
    found = [Judged(one.payout, one.due, _of_the_row(one)) for one in pairs]
    payments: dict[str, list[Judged]] = {}
    for one in found:
        if one.due is None:
            one.surplus = one.payout.amount or 0
        elif one.payout.amount is not None:
            payments.setdefault(one.due.id, []).append(one)
    for of_due in payments.values():
        _of_the_due(of_due)
    return found


def _of_the_row(one: Matched) -> list[Finding]:
    """Find what the row says otherwise than the ledger."""
    payout, due = one.payout, one.due
    amount = payout.amount or 0
    found = []
    if payout.defects:
        found.append(Finding(INVALID, INVALID, amount, {"defects": payout.defects}))
    if due is None:
        if payout.amount is not None:
            found.append(_unknown(one, amount))
        return found
    if payout.applicant_id and due.payees and normal(payout.applicant_id) not in due.payees:
        facts = {"payee": payout.applicant_id, "expected": due.applicant_id or ", ".join(sorted(due.payees))}
        found.append(Finding(OTHER_PAYEE, OTHER_PAYEE, amount, facts))
    early = _before_approval(payout, due)
    if early:
        found.append(Finding(BEFORE_APPROVAL, early, amount, {"paid_on": iso(payout.paid_on)}))
    if payout.year is not None and payout.year not in due.years:
        years = ", ".join(map(str, sorted(due.years)))
        found.append(Finding(WRONG_PERIOD, WRONG_PERIOD, amount, {"year": payout.year, "expected": years}))
    purpose = _other_purpose(payout, due)
    if purpose:
        found.append(Finding(OTHER_PURPOSE, OTHER_PURPOSE, amount, purpose))
    return found


def _unknown(one: Matched, amount: int) -> Finding:
    """Tell a payment of which nobody knows a grant from one that may be for several."""
    if one.candidates:
        listed = ", ".join(due.id for due in one.candidates[:5])
        return Finding(UNKNOWN, "unclear", amount, {"candidates": listed, "count": len(one.candidates)})
    named = one.payout.grant_id or ", ".join(key for key in one.payout.keys if key)
    return Finding(UNKNOWN, UNKNOWN if named else "unnamed", amount, {"named": named})


def _before_approval(payout: Payout, due: Due) -> str | None:
    if not due.needs_approval:
        return None
    if due.approved_on is None:
        return "never_approved"
    if due.state == "released":
        return "released"
    early = payout.paid_on is not None and payout.paid_on < due.approved_on
    return BEFORE_APPROVAL if early else None


def _other_purpose(payout: Payout, due: Due) -> Json:
    """Tell which measure or town the row is booked under instead of the grant's."""
    given, expected = [], []
    if payout.measure not in {None, due.measure}:
        given.append(payout.measure)
        expected.append(due.measure)
    if payout.town_id and due.town_id and normal(payout.town_id) != normal(due.town_id):
        given.append(payout.town_id)
        expected.append(due.town_id)
    return {"given": ", ".join(map(str, given)), "expected": ", ".join(expected)} if given else {}


def _of_the_due(rows: list[Judged]) -> None:
    """Tell the payment of a due from what was paid once more, and too much from too little."""
    due = rows[0].due
    assert due is not None
    if len(rows) > 1 and sum(_amount(one) for one in rows) == due.amount:  # paid in parts
        if all(map(_elsewhere, rows)):
            for one in rows:
                one.findings.append(_again(PAID_IN_LEDGER, one))
        return
    payment = min(rows, key=_doubt)
    for one in rows:
        if one is payment:
            if _elsewhere(one):
                one.findings.append(_again(PAID_IN_LEDGER, one))
            else:
                _compare(one, due)
        else:
            one.findings.append(_again(DUPLICATE, one, place=payment.payout.place, row=payment.payout.row))


def _doubt(one: Judged) -> tuple[bool, bool, bool]:
    """Order the payments of one due: the one that is not doubtful in any way is the payment."""
    assert one.due is not None
    return _elsewhere(one), bool(one.findings), one.payout.amount != one.due.amount


def _elsewhere(one: Judged) -> bool:
    """Tell whether the ledger holds this payment under another reference."""
    due, reference = one.due, one.payout.reference
    return bool(due and due.is_paid and due.reference and reference and normal(due.reference) != normal(reference))


def _again(code: str, one: Judged, **facts: object) -> Finding:
    one.surplus = _amount(one)
    return Finding(DUPLICATE, code, _amount(one), facts)


def _compare(one: Judged, due: Due) -> None:
    paid = _amount(one)
    if paid > due.amount:
        one.findings.append(Finding(OVER, OVER, paid - due.amount))
    elif paid < due.amount:
        one.findings.append(Finding(UNDER, UNDER, due.amount - paid))
    one.surplus = paid if due.state == "released" else max(paid - due.amount, 0)


def _amount(one: Judged) -> int:
    return one.payout.amount or 0


def count(rows: Sequence[Judged]) -> None:
    """Put the findings of every row in order, and count each fen under one of them."""
    for one in rows:
        one.findings.sort(key=lambda finding: KINDS.index(finding.kind))
        whole = [finding for finding in one.findings if finding.kind in WHOLE]
        if whole:
            whole[0].counted = whole[0].at_stake
            continue
        above = 0
        for finding in one.findings:
            finding.counted = finding.at_stake - (above if finding.kind == OVER else 0)
            above = finding.at_stake if finding.kind == ABOVE_CEILING else above


def iso(day: int | None) -> str | None:
    """Write a day, counted from 1970-01-01, as YYYY-MM-DD."""
    return None if day is None else day_of(day).isoformat()


def said(one: Judged) -> Json:
    """Write what the ledger says of a payment: the grant, its amount, who approved it when, and how it was paid."""
    due = one.due
    if due is None:
        return {"grant": None}
    approved = None if due.approved_on is None else date.isoformat(day_of(due.approved_on))
    return {
        "grant": due.id,
        "due": yuan(due.amount),
        "state": due.state,
        "approved_by": due.approved_by,
        "approved_on": approved,
        "ledger_paid_on": due.paid_on,
        "ledger_reference": due.reference,
    }
