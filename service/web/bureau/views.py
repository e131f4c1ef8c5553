"""The bureau's pages: files decided and proposed, grants decided."""

from __future__ import annotations

from flask import Blueprint

from service.web.bureau import batches, grants
from service.web.site import Site


def register(views: Blueprint, site: Site) -> None:
    """Add these pages."""
    batches.register(views, site)
    grants.register(views, site)
