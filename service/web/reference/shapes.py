"""JSON Schema as rows of a table: which members there are, of what kind, and whether they must be given.

Reads the part of JSON Schema that our own OpenAPI document uses. Descriptions there are `Chinese · English`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from service.policies.model import Language
from service.web.wording import Wording

Json = Mapping[str, Any]

_BETWEEN: Final = " · "
_NULL: Final = "null"
_REF: Final = "$ref"
_PREFIX: Final = "#/components/schemas/"
#: Only amounts have a point in their pattern.
_POINT: Final = r"\."
_BOUNDS: Final = {"least": ("minimum", "minItems"), "most": ("maximum", "maxItems", "maxLength")}


class Row(NamedTuple):
    """A member: `path` as in `lines[].paid_on`; `need` is required, optional or alternative (one of several).

    `component` names the table that goes on where this one ends; what there is not is "" or empty.
    """

    path: str
    need: str
    kind: str
    told: str
    allowed: tuple[str, ...]
    example: str
    component: str


class Shapes:
    """Tells the shapes of one document in one language."""

    def __init__(self, document: Json, language: Language) -> None:
        self._schemas: Json = document["components"]["schemas"]
        self._language = language
        self._t = Wording(language)
        answered = [one["responses"] for methods in document["paths"].values() for one in methods.values()]
        several = [name for name, uses in Counter(_references(document)).items() if uses > 1]
        self._answered = self._reached(answered)
        self._own_tables = frozenset(filter(self._has_members, [*several, *self._answered]))

    def components(self) -> Iterator[tuple[str, bool, list[Row]]]:
        """List the objects with a table of their own: what answers hold (True), and what several requests share."""
        for name, schema in self._schemas.items():
            if name in self._own_tables:
                yield name, name in self._answered, list(self.rows(schema))

    def component_of(self, schema: Json) -> str:
        """Name the object with a table of its own that a schema is, if it is not null; or ""."""
        value, *others = [one for one in schema.get("anyOf", [schema]) if one.get("type") != _NULL]
        name = "" if others else _name_of(value)
        return name if name in self._own_tables else ""

    def rows(self, schema: Json, above: str = "") -> Iterator[Row]:
        """List the members of an object; those of objects within it follow the one that holds them."""
        required, alternatives = set(schema.get("required", ())), schema.get("oneOf", ())
        either = {name for one in alternatives for name in one["required"]}
        members = {name: one for name, one in schema.get("properties", {}).items() if not _never(one)}
        for name, member in members.items():
            need = "required" if name in required else "alternative" if name in either else "optional"
            yield from self._row(f"{above}{name}", need, member)

    def spoken(self, text: str) -> str:
        """Take the reader's half of a text in both languages."""
        chinese, _, english = text.partition(_BETWEEN)
        return english or chinese if self._language == "en" else chinese

    def kind(self, schema: Json) -> str:
        """Say what kind of value a schema takes."""
        plain, nullable = self._plain(schema)
        said = self._kind(plain)
        return self._t("reference.or_null", kind=said) if nullable else said

    def allowed(self, schema: Json) -> tuple[str, ...]:
        """List the values that a schema takes, where they can be listed."""
        plain, _ = self._plain(schema)
        values = [plain["const"]] if "const" in plain else plain.get("enum", plain.get("items", {}).get("enum", ()))
        return tuple(str(value) for value in values if value is not None)

    def example(self, schema: Json) -> str:
        """Give an example of a single value, if there is one."""
        plain, _ = self._plain(schema)
        first = next(iter(plain.get("examples", ())), "")
        return first if isinstance(first, str) else str(first).lower() if isinstance(first, bool | int) else ""

    def named(self, name: str) -> str:
        """Give an example of a field of the dictionary; the name in capitals for anything else."""
        return self.example(self._schemas.get(name, {})) or name.upper()

    def _row(self, path: str, need: str, schema: Json) -> Iterator[Row]:
        plain, _ = self._plain(schema)
        within = plain.get("items") or plain.get("additionalProperties") or plain
        component = self.component_of(within) or self.component_of(schema)
        told = self.spoken(plain.get("description", ""))
        allowed = self.allowed(schema)
        # Whatever may be left out may be null as well: that is said only of what must be there.
        kind = self.kind(schema if need == "required" else plain)
        yield Row(path, need, kind, told, allowed, "" if allowed else self.example(schema), component)
        if not component:
            members, _ = self._plain(within)
            yield from self.rows(members, f"{path}[]." if "items" in plain else f"{path}.")

    def _plain(self, schema: Json) -> tuple[Json, bool]:
        """Follow a reference, and tell whether null may stand in the place of the value."""
        if "anyOf" in schema:
            values = [one for one in schema["anyOf"] if one.get("type") != _NULL]
            if len(values) == 1:
                return self._plain(values[0])[0], len(values) < len(schema["anyOf"])
        if _REF in schema:
            beside = {name: value for name, value in schema.items() if name != _REF}
            return self._plain({**self._schemas[_name_of(schema)], **beside})
        kinds = schema.get("type", ())
        if isinstance(kinds, list):
            (kind,) = (one for one in kinds if one != _NULL)
            return {**schema, "type": kind}, True
        return schema, False

    def _kind(self, plain: Json) -> str:
        bounds = {bound: next((plain[one] for one in words if one in plain), "") for bound, words in _BOUNDS.items()}
        values = plain.get("additionalProperties")
        of = self.kind(values) if values else ""
        return self._t(f"reference.{_kind_of(plain)}", of=of, **bounds)

    def _has_members(self, name: str) -> bool:
        return "properties" in self._schemas[name]

    def _reached(self, value: Any) -> set[str]:
        """Find every component that a part of the document refers to, directly or by others."""
        found: set[str] = set()
        new = set(_references(value))
        while new:
            found |= new
            new = {name for one in new for name in _references(self._schemas[one])} - found
        return found


def _never(schema: Json) -> bool:
    """Tell whether a member has nothing to say: null, or a list that must be empty."""
    return schema.get("type") == _NULL or schema.get("maxItems") == 0


def _kind_of(plain: Json) -> str:
    """Name the kind of value that a schema takes, as words/reference.yaml names it."""
    match plain:
        case {"const": _} | {"enum": _}:
            kind = "code"
        case {"type": "array", "items": {"format": "binary"}}:
            kind = "files"
        case {"type": "array", "items": {"type": "string"}}:
            kind = "texts"
        case {"type": "array", "minItems": _, "maxItems": _}:
            kind = "list_between"
        case {"type": "object", "additionalProperties": {} as values}:
            kind = "map_of" if values else "map"
        case {"type": "integer", "minimum": _, "maximum": _}:
            kind = "integer_between"
        case {"type": "string", "format": "date" | "date-time" | "binary" as form}:
            kind = form.replace("-", "_")
        case {"type": "string", "pattern": pattern} if _POINT in pattern:
            kind = "yuan"
        case {"type": "string", "maxLength": _}:
            kind = "text_of"
        case _:
            kind = plain.get("type", "anything")
    return kind


def _name_of(schema: Json) -> str:
    return str(schema.get(_REF, "")).removeprefix(_PREFIX)


def _references(value: Any) -> Iterator[str]:
    """Find every reference to a component, as often as it is made."""
    if isinstance(value, Mapping):
        if _REF in value:
            yield _name_of(value)
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _references(one)
