"""Which policy covers a day, and why none does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from calculators.exact import Column, Days
from service.conditions import REASONS
from service.policies.model import Validity

_NO_POLICY: Final = -1 - REASONS.index("no_policy")
_GAP: Final = -1 - REASONS.index("policy_gap")
_PREDECESSOR: Final = -1 - REASONS.index("predecessor_policy")
_EXPIRY_MONTH: Final = -1 - REASONS.index("predecessor_expiry_month")
_FOREVER: Final = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """The days of all versions: from `starts[i]` up to the next start, `covers[i + 1]` holds."""

    starts: Days
    covers: Column

    def applies(self, days: Days) -> Column:
        """Tell for each day the position in `Policies.versions` of the one with amounts in force.

        Where there is none it is -1 - (position in REASONS).
        """
        return self.covers[self.starts.searchsorted(days, side="right")]


class _Span(NamedTuple):
    """Days, half-open, and what covers them: a version with amounts goes before one without."""

    has_amounts: bool
    cover: int
    start: int
    end: int


def calendar(versions: Iterable[tuple[Validity, bool]]) -> Calendar:
    """Lay out the versions, each with its validity and whether it has amounts, in the order of `Policies.versions`."""
    spans = list(_spans(versions))
    starts = sorted({day for span in spans for day in (span.start, span.end) if day < _FOREVER})
    covers = [_NO_POLICY, *(_cover(day, spans) for day in starts)]
    return Calendar(np.array(starts, dtype=np.int64), np.array(covers, dtype=np.int64))


def _spans(versions: Iterable[tuple[Validity, bool]]) -> Iterator[_Span]:
    for position, (days, has_amounts) in enumerate(versions):
        end = _FOREVER if days.until is None else days.until
        if has_amounts:
            yield _Span(True, position, days.start, end)
            continue
        certain = end if days.certain_until is None else days.certain_until
        yield _Span(False, _PREDECESSOR, days.start, certain)
        yield _Span(False, _EXPIRY_MONTH, certain, end)


def _cover(day: int, spans: Sequence[_Span]) -> int:
    """Find what covers a day."""
    found = [span for span in spans if span.start <= day < span.end]
    return max(found).cover if found else _GAP
