"""The policies as data: versions, measures, readings, and what differs between two versions."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from service.api.responses import answer, language
from service.describe import changes_between, measure_of, policies_list, version_of
from service.policies import Policies

#: The law changes with a release; a minute spares a busy page most of its questions.
_KEPT: Final = "public, max-age=60"


def blueprint(policies: Policies) -> Blueprint:
    """Make the views on these policies."""
    views = Blueprint("catalogue", __name__)

    @views.get("/v1/policies")
    def versions() -> Response:
        spoken = language()
        return answer(policies_list(policies), spoken, kept=_KEPT)

    @views.get("/v1/policies/<ref>")
    def version(ref: str) -> Response:
        spoken = language()
        return answer(version_of(policies, policies.version(ref), spoken), spoken, kept=_KEPT)

    @views.get("/v1/policies/<ref>/measures/<measure>")
    def measure(ref: str, measure: str) -> Response:
        spoken = language()
        return answer(measure_of(policies, policies.version(ref), measure, spoken), spoken, kept=_KEPT)

    @views.get("/v1/policies/<before>/diff/<after>")
    def difference(before: str, after: str) -> Response:
        spoken = language()
        changes = changes_between(policies.version(before), policies.version(after))
        return answer(changes, spoken, kept=_KEPT)

    return views
