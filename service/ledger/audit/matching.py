"""Which due a payment pays: the one that it names, else the one of this payee, measure, year and amount."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from service.ledger.audit.dues import Due, Dues
from service.ledger.audit.payouts import Payout
from service.ledger.guard import normal


@dataclass(slots=True)
class Matched:
    """A payment and what it pays; None if that is not known, with the dues that it may have meant."""

    payout: Payout
    due: Due | None = None
    candidates: Sequence[Due] = ()


@dataclass(slots=True)
class _Candidates:
    """The dues of a payee (or town), measure and year, those first that may be paid; and by their amount."""

    dues: list[Due]
    by_amount: dict[int, deque[Due]] = field(default_factory=dict)
    left: list[Due] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dues.sort(key=lambda due: due.needs_approval and not due.approved)
        for due in self.dues:
            self.by_amount.setdefault(due.amount, deque()).append(due)

    def of_amount(self, amount: int | None, taken: set[str]) -> Due | None:
        """Return the next due of this amount that nobody in the file pays."""
        dues = self.by_amount.get(amount or 0, deque())
        while dues and dues[0].id in taken:
            dues.popleft()
        return dues[0] if dues else None

    def only_one_left(self, taken: set[str]) -> Due | None:
        """Return the due that is left if it is a single one."""
        return self.left[0] if len(self.left) == 1 and self.left[0].id not in taken else None

    def paid_already(self, amount: int | None) -> Due | None:
        """Return a due of this amount, although somebody in the file pays it."""
        return next((due for due in self.dues if due.amount == amount), None)

    def only_one(self) -> Due | None:
        """Return the due if there is only one at all."""
        return self.dues[0] if len(self.dues) == 1 else None


def matched(payouts: Sequence[Payout], dues: Dues) -> list[Matched]:
    """Find for every payment what it pays, in the order of the file.

    A payment that names a grant pays that one. Of the others those go first whose amount fits a due that nobody else
    in the file pays. What is left then pays a due of its amount once more, or the single due that is left.
    """
    found = [Matched(payout) for payout in payouts]
    taken: set[str] = set()
    known: dict[tuple[object, ...], _Candidates] = {}
    open_ones: list[tuple[Matched, _Candidates]] = []
    for one in found:
        named = _named(one.payout, dues)
        if named is None and not _names_one(one.payout) and one.payout.amount is not None:
            candidates = _candidates(one.payout, dues, known)
            one.candidates = candidates.dues
            open_ones.append((one, candidates))
        _settle(one, named, taken)
    for one, candidates in open_ones:
        _settle(one, candidates.of_amount(one.payout.amount, taken), taken)
    for candidates in known.values():
        candidates.left = [due for due in candidates.dues if due.id not in taken]
    for one, candidates in open_ones:
        if one.due is None:
            again = candidates.paid_already(one.payout.amount)
            _settle(one, again or candidates.only_one_left(taken) or candidates.only_one(), taken)
    return found


def _settle(one: Matched, due: Due | None, taken: set[str]) -> None:
    if due is not None:
        one.due = due
        taken.add(due.id)


def _names_one(payout: Payout) -> bool:
    return payout.grant_id is not None or any(payout.keys)


def _named(payout: Payout, dues: Dues) -> Due | None:
    if payout.grant_id is not None:
        return dues.by_id.get(normal(payout.grant_id))
    of_keys = dues.by_keys.get(normal_keys(payout.keys), []) if any(payout.keys) else []
    return of_keys[0] if len(of_keys) == 1 else None


def normal_keys(keys: Sequence[str | None]) -> tuple[str | None, ...]:
    """Return keys in the form in which two ways to write them are the same."""
    return tuple(None if key is None else normal(key) for key in keys)


def _candidates(payout: Payout, dues: Dues, known: dict[tuple[object, ...], _Candidates]) -> _Candidates:
    """Find the dues that fit what a payment says of payee (or else town), measure and year."""
    of_payee: Sequence[Due] = ()
    name = payout.applicant_id or payout.town_id
    if name is not None:
        of_payee = (dues.by_payee if payout.applicant_id else dues.by_town).get(normal(name), ())
    asked = (bool(payout.applicant_id), name, payout.measure, payout.year)
    if asked not in known:
        fitting = [
            due
            for due in of_payee
            if payout.measure in {None, due.measure} and (payout.year is None or payout.year in due.years)
        ]
        known[asked] = _Candidates(fitting)
    return known[asked]
