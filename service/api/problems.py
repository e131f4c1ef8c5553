"""Everything that goes wrong, as RFC 9457 problem+json: every defect, within 20 kB, in the caller's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson
from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, InternalServerError

from service.api.responses import language
from service.calculation import told
from service.errors import Conflict, Defect, Denied, HeaderMissing, NotFound, NothingToGrant, Refused, Unavailable
from service.policies.model import Language
from service.words import clipped, clipped_text, label_of, say, say_missing, say_problem, tag_of, text_of

PROBLEM_JSON: Final = "application/problem+json"
MOST_BYTES: Final = 20_000
_BYTES_FOR_ERRORS: Final = 18_000
_LONGEST_POINTER: Final = 200
_KINDS: Final[Mapping[int, str]] = {
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    413: "body-too-large",
    415: "unsupported-media-type",
}
_SERVER_ERROR: Final = 500
_RETRY_SECONDS: Final = 5

Json = dict[str, Any]


class Told(HTTPException):
    """An HTTP error that tells more than its status does: a sentence of `details` in words.yaml, and its facts."""

    def __init__(self, status: int, sentence: str, **facts: object) -> None:
        super().__init__()
        self.code, self.sentence, self.facts = status, sentence, facts


class Problem(NamedTuple):
    """An error as it is told: as JSON by the API, as a page by the pages."""

    status: int
    kind: str
    title: str
    detail: str
    members: Json
    headers: Mapping[str, str]


def register(app: Flask) -> None:
    """Answer every error of an app with a problem."""
    app.register_error_handler(Exception, lambda error: _response(problem_of(error, language()), language()))


def problem_of(error: Exception, spoken: Language) -> Problem:
    """Tell an error, and log what its cause is on our side; nothing unforeseen is told to the caller."""
    match error:
        case Refused():
            return _refused(error, spoken)
        case NotFound():
            return _told(404, "not-found", say_missing(error, spoken), spoken)
        case HeaderMissing():
            return _coded(400, "header-missing", error, spoken)
        case Conflict():
            return _coded(409, "conflict", error, spoken)
        case Denied():
            return _denied(error, spoken)
        case NothingToGrant():
            return _nothing_to_grant(error, spoken)
        case Unavailable():
            return _unavailable(error, spoken)
    return _http(error if isinstance(error, HTTPException) else _unforeseen(error), spoken)


def _unforeseen(error: Exception) -> HTTPException:
    """Log what nobody foresaw, and tell the caller nothing of it."""
    current_app.logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return InternalServerError()


def _told(
    status: int, kind: str, detail: str, spoken: Language, headers: Mapping[str, str] | None = None, **members: Any
) -> Problem:
    return Problem(status, kind, text_of("problems", kind, spoken), detail, members, headers or {})


def _refused(refused: Refused, spoken: Language) -> Problem:
    if refused.defects[0].code == "malformed_json":
        return _told(400, "malformed-json", say(refused.defects[0], spoken), spoken)
    errors, omitted = entries(refused.defects, spoken)
    detail = text_of("details", "invalid-input", spoken, count=len(refused.defects))
    members: Json = {"errors": errors, **({"omitted": omitted} if omitted else {})}
    return _told(422, "invalid-input", detail, spoken, None, **members)


def _coded(
    status: int,
    kind: str,
    error: HeaderMissing | Conflict | Denied | Unavailable,
    spoken: Language,
    headers: Mapping[str, str] | None = None,
) -> Problem:
    return _told(status, kind, say_problem(error, spoken), spoken, headers)


def _denied(denied: Denied, spoken: Language) -> Problem:
    """Tell 401 where no key of ours was shown, 403 where it does not allow this."""
    if denied.known:
        return _coded(403, "forbidden", denied, spoken)
    return _coded(401, "unauthorised", denied, spoken, {"WWW-Authenticate": 'Bearer realm="town-subsidy"'})


def _nothing_to_grant(nothing: NothingToGrant, spoken: Language) -> Problem:
    result = told(nothing.result, spoken)
    status, rule = label_of("statuses", result["status"], spoken), label_of("rules", result["rule"], spoken)
    detail = text_of("details", "nothing-to-grant", spoken, status=status, rule=rule)
    return _told(422, "nothing-to-grant", detail, spoken, result=result)


def _unavailable(unavailable: Unavailable, spoken: Language) -> Problem:
    """Log what is wrong with the ledger, and say when to come again."""
    current_app.logger.error("%s %s: %s", request.method, request.path, unavailable)
    return _coded(503, "ledger-unavailable", unavailable, spoken, {"Retry-After": str(_RETRY_SECONDS)})


def _http(error: HTTPException, spoken: Language) -> Problem:
    status = error.code or _SERVER_ERROR
    kind = _KINDS.get(status, "internal-error" if status >= _SERVER_ERROR else "bad-request")
    allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    most = current_app.config["MAX_CONTENT_LENGTH"]
    facts: Mapping[str, object] = {"allowed": allowed, "most": most}
    sentence, facts = (error.sentence, error.facts) if isinstance(error, Told) else (kind, facts)
    detail = text_of("details", sentence, spoken, **facts)
    return _told(status, kind, detail, spoken, {"Allow": allowed} if allowed else None)


def _response(problem: Problem, spoken: Language) -> Response:
    """Answer with a problem document."""
    known = {"title": problem.title, "status": problem.status, "detail": problem.detail}
    document = {"type": f"/problems/{problem.kind}", **known, **problem.members}
    response = Response(orjson.dumps(document), problem.status, content_type=PROBLEM_JSON)
    response.headers["Content-Language"] = tag_of(spoken)
    response.headers.update(problem.headers)
    return response


def entries(defects: Sequence[Defect], language: Language) -> tuple[list[Json], int]:
    """Write defects out until the document is full; tell how many did not fit."""
    written: list[Json] = []
    room = _BYTES_FOR_ERRORS
    for defect in defects:
        entry = _entry(defect, language)
        room -= len(orjson.dumps(entry)) + 1
        if room < 0:
            break
        written.append(entry)
    return written, len(defects) - len(written)


def _entry(defect: Defect, language: Language) -> Json:
    pointer = clipped_text(defect.pointer) if len(defect.pointer) > _LONGEST_POINTER else defect.pointer
    return {
        "pointer": pointer.encode("utf-8", "replace").decode(),
        "code": defect.code,
        "message": say(defect, language),
        "given": clipped(defect.given),
        "expected": defect.expected,
    }
