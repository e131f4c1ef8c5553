"""Statements compiled once, for what is asked within the lock: time there is everybody's time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Insert, Select

Values = Mapping[str, Any]


class Prepared:
    """A statement in the words of the database, by dialect; its values are whole numbers and text as they stand."""

    def __init__(self, statement: Select[Any] | Insert, columns: Sequence[str] | None = None) -> None:
        """Prepare a statement; `columns` are those that an insert fills."""
        self._statement, self._columns = statement, columns
        self._compiled: dict[str, tuple[str, Values, Sequence[str] | None]] = {}

    def execute(self, connection: Connection, values: Values | Sequence[Values]) -> CursorResult[Any]:
        """Run it with values by name; with several sets of them, once for each."""
        name = connection.dialect.name
        if name not in self._compiled:
            made = self._statement.compile(dialect=connection.dialect, column_keys=self._columns)
            own = {} if self._columns else made.params
            self._compiled[name] = str(made), own, made.positiontup
        sql, own, order = self._compiled[name]

        def given(one: Values) -> Any:
            every = {**own, **one}
            return tuple(every[name] for name in order) if order is not None else every

        sets = given(values) if isinstance(values, Mapping) else [given(one) for one in values]
        return connection.exec_driver_sql(sql, sets)
