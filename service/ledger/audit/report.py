"""The report of an audit: control totals, every finding, a sample for checks by hand. No words of any language in it.

The same file, state of the ledger, seed and size of the sample give the same report, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from service.canonical import sha256_of
from service.ledger.audit.auditing import Audit
from service.ledger.audit.findings import DUPLICATE, KINDS, OTHER_PAYEE, WRONG_PERIOD, Finding, Judged, iso, said
from service.ledger.audit.payouts import MEASURE, PAID_ON, PAYEE, REFERENCE, TOWN, YEAR, Payout
from service.money import yuan
from service.version import ENGINE

Json = dict[str, Any]
SAMPLE_SIZE: Final = 20
#: What cannot be told without a column: the code that words say, and the columns of which one would do.
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    OTHER_PAYEE: (PAYEE,),
    WRONG_PERIOD: (YEAR,),
    "paid_on": (PAID_ON,),
    DUPLICATE: (REFERENCE,),
    "other_purpose": (MEASURE, TOWN),
}
_ONLY_WITH_LEDGER: Final = frozenset({"paid_on", DUPLICATE})


def report_of(audit: Audit, seed: str | None = None, sample: int = SAMPLE_SIZE) -> Json:
    """Write the report; without a `seed` it is the beginning of the file's hash. `sha256` covers all the rest."""
    rows, payouts = audit.rows, audit.payouts
    accused = [one for one in rows if one.findings]
    plain = [one for one in rows if not one.findings]
    chosen = seed or audit.file_sha256[:16]
    report: Json = {
        "engine": ENGINE,
        "file": payouts.file,
        "file_sha256": audit.file_sha256,
        "against": dict(audit.against),
        "columns": payouts.columns,
        "carried": payouts.carried,
        "not_checked": _not_checked(audit),
        "warnings": [{"pointer": one.pointer, "code": one.code, "facts": dict(one.facts)} for one in payouts.warnings],
        "sums_left_out": [_place(one) | {"amount": _yuan(one.amount)} for one in payouts.sums],
        "rows": len(rows),
        "paid": yuan(sum(one.payout.amount or 0 for one in rows)),
        "matched": {"rows": len(plain), "amount": yuan(sum(one.payout.amount or 0 for one in plain))},
        "accused": {"rows": len(accused), "at_stake": yuan(sum(one.at_stake for one in accused))},
        "by_kind": _by_kind(accused),
        "by_measure": _by(rows, "measure", lambda one: one.measure),
        "by_town": _by(rows, "town_id", lambda one: one.town_id),
        "findings": [_finding(one, finding) for one in accused for finding in one.findings],
        "sample": {"seed": chosen, "rows": [_sampled(one) for one in _sample(plain, chosen, sample)]},
    }
    return report | {"sha256": sha256_of(report)}


def _not_checked(audit: Audit) -> list[Json]:
    """List what could not be looked at, with the columns that it would have taken."""
    return [
        {"code": kind, "columns": list(names)}
        for kind, names in _NEEDED.items()
        if not any(name in audit.payouts.columns for name in names)
        and ("ledger" in audit.against or kind not in _ONLY_WITH_LEDGER)
    ]


def _by_kind(accused: Sequence[Judged]) -> list[Json]:
    """Sum up every kind: in how many rows, the fen at stake, and those that count in the totals."""
    found = [finding for one in accused for finding in one.findings]
    of_kinds = {kind: [finding for finding in found if finding.kind == kind] for kind in KINDS}
    return [
        {
            "kind": kind,
            "rows": len(those),
            "at_stake": yuan(sum(finding.at_stake for finding in those)),
            "counted": yuan(sum(finding.counted for finding in those)),
        }
        for kind, those in of_kinds.items()
    ]


def _by(rows: Iterable[Judged], name: str, of: Callable[[Judged], str | None]) -> list[Json]:
    """Sum up by measure or town, in the order of their names; None for payments of which it is not known."""
    groups: dict[str | None, list[Judged]] = {}
    for one in rows:
        groups.setdefault(of(one), []).append(one)
    return [
        {
            name: value,
            "rows": len(those),
            "paid": yuan(sum(one.payout.amount or 0 for one in those)),
            "accused": sum(1 for one in those if one.findings),
            "at_stake": yuan(sum(one.at_stake for one in those)),
            "kinds": {
                kind: yuan(counted)
                for kind in KINDS
                if (counted := sum(found.counted for one in those for found in one.findings if found.kind == kind))
            },
        }
        for value, those in sorted(groups.items(), key=lambda group: (group[0] is None, group[0] or ""))
    ]


def _place(payout: Payout) -> Json:
    return {"place": payout.place, "row": payout.row}


def _yuan(fen: int | None) -> str | None:
    return None if fen is None else yuan(fen)


def _finding(one: Judged, finding: Finding) -> Json:
    """Write a finding with what the row says and what the ledger says."""
    facts = dict(finding.facts)
    if "defects" in facts:
        facts["defects"] = [
            {"pointer": defect.pointer, "code": defect.code, "given": defect.given, "facts": dict(defect.facts)}
            for defect in facts["defects"]
        ]
    return {
        **_place(one.payout),
        "kind": finding.kind,
        "code": finding.code,
        "at_stake": yuan(finding.at_stake),
        "counted": yuan(finding.counted),
        "paid": _yuan(one.payout.amount),
        "measure": one.measure,
        "town_id": one.town_id,
        "applicant_id": one.payout.applicant_id or (one.due.applicant_id if one.due else None),
        "facts": facts,
        "ledger": said(one),
    }


def _sample(rows: Sequence[Judged], seed: str, size: int) -> list[Judged]:
    """Choose payments of which nothing was found: those whose place, hashed with the seed, comes first.

    Anybody can choose them again, in any language: SHA-256 of `seed:place:row`.
    """

    def drawn(one: Judged) -> bytes:
        return sha256(f"{seed}:{one.payout.place}:{one.payout.row}".encode()).digest()

    chosen = sorted(rows, key=drawn)[:size]
    order = {id(one): place for place, one in enumerate(rows)}
    return sorted(chosen, key=lambda one: order[id(one)])


def _sampled(one: Judged) -> Json:
    payout = one.payout
    return {
        **_place(payout),
        "paid": _yuan(payout.amount),
        "paid_on": iso(payout.paid_on),
        "measure": one.measure,
        "town_id": one.town_id,
        "applicant_id": payout.applicant_id or (one.due.applicant_id if one.due else None),
        "ledger": said(one),
    }
