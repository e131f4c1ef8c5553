"""Several periods of a line brought down to one figure: the first day, the last, all days together."""

from __future__ import annotations

import numpy as np

from service.lines import Column, Lines


def over_periods(combine: np.ufunc, name: str, values: Column, lines: Lines, otherwise: int) -> Column:
    """Combine the values of each line's periods in the field `name`; a line without a period has `otherwise`."""
    line = lines.periods[name].line
    if len(line) == lines.count and np.array_equal(line, np.arange(lines.count)):
        return values
    combined = np.full(lines.count, otherwise, dtype=np.int64)
    combine.at(combined, line, values)
    return combined
