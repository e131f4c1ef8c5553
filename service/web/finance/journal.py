"""The log: what happened, the newest first, and whether all of it still fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request

from service.api.audits import AUDITORS
from service.api.queries import Query, seq_of
from service.heartbeat import beat_of
from service.web.finance.asked import asked, tried
from service.web.site import Site, language
from service.web.times import in_china

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

Json = dict[str, Any]
#: A ledger of some millions of entries is gone through in that time.
_VERIFYING_AT_MOST_SECONDS: Final = 1_800


def register(views: Blueprint, site: Site) -> None:
    """Add the pages."""

    @views.get("/log")
    def log() -> Response:
        site.reader(*AUDITORS)
        found = asked({}, lambda query: _entries(site, query))
        return site.page("finance/log.html", found.status, asked=found)

    @views.get("/log/verification")
    def verification() -> Response:
        site.reader(*AUDITORS)
        found = tried(lambda fields: _verified(site, fields))
        return site.page("finance/verification.html", found.status, asked=found)


def _entries(site: Site, query: Query) -> Json:
    """Read a page of the log, from the newest entry back."""
    from service.ledger.log import newest

    with site.access.ledger.reading() as connection:
        found = newest(connection, seq_of(query.cursor) or None, query.page_size + 1)
    page = found[: query.page_size]
    rows = [{**one._mapping, "when": in_china(one.at, "seconds"), "about": _about(one.verb)} for one in page]
    return {"entries": rows, "next": str(page[-1].seq) if len(found) > len(page) else None}


def _about(verb: str) -> str:
    """Tell what an entry is about, which decides where it links to: a grant, or what its verb says."""
    from service.ledger.schema import VERBS

    return "grant" if verb in VERBS else verb


def _verified(site: Site, fields: MultiDict[str, str]) -> Json:
    """Go through the whole ledger; Refused for a checkpoint that is none."""
    from service.ledger.log import read_head
    from service.ledger.verifying import in_words, verify

    kept = read_head(fields["checkpoint"]) if "checkpoint" in fields else None
    beat = beat_of(request.environ)
    beat(_VERIFYING_AT_MOST_SECONDS)
    found = verify(site.access.ledger, kept)
    beat()
    flaw = found.flaw and {"seq": found.flaw.seq, "what": in_words(found.flaw, language())}
    return {"entries": found.entries, "head": found.head, "flaw": flaw, "compared": kept}
