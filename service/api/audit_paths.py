"""Audits and exports in the OpenAPI document."""

from __future__ import annotations

from typing import Final

from apispec import APISpec

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
from service.api.audits import AUDITORS, LONGEST_SEED, MOST_SAMPLED
from service.api.exports import HTML
from service.api.grants import STATES
from service.api.ledger_paths import ID, MOMENT, PAGES, operation
from service.api.operations import ok, problems
from service.api.queries import measures_of
from service.api.uploads import CSV, MULTIPART, NDJSON, PARQUET, XLSX
from service.policies import Policies
from service.words import WORDS

_FILE: Final[Json] = {"type": "string", "format": "binary"}
_OBJECT: Final[Json] = {"type": "object", "additionalProperties": ANYTHING}
_TEXTS: Final[Json] = {"type": "object", "additionalProperties": TEXT}
_LEDGER: Final = record(
    {
        "due": YUAN,
        "state": {"type": "string", "enum": list(STATES)},
        "approved_by": TEXT_OR_NULL,
        "approved_on": TEXT_OR_NULL,
        "ledger_paid_on": TEXT_OR_NULL,
        "ledger_reference": TEXT_OR_NULL,
    },
    grant=TEXT_OR_NULL,
)
_PAYOUT: Final[dict[str, Json]] = {
    "place": TEXT,
    "row": WHOLE,
    "paid": YUAN_OR_NULL,
    "measure": TEXT_OR_NULL,
    "town_id": TEXT_OR_NULL,
    "applicant_id": TEXT_OR_NULL,
    "ledger": ref("AuditedGrant"),
}
#: Every kind of finding: those that have words, but for rows without any.
_KINDS: Final[Json] = {"type": "string", "enum": [kind for kind in WORDS["zh"]["audit_kinds"] if kind != "matched"]}
_FINDING: Final = record(**_PAYOUT, kind=_KINDS, code=NAME, at_stake=YUAN, counted=YUAN, facts=_OBJECT, message=TEXT)
_KIND: Final = record(kind=_KINDS, label=TEXT, rows=WHOLE, at_stake=YUAN, counted=YUAN)
_AMOUNTS: Final[Json] = {"type": "object", "additionalProperties": YUAN}
_GROUP: Final[dict[str, Json]] = {"rows": WHOLE, "paid": YUAN, "accused": WHOLE, "at_stake": YUAN, "kinds": _AMOUNTS}
_HEAD: Final = record(seq=WHOLE, hash=SHA256)
_REPORT: Final[dict[str, Json]] = {
    "id": NAME,
    "made_by": TEXT,
    "made_at": MOMENT,
    "engine": NAME,
    "file": TEXT,
    "file_sha256": SHA256,
    "against": _OBJECT,
    "columns": _TEXTS,
    "carried": listed(TEXT),
    "not_checked": listed(record(code=NAME, columns=listed(NAME), message=TEXT)),
    "warnings": listed(record(pointer=TEXT, code=NAME, facts=_OBJECT, message=TEXT)),
    "sums_left_out": listed(record(place=TEXT, row=WHOLE, amount=YUAN_OR_NULL)),
    "rows": WHOLE,
    "paid": YUAN,
    "matched": record(rows=WHOLE, amount=YUAN),
    "accused": record(rows=WHOLE, at_stake=YUAN),
    "by_kind": listed(ref("AuditKind")),
    "by_measure": listed(record(measure=TEXT_OR_NULL, **_GROUP)),
    "by_town": listed(record(town_id=TEXT_OR_NULL, **_GROUP)),
    "findings": listed(ref("AuditFinding")),
    "sample": record(seed=TEXT, rows=listed(record(**_PAYOUT, paid_on=TEXT_OR_NULL))),
    "sha256": SHA256,
}
_LISTED: Final = record(
    id=NAME, made_by=TEXT, made_at=MOMENT, file=TEXT, file_sha256=SHA256, rows=WHOLE, accused=WHOLE, at_stake=YUAN,
    report_sha256=SHA256,
)  # fmt: skip
_PUBLISHED: Final = record(
    number=WHOLE, grant=NAME, measure=NAME, town_id=TEXT_OR_NULL, town_name=TEXT_OR_NULL, applicant_name=TEXT_OR_NULL,
    applicant_id=TEXT_OR_NULL, amount=YUAN, approved_on=TEXT,
)  # fmt: skip
_STAGES: Final = ("proposed", "open", "approved", "paid", "released")
_FIGURES: Final[dict[str, Json]] = {
    "applicants": WHOLE,
    **{f"{stage}_grants": WHOLE for stage in _STAGES},
    **{f"{stage}_amount": YUAN for stage in _STAGES},
    "recovered_amount": YUAN,
    "net_amount": YUAN,
    "days_to_approval": {**WHOLE, "type": ["integer", "null"]},
}
_COMPONENTS: Final[dict[str, Json]] = {
    "AuditedGrant": _LEDGER,
    "AuditFinding": _FINDING,
    "AuditKind": _KIND,
    "Audit": record(**_REPORT),
    "Audits": record(audits=listed(_LISTED), next=TEXT_OR_NULL),
    "Publicity": record(
        year=WHOLE, measure=TEXT_OR_NULL, town_id=TEXT_OR_NULL, rows=listed(_PUBLISHED), total=YUAN, checkpoint=_HEAD,
        sha256=SHA256,
    ),
    "Performance": record(
        year=WHOLE,
        rows=listed(record(measure=NAME, town_id=TEXT_OR_NULL, **_FIGURES)),
        by_measure=listed(record(measure=NAME, **_FIGURES)),
        total=record(**_FIGURES),
        checkpoint=_HEAD,
        sha256=SHA256,
    ),
    "Decision": record(
        format=TEXT, grant=_OBJECT, request=_OBJECT, result=_OBJECT,
        explanation={"type": "object", "additionalProperties": listed(TEXT)}, log=listed(_OBJECT), checkpoint=_HEAD,
        sha256=SHA256,
    ),
}  # fmt: skip
_YEARS: Final[Json] = {"type": "integer", "minimum": 1900, "maximum": 2200}
_SEED: Final[Json] = {"type": "string", "minLength": 1, "maxLength": LONGEST_SEED}
_AUDIT_ID: Final = {
    **ID,
    "description": "核对报告编号 · the name of the report",
    "example": "audit-000001",
}
_SAMPLE: Final[Json] = {"type": "integer", "minimum": 0, "maximum": MOST_SAMPLED, "default": 20}


def add(spec: APISpec, policies: Policies) -> None:
    """Add audits and exports."""
    for name, schema in _COMPONENTS.items():
        spec.components.schema(name, schema)
    spec.path("/v1/audits", operations={"get": _list(), "post": _audit()})
    answers = {"200": ok(ref("Audit"), "核对报告 · the report"), **problems(401, 403, 404, 503)}
    audit = operation("show_audit", "核对报告 · A report", answers, _AUDIT_ID, roles=AUDITORS)
    spec.path("/v1/audits/{id}", operations={"get": audit})
    chosen = [
        {"name": "measure", "in": "query", "schema": {"type": "string", "enum": list(measures_of(policies))}},
        {"name": "town_id", "in": "query", "schema": {"type": "string", "minLength": 1, "maxLength": 64}},
    ]
    spec.path("/v1/exports/publicity", operations={"get": _export("Publicity", "公示表 · The publicity list", *chosen)})
    spec.path("/v1/exports/performance", operations={"get": _export("Performance", "绩效表 · The performance table")})
    page = {"200": _or(ok(ref("Decision"), "决定文件 · the decision with its proof"), HTML)}
    decision = operation(
        "export_decision", "决定文件 · A decision with its proof", {**page, **problems(401, 403, 404, 406, 503)}, ID
    )
    spec.path("/v1/exports/decisions/{id}", operations={"get": decision})


def _or(answer: Json, kind: str) -> Json:
    """Offer an answer as a file, too."""
    return {**answer, "content": {**answer["content"], kind: {"schema": _FILE}}}


def _audit() -> Json:
    report = _or(ok(ref("Audit"), "已核对并存入台账 · audited, and kept in the ledger"), XLSX)
    answers = {"201": report, **problems(400, 401, 403, 406, 413, 415, 422, 503, files=True)}
    parameters = [
        {"name": "seed", "in": "query", "description": "抽样种子 · the seed of the sample", "schema": _SEED},
        {"name": "sample", "in": "query", "description": "抽查笔数 · payouts to check by hand", "schema": _SAMPLE},
    ]
    form = record({"seed": _SEED, "sample": _SAMPLE}, file=_FILE)
    plain: Json = {kind: {"schema": _FILE} for kind in (CSV, XLSX, NDJSON, PARQUET)}
    plain[CSV]["example"] = f"grant_id,amount\n{ID['example']},3000000.00\n"
    summary = "核对支付文件 · Audit a file of payouts"
    described = operation("audit_payouts", summary, answers, *parameters, roles=AUDITORS)
    return described | {"requestBody": {"required": True, "content": {**plain, MULTIPART: {"schema": form}}}}


def _list() -> Json:
    answers = {"200": ok(ref("Audits"), "核对报告目录 · the reports"), **problems(401, 403, 422, 503)}
    return operation("list_audits", "核对报告目录 · The reports of audits", answers, *PAGES, roles=AUDITORS)


def _export(answer: str, summary: str, *parameters: Json) -> Json:
    year = {"name": "year", "in": "query", "required": True, "schema": _YEARS}
    answers = {"200": _or(ok(ref(answer), summary), XLSX), **problems(401, 403, 406, 422, 503)}
    return operation(f"export_{answer.lower()}", summary, answers, year, *parameters)
