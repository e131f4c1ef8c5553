"""The OpenAPI 3.1 document: one exact path for every measure; written once, when the service starts."""

from __future__ import annotations

from typing import Any

import orjson
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, Response

from service.api import audit_paths, batch_description, ledger_paths
from service.api.answers import COMPONENTS, Json, ref
from service.api.batch_description import batch_operation
from service.api.grants import grants_by, limits_by
from service.api.operations import LANGUAGE, ok, problems, request_body
from service.api.requests import (
    all_facts,
    calculation_schema,
    describe_entry,
    dictionary_schemas,
    file_example,
    frame_schemas,
    line_example,
    line_schemas,
    referenced_reader,
    screening_schema,
)
from service.api.responses import JSON
from service.intake.request import reader_for
from service.policies import Policies
from service.policies.model import Version, Words
from service.version import ENGINE


def blueprint(document: bytes) -> Blueprint:
    """Make the view that sends a finished document."""
    views = Blueprint("openapi", __name__)

    @views.get("/openapi.json")
    def whole() -> Response:
        return Response(document, content_type=JSON, headers={"Cache-Control": "public, max-age=60"})

    return views


def document(policies: Policies) -> bytes:
    """Write the description of the API on these policies as JSON."""
    plugin = MarshmallowPlugin()
    spec = APISpec(
        title="专业镇补助计算接口 · Town subsidies API",
        version=ENGINE,
        openapi_version="3.1.0",
        plugins=[plugin],
        info={"license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        servers=[{"url": "/"}],
    )
    converter: Any = plugin.converter
    converter.add_attribute_function(describe_entry)
    described = COMPONENTS | batch_description.COMPONENTS
    for name, schema in (described | dictionary_schemas(policies) | frame_schemas(policies)).items():
        spec.components.schema(name, schema)
    _add_calculations(spec, converter, policies)
    _add_screenings(spec, converter, policies)
    refused = problems(400, 401, 403, 404, 406, 409, 413, 415, 422, 503, files=True)
    batch = batch_operation(policies, LANGUAGE, refused, file_example(policies))
    spec.path("/v1/batches/{measure}", operations={"post": batch})
    _add_policies(spec, policies)
    _add_health(spec)
    _add_ledger(spec, policies)
    audit_paths.add(spec, policies)
    return orjson.dumps(spec.to_dict())


def _add_calculations(spec: APISpec, converter: Any, policies: Policies) -> None:
    """Add a path for each measure of the newest version, computable ones first."""
    version = policies.newest
    for name, measure in version.measures.items():
        provision = policies.provision(version, name)
        complete, partial, facts = line_schemas(converter, reader_for(policies, provision))
        prefix = _camel(name)
        spec.components.schema(f"{prefix}Line", complete)
        spec.components.schema(f"{prefix}LineWithFacts", partial)
        spec.components.schema(f"{prefix}Facts", facts)
        body = calculation_schema(policies, provision, prefix)
        example = {"lines": [line_example(provision.measure, policies.fields)]}
        _add_calculation(spec, name, measure.title, body, example)
    if version.referenced:
        _, line, facts = line_schemas(converter, referenced_reader(policies))
        spec.components.schema("ReferencedLine", line)
        spec.components.schema("ReferencedFacts", facts)
    for name, referenced in version.referenced.items():
        body = calculation_schema(policies, None, "Referenced")
        _add_calculation(spec, name, referenced.title, body, {"lines": [{}]})


def _add_calculation(spec: APISpec, measure: str, title: Words, body: Json, example: Json) -> None:
    operation = {
        "tags": ["calculations"],
        "operationId": f"calculate_{measure}",
        "summary": _both(title),
        "parameters": [LANGUAGE],
        "requestBody": request_body(body, example),
        "responses": _responses("Result", "结果 · the result", 400, 413, 415, 422),
    }
    spec.path(f"/v1/calculations/{measure}", operations={"post": operation})


def _add_screenings(spec: APISpec, converter: Any, policies: Policies) -> None:
    spec.components.schema("Facts", all_facts(converter, policies))
    version = policies.newest
    first = policies.provision(version, next(iter(version.measures))).measure
    operation = {
        "tags": ["screenings"],
        "operationId": "screen",
        "summary": "一次填写，逐项筛查 · One set of facts against every measure",
        "parameters": [LANGUAGE],
        "requestBody": request_body(screening_schema(), {"facts": line_example(first, policies.fields)}),
        "responses": _responses("ScreeningResult", "各项措施 · every measure", 400, 413, 415, 422),
    }
    spec.path("/v1/screenings", operations={"post": operation})


def _add_policies(spec: APISpec, policies: Policies) -> None:
    refs = list(dict.fromkeys(name for version in reversed(policies.versions) for name in (version.ref, version.id)))
    measures = list(dict.fromkeys(name for version in policies.versions for name in _all_measures(version)))
    _add_get(spec, "/v1/policies", "list_policies", "政策版本 · The versions", "Policies")
    _add_get(spec, "/v1/policies/{ref}", "show_policy", "一个版本 · One version", "PolicyWhole", ref=refs)
    _add_get(
        spec,
        "/v1/policies/{ref}/measures/{measure}",
        "show_measure",
        "一项措施 · One measure",
        "Measure",
        "ReferencedMeasure",
        ref=refs,
        measure=measures,
    )
    diff = "/v1/policies/{before}/diff/{after}"
    _add_get(spec, diff, "diff_policies", "版本对比 · What differs", "Changes", before=refs[::-1], after=refs)


def _all_measures(version: Version) -> tuple[str, ...]:
    return (*version.measures, *version.referenced)


def _add_get(spec: APISpec, path: str, identity: str, summary: str, *answers: str, **parameters: list[str]) -> None:
    named = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "enum": values},
            "example": values[0],
        }
        for name, values in parameters.items()
    ]
    statuses = (404,) if named else ()
    schema = ref(answers[0]) if len(answers) == 1 else {"oneOf": [ref(answer) for answer in answers]}
    operation = {
        "tags": ["policies"],
        "operationId": identity,
        "summary": summary,
        "parameters": [*named, LANGUAGE],
        "responses": {"200": ok(schema, summary), **problems(*statuses)},
    }
    spec.path(path, operations={"get": operation})


def _add_health(spec: APISpec) -> None:
    for path, summary in (("/healthz", "存活 · The process lives"), ("/readyz", "就绪 · It can answer")):
        operation = {
            "tags": ["operations"],
            "operationId": path.removeprefix("/"),
            "summary": summary,
            "responses": {"200": ok(ref("Ready"), summary)},
        }
        spec.path(path, operations={"get": operation})


def _add_ledger(spec: APISpec, policies: Policies) -> None:
    """Add the ledger; the example is a proposal for the first measure of the newest version."""
    measure = next(iter(policies.newest.measures.values()))
    line = line_example(measure, policies.fields) | {"town_id": "T-001"}
    names = (grants_by(policies), limits_by(policies))
    ledger_paths.add(spec, policies, names, {"measure": measure.id, "lines": [line]})


def _responses(answer: str, description: str, *statuses: int) -> Json:
    return {"200": ok(ref(answer), description), **problems(*statuses)}


def _both(words: Words) -> str:
    return f"{words.zh} · {words.en}"


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
