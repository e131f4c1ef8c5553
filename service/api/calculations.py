"""Calculations and screenings: they store nothing."""

from __future__ import annotations

from flask import Blueprint, Response, request

from service.api.bodies import json_body
from service.api.responses import answer, language
from service.calculation import calculate
from service.explain import Json
from service.intake.request import read_request
from service.intake.screening import read_screening
from service.policies import Policies
from service.policies.model import Language
from service.screening import screen


def calculated(policies: Policies, measure: str, body: bytes, language: Language) -> Json:
    """Read and calculate a request; Refused or NotFound where there is no answer."""
    return calculate(policies, read_request(policies, measure, body), language)


def blueprint(policies: Policies) -> Blueprint:
    """Make the views on these policies."""
    views = Blueprint("calculations", __name__)

    @views.post("/v1/calculations/<measure>")
    def calculation(measure: str) -> Response:
        spoken = language()
        return answer(calculated(policies, measure, json_body(request), spoken), spoken)

    @views.post("/v1/screenings")
    def screening() -> Response:
        asked = read_screening(policies, json_body(request))
        spoken = language()
        return answer(screen(policies, asked, spoken), spoken)

    return views
