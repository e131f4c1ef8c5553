"""The shapes of requests as JSON Schema, made by apispec from the schemas that validate them; the examples work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import fields

from service.api.answers import Json, listed, record, ref
from service.describe import shared_limits
from service.intake.dictionary import entry_for
from service.intake.fields import Entry
from service.intake.granted import MOST_ENTRIES
from service.intake.request import MOST_LINES, reader_for
from service.intake.schemas import LINE_ID, LineReader
from service.intake.screening import reader_of_all
from service.policies import Policies
from service.policies.model import Field, Measure, Provision, Reading

#: What an example says where nothing better is known of a field than its type.
_BY_TYPE: Final[Mapping[str, Any]] = {
    "text": "A-001",
    "credit_code": "91110000600037341L",
    "flag": True,
    "yuan": "10000000.00",
    "date": "2027-06-30",
    "year": 2027,
    "count": 184,
    "periods": [{"paid_from": "2027-07-01", "paid_to": "2027-12-31"}],
    "balances": [{"balance": "10000000.00", "from": "2027-06-30", "to": "2027-12-31"}],
}
_NULL: Final = "null"
_LINES: Final = {
    "minItems": 1,
    "maxItems": MOST_LINES,
    "description": "每笔贷款、每个项目、每份合同等各一项 · one entry per loan, project, contract, …",
}
_LINE_ID: Final = {"description": "行号，不写时依次为 L1、L2… · L1, L2, … in their order unless given"}
_FOR_ALL_LINES: Final = {
    "description": "各行共同的字段，只写一次；行内另写的以行内为准 · fields for all lines; what a line says itself wins"
}
_GRANTED: Final = {"description": "此前已发放的金额，按上限分列 · what was granted before, by ceiling"}
_FRAME: Final = {"policy": ref("PolicyName"), "readings": ref("Readings")}


def describe_entry(self: OpenAPIConverter, field: fields.Field[Any], ret: Json) -> Json:  # noqa: ARG001
    """Describe a field to apispec: one of the dictionary by its component, any other in place."""
    if not isinstance(field, Entry):
        return {}
    described = field.json_schema if field.entry is None else ref(field.entry.id)
    if field.name == LINE_ID:
        described = described | _LINE_ID
    ret.clear()
    return nullable(described) if field.allow_none else described


def nullable(schema: Json) -> Json:
    """Let null stand for not given."""
    return {"anyOf": [schema, {"type": _NULL}]}


def dictionary_schemas(policies: Policies) -> dict[str, Json]:
    """Describe every field of the dictionary once: type, bounds, pattern, label, example."""
    return {
        name: {
            **entry_for(field).json_schema,
            "description": f"{field.label.zh} · {field.label.en}",
            "examples": [example_of(field)],
        }
        for name, field in policies.fields.items()
    }


def example_of(field: Field) -> Any:
    """Return a value that the field takes."""
    if field.codes:
        return next(iter(field.codes))
    return min(_BY_TYPE["count"], field.most) if field.most is not None else _BY_TYPE[field.type]


def line_example(measure: Measure, dictionary: Mapping[str, Field]) -> Json:
    """Return a line with everything that a measure needs; of two inputs that stand for one another the first."""
    names = list(measure.inputs)
    return {
        name: example_of(dictionary[name])
        for name, asked in measure.inputs.items()
        if asked.need in {"required", "nullable"}
        or (asked.other is not None and names.index(name) < names.index(asked.other))
    }


def file_example(policies: Policies) -> str:
    """Return a CSV file with a row of what the newest version's first measure needs, under the ids of its fields."""
    line = line_example(next(iter(policies.newest.measures.values())), policies.fields)
    return f"{','.join(line)}\n{','.join(map(str, line.values()))}\n"


def line_schemas(converter: OpenAPIConverter, reader: LineReader) -> tuple[Json, Json, Json]:
    """Return the shapes of a complete line, of a line that leaves some inputs to the facts, and of the facts."""
    complete = _described(converter, reader)
    partial = {name: value for name, value in complete.items() if name != "required"}
    facts = {**partial, "properties": {name: nullable(ref(name)) for name in reader.inputs}}
    alternatives = [_given(one) for pair in reader.pairs for one in pair]
    if alternatives:
        complete = {**complete, "oneOf": alternatives}
    return complete, partial, facts


def _given(name: str) -> Json:
    """Demand one input of a line, not null."""
    return {"required": [name], "properties": {name: ref(name)}}


def calculation_schema(policies: Policies, provision: Provision | None, name: str) -> Json:
    """Describe the body of a calculation; `name` begins the names of its line components."""
    if provision is None:
        lines = {"type": ["array", _NULL], "minItems": 1, "maxItems": MOST_LINES, "items": ref(f"{name}Line")}
        return record({**_FRAME, "facts": nullable(ref(f"{name}Facts")), "lines": lines})
    granted = _granted_schema(policies, provision)
    complete = {**_LINES, **listed(ref(f"{name}Line"))}
    partial = {**_LINES, **listed(ref(f"{name}LineWithFacts"))}
    optional = {**_FRAME, "granted_before": granted}
    return {
        "anyOf": [
            {"title": "complete lines", **record({**optional, "facts": {"type": _NULL}}, lines=complete)},
            {
                "title": "facts for all lines",
                **record(optional, facts=ref(f"{name}Facts") | _FOR_ALL_LINES, lines=partial),
            },
        ]
    }


def screening_schema() -> Json:
    """Describe the body of a screening."""
    return record({**_FRAME, "facts": nullable(ref("Facts"))})


def all_facts(converter: OpenAPIConverter, policies: Policies) -> Json:
    """Describe one flat set of facts: every field of the dictionary, none required."""
    return _described(converter, reader_of_all(policies))


def _described(converter: Any, reader: LineReader) -> Json:  # apispec leaves this without types
    described: Json = converter.schema2jsonschema(reader.schema)
    return described


def frame_schemas(policies: Policies) -> dict[str, Json]:
    """Describe what every request may name: a policy, and readings with their choices."""
    usable = [version for version in policies.versions if version.has_amounts]
    names = dict.fromkeys(name for version in usable for name in (version.id, version.ref))
    default = "默认按事项日期适用的版本 · default: in force on each line's event date"
    readings = {reading.id: _choices(reading) for reading in policies.newest.readings.values()}
    return {
        "PolicyName": {"type": ["string", _NULL], "enum": [*names, None], "description": default},
        "Readings": {"type": ["object", _NULL], "additionalProperties": False, "properties": readings},
    }


def _choices(reading: Reading) -> Json:
    question = reading.question
    return {"type": "string", "enum": list(reading.choices), "description": f"{question.zh} · {question.en}"}


def _granted_schema(policies: Policies, provision: Provision) -> Json:
    shared = shared_limits(policies, provision)
    if not shared:
        return {"type": ["array", _NULL], "maxItems": 0}
    keys = {key for limit in shared for key in limit.per if key in policies.fields}
    group: dict[str, Json] = {key: ref(key) for key in sorted(keys)}
    years = {key for limit in shared for key in limit.per if key.endswith(".year")}
    group |= {key: {"type": "integer", "minimum": 1900, "maximum": 2200} for key in sorted(years)}
    entry = record(
        {"group": {"type": ["object", _NULL], "properties": group}},
        limit={"type": "string", "enum": sorted({limit.id for limit in shared})},
        amount=entry_for(next(field for field in policies.fields.values() if field.type == "yuan")).json_schema,
    )
    return {"type": ["array", _NULL], "maxItems": MOST_ENTRIES, "items": entry, **_GRANTED}


def referenced_reader(policies: Policies) -> LineReader:
    """Return the reader of measures that are paid under other rules: facts only."""
    return reader_for(policies, None)
