"""Everything that goes wrong, as RFC 9457 problem+json: every defect, within 20 kB, in the caller's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from service.api.responses import language
from service.calculation import told
from service.errors import Conflict, Defect, Denied, HeaderMissing, NotFound, NothingToGrant, Refused, Unavailable
from service.policies.model import Language
from service.words import clipped, clipped_text, label_of, say, say_missing, tag_of, text_of

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


def register(app: Flask) -> None:
    """Answer every error of an app with a problem."""
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(HeaderMissing, _header_missing)
    app.register_error_handler(Denied, _denied)
    app.register_error_handler(Conflict, _conflict)
    app.register_error_handler(NothingToGrant, _nothing_to_grant)
    app.register_error_handler(Unavailable, _unavailable)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unforeseen)


def _refused(refused: Refused) -> Response:
    spoken = language()
    if refused.defects[0].code == "malformed_json":
        return problem(400, "malformed-json", say(refused.defects[0], spoken), spoken)
    errors, omitted = entries(refused.defects, spoken)
    detail = text_of("details", "invalid-input", spoken, count=len(refused.defects))
    return problem(422, "invalid-input", detail, spoken, errors=errors, **({"omitted": omitted} if omitted else {}))


def _not_found(missing: NotFound) -> Response:
    spoken = language()
    return problem(404, "not-found", say_missing(missing, spoken), spoken)


def _header_missing(missing: HeaderMissing) -> Response:
    spoken = language()
    return problem(400, "header-missing", text_of("details", missing.code, spoken, **missing.facts), spoken)


def _denied(denied: Denied) -> Response:
    """Answer 401 where no key of ours was shown, 403 where it does not allow this."""
    spoken = language()
    detail = text_of("details", denied.code, spoken, **denied.facts)
    if denied.known:
        return problem(403, "forbidden", detail, spoken)
    response = problem(401, "unauthorised", detail, spoken)
    response.headers["WWW-Authenticate"] = 'Bearer realm="town-subsidy"'
    return response


def _conflict(conflict: Conflict) -> Response:
    spoken = language()
    return problem(409, "conflict", text_of("details", conflict.code, spoken, **conflict.facts), spoken)


def _nothing_to_grant(nothing: NothingToGrant) -> Response:
    spoken = language()
    result = told(nothing.result, spoken)
    status, rule = label_of("statuses", result["status"], spoken), label_of("rules", result["rule"], spoken)
    detail = text_of("details", "nothing-to-grant", spoken, status=status, rule=rule)
    return problem(422, "nothing-to-grant", detail, spoken, result=result)


def _unavailable(unavailable: Unavailable) -> Response:
    """Log what is wrong with the ledger, and say when to come again."""
    current_app.logger.error("%s %s: %s", request.method, request.path, unavailable)
    spoken = language()
    detail = text_of("details", unavailable.code, spoken, **unavailable.facts)
    response = problem(503, "ledger-unavailable", detail, spoken)
    response.headers["Retry-After"] = str(_RETRY_SECONDS)
    return response


def _http(error: HTTPException) -> Response:
    spoken = language()
    status = error.code or _SERVER_ERROR
    kind = _KINDS.get(status, "internal-error" if status >= _SERVER_ERROR else "bad-request")
    allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    most = current_app.config["MAX_CONTENT_LENGTH"]
    facts: Mapping[str, object] = {"allowed": allowed, "most": most}
    sentence, facts = (error.sentence, error.facts) if isinstance(error, Told) else (kind, facts)
    response = problem(status, kind, text_of("details", sentence, spoken, **facts), spoken)
    if allowed:
        response.headers["Allow"] = allowed
    return response


def _unforeseen(error: Exception) -> Response:
    """Log what nobody foresaw, and tell the caller nothing of it."""
    current_app.logger.error("%s %s failed", request.method, request.path, exc_info=error)
    spoken = language()
    return problem(500, "internal-error", text_of("details", "internal-error", spoken), spoken)


def problem(status: int, kind: str, detail: str, language: Language, **members: Any) -> Response:
    """Answer with a problem document."""
    title = text_of("problems", kind, language)
    document = {"type": f"/problems/{kind}", "title": title, "status": status, "detail": detail, **members}
    response = Response(orjson.dumps(document), status, content_type=PROBLEM_JSON)
    response.headers["Content-Language"] = tag_of(language)
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
