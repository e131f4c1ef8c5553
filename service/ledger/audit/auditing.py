"""An audit from the file to the judged payments: against the ledger, or against what the engine computes anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from service.batch.run import Options
from service.ledger import log
from service.ledger.audit.ceilings import find_above_ceilings, paid_in_ledger, shares_of
from service.ledger.audit.dues import Dues, dues_of
from service.ledger.audit.findings import Judged, count, judged
from service.ledger.audit.matching import matched
from service.ledger.audit.payouts import Payouts, read_payouts
from service.ledger.audit.recomputed import recompute
from service.ledger.database import Ledger
from service.ledger.history import hash_of
from service.policies import Policies

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Audit:
    """A file of payments, judged: against which state of the ledger, or against which applications."""

    payouts: Payouts
    file_sha256: str
    rows: Sequence[Judged]
    against: Mapping[str, Any]


def audit_ledger(ledger: Ledger, policies: Policies, path: Path) -> Audit:
    """Reconcile a file of payments with the ledger, on one state of it.

    Raises Refused for a file that cannot be read, Unavailable if the ledger cannot.
    """
    payouts, digest = read_payouts(policies, path), hash_of(path)
    with ledger.reading() as connection:
        head = log.head_of(connection)
        rows = _against_ledger(connection, policies, payouts)
    return Audit(payouts, digest, rows, {"ledger": head._asdict()})


def _against_ledger(connection: Connection, policies: Policies, payouts: Payouts) -> Sequence[Judged]:
    pairs = matched(payouts.rows, dues_of(connection, payouts.rows))
    rows = judged(pairs)
    find_above_ceilings(rows, policies, shares_of(connection, rows), paid_in_ledger(connection))
    count(rows)
    return rows


def audit_applications(policies: Policies, path: Path, applications: Path, options: Options) -> Audit:
    """Reconcile a file of payments with what the engine grants to a file of applications; no ledger is needed.

    Raises Refused for a file that cannot be read, NotFound for an unknown measure.
    """
    found = recompute(policies, applications, options)
    payouts = read_payouts(policies, path, found.keys)
    if any(key in payouts.columns for key in found.keys):
        _keep_common_keys(found.keys, payouts, found.dues)
    rows = judged(matched(payouts.rows, Dues(found.dues)))
    find_above_ceilings(rows, policies, found.known_shares, lambda groups: dict.fromkeys(groups, 0))
    count(rows)
    against = {
        "file": applications.name,
        "file_sha256": hash_of(applications),
        "measure": options.measure,
        "rows": len(found.dues) + found.invalid,
        "invalid": found.invalid,
    }
    return Audit(payouts, hash_of(path), rows, {"applications": against})


def _keep_common_keys(names: Sequence[str], payouts: Payouts, dues: Sequence[Any]) -> None:
    """Know dues by those of their names that the payments have, too."""
    common = [place for place, name in enumerate(names) if name in payouts.columns]
    for due in dues:
        due.keys = tuple(due.keys[place] for place in common)
