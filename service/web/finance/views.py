"""Finance's pages: ceilings, payouts checked, decisions and their proof, the log, exports."""

from __future__ import annotations

from flask import Blueprint

from service.web.finance import audits, ceilings, decisions, journal, lists
from service.web.site import Site


def register(views: Blueprint, site: Site) -> None:
    """Add these pages."""
    for part in (ceilings, audits, decisions, journal, lists):
        part.register(views, site)
