"""Ceilings: what every town, firm and year has used of them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

from flask import Blueprint, Response

from service.api.access import READERS
from service.api.grants import limits_by, limits_in_use
from service.web.finance.asked import asked
from service.web.site import Site, language

Json = dict[str, Any]
_NEARLY: Final = Fraction(9, 10)


def register(views: Blueprint, site: Site) -> None:
    """Add the page."""

    @views.get("/limits")
    def limits() -> Response:
        site.reader(*READERS)
        found = asked(limits_by(site.policies), lambda query: limits_in_use(site.policies, site.access, query))
        rows = [_row(site, entry) for entry in found.found["limits"]] if found.found else []
        return site.page("finance/limits.html", found.status, asked=found, rows=rows, **_choices(site))


def _row(site: Site, entry: Json) -> Json:
    """Name a group in words, and tell how much of its ceiling it has used."""
    from service.ledger.ceilings import share_used
    from service.ledger.naming import group_in_words, titles_of

    spoken, share = language(), share_used(entry)
    used = None
    if share is not None:
        used = "all" if share == 1 else "nearly" if share > _NEARLY else "some"
    return {
        **entry,
        "title": titles_of(site.policies, spoken).get(entry["measure"], entry["measure"]),
        "shared_by": group_in_words(entry["group"], site.policies, spoken),
        "percent": None if share is None else int(share * 100),
        "used": used,
    }


def _choices(site: Site) -> Json:
    """List the measures that have ceilings which grants share, and these ceilings."""
    measures = {
        name: one for version in site.policies.versions for name, one in version.measures.items()
        if any(limit.shared for limit in one.limits)
    }  # fmt: skip
    titles = {name: one.title.to(language()) for name, one in measures.items()}
    return {
        "measures": titles,
        "limits": list(dict.fromkeys(limit.id for one in measures.values() for limit in one.limits if limit.shared)),
    }
