"""Several periods of one line: lists of objects with the same keys each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from marshmallow import ValidationError

from service.errors import Defect
from service.intake.fields import Entry, IsoDate, Json, Yuan, defects_of, escaped, wrong

MOST_PERIODS: Final = 400


class Table(Entry):
    """Several periods of one line: a list of objects with the same keys each."""

    columns: Mapping[str, Entry] = {}
    start, end = "from", "to"

    def read(self, value: Any) -> list[tuple[int, ...]]:
        """Return a row of numbers per period, in the order of `columns`."""
        if type(value) is not list:
            raise wrong("not_list", value, self.expected)
        if not 1 <= len(value) <= MOST_PERIODS:
            raise wrong("list_length", len(value), f"1..{MOST_PERIODS}", most=MOST_PERIODS)
        rows, defects = [], []
        for position, item in enumerate(value):
            try:
                rows.append(self._row(item))
            except ValidationError as error:
                defects += _below(error, f"/{position}")
        defects = defects or self.check(rows)
        if defects:
            raise ValidationError(defects)
        return rows

    def check(self, rows: list[tuple[int, ...]]) -> list[Defect]:
        """Find what is wrong between the rows; nothing, unless a subclass knows better."""
        del rows
        return []

    def _row(self, item: Any) -> tuple[int, ...]:
        if not isinstance(item, Mapping):
            raise wrong("not_object", item, ", ".join(self.columns))
        row: list[int] = []
        defects = _unknown_keys(item, tuple(self.columns))
        for key, column in self.columns.items():
            try:
                row.append(column.read_given(item, key))
            except ValidationError as error:
                defects += _below(error, f"/{key}")
        if not defects and row[-1] < row[-2]:
            expected = f"≥ {item[self.start]}"
            defects.append(Defect(f"/{self.end}", "periods_backwards", item[self.end], expected))
        if defects:
            raise ValidationError(defects)
        return tuple(row)

    @property
    def json_schema(self) -> Json:
        """Describe the list and its objects."""
        return {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_PERIODS,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": list(self.columns),
                "properties": {key: column.json_schema for key, column in self.columns.items()},
            },
        }


class Periods(Table):
    """Periods of interest paid; they may overlap, a day counts once."""

    expected = "[{paid_from, paid_to}, …]"
    start, end = "paid_from", "paid_to"
    columns: Mapping[str, Entry] = {
        "paid_from": IsoDate(),
        "paid_to": IsoDate(),
    }


class Balances(Table):
    """Balances outstanding, each over a period; a day has one balance."""

    expected = "[{balance, from, to}, …]"
    columns: Mapping[str, Entry] = {
        "balance": Yuan(),
        "from": IsoDate(),
        "to": IsoDate(),
    }

    def check(self, rows: list[tuple[int, ...]]) -> list[Defect]:
        """Refuse a day with two balances: a period that begins before an earlier one ended."""
        defects, covered_to = [], -(10**9)
        for _, start, end, position in sorted(
            (start, start, end, position) for position, (_, start, end) in enumerate(rows)
        ):
            if start < covered_to and end > start:
                defects.append(Defect(f"/{position}", "balances_overlap", None, "from ≥ to"))
            covered_to = max(covered_to, end)
        return defects


def _below(error: ValidationError, pointer: str) -> list[Defect]:
    return [replace(defect, pointer=pointer + defect.pointer) for defect in defects_of(error)]


def _unknown_keys(item: Mapping[str, Any], known: tuple[str, ...]) -> list[Defect]:
    return [Defect(f"/{escaped(key)}", "unknown_field", key, ", ".join(known)) for key in item if key not in known]
