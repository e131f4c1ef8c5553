"""Numbers of receipts, contracts and invoices that come again within a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from service.batch.periods import over_periods
from service.lines import Column, Lines, Mask, Periods

#: A loan as one whole number: its principal in fen, then the day of drawing in so many bits.
_BITS_OF_DAY: Final = 18
_ANY_DAY: Final = 1 << (_BITS_OF_DAY - 1)
_NO_LOAN: Final = 0
_LATEST: Final = np.iinfo(np.int64).max


class Again(NamedTuple):
    """Lines (by position) whose number was there before, and the number of the row that had it first."""

    lines: Column
    earlier: Column


@dataclass(slots=True)
class _Book:
    """What is known of each number: its first row, and where periods tell, of that row the loan and first day paid.

    `parts` are the rows of loans that are claimed in several periods, by number and first day.
    """

    row: Column = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    loan: Column = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    begins: Column = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    parts: dict[tuple[int, int], int] = field(default_factory=dict)

    def reach(self, number: int, *, periods: bool) -> None:
        """Make room for numbers up to this one; loans take room only where there are periods."""
        self.row = _longer(self.row, number)
        if periods:
            self.loan, self.begins = _longer(self.loan, number), _longer(self.begins, number)


class Doubled:
    """Finds numbers that an earlier row of the run had in the same year.

    Legitimate are a number in another year, and one loan whose interest is claimed in parts: the same principal and
    day of drawing, and a period that begins on another day. Numbers of texts are those of the reader, part after part.
    """

    def __init__(self) -> None:
        self._books: dict[tuple[str, int], _Book] = {}

    def again(self, name: str, lines: Lines, rows: Column, year: str | None) -> Again:
        """Find the lines whose document `name` was there before; `rows` tells each line's row in the run."""
        numbers = lines.columns[name]
        years = lines.columns[year] if year else np.zeros(1, dtype=np.int64)
        lowest, highest = int(years.min()), int(years.max())
        alike = lowest == highest
        found = [
            self._in_year((name, one), lines, rows, numbers > 0 if alike else (numbers > 0) & (years == one), numbers)
            for one in ([lowest] if alike else np.unique(years).tolist())
        ]
        return Again(*(np.concatenate(columns) for columns in zip(*found, strict=True)))

    def _in_year(self, key: tuple[str, int], lines: Lines, rows: Column, named: Mask, numbers: Column) -> Again:
        places = None if named.all() else np.flatnonzero(named)
        own, rows = (numbers, rows) if places is None else (numbers[places], rows[places])
        book = self._books.setdefault(key, _Book())
        periods = lines.periods.get("interest_periods")
        book.reach(int(own.max(initial=0)), periods=periods is not None)
        known = book.row[own] > 0
        # Backwards: of several rows with one number, the first is written last.
        fresh = np.flatnonzero(~known)[::-1] if known.any() else slice(None, None, -1)
        book.row[own[fresh]] = rows[fresh]
        if periods is not None:
            loan, begins = _loans(lines, periods)
            loan, begins = (loan, begins) if places is None else (loan[places], begins[places])
            book.loan[own[fresh]], book.begins[own[fresh]] = loan[fresh], begins[fresh]
        first = book.row[own]
        again = np.flatnonzero(first != rows)
        earlier = first[again]
        if periods is not None and len(again):
            doubled = _not_parts(book, own[again], rows[again], loan[again], begins[again])
            again, earlier = again[doubled > 0], doubled[doubled > 0]
        return Again(again if places is None else places[again], earlier)


def _longer(column: Column, number: int) -> Column:
    if number < len(column):
        return column
    longer = np.zeros(2 * number + 1, dtype=np.int64)
    longer[: len(column)] = column
    return longer


def _loans(lines: Lines, periods: Periods) -> tuple[Column, Column]:
    """Tell each line's loan as one whole number (none where no period is given), and its first day of interest."""
    begins = over_periods(np.minimum, "interest_periods", periods.start, lines, _LATEST)
    loan = (lines.columns["disbursed_amount"] << _BITS_OF_DAY) + lines.columns["disbursed_on"] + _ANY_DAY
    return np.where(begins == _LATEST, _NO_LOAN, loan), begins


def _not_parts(book: _Book, numbers: Column, rows: Column, loan: Column, begins: Column) -> Column:
    """Name the row that each of these repeats; 0 for another part of the interest on the same loan."""
    repeats = book.row[numbers].copy()
    same = np.flatnonzero((loan != _NO_LOAN) & (loan == book.loan[numbers]) & (begins != book.begins[numbers]))
    keys = zip(numbers[same].tolist(), begins[same].tolist(), strict=True)
    for place, key, row in zip(same.tolist(), keys, rows[same].tolist(), strict=True):
        earlier = book.parts.setdefault(key, row)
        repeats[place] = 0 if earlier == row else earlier
    return repeats
