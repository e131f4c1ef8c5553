"""Money granted before under shared limits, as a request names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from calculators.exact import Column, Fen, Mask
from service.errors import Defect, Refused
from service.lines import Granted, Lines
from service.policies.model import Limit


class NoHistory:
    """Nothing was granted before."""

    def granted_before(self, limit: Limit, lines: Lines, group: Column, groups: int) -> Fen:
        """Return 0 fen for every group."""
        return np.zeros(groups, dtype=np.int64)


class RequestHistory:
    """What the request itself says was granted before."""

    def __init__(self, granted: Sequence[Granted]) -> None:
        self._granted = granted

    def granted_before(self, limit: Limit, lines: Lines, group: Column, groups: int) -> Fen:
        """Add up the entries of a limit by group; an entry that names lines of several groups is refused."""
        before = np.zeros(groups, dtype=np.int64)
        for position, entry in enumerate(self._granted):
            if entry.limit != limit.id:
                continue
            named = np.unique(group[_agreeing(lines, entry.group)])
            if len(named) > 1:
                raise Refused(
                    [Defect(f"/granted_before/{position}/group", "group_ambiguous", None, ", ".join(limit.per))]
                )
            before[named] += entry.amount
        return before


def _agreeing(lines: Lines, values: Mapping[str, int]) -> Mask:
    agreeing = np.ones(lines.count, dtype=np.bool_)
    for name, value in values.items():
        agreeing &= lines.column(name) == value
    return agreeing
