"""What the law says, as the service knows it: versions, measures, readings, changes."""

from __future__ import annotations

from flask import Blueprint, Response

from service.demands import Demands
from service.web.policies import pages
from service.web.site import Site, language


def register(views: Blueprint, site: Site) -> None:
    """Add these pages."""

    def said() -> Demands:
        return Demands(site.policies, language())

    @views.get("/policies")
    def policies() -> Response:
        return site.page("policies/policies.html", **pages.overview(said()))

    @views.get("/policies/<ref>")
    def policy(ref: str) -> Response:
        version = site.policies.version(ref)
        return site.page("policies/version.html", **pages.version(said(), version))

    @views.get("/policies/<ref>/measures/<measure>")
    def policy_measure(ref: str, measure: str) -> Response:
        version = site.policies.version(ref)
        return site.page("policies/measure.html", **pages.measure(said(), version, measure))

    @views.get("/policies/<before>/changes/<after>")
    def policy_changes(before: str, after: str) -> Response:
        both = site.policies.version(before), site.policies.version(after)
        return site.page("policies/changes.html", **pages.changes(said(), *both))
