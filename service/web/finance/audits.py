"""Payouts checked against the ledger: a file in, a report out that is kept for good."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import orjson
from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as Redirect

from service.api.audits import AUDITORS, LONGEST_SEED, MOST_SAMPLED, audited, audits_kept
from service.api.exports import attached
from service.api.problems import entries
from service.api.responses import JSON
from service.api.uploads import XLSX, body_of
from service.errors import Defect, Refused
from service.heartbeat import beat_of
from service.money import fen_of
from service.web.finance.asked import MOST_ROWS, asked, part_of, said
from service.web.forgery import takes_files
from service.web.site import Site, language
from service.web.times import in_china
from service.web.uploads import uploaded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.ledger.audit.keeping import Kept
    from service.policies.model import Language

Json = dict[str, Any]
_WRITING_AT_MOST_SECONDS: Final = 600


def register(views: Blueprint, site: Site) -> None:
    """Add the pages."""

    @views.get("/audits")
    def audits() -> Response:
        site.reader(*AUDITORS)
        return _audits(site)

    @views.post("/audits")
    @takes_files
    def auditing() -> Response | Redirect:
        return _audit(site)

    @views.get("/audits/<audit_id>")
    def audit(audit_id: str) -> Response:
        site.reader(*AUDITORS)
        return _report(site, _kept(site, audit_id))

    @views.get("/audits/<audit_id>/report.<any(json, xlsx):kind>")
    def audit_file(audit_id: str, kind: str) -> Response:
        site.reader(*AUDITORS)
        return _file(site, _kept(site, audit_id), kind, language())


def _audits(site: Site, defects: Sequence[Defect] = (), given: dict[str, str] | None = None) -> Response:
    """Show the form, with what was wrong with it, and the audits that are kept."""
    found = asked({}, lambda query: audits_kept(site.access, query, newest=True))
    options = {one.pointer.removeprefix("/"): said(one) for one in defects if one.pointer in {"/seed", "/sample"}}
    of_file, omitted = entries([one for one in defects if one.pointer not in {"/seed", "/sample"}], language())
    shown = {
        "longest_seed": LONGEST_SEED,
        "most_sampled": MOST_SAMPLED,
        "when": in_china,
        "filled": given,
        "options": options,
    }
    status = 422 if defects else found.status
    return site.page("finance/audits.html", status, asked=found, wrong=of_file, omitted=omitted, **shown)


def _audit(site: Site) -> Response | Redirect:
    """Check the file that came; whoever may not is told so before it is read."""
    filled: dict[str, str] = {}
    try:
        with body_of(request, site.config.max_file_bytes):
            reader = site.reader(*AUDITORS)
        with uploaded(site.config.max_file_bytes) as (came, _):
            filled = {name: text.strip() for name, text in came.options if text.strip()}
            _, kept = audited(site.policies, site.access, came, list(filled.items()), reader)
    except Refused as refused:
        return _audits(site, refused.defects, filled)
    return redirect(url_for("web.audit", audit_id=kept.id), 303)


def _kept(site: Site, audit_id: str) -> Kept:
    from service.ledger.audit.keeping import kept_of

    with site.access.ledger.reading() as connection:
        return kept_of(connection, audit_id)


def _report(site: Site, kept: Kept) -> Response:
    """Show a report: its findings page by page, only these put into words."""
    from service.ledger.audit.told import told
    from service.ledger.naming import titles_of

    part = part_of(kept.report["findings"])
    report = told({**kept.report, "findings": part.rows}, site.policies, language())
    sample = report["sample"]["rows"]
    report["by_kind"] = _drawn(report["by_kind"], "counted")
    shown = {
        "part": part,
        "towns": _drawn(report["by_town"], "at_stake"),
        "measures": _drawn(report["by_measure"], "at_stake"),
        "sample": sample[:MOST_ROWS],
        "sampled": len(sample),
        "titles": titles_of(site.policies, language()),
    }
    return site.page("finance/audit.html", kept=kept, report=report, when=in_china, **shown)


def _drawn(rows: Sequence[Json], name: str) -> list[Json]:
    """Give every row the length of its bar, in percent of all bars together."""
    amounts = [fen_of(one[name]) for one in rows]
    return [{**one, "width": 100 * fen // (sum(amounts) or 1)} for one, fen in zip(rows, amounts, strict=True)]


def _file(site: Site, kept: Kept, kind: str, spoken: Language) -> Response:
    """Send a report as the API writes it, or as a workbook."""
    from service.ledger.audit.told import told
    from service.ledger.audit.workbook import write_report

    if kind == "json":
        data = orjson.dumps(told(kept.whole(), site.policies, spoken))
        return attached(data, JSON, f"{kept.id}.json", spoken)
    beat_of(request.environ)(_WRITING_AT_MOST_SECONDS)
    target = BytesIO()
    write_report(target, None, kept.report, site.policies, spoken)
    return attached(target.getvalue(), XLSX, f"{kept.id}.xlsx", spoken)
