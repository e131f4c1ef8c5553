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


def _told(schema: Json, chinese: str, english: str) -> Json:
    """Say what a member means."""
    return {**schema, "description": f"{chinese} · {english}"}


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
_DECIDED_BY: Final = record(
    {"article": _told(TEXT, "条款", "the article")},
    id=NAME,
    version=NAME,
    document=_told(NAME, "文号", "the number of the document"),
    sha256=_told(SHA256, "所用条款的摘要", "hash of the terms that were applied"),
)
_READINGS: Final = _map(NAME)

CONDITION: Final = record(
    id=NAME,
    label=TEXT,
    met=_told(
        {"type": ["boolean", "null"]}, "是否符合；null 为无法判断", "whether it is met; null where that cannot be told"
    ),
    required=_told(TEXT_OR_NULL, "要求", "what is asked for"),
    actual=_told(TEXT_OR_NULL, "实际", "what there is"),
    shortfall=_told(YUAN_OR_NULL, "差额", "what is lacking"),
    article=_told(TEXT, "条款", "the article"),
)
STEP: Final = record(
    {"days": _told(WHOLE, "天数", "days, where a step counts them")},
    id=NAME,
    label=TEXT,
    formula=_told(TEXT, "代入数字的算式", "the formula with its numbers"),
    amount=_told(YUAN_OR_NULL, "算式的结果", "what the formula comes to"),
)
LIMIT: Final = record(
    {
        "remaining": _told(YUAN, "减去此前已发放后的余额", "what that leaves"),
        "requested": _told(YUAN, "共用此上限的各行合计", "what all lines that share it come to"),
        "earlier_lines": _told(YUAN_OR_NULL, "其中前面各行", "of that, the lines before this one"),
    },
    id=NAME,
    label=TEXT,
    ceiling=_told(YUAN, "上限金额", "the ceiling"),
    granted_before=_told(YUAN, "此前已发放", "granted before"),
    binding=_told(BOOLEAN, "是否使本行金额减少", "whether it lowered this line"),
)
_REASONS_OF_A_LINE: Final[dict[str, Json]] = {
    "conditions": _told(
        listed(ref("Condition")), "全部条件，不只第一个不符合的", "all of them, not the first that fails"
    ),
    "steps": _told(listed(ref("Step")), "计算步骤", "how the amount came about"),
    "limits": _told(listed(ref("Limit")), "各项上限，由窄到宽", "each ceiling, from narrow to wide"),
}
_AMOUNT: Final = _told(
    YUAN_OR_NULL, "金额；null 为文件没有写明金额或无法计算", "null where no amount is stated, or none can be told"
)
RESULT_LINE: Final = record(line_id=NAME, status=_STATUS, amount=_AMOUNT, rule=_RULE, **_REASONS_OF_A_LINE)
_POINTER: Final = _told(TEXT, "所指的位置（RFC 6901）", "the place, as a JSON pointer (RFC 6901)")
_MISSING: Final = _told(listed(NAME), "还缺的字段", "the fields that are missing")
_ENGINE: Final = _told(NAME, "引擎版本", "the version of the engine")
_INPUTS_SHA256: Final = _told(SHA256, "请求的摘要", "hash of the request")
_RESULT_SHA256: Final = _told(SHA256, "结果的摘要，不含说明文字", "hash of the result without its words")
_APPLIED: Final = _told(_READINGS, "采用的解释口径", "the readings that were applied")
WARNING: Final = record(pointer=_POINTER, code=NAME, message=TEXT)
RESULT: Final = record(
    {"under": _told(TEXT, "所依据的其他规定", "the other rules that it is paid under")},
    measure=NAME,
    status=_STATUS,
    amount=_AMOUNT,
    currency={"const": "CNY"},
    rule=_RULE,
    lines=listed(ref("ResultLine")),
    missing=_MISSING,
    warnings=listed(ref("Warning")),
    policy=_DECIDED_BY,
    readings=_APPLIED,
    engine=_ENGINE,
    inputs_sha256=_INPUTS_SHA256,
    result_sha256=_RESULT_SHA256,
)
SCREENED: Final = record(
    measure=NAME,
    title=TEXT,
    status=_SCREENED_STATUS,
    amount=_AMOUNT,
    rule={"type": ["string", "null"]},
    missing=_MISSING,
    **_REASONS_OF_A_LINE,
)
SCREENING_RESULT: Final = record(
    measures=listed(SCREENED),
    policy=_DECIDED_BY,
    readings=_APPLIED,
    engine=_ENGINE,
    inputs_sha256=_INPUTS_SHA256,
    result_sha256=_RESULT_SHA256,
)
DEFECT: Final = record(
    pointer=_POINTER,
    code=NAME,
    message=_told(TEXT, "问题和改正办法", "what is wrong, and the cure"),
    given=_told(ANYTHING, "所填内容", "what was given"),
    expected=_told(TEXT_OR_NULL, "应填内容", "what is right"),
)
PROBLEM: Final = record(
    {
        "errors": listed(ref("Defect")),
        "omitted": _told(WHOLE, "未列出的问题数", "how many more defects there are"),
        "result": _told(
            ref("Result"), "没有可拨付的金额时，完整的计算结果", "where nothing is to be granted, the calculation"
        ),
    },
    type=_told({"type": "string", "format": "uri-reference"}, "问题的种类", "the kind of problem"),
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
#: What a condition demands, each kind its own.
_DEMANDS: Final[dict[str, Json]] = {
    "field": _told(NAME, "所看的字段", "the field that it looks at"),
    "allowed": _told(listed(ANYTHING), "允许的值", "the values that it allows"),
    "of": _told(NAME, "所看的金额", "the amount that it looks at"),
    "at_least": _told(YUAN, "门槛", "the threshold"),
    "per": _told(listed(NAME), "合计的范围", "what is added up"),
    "year": _told(NAME, "所比的年度字段", "the year that it compares with"),
    "years_after": WHOLE,
    "before": NAME,
}
MEASURE: Final = record(
    **_MEASURE_HEAD,
    policy=ref("Policy"),
    earmark=TEXT_OR_NULL,
    materials=listed(TEXT),
    event=NAME,
    inputs=listed(ref("Input")),
    conditions=listed(
        record(
            _DEMANDS,
            id=NAME,
            label=TEXT,
            otherwise=_told(TEXT_OR_NULL, "不符合时的结果", "what follows where it is not met"),
            kind=NAME,
        )
    ),
    calculator=NAME,
    terms=_told({"type": "object"}, "标准，因计算方法而异", "the terms, which depend on the calculator"),
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
