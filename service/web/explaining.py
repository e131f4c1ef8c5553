"""A stored decision explained as its applicant saw it: with the tables of an answer, or line by line as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from service.calculation import told
from service.derivation import derivation
from service.errors import NotFound, SubsidyError
from service.intake.envelope import Body
from service.intake.request import read_request
from service.policies import Policies
from service.policies.model import Language
from service.web.applicants.answers import Answer, answer_of


class Explained(NamedTuple):
    """`answer` where the stored result comes out again to the byte; else `text`, of what is stored, "" if none is."""

    answer: Answer | None
    text: str


def explained(policies: Policies, measure: str, request: bytes | Body, result: Any, language: Language) -> Explained:
    """Explain the stored result of a stored request; its hash decides whether it still comes out."""
    answer = _again(policies, measure, request, result["result_sha256"], language)
    return Explained(answer, "" if answer else _as_text(policies, result, language))


def _again(
    policies: Policies, measure: str, request: bytes | Body, result_sha256: str, language: Language
) -> Answer | None:
    try:
        answer = answer_of(policies, read_request(policies, measure, request), language)
    except SubsidyError:  # the version, the measure or a field is not there any more
        return None
    return answer if answer.result["result_sha256"] == result_sha256 else None


def _as_text(policies: Policies, result: Mapping[str, Any], language: Language) -> str:
    try:
        return "\n".join(derivation(told({**result}, language), policies, language))
    except NotFound:
        return ""
