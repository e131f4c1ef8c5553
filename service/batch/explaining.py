"""Which columns an explanation has, known before the first row is read: the same for every part of a file."""

from __future__ import annotations

import numpy as np
import polars as pl

from service.applying import Part
from service.batch.decisions import explained
from service.batch.headers import PAID_FROM, Headers
from service.engine import decide
from service.history import NoHistory
from service.lines import Lines, Periods, Unnamed
from service.policies import Policies
from service.policies.model import Provision

#: A value that every type of input takes: a flag, a code, a count, a day.
_ONE, _YEAR = 1, 2_027


def explaining_columns(policies: Policies, provision: Provision, headers: Headers) -> pl.Schema:
    """List the columns by explaining one line that gives every input of the file."""
    inputs = provision.measure.asked(policies.facts)
    lines = Lines(ids=Unnamed(1), columns={})
    given = {PAID_FROM: "interest_periods"}
    sources = {given.get(name, name) for name in headers.sources}
    for name, asked in inputs.items():
        kind = provision.fields[name].type
        filled = name in sources or asked.default is not None or asked.same_as is not None
        if kind in {"periods", "balances"}:
            if name in sources:
                one = np.ones(1, dtype=np.int64)
                lines.periods[name] = Periods(one - 1, one, one + 1, *([one] if kind == "balances" else []))
        elif asked.need == "either" and asked.other in sources and provision.fields[asked.other].type == "periods":
            continue
        elif filled or provision.fields[name].absent == "own_line":
            lines.columns[name] = np.full(1, _YEAR if kind == "year" else _ONE)
    decision = decide(provision, lines, NoHistory(), policies.calendar(dict(provision.readings)))
    columns = explained(Part(np.zeros(1, dtype=np.int64), decision), np.zeros(1, dtype=np.int64), 1)
    return pl.DataFrame(list(columns.values())).schema
