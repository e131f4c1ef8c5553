"""The ledger over HTTP: grants are proposed, decided, paid and recovered; with a key everybody sees what is left."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

import orjson
from flask import Blueprint, Response, request

from service.api.access import READERS, Access, turned_away
from service.api.bodies import json_body
from service.api.problems import entries
from service.api.queries import Names, Query, measures_of, read_query, seq_of
from service.api.responses import answer, language
from service.calculation import told
from service.errors import Defect, Denied, Refused
from service.money import yuan
from service.policies import Policies
from service.policies.model import Language

if TYPE_CHECKING:
    from service.ledger.books import Grant

Json = dict[str, Any]
VERBS: Final = ("approve", "release", "pay", "recover")
STATES: Final = ("reserved", "manual_review", "approved", "paid", "recovered", "released")


def blueprint(policies: Policies, access: Access) -> Blueprint:
    """Make the views on these policies and the ledger."""
    views = Blueprint("grants", __name__)

    @views.post("/v1/grants")
    def proposal() -> Response:
        from service.ledger.grants import propose

        actor = access.actor("proposer")
        key = request.headers.get("Idempotency-Key")
        grant, new = propose(access.ledger, policies, json_body(request), key, actor)
        spoken = language()
        response = answer(shown(grant, spoken), spoken)
        response.status_code = 201 if new else 200
        response.headers["Location"] = f"/v1/grants/{grant.id}"
        return response

    @views.get("/v1/grants")
    def grants() -> Response:
        access.actor(*READERS)
        return answer(grants_listed(access, read_query(request.args, grants_by(policies))), language())

    @views.get("/v1/grants/<grant_id>")
    def grant(grant_id: str) -> Response:
        access.actor(*READERS)
        return _grant(access, grant_id)

    @views.get("/v1/grants/<grant_id>/replay")
    def replayed(grant_id: str) -> Response:
        access.actor(*READERS)
        spoken = language()
        return answer(replay_of(policies, access, grant_id, spoken), spoken)

    @views.post("/v1/grants/<grant_id>/<any(approve, release, pay, recover):verb>")
    def step(grant_id: str, verb: str) -> Response:
        return _step(access, grant_id, verb)

    @views.get("/v1/limits")
    def limits() -> Response:
        access.actor(*READERS)
        return answer(limits_in_use(policies, access, read_query(request.args, limits_by(policies))), language())

    return views


def shown(grant: Grant, spoken: Language) -> Json:
    """Write a grant out whole: the request as calculated, and the result as a calculation answers it."""
    result = told(orjson.loads(grant.result), spoken)
    return {**grant.summary(), "request": orjson.Fragment(grant.request), "result": result}


def grants_listed(access: Access, query: Query) -> Json:
    """List grants, page by page, in the order in which they were proposed; Refused for a cursor that is none."""
    from service.ledger.books import grants_of

    after = seq_of(query.cursor)
    with access.ledger.reading() as connection:
        found = list(grants_of(connection, query.filters, after, query.page_size + 1))
    page = found[: query.page_size]
    following = str(page[-1].seq) if len(found) > len(page) else None
    return {"grants": [one.summary() for one in page], "next": following}


def _grant(access: Access, grant_id: str) -> Response:
    from service.ledger import log
    from service.ledger.books import grant_of

    spoken = language()
    with access.ledger.reading() as connection:
        grant = grant_of(connection, grant_id)
        written = [log.told(entry) for entry in log.entries(connection, grant.id)]
    return answer({**shown(grant, spoken), "log": written}, spoken)


def replay_of(policies: Policies, access: Access, grant_id: str, spoken: Language) -> Json:
    """Compute one decision again and tell where it differs from what is stored; NotFound if there is none."""
    from service.ledger.replay import replay_one

    found = replay_one(access.ledger, policies, grant_id)
    amounts = {"stored": yuan(found.stored), "replayed": None if found.replayed is None else yuan(found.replayed)}
    places = [place._asdict() for place in found.places]
    errors, omitted = entries(found.defects, spoken)
    body = {"id": found.grant_id, "outcome": found.kind, **amounts, "places": places, "errors": errors}
    return {**body, "omitted": omitted}


def _step(access: Access, grant_id: str, verb: str) -> Response:
    from service.ledger.verbs import change

    actor = access.actor("approver")
    body = json_body(request) if request.content_length or request.content_type else b""
    try:
        grant = change(access.ledger, grant_id, verb, body, actor)
    except Denied as denied:
        turned_away(denied)
        raise
    spoken = language()
    return answer(shown(grant, spoken), spoken)


def limits_in_use(policies: Policies, access: Access, query: Query) -> Json:
    """List what is left of every ceiling in use, page by page; Refused for a cursor that is none."""
    from service.ledger.ceilings import groups_with_ceilings
    from service.ledger.limits import Group

    after = None if query.cursor is None else Group(*_unpacked(query.cursor))
    with access.ledger.reading() as connection:
        found = list(groups_with_ceilings(connection, policies, query.filters, after, query.page_size + 1))
    page = found[: query.page_size]
    following = _packed(page[-1][0]) if len(found) > len(page) else None
    return {"limits": [entry for _, entry in page], "next": following}


def _packed(group: tuple[str, ...]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([*group])).decode()


def _unpacked(cursor: str) -> list[str]:
    try:
        parts = orjson.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        parts = None
    if not (isinstance(parts, list) and len(parts) == 4 and all(_is_plain(one) for one in parts)):  # noqa: PLR2004
        raise Refused([Defect("/cursor", "cursor_wrong", cursor, None)])
    return parts


def _is_plain(part: object) -> bool:
    return isinstance(part, str) and "\0" not in part


def grants_by(policies: Policies) -> Names:
    """List what grants can be chosen by: the values that there are, or None for any text."""
    return {"measure": measures_of(policies), "state": STATES, "town_id": None, "applicant_id": None}


def limits_by(policies: Policies) -> Names:
    """List what ceilings can be chosen by: the keys that they are shared by among others."""
    keys = dict.fromkeys(
        key
        for version in policies.versions
        for measure in version.measures.values()
        for limit in measure.limits
        for key in limit.per
        if limit.shared and key in policies.fields and policies.fields[key].type in {"text", "credit_code"}
    )
    return {"policy": None, "measure": measures_of(policies), "limit": None, **dict.fromkeys(keys)}
