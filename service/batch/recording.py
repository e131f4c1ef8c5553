"""What people look at after a run, written down while files are decided: defects, warnings, sums, first rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Final

import orjson
import polars as pl

from service.batch.earlier import AMOUNT, CALCULATED, RULE, STATUS, WARNINGS
from service.batch.job import Report
from service.batch.lists import LISTS, MOST_LISTED, path_of
from service.batch.run import Written
from service.batch.sums import SUMMED, sums_of, together
from service.errors import Defect
from service.words import clipped_text

Json = dict[str, Any]
#: Kinds of defects, towns of a measure, rows that are kept.
MOST_KINDS: Final = 20
MOST_TOWNS: Final = 100
FIRST_ROWS: Final = 20
_GRANTED: Final = ["grant_id", "state"]


class Recorder(ExitStack):
    """Is shown the parts of a run (`Run.seen`) and writes its lists into a folder; close it to have them whole."""

    def __init__(self, folder: Path, most: int = MOST_LISTED) -> None:
        """Begin; `most` entries of each list are written, all are counted."""
        super().__init__()
        self._lists = {name: _List(self.enter_context(path_of(folder, name).open("wb")), most) for name in LISTS}
        self._kinds: dict[tuple[str, str, str], Json] = {}
        self._sums: dict[str, pl.DataFrame] = {}
        self._first: dict[str, Json] = {}
        self._states: dict[str, list[int]] = {}

    def __call__(self, part: Written) -> None:
        """Write down what is to be told of a part."""
        measure, piece, frame = part.provision.measure.id, part.piece, part.frame
        self._lists["defects"].add(self._defects(part))
        told = frame[WARNINGS]
        warned = told.is_not_null().arg_true().to_list()
        self._lists["warnings"].add({"place": piece.place, "row": piece.rows[row], "told": told[row]} for row in warned)
        if set(_GRANTED) <= set(frame.columns):
            self._granted(part)
        texts = piece.texts.with_columns(frame.select(STATUS, AMOUNT, RULE))
        sums = sums_of(part.provision, [part.headers], texts, part.calculated)
        self._sums[measure] = together([self._sums[measure], sums]) if measure in self._sums else sums
        if measure not in self._first:
            self._first[measure] = _first_rows(part)

    def _granted(self, part: Written) -> None:
        """Note the grant that each row became part of, and how many rows and fen came into each state."""
        decided = part.frame.select(pl.col(STATUS, AMOUNT, RULE, *_GRANTED).cast(pl.String)).iter_rows(named=True)
        rows = zip(part.piece.rows, decided, strict=True)
        self._lists["standings"].add({"place": part.piece.place, "row": number, **row} for number, row in rows)
        fen = (pl.col(AMOUNT) * 100).cast(pl.Int64).sum()
        of_states = part.frame.group_by(pl.col("state").fill_null(""), maintain_order=True).agg(pl.len(), fen)
        for state, count, amount in of_states.iter_rows():
            before = self._states.setdefault(state, [0, 0])
            self._states[state] = [before[0] + count, before[1] + amount]

    def _defects(self, part: Written) -> Iterator[Json]:
        for row, defects in part.defects.items():
            for defect in defects:
                entry = {"measure": part.provision.measure.id, **_plain(defect)}
                kind = self._kinds.setdefault((entry["measure"], defect.pointer, defect.code), {**entry, "count": 0})
                kind["count"] += 1
                yield {"place": part.piece.place, "row": part.piece.rows[row], **entry}

    def summary(self, report: Report) -> Json:
        """Tell what came of the run, in fen and codes: notes on files, lists' lengths, and per measure all totals."""
        kinds = sorted(self._kinds.values(), key=lambda kind: -kind["count"])
        return {
            "notes": [_plain(note) for note in report.warnings],
            "lists": {name: {"count": one.count, "listed": one.listed} for name, one in self._lists.items()},
            "kinds": kinds[:MOST_KINDS],
            "states": self._states,
            "measures": [self._measure(measure, report) for measure in report.totals],
        }

    def _measure(self, measure: str, report: Report) -> Json:
        totals, sums = report.totals[measure], self._sums[measure]
        by_town = together([sums], ["town"]).sort("granted", "calculated", descending=True, maintain_order=True)
        return {
            "measure": measure,
            "read": totals.read,
            "written": totals.written,
            "rows": {status: rows for status, rows in totals.rows.items() if rows},
            "warned": totals.warned,
            "unusual": totals.unusual,
            "carried": [clipped_text(name) for name in totals.carried],
            **sums.select(pl.col(SUMMED).sum()).row(0, named=True),
            "towns": by_town.head(MOST_TOWNS).to_dicts(),
            "more_towns": max(by_town.height - MOST_TOWNS, 0),
            "rules": together([sums], ["status", "rule"]).to_dicts(),
            **self._first[measure],
        }


class _List:
    """A list under way: all entries are counted, the first are written."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file, self._most = file, most
        self.count = 0

    @property
    def listed(self) -> int:
        return min(self.count, self._most)

    def add(self, entries: Iterable[Json]) -> None:
        for entry in entries:
            if self.count < self._most:
                self._file.write(orjson.dumps(entry, default=str, option=orjson.OPT_APPEND_NEWLINE))
            self.count += 1


def _plain(defect: Defect) -> Json:
    """Write a defect out; texts of a file as far as they are shown."""
    return {
        "column": clipped_text(defect.pointer),
        "code": defect.code,
        "given": None if defect.given is None else clipped_text(defect.given),
        "expected": defect.expected,
        "facts": {name: clipped_text(fact) for name, fact in defect.facts.items()},
    }


def _first_rows(part: Written) -> Json:
    """Take the first rows of a result as text, and say which columns are of numbers."""
    fields, found = part.provision.fields, part.headers.sources
    amounts = [found[name].column for name in found if name in fields and fields[name].type in {"yuan", "count"}]
    frame = part.frame.head(FIRST_ROWS).drop(CALCULATED, strict=False)
    shown = [[None if cell is None else clipped_text(str(cell)) for cell in row] for row in frame.iter_rows()]
    return {
        "columns": frame.columns,
        "numbers": amounts + [name for name, kind in frame.schema.items() if isinstance(kind, pl.Decimal)],
        "first": [{"row": number, "cells": cells} for number, cells in zip(part.piece.rows, shown, strict=False)],
    }
