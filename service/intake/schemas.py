"""The schema of one line of a measure, made from the dictionary and kept; says every defect of a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError

from service.errors import Defect
from service.intake.columns import layout_of
from service.intake.dictionary import entry_for
from service.intake.fields import Entry, Text, defects_of, escaped
from service.policies.model import Field, Input

LINE_ID: Final = "line_id"
Values = dict[str, Any]

#: Stands in marshmallow's list of errors for a key that the schema does not know.
_UNKNOWN: Final = "unknown"


class LineSchema(Schema):
    """One line; refuses keys that it does not know. `schema_of` makes a subclass for each measure."""

    error_messages = {"unknown": _UNKNOWN}  # noqa: RUF012 (as marshmallow declares it)

    class Meta:
        """Nothing is ignored."""

        unknown = RAISE


def schema_of(inputs: Mapping[str, Input], dictionary: Mapping[str, Field], *, with_id: bool = True) -> LineSchema:
    """Make the schema of a line that takes `inputs` and an optional `line_id`; facts have none."""
    entries: dict[str, Any] = {LINE_ID: Text(allow_none=True)} if with_id else {}
    for name, asked in inputs.items():
        entries[name] = entry_for(
            dictionary[name],
            required=asked.need in {"required", "nullable"},
            nullable=asked.need == "nullable",
        )
    made = LineSchema.from_dict(entries, name="Line")()
    assert isinstance(made, LineSchema)
    return made


class LineReader:
    """Reads lines of one set of inputs: straight where a line is plainly right, by the schema where it is not.

    Both ways call the same `Entry.read`; the straight one only saves marshmallow's bookkeeping.
    """

    def __init__(self, inputs: Mapping[str, Input], dictionary: Mapping[str, Field], *, with_id: bool = True) -> None:
        self.layout = layout_of(inputs, dictionary)
        self.inputs = inputs
        self.schema = schema_of(inputs, dictionary, with_id=with_id)
        self.entries: dict[str, Entry] = {
            name: entry for name, entry in self.schema.fields.items() if isinstance(entry, Entry)
        }
        self._read: dict[str, Callable[[Any], Any]] = {name: entry.read for name, entry in self.entries.items()}
        self._known = ", ".join(self.entries)
        self._nullable = frozenset(name for name, asked in inputs.items() if asked.need == "nullable")
        self._required = frozenset(name for name, entry in self.entries.items() if entry.required)
        self.pairs = tuple(
            (name, asked.other)
            for name, asked in inputs.items()
            if asked.other and asked.other not in list(inputs)[: list(inputs).index(name)]
        )

    def read(self, line: Mapping[str, Any]) -> tuple[Values, list[Defect]]:
        """Return the values of a line (what is not given has no key) and every defect, with pointers into the line."""
        read = self._read
        try:
            values = {name: read[name](value) for name, value in line.items()}
        except (KeyError, ValidationError):
            return self._read_by_schema(line)
        if not self._required <= values.keys():
            return self._read_by_schema(line)
        return values, self._alternatives(line) if self.pairs else []

    def read_all(self, lines: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Values, list[Defect]]]:
        """Read many lines as `read` does; a text that occurs often is read once."""
        known = {name: _Known(entry.read) for name, entry in self.entries.items()}
        for line in lines:
            try:
                values = {name: known[name][value] for name, value in line.items()}
            except (KeyError, TypeError, ValidationError):  # an unknown key, periods, something wrong
                yield self.read(line)
                continue
            if self._required <= values.keys():
                yield values, self._alternatives(line) if self.pairs else []
            else:
                yield self._read_by_schema(line)

    def _read_by_schema(self, line: Mapping[str, Any]) -> tuple[Values, list[Defect]]:
        values: Values = {}
        defects: list[Defect] = []
        try:
            values = self.schema.load(line)
        except ValidationError as error:
            defects = self._defects(error, line)
        known = {name: value for name, value in values.items() if value is not None or name in self._nullable}
        return known, defects + self._alternatives(line)

    def _defects(self, error: ValidationError, line: Mapping[str, Any]) -> list[Defect]:
        """Bring marshmallow's errors into the order of asking, unknown keys last as they were sent."""
        found = error.messages_dict
        defects = [_of(name, defect) for name in self.entries for defect in found.get(name, ())]
        return defects + [self._unknown(name) for name in line if name not in self.entries]

    def _unknown(self, name: object) -> Defect:
        return Defect(f"/{escaped(name)}", "unknown_field", name, self._known, {"field": name})

    def _alternatives(self, line: Mapping[str, Any]) -> list[Defect]:
        """Ask for exactly one of each pair of inputs that stand for one another."""
        defects = []
        for one, other in self.pairs:
            given = (line.get(one) is not None) + (line.get(other) is not None)
            if given != 1:
                code, name = ("either_both", other) if given else ("either_missing", one)
                facts = {"field": name, "one": one, "other": other}
                defects.append(Defect(f"/{name}", code, None, f"{one} | {other}", facts))
        return defects

    def check(self, name: str, value: Any) -> Iterator[Defect]:
        """Tell what is wrong with one value by itself, as `read` would."""
        if name not in self.entries:
            yield self._unknown(name)
        elif value is not None:
            try:
                self.entries[name].deserialize(value)
            except ValidationError as error:
                yield from (_of(name, defect) for defect in defects_of(error))


class _Known(dict[Any, Any]):
    """What an entry makes of the texts that it has read. Only texts are kept: 1 and true are not the same."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, value: Any) -> Any:
        found = self._read(value)
        if type(value) is str:
            self[value] = found
        return found


def _of(name: str, defect: Defect) -> Defect:
    """Place a field's defect in its line."""
    return replace(defect, pointer=f"/{name}{defect.pointer}", facts={**defect.facts, "field": name})
