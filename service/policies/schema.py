"""The format of a policy file as JSON Schema 2020-12, so that editors complete and check it."""

from __future__ import annotations

import json
from typing import Any, Final

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin, resolver
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields

from service.policies.file_schema import PolicyFile
from service.policies.parts import Part
from service.policies.values import Given, Variant

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_AT: Final = "#/components/schemas/"


def editor_schema() -> dict[str, Any]:
    """Return the JSON Schema of a policy file: what an editor can know; the loader knows more."""
    plugin = MarshmallowPlugin(schema_name_resolver=_name)
    spec = APISpec("policies.yaml", "1", "3.1.0", plugins=[plugin])
    converter: Any = plugin.converter
    for function in (_own_rules, _variants):
        converter.add_attribute_function(function)
    spec.components.schema("PolicyFile", schema=PolicyFile)
    found = spec.to_dict()["components"]["schemas"]
    for kind in _parts(PolicyFile()):
        found[_name(kind)] |= {"description": _said(kind)} | kind.editor
    root = found.pop("PolicyFile")
    text = json.dumps({"$schema": DIALECT, "title": "policies.yaml", **root, "$defs": found})
    schema: dict[str, Any] = json.loads(text.replace(_AT, "#/$defs/"))
    return schema


def editor_text() -> str:
    """Return the JSON Schema as it stands in docs/policies.schema.json."""
    return json.dumps(editor_schema(), ensure_ascii=False, indent=2) + "\n"


def _said(kind: type[Part]) -> str:
    """Take the first sentence of a kind's docstring, for whoever points at it in an editor."""
    return (kind.__doc__ or "").partition("\n")[0]


def _name(schema: Given) -> str:
    return str(resolver(schema))


def _own_rules(_: OpenAPIConverter, field: fields.Field[Any], ret: dict[str, Any], **__: Given) -> dict[str, Any]:
    """Take over what our own kinds of values say about themselves, and null where it is allowed."""
    said = dict(getattr(field, "editor", {}))
    if field.allow_none and "enum" in said:
        said["enum"] = [*said["enum"], None]
    if field.allow_none and isinstance(said.get("type"), str):
        said["type"] = [said["type"], "null"]
    if "type" not in said and not isinstance(field, fields.List | fields.Dict | fields.Nested):
        ret.pop("type", None)
    return said


def _variants(converter: Given, field: fields.Field[Any], **_: Given) -> dict[str, Any]:
    """List the schemas of a mapping whose kind a key tells."""
    if not isinstance(field, Variant):
        return {}
    return {"oneOf": [converter.resolve_nested_schema(schema) for schema in field.schemas.values()]}


def _parts(schema: Schema) -> set[type[Part]]:
    """Find all kinds of mappings in the file."""
    found: set[type[Part]] = set()
    waiting: list[Any] = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Part) and type(one) not in found:
            found.add(type(one))
            waiting += one.fields.values()
        elif isinstance(one, fields.Nested):
            waiting.append(one.schema)
        elif isinstance(one, Variant):
            waiting += one.schemas.values()
        elif isinstance(one, fields.List | fields.Dict):
            waiting.append(getattr(one, "inner", None))
    return found
