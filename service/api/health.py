"""Whether the process lives, and whether it can answer."""

from __future__ import annotations

from flask import Blueprint, Response

from service.api.responses import answer, language
from service.policies import Policies
from service.version import ENGINE


def blueprint(policies: Policies) -> Blueprint:
    """Make the views on these policies."""
    views = Blueprint("health", __name__)

    @views.get("/healthz")
    def alive() -> Response:
        return answer({"status": "ok"}, language())

    @views.get("/readyz")
    def ready() -> Response:
        ready_with = {"status": "ok", "engine": ENGINE, "policies": [version.ref for version in policies.versions]}
        return answer(ready_with, language())

    return views
