"""The shapes of answers as JSON Schema, for the OpenAPI document; tests hold every answer against them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from service.conditions import REASONS
from service.engine import STATUSES

Json = dict[str, Any]

TEXT: Final[Json] = {"type": "string"}
NAME: Final[Json] = {"type": "string", "minLength": 1}
TEXT_OR_NULL: Final[Json] = {"type": ["string", "null"]}
WHOLE: Final[Json] = {"type": "integer", "minimum": 0}
BOOLEAN: Final[Json] = {"type": "boolean"}
SHA256: Final[Json] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
YUAN: Final[Json] = {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2}$"}
YUAN_OR_NULL: Final[Json] = {"type": ["string", "null"], "pattern": r"^-?[0-9]+\.[0-9]{2}$"}
DAY_OR_NULL: Final[Json] = {"type": ["string", "null"], "format": "date"}
ANYTHING: Final[Json] = {}


def ref(name: str) -> Json:
    """Refer to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def listed(items: Json) -> Json:
    """Describe a list."""
    return {"type": "array", "items": items}


def record(optional: Mapping[str, Json] | None = None, /, **required: Json) -> Json:
    """Describe an object with these members and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": {**required, **(optional or {})},
    }


def _map(values: Json) -> Json:
    return {"type": "object", "additionalProperties": values}


_LABELLED: Final = record(id=NAME, label=TEXT)
_STATUS: Final[Json] = {"type": "string", "enum": [*STATUSES, "referenced"]}
_SCREENED_STATUS: Final[Json] = {"type": "string", "enum": [*STATUSES, "referenced", "needs_input"]}
_RULE: Final[Json] = {
    **NAME,
    "description": f"规则或原因：{', '.join(REASONS)} 等 · the rule or the reason: {', '.join(REASONS)} …",
}
_DOCUMENT: Final = record(number=NAME, title=NAME, issuer=NAME, issued=NAME)
_DECIDED_BY: Final = record({"article": TEXT}, id=NAME, version=NAME, document=NAME, sha256=SHA256)
_READINGS: Final = _map(NAME)

CONDITION: Final = record(
    id=NAME,
    label=TEXT,
    met={"type": ["boolean", "null"]},
    required=TEXT_OR_NULL,
    actual=TEXT_OR_NULL,
    shortfall=YUAN_OR_NULL,
    article=TEXT,
)
STEP: Final = record({"days": WHOLE}, id=NAME, label=TEXT, formula=TEXT, amount=YUAN_OR_NULL)
LIMIT: Final = record(
    {"remaining": YUAN, "requested": YUAN, "earlier_lines": YUAN_OR_NULL},
    id=NAME,
    label=TEXT,
    ceiling=YUAN,
    granted_before=YUAN,
    binding=BOOLEAN,
)
_REASONS_OF_A_LINE: Final[dict[str, Json]] = {
    "conditions": listed(ref("Condition")),
    "steps": listed(ref("Step")),
    "limits": listed(ref("Limit")),
}
RESULT_LINE: Final = record(line_id=NAME, status=_STATUS, amount=YUAN_OR_NULL, rule=_RULE, **_REASONS_OF_A_LINE)
WARNING: Final = record(pointer=TEXT, code=NAME, message=TEXT)
RESULT: Final = record(
    {"under": TEXT},
    measure=NAME,
    status=_STATUS,
    amount=YUAN_OR_NULL,
    currency={"const": "CNY"},
    rule=_RULE,
    lines=listed(ref("ResultLine")),
    missing=listed(NAME),
    warnings=listed(ref("Warning")),
    policy=_DECIDED_BY,
    readings=_READINGS,
    engine=NAME,
    inputs_sha256=SHA256,
    result_sha256=SHA256,
)
SCREENED: Final = record(
    measure=NAME,
    title=TEXT,
    status=_SCREENED_STATUS,
    amount=YUAN_OR_NULL,
    rule={"type": ["string", "null"]},
    missing=listed(NAME),
    **_REASONS_OF_A_LINE,
)
SCREENING_RESULT: Final = record(
    measures=listed(SCREENED),
    policy=_DECIDED_BY,
    readings=_READINGS,
    engine=NAME,
    inputs_sha256=SHA256,
    result_sha256=SHA256,
)
DEFECT: Final = record(
    pointer={"type": "string", "description": "JSON pointer (RFC 6901)"},
    code=NAME,
    message=TEXT,
    given=ANYTHING,
    expected=TEXT_OR_NULL,
)
PROBLEM: Final = record(
    {"errors": listed(ref("Defect")), "omitted": WHOLE, "result": ref("Result")},
    type={"type": "string", "format": "uri-reference"},
    title=TEXT,
    status={"type": "integer", "minimum": 400, "maximum": 599},
    detail=TEXT,
)

_HEAD: Final[dict[str, Json]] = {
    "id": NAME,
    "version": NAME,
    "ref": NAME,
    "document": _DOCUMENT,
    "in_force": record(**{"from": DAY_OR_NULL, "until": DAY_OR_NULL, "certain_until": DAY_OR_NULL}),
    "sha256": SHA256,
    "has_amounts": BOOLEAN,
}
_REFERENCED: Final[dict[str, Json]] = {
    "id": NAME,
    "title": TEXT,
    "article": TEXT,
    "departments": listed(_LABELLED),
    "status": {"const": "referenced"},
    "under": TEXT,
}
_MEASURE_HEAD: Final[dict[str, Json]] = {
    "id": NAME,
    "title": TEXT,
    "who": TEXT,
    "article": TEXT,
    "departments": listed(_LABELLED),
    "funding_mode": _LABELLED,
}
READING: Final = record(
    id=NAME,
    question=TEXT,
    article=TEXT,
    in_use=NAME,
    choices=listed(_LABELLED),
    decided_by=TEXT_OR_NULL,
    decision_ref=TEXT_OR_NULL,
)
POLICY: Final = record(**_HEAD)
POLICIES: Final = record(policies=listed(ref("Policy")))
POLICY_WHOLE: Final = record(
    **_HEAD,
    rounding=TEXT_OR_NULL,
    rounding_stage=TEXT_OR_NULL,
    measures=listed(record(**_MEASURE_HEAD)),
    referenced=listed(record(**_REFERENCED)),
    not_modelled=listed(record(article=TEXT, text=TEXT)),
    readings=listed(ref("Reading")),
)
INPUT: Final = record(
    id=NAME,
    label=TEXT,
    type=NAME,
    type_label=TEXT,
    need={"type": "string", "enum": ["required", "nullable", "optional", "either"]},
    need_label=TEXT,
    other=TEXT_OR_NULL,
    default=ANYTHING,
    same_as=TEXT_OR_NULL,
    codes=listed(_LABELLED),
    most={"type": ["integer", "null"]},
    proof=TEXT_OR_NULL,
)
MEASURE: Final = record(
    **_MEASURE_HEAD,
    policy=ref("Policy"),
    earmark=TEXT_OR_NULL,
    materials=listed(TEXT),
    event=NAME,
    inputs=listed(ref("Input")),
    conditions=listed({"type": "object", "required": ["id", "label", "otherwise", "kind"]}),
    calculator=NAME,
    terms={"type": "object"},
    limits=listed(
        record(
            id=NAME,
            label=TEXT,
            amount=YUAN_OR_NULL,
            share=TEXT_OR_NULL,
            of=TEXT_OR_NULL,
            per=listed(NAME),
            allocation={"type": "string", "enum": ["in_order", "pro_rata", "equal"]},
        )
    ),
    readings=listed(ref("Reading")),
    sha256=SHA256,
)
REFERENCED_MEASURE: Final = record(**_REFERENCED, policy=ref("Policy"))
CHANGES: Final = record(
    before=ref("Policy"),
    after=ref("Policy"),
    changes=listed(record(path=NAME, before=ANYTHING, after=ANYTHING)),
)
READY: Final = record({"engine": NAME, "policies": listed(NAME)}, status={"const": "ok"})

#: The components by name.
COMPONENTS: Final[dict[str, Json]] = {
    "Condition": CONDITION,
    "Step": STEP,
    "Limit": LIMIT,
    "ResultLine": RESULT_LINE,
    "Warning": WARNING,
    "Result": RESULT,
    "ScreeningResult": SCREENING_RESULT,
    "Defect": DEFECT,
    "Problem": PROBLEM,
    "Policy": POLICY,
    "Policies": POLICIES,
    "PolicyWhole": POLICY_WHOLE,
    "Reading": READING,
    "Input": INPUT,
    "Measure": MEASURE,
    "ReferencedMeasure": REFERENCED_MEASURE,
    "Changes": CHANGES,
    "Ready": READY,
}
