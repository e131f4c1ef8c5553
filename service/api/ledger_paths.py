"""The ledger in the OpenAPI document: grants, their verbs, ceilings, and the keys that they take."""

from __future__ import annotations

from typing import Final

from apispec import APISpec

from service.api.access import READERS
from service.api.answers import (
    ANYTHING,
    NAME,
    SHA256,
    TEXT,
    TEXT_OR_NULL,
    WHOLE,
    YUAN,
    YUAN_OR_NULL,
    Json,
    listed,
    record,
    ref,
)
from service.api.grants import STATES
from service.api.operations import LANGUAGE, ok, problems, request_body
from service.api.queries import MOST_AT_A_TIME, Names
from service.intake.fields import IsoDate, Text, Yuan
from service.intake.request import MOST_LINES
from service.policies import Policies

MOMENT: Final[Json] = {"type": "string", "format": "date-time"}
_OBJECT: Final[Json] = {"type": "object"}
_DUPLICATE: Final = record(kind=NAME, value=NAME, lines=listed(NAME), grants=listed(NAME))
_SUMMARY: Final[dict[str, Json]] = {
    "id": NAME,
    "measure": NAME,
    "year": WHOLE,
    "state": {"type": "string", "enum": list(STATES)},
    "amount": YUAN,
    "paid": YUAN,
    "recovered": YUAN,
    "policy": NAME,
    "town_id": TEXT_OR_NULL,
    "applicant_id": TEXT_OR_NULL,
    "proposed_by": NAME,
    "proposed_at": MOMENT,
    "changed_at": MOMENT,
    "duplicates": listed(ref("Duplicate")),
}
_HASH_OR_NULL: Final[Json] = {"type": ["string", "null"], "pattern": SHA256["pattern"]}
_ENTRY: Final = record(
    seq=WHOLE,
    at=MOMENT,
    actor=NAME,
    verb=NAME,
    subject=NAME,
    payload=_OBJECT,
    request_sha256=_HASH_OR_NULL,
    result_sha256=_HASH_OR_NULL,
    policy_sha256=_HASH_OR_NULL,
    rows_sha256=SHA256,
    previous=SHA256,
    hash=SHA256,
)
_LIMIT: Final = record(
    policy=NAME,
    measure=NAME,
    limit=NAME,
    group={"type": "object", "additionalProperties": ANYTHING},
    ceiling=YUAN_OR_NULL,
    reserved=YUAN,
    granted=YUAN,
    paid=YUAN,
    recovered=YUAN,
    remaining=YUAN_OR_NULL,
)
_COMPONENTS: Final[dict[str, Json]] = {
    "Duplicate": _DUPLICATE,
    "LogEntry": _ENTRY,
    "GrantSummary": record(**_SUMMARY),
    "Grant": record({"log": listed(ref("LogEntry"))}, **_SUMMARY, request=_OBJECT, result=ref("Result")),
    "Grants": record(grants=listed(ref("GrantSummary")), next=TEXT_OR_NULL),
    "GroupLimit": _LIMIT,
    "Replayed": record(
        id=NAME,
        outcome={"type": "string", "enum": ["identical", "engine", "differs", "refused"]},
        stored=YUAN,
        replayed=YUAN_OR_NULL,
        places=listed(record(pointer=TEXT, stored=ANYTHING, replayed=ANYTHING)),
        errors=listed(ref("Defect")),
        omitted=WHOLE,
    ),
    "Limits": record(limits=listed(ref("GroupLimit")), next=TEXT_OR_NULL),
}
_LINES: Final = {
    "description": "各行，字段与计算该措施时相同 · entries with the members that a calculation of the measure takes"
}
ID: Final[Json] = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "拨付编号，由申报的回答给出 · the name of the grant, which the answer to its proposal gives",
    "schema": TEXT,
    "example": "national_cluster_award-2027-000001",
}
#: The parameters of every list.
PAGES: Final[list[Json]] = [
    {"name": name, "in": "query", "description": told, "schema": schema}
    for name, told, schema in (
        ("year", "年度 · year", {"type": "integer", "minimum": 1900, "maximum": 2200}),
        ("cursor", "上一页回答中的 next · `next` of the page before", TEXT),
        (
            "page_size",
            "每页条数，默认 100 · entries at a time, 100 unless given",
            {"type": "integer", "minimum": 1, "maximum": MOST_AT_A_TIME, "default": 100},
        ),
    )
]
_CHOSEN: Final = {
    "policy": "政策，例：jzbf-2026-3 · the policy, such as jzbf-2026-3",
    "measure": "措施 · the measure",
    "state": "状态 · the state",
    "limit": "上限，例：firm_cap · the ceiling, such as firm_cap",
}
_REMARK: Final[Json] = {"type": ["string", "null"], "minLength": 1, "maxLength": 500}
_TEXT: Final[Json] = {**Text().json_schema, "type": ["string", "null"]}
_BODIES: Final[dict[str, Json]] = {
    "approve": {"reason": _REMARK, "note": _REMARK},
    "release": {"reason": _REMARK, "note": _REMARK},
    "pay": {
        "paid_on": {**IsoDate().json_schema, "type": ["string", "null"]},
        "payee": _TEXT,
        "reference": _TEXT,
        "note": _REMARK,
    },
    "recover": {"amount": {**Yuan().json_schema, "type": ["string", "null"]}, "reason": _REMARK, "note": _REMARK},
}
#: In the order in which their examples can be followed: what was paid cannot be released.
_TITLES: Final = {
    "approve": "批准（须非申报人） · Approve, by somebody else than the proposer",
    "pay": "登记支付 · Record the payment",
    "recover": "收回 · Recover what was paid",
    "release": "释放额度（尚未支付的） · Release what was reserved, as long as it is not paid",
}
_EXAMPLES: Final[dict[str, Json]] = {
    "approve": {"note": "材料齐全"},
    "release": {"reason": "企业撤回申报"},
    "pay": {"paid_on": "2027-12-01", "payee": "91110000600037341L", "reference": "BK-2027-001"},
    "recover": {"amount": "1.00", "reason": "多付"},
}


def add(spec: APISpec, policies: Policies, names: tuple[Names, Names], example: Json) -> None:
    """Add the ledger; `names` are what grants and limits can be chosen by, `example` is a proposal.

    The other examples are of the grant that the proposal makes in a ledger that was empty.
    """
    scheme = {"type": "http", "scheme": "bearer", "description": "town-subsidy keys create"}
    spec.components.security_scheme("key", scheme)
    for name, schema in _COMPONENTS.items():
        spec.components.schema(name, schema)
    of_grants, of_limits = names
    get = _list(policies, "list_grants", "拨付台账 · Grants", "Grants", of_grants)
    spec.path("/v1/grants", operations={"get": get, "post": _proposal(policies, example)})
    spec.path("/v1/grants/{id}", operations={"get": _one()})
    spec.path("/v1/grants/{id}/replay", operations={"get": _replay()})
    for verb in _TITLES:
        spec.path(f"/v1/grants/{{id}}/{verb}", operations={"post": _verb(verb)})
    limits = _list(
        policies, "list_limits", "额度使用情况 · What is used of every ceiling, and left", "Limits", of_limits
    )
    spec.path("/v1/limits", operations={"get": limits})


def operation(name: str, summary: str, responses: Json, *parameters: Json, roles: tuple[str, ...] = READERS) -> Json:
    """Describe an operation of the ledger, which takes a key of one of these roles."""
    return {
        "tags": ["ledger"],
        "operationId": name,
        "summary": summary,
        "security": [{"key": list(roles)}],
        "parameters": [*parameters, LANGUAGE],
        "responses": responses,
    }


def _proposal(policies: Policies, example: Json) -> Json:
    measures = list(dict.fromkeys(name for one in policies.versions for name in (*one.measures, *one.referenced)))
    body = record(
        {
            "policy": ref("PolicyName"),
            "readings": ref("Readings"),
            "facts": {"anyOf": [ref("Facts"), {"type": "null"}]},
            "lines": {"type": ["array", "null"], "maxItems": MOST_LINES, "items": _OBJECT, **_LINES},
        },
        measure={"type": "string", "enum": measures},
    )
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "自定的编号，1 至 128 个字母、数字或符号；用同一编号重试，不会重复拨付 · "
        "your own name for it, 1 to 128 letters, digits or signs: a retry under the same name never grants twice",
        "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
        "example": "2027-0001",
    }
    answers = {
        "201": ok(ref("Grant"), "已预留，或转人工审核 · reserved, or held for review"),
        "200": ok(
            ref("Grant"),
            "同一编号、同样内容此前已申报的那一笔 · the grant of an earlier request with the same key and body",
        ),
        **problems(400, 401, 403, 404, 409, 413, 415, 422, 503),
    }
    summary = "申报并预留额度 · Calculate and reserve a grant"
    described = operation("propose_grant", summary, answers, key, roles=("proposer",))
    return described | {"requestBody": request_body(body, example)}


def _one() -> Json:
    answers = {"200": ok(ref("Grant"), "拨付及其日志 · the grant and its log"), **problems(401, 403, 404, 503)}
    return operation("show_grant", "一笔拨付 · One grant with its log", answers, ID)


def _replay() -> Json:
    answers = {
        "200": ok(ref("Replayed"), "重算与台账是否相同 · whether it is as stored"),
        **problems(401, 403, 404, 503),
    }
    return operation("replay_grant", "重新计算并逐字节核对 · Compute it again, byte for byte", answers, ID)


def _verb(verb: str) -> Json:
    answers = {
        "200": ok(ref("Grant"), "该笔拨付的新状态 · the grant in its new state"),
        **problems(400, 401, 403, 404, 409, 413, 415, 422, 503),
    }
    described = operation(f"{verb}_grant", _TITLES[verb], answers, ID, roles=("approver",))
    return described | {"requestBody": request_body(record(_BODIES[verb]), _EXAMPLES[verb], required=False)}


def _chosen_by(policies: Policies, name: str) -> str:
    """Tell what a list is chosen by: a field of the dictionary, or something of the ledger's own."""
    field = policies.fields.get(name)
    return _CHOSEN[name] if field is None else f"{field.label.zh} · {field.label.en}"


def _list(policies: Policies, name: str, summary: str, answer: str, names: Names) -> Json:
    parameters = [
        {
            "name": one,
            "in": "query",
            "description": _chosen_by(policies, one),
            "schema": Text().json_schema if values is None else {"type": "string", "enum": list(values)},
        }
        for one, values in names.items()
    ]
    parameters += PAGES
    return operation(name, summary, {"200": ok(ref(answer), summary), **problems(401, 403, 422, 503)}, *parameters)
