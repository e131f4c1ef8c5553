"""What the operations of the OpenAPI document have in common: the language, bodies, answers, problems."""

from __future__ import annotations

from typing import Final

from service.api.answers import Json, ref
from service.api.problems import PROBLEM_JSON
from service.api.responses import JSON
from service.words import WORDS

_PROBLEMS: Final = {
    400: "malformed-json",
    401: "unauthorised",
    403: "forbidden",
    404: "not-found",
    406: "not-acceptable",
    409: "conflict",
    413: "body-too-large",
    415: "unsupported-media-type",
    422: "invalid-input",
    503: "ledger-unavailable",
}
#: Headers that come with a problem.
_HEADERS: Final[dict[int, Json]] = {
    401: {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}},
    503: {"Retry-After": {"required": True, "schema": {"type": "integer"}}},
}
LANGUAGE: Final[Json] = {
    "name": "Accept-Language",
    "in": "header",
    "description": "zh-CN（默认） | en · zh-CN (default) | en",
    "schema": {"type": "string", "examples": ["zh-CN", "en"]},
}


def request_body(schema: Json, example: Json, *, required: bool = True) -> Json:
    """Describe a JSON body."""
    return {"required": required, "content": {JSON: {"schema": schema, "example": example}}}


def ok(schema: Json, description: str) -> Json:
    """Describe an answer."""
    return {"description": description, "content": {JSON: {"schema": schema}}}


def problems(*statuses: int, files: bool = False) -> Json:
    """Describe the problems that an operation answers with; any other is described by `default`.

    What is malformed is JSON, or else `files` and the form that they come in.
    """
    kinds = {**_PROBLEMS, 400: "bad-request"} if files else _PROBLEMS
    content = {PROBLEM_JSON: {"schema": ref("Problem")}}
    described: Json = {}
    for status in statuses:
        described[str(status)] = {"description": both_texts("problems", kinds[status]), "content": content}
        if status in _HEADERS:
            described[str(status)]["headers"] = _HEADERS[status]
    return {**described, "default": {"description": both_texts("problems", "internal-error"), "content": content}}


def both_texts(kind: str, code: str) -> str:
    """Say a text in both languages."""
    return f"{WORDS['zh'][kind][code]} · {WORDS['en'][kind][code]}"
