"""What was due where there is no ledger: a file of applications, decided by the engine as a batch would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.batch.decisions import INVALID
from service.batch.earlier import AMOUNT, STATUS, without_results
from service.batch.headers import Source as Column
from service.batch.job import history_pieces, provision_of
from service.batch.run import Options, Run
from service.batch.sources import Piece
from service.canonical import canonical
from service.ledger.audit.ceilings import Shares
from service.ledger.audit.dues import Due, is_year
from service.ledger.audit.matching import normal_keys
from service.ledger.audit.payouts import PAYEE, TOWN, cell_reader, read_cells
from service.ledger.guard import normal
from service.ledger.limits import Group, shared_limits
from service.money import day_of
from service.policies import Policies
from service.policies.model import Provision

Cells = Mapping[str, Sequence[Any]]


@dataclass(slots=True)
class Recomputed:
    """The dues of a file of applications: a due per row that could be decided, and how many could not.

    `keys` are the fields that name a row (a receipt, a contract, a project), as far as the file has them. `shares` tell
    what every due takes of the ceilings that rows share.
    """

    keys: tuple[str, ...]
    dues: list[Due] = field(default_factory=list)
    invalid: int = 0
    shares: dict[str, dict[Group, int]] = field(default_factory=dict)

    @property
    def known_shares(self) -> Shares:
        """Return the shares, to be read only."""
        return self.shares


def recompute(policies: Policies, path: Path, options: Options) -> Recomputed:
    """Decide a file of applications; what is granted is what was due.

    Raises NotFound for an unknown measure, Refused for a file that cannot be read.
    """
    provision = provision_of(policies, options)
    run = Run(policies, options, provision)
    pieces = [without_results(piece) for piece in history_pieces(policies, path, options)]
    present = [name for name in _names(provision) if all(name in run.columns_of(piece) for piece in pieces)]
    found = Recomputed(tuple(present))
    for piece, frame in zip(pieces, run.decided(iter(pieces)), strict=True):
        cells = _cells_of(piece, provision, run.columns_of(piece))
        statuses = frame[STATUS].cast(str).to_list()
        for place, amount in enumerate(frame[AMOUNT].to_list()):
            if statuses[place] == INVALID:
                found.invalid += 1
                continue
            values = {name: column[place] for name, column in cells.items()}
            _add(found, provision, f"{piece.place} {piece.rows[place]}", values, int(amount * 100), statuses[place])
    return found


def _names(provision: Provision) -> list[str]:
    """List the fields that name a row: what is paid once, and what is a line of its own where it is left out."""
    fields = provision.fields
    return [name for name in provision.measure.inputs if fields[name].paid_once or fields[name].absent == "own_line"]


def _cells_of(piece: Piece, provision: Provision, columns: Mapping[str, str]) -> Cells:
    """Read what a row is known by: payee, town, what names it, and its years."""
    fields = provision.fields
    years = [name for name in provision.measure.inputs if fields[name].type == "year"]
    wanted = dict.fromkeys([PAYEE, TOWN, *_names(provision), *years, provision.measure.event])
    read: dict[str, Sequence[Any]] = {}
    for name in wanted:
        if name in columns:
            cells = piece.texts[columns[name]]
            read[name] = read_cells(cells, cell_reader(fields[name], Column(columns[name])), {})
        else:
            read[name] = [None] * piece.texts.height
    return read


def _add(
    found: Recomputed, provision: Provision, name: str, values: Mapping[str, Any], amount: int, state: str
) -> None:
    payee, town = values[PAYEE], values[TOWN]
    years = _years(provision, values)
    keys = normal_keys([values[key] for key in found.keys])
    payees = {normal(payee)} if payee else set()
    due = Due(name, provision.measure.id, amount, set(years.values()), payee, town, payees, state)
    due.needs_approval, due.keys = False, keys
    found.dues.append(due)
    known = {**values, **years}
    for limit in shared_limits(provision.measure):
        group = {key: known.get(key) for key in limit.per}
        if None not in group.values() and amount:
            key = canonical(group).decode()
            found.shares.setdefault(name, {})[Group(provision.policy, due.measure, limit.id, key)] = amount


def _years(provision: Provision, values: Mapping[str, Any]) -> dict[str, int]:
    """Tell the years of a row by the names that ceilings know them by: those given, and that of the event."""
    event = provision.measure.event
    years = {name: value for name, value in values.items() if is_year(name) and isinstance(value, int)}
    if provision.fields[event].type == "date" and values[event] is not None:
        years[f"{event}.year"] = day_of(values[event]).year
    return years
