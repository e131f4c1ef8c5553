"""What the OpenAPI document says of batches: files in and out, their options, and the control totals in headers."""

from __future__ import annotations

from typing import Any, Final

from service.api.answers import NAME, TEXT, WHOLE, YUAN, Json, listed, record, ref
from service.api.batches import ALL
from service.api.responses import JSON
from service.api.uploads import CSV, MULTIPART, NDJSON, PARQUET, SUFFIXES, XLSX
from service.policies import Policies

_FILE: Final[Json] = {"type": "string", "format": "binary"}
_EXPLAIN: Final = "true：附各条件、步骤和上限 · adds every condition, step and limit"
_GRANT: Final = (
    "true：逐行在台账中拨付，全部或全不；须申报人密钥，结果增加 grant_id 和 state · "
    "grants every row of which something is due, all or none, by a proposer's key; adds grant_id and state"
)
_KEY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "拨付时这份文件的编号，1 至 128 个字母、数字或符号，默认按内容；重试不会重复拨付 · "
    "with grant, your name for the file (1 to 128 letters, digits or signs), by default its content: "
    "a retry never grants twice",
    "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
}

TOTALS: Final = record(
    read={**WHOLE, "description": "读入行数 · rows in"},
    written={**WHOLE, "description": "写出行数 · rows out"},
    rows={"type": "object", "additionalProperties": WHOLE, "description": "各状态行数 · rows by status"},
    warned={**WHOLE, "description": "有提示的行数 · rows with a warning"},
    calculated=YUAN,
    cut=YUAN,
    granted=YUAN,
)
BATCH_TOTALS: Final[Json] = {"type": "object", "additionalProperties": ref("Totals")}
BATCH_NOTES: Final = record(
    warnings=listed(ref("Warning")),
    carried={
        "type": "object",
        "additionalProperties": listed(TEXT),
        "description": "原样带出的列 · columns that came out as they went in, by measure",
    },
    omitted={**WHOLE, "description": "未列出的条数 · how many of both did not fit"},
)
#: The components by name.
COMPONENTS: Final[dict[str, Json]] = {"Totals": TOTALS, "BatchTotals": BATCH_TOTALS, "BatchNotes": BATCH_NOTES}

_HEADERS: Final[dict[str, Json]] = {
    "Batch-Invalid": {
        "description": "输入有误、未计算的行数 · rows that could not be used; the file says why",
        "required": True,
        "schema": WHOLE,
    },
    "Batch-Totals": {
        "description": "各措施控制总数 · control totals by measure, as JSON in ASCII",
        "required": True,
        "content": {JSON: {"schema": ref("BatchTotals")}},
    },
    "Batch-Notes": {
        "description": "提醒和原样带出的列 · warnings, and columns carried along, as JSON in ASCII",
        "required": True,
        "content": {JSON: {"schema": ref("BatchNotes")}},
    },
    "Content-Disposition": {"description": "结果文件名 · the name of the result", "schema": NAME},
}


def batch_operation(policies: Policies, language: Json, problems: Json, example: str) -> Json:
    """Describe the one operation for every measure; `problems` are its answers that are not a file.

    `example` is a file for the first measure.
    """
    measures = [*dict.fromkeys(name for version in policies.versions for name in version.measures), ALL]
    measure = {
        "name": "measure",
        "in": "path",
        "required": True,
        "description": f"{ALL}：按工作表名称识别措施 · {ALL}: a sheet is of the measure it is called after",
        "schema": {"type": "string", "enum": measures},
    }
    query = [{"name": name, "in": "query", **described} for name, described in _options(policies).items()]
    file = {"description": "结果文件：原来各行及其结果 · the same rows, decided", "headers": _HEADERS}
    return {
        "tags": ["batches"],
        "operationId": "decide_files",
        "summary": "成批文件，逐行计算 · Files of applications, decided row by row",
        "parameters": [measure, *query, _KEY, language],
        "security": [{}, {"key": ["proposer"]}],
        "requestBody": {"required": True, "content": _bodies(policies, example)},
        "responses": {"200": {**file, "content": {kind: {"schema": _FILE} for kind in SUFFIXES}}, **problems},
    }


def _options(policies: Policies) -> dict[str, Any]:
    usable = [version for version in policies.versions if version.has_amounts]
    names = list(dict.fromkeys(name for version in usable for name in (version.id, version.ref)))
    readings = [f"{reading.id}={choice}" for reading in policies.newest.readings.values() for choice in reading.choices]
    return {
        "policy": {"description": "只按此政策版本 · only this version", "schema": {"type": "string", "enum": names}},
        "reading": {
            "description": "解释口径，可重复 · readings, name=choice; may be repeated",
            "style": "form",
            "explode": True,
            "schema": {**listed({"type": "string", "enum": readings}), "uniqueItems": True},
        },
        "explain": {"description": _EXPLAIN, "schema": {"type": "boolean"}},
        "grant": {"description": _GRANT, "schema": {"type": "boolean"}},
    }


def _bodies(policies: Policies, example: str) -> Json:
    """Describe a file as the body, and several files with a history and the options as the parts of a form."""
    options = {name: one["schema"] for name, one in _options(policies).items()}
    form = record(
        {"history": {**_FILE, "description": "此前已发放的清单 · what was granted before"}, **options},
        file={**listed(_FILE), "minItems": 1, "description": "一个或多个文件 · one or more files, merged"},
    )
    plain: Json = {kind: {"schema": _FILE} for kind in (CSV, XLSX, NDJSON, PARQUET)}
    plain[CSV]["example"] = example
    return {**plain, MULTIPART: {"schema": form}}
