"""The OpenAPI document, laid out for a page: groups of operations, what each takes, gives and looks like in use."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import orjson

from service.api.problems import PROBLEM_JSON
from service.api.responses import JSON
from service.api.uploads import MULTIPART
from service.policies.model import Language
from service.web.reference.shapes import Row, Shapes
from service.words import tag_of

Json = Mapping[str, Any]

#: Stands in an example for the address of the service.
HERE: Final = "{here}"
#: The header of every operation: told once, above all of them.
_EVERYWHERE: Final = "Accept-Language"


class Parameter(NamedTuple):
    """A parameter: `where` is path, query or header; `told` says what for, "" where the name says it."""

    name: str
    where: str
    required: bool
    kind: str
    told: str
    allowed: tuple[str, ...]


class Answer(NamedTuple):
    """An answer: its status ("" for all others), what it means, the object it holds (or one of them), its types.

    `headers` are those that come with it.
    """

    status: str
    told: str
    components: tuple[str, ...]
    types: tuple[str, ...]
    headers: Sequence[Row]


class Operation(NamedTuple):
    """An operation; `key` is "" where none is needed, else `required` or `optional`, and of one of these roles.

    `members` are those of a JSON body, or the parts of a form beside the parameters (which may be parts as well).
    `example` is a command for a shell; `sent` is the JSON in it ("" for none), which a script may send.
    """

    id: str
    method: str
    path: str
    title: str
    key: str
    roles: tuple[str, ...]
    parameters: Sequence[Parameter]
    types: tuple[str, ...]
    members: Sequence[Row]
    answers: Sequence[Answer]
    problems: Sequence[Answer]
    example: str
    sent: str


class Group(NamedTuple):
    """Operations that belong together, under the name of their tag."""

    name: str
    operations: Sequence[Operation]


class Reference(NamedTuple):
    """The whole API: its groups, and the objects that its answers hold (True) or that several requests share."""

    groups: Sequence[Group]
    components: Sequence[tuple[str, bool, Sequence[Row]]]


@lru_cache(maxsize=4)
def reference_of(document: bytes, language: Language) -> Reference:
    """Lay a document out; it is the same for as long as the service runs."""
    described = orjson.loads(document)
    shapes = Shapes(described, language)
    groups: dict[str, list[Operation]] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            laid_out = _operation(shapes, method.upper(), path, operation, language)
            groups.setdefault(operation["tags"][0], []).append(laid_out)
    return Reference([Group(*one) for one in groups.items()], list(shapes.components()))


def _operation(shapes: Shapes, method: str, path: str, operation: Json, language: Language) -> Operation:
    content = operation.get("requestBody", {}).get("content", {})
    parameters = [one for one in operation.get("parameters", ()) if one["name"] != _EVERYWHERE]
    key, roles = _key(operation.get("security", ()))
    kind, sent = _body(content)
    form = content.get(JSON) or content.get(MULTIPART, {})
    told_above = {one["name"] for one in parameters}
    answers = [_answer(shapes, status, answer) for status, answer in operation["responses"].items()]
    return Operation(
        operation["operationId"],
        method,
        path,
        shapes.spoken(operation["summary"]),
        key,
        roles,
        [_parameter(shapes, one) for one in parameters],
        tuple(content),
        [row for row in _members(shapes, form.get("schema", {})) if row.path not in told_above],
        [one for one in answers if PROBLEM_JSON not in one.types],
        [one for one in answers if PROBLEM_JSON in one.types],
        _command(_address(shapes, path, parameters), [*_headers(parameters, key, kind, language)], sent),
        sent if kind == JSON and not key else "",
    )


def _key(security: Sequence[Json]) -> tuple[str, tuple[str, ...]]:
    """Tell whether a key is needed, and the roles of which it may be."""
    if not security:
        return "", ()
    return "optional" if {} in security else "required", tuple(security[-1]["key"])


def _body(content: Json) -> tuple[str, str]:
    """Return the type and the text of the body that stands as an example, "" for none."""
    for kind, described in content.items():
        if (example := described.get("example")) is not None:
            text = example if isinstance(example, str) else orjson.dumps(example, option=orjson.OPT_INDENT_2).decode()
            return kind, text
    return "", ""


def _parameter(shapes: Shapes, parameter: Json) -> Parameter:
    schema, told = parameter["schema"], shapes.spoken(parameter.get("description", ""))
    kind, allowed = shapes.kind(schema), shapes.allowed(schema)
    return Parameter(parameter["name"], parameter["in"], parameter.get("required", False), kind, told, allowed)


def _members(shapes: Shapes, schema: Json) -> Iterator[Row]:
    """List the members of a JSON body; where it may be written in several ways, of the first, and what others add."""
    first, *others = schema.get("anyOf", [schema])
    rows = list(shapes.rows(first))
    yield from rows
    told = {row.path for row in rows}
    for other in others:
        added = (row for row in shapes.rows(other) if row.path.partition(".")[0] not in told)
        yield from (row._replace(need="optional") for row in added if "." not in row.path)


def _answer(shapes: Shapes, status: str, answer: Json) -> Answer:
    content = answer.get("content", {})
    schemas = [one for kind in content.values() for one in kind["schema"].get("oneOf", [kind["schema"]])]
    names = tuple(filter(None, map(shapes.component_of, schemas)))
    number = status if status.isdigit() else ""
    headers = list(shapes.rows(_as_members(answer.get("headers", {}))))
    return Answer(number, shapes.spoken(answer["description"]), names, tuple(content), headers)


def _as_members(headers: Json) -> Json:
    """Describe headers as the members of an object."""
    return {
        "required": [name for name, one in headers.items() if one.get("required")],
        "properties": {
            name: (one.get("schema") or one["content"][JSON]["schema"]) | {"description": one.get("description", "")}
            for name, one in headers.items()
        },
    }


def _address(shapes: Shapes, path: str, parameters: Sequence[Json]) -> str:
    """Fill what an address must have in with an example."""
    query = []
    for one in parameters:
        value = one.get("example") or next(iter(shapes.allowed(one["schema"])), "") or shapes.named(one["name"])
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", value)
        elif one["in"] == "query" and one.get("required"):
            query.append((one["name"], value))
    return HERE + path + (f"?{urlencode(query)}" if query else "")


def _headers(parameters: Sequence[Json], key: str, kind: str, language: Language) -> Iterator[str]:
    """Write the headers that an operation must have; a shell fills in the key."""
    if language != "zh":
        yield f"'Accept-Language: {tag_of(language)}'"
    if key == "required":
        yield '"Authorization: Bearer $KEY"'
    for one in parameters:
        if one["in"] == "header" and one.get("required"):
            yield shlex.quote(f"{one['name']}: {one['example']}")
    if kind:
        yield f"'Content-Type: {kind}'"


def _command(address: str, headers: Sequence[str], sent: str) -> str:
    """Write an operation as a command for a shell, a line per header."""
    lines = [f"curl -s {shlex.quote(address) if '?' in address else address}", *(f"-H {one}" for one in headers)]
    lines += [f"-d {shlex.quote(sent)}"] if sent else []
    return " \\\n    ".join(lines)
