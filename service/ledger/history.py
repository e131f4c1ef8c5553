"""Money granted before the ledger was: a file of earlier decisions, counted as paid under every shared ceiling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np

from service.batch.cells import reader_of
from service.batch.job import history_pieces, provision_of
from service.batch.run import Options, Run, refuse_history
from service.batch.sources import Piece
from service.errors import Conflict
from service.ledger import guard, limits, log
from service.ledger.database import Ledger
from service.ledger.guard import Identifier
from service.ledger.schema import IDENTIFIERS, IMPORTS, USAGE
from service.policies import Policies
from service.policies.model import Provision

Json = dict[str, Any]
VERB: Final = "import-history"
_CHUNK_BYTES: Final = 1 << 20


@dataclass(slots=True)
class Imported:
    """What a file holds: rows that were granted something, their sum, and what that takes of every group. Fen."""

    rows: int = 0
    amount: int = 0
    taken: dict[limits.Group, int] = field(default_factory=dict)
    identifiers: dict[Identifier, None] = field(default_factory=dict)


def import_history(
    ledger: Ledger, policies: Policies, path: Path, measure: str, by: str, policy: str | None = None
) -> Imported:
    """Count a file of earlier decisions (the columns of a batch, and the amount) in the ledger, all of it or nothing.

    Raises Refused for rows that cannot be read or do not name their groups, Conflict if the file was imported before.
    """
    options = Options(measure, policy)
    provision = provision_of(policies, options)
    digest = _hash_of(path)
    run, found = Run(policies, options, provision), Imported()
    for piece in history_pieces(policies, path, options):
        _add(found, run, piece)
    row: Json = {"measure": measure, "file_sha256": digest, "file": path.name, "policy": provision.policy}
    row |= {"rows": found.rows, "amount": found.amount}
    with ledger.writing() as connection:
        subject = f"import-{digest[:12]}-{measure}"
        if next(log.entries(connection, subject), None) is not None:
            raise Conflict("history-known", file=path.name)
        rows: log.Rows = {
            IMPORTS: [row],
            USAGE: limits.changes(found.taken, limits.totals_of_all(connection, found.taken), VERB, None, None),
            IDENTIFIERS: [{**identifier._asdict(), "grant_id": None} for identifier in found.identifiers],
        }
        log.write(connection, log.Entry(by, VERB, subject, row, log.now()), rows)
    return found


def _hash_of(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _add(found: Imported, run: Run, piece: Piece) -> None:
    """Add the rows of a piece that were granted something."""
    table, granted = run.earlier(piece)
    kept = granted > 0
    places = np.flatnonzero(table.good)[kept]
    if not len(places):
        return
    lines, amounts = table.lines.select(kept), granted[kept].tolist()
    texts = _texts(run, piece, places.tolist())
    _refuse_nameless(run.provision, piece, places.tolist(), texts)
    groups = limits.groups_of(lines, texts, run.provision)
    for limit in limits.shared_limits(run.provision.measure):
        own = [_is_own_line(run.provision, limit.per, texts, row) for row in range(len(amounts))]
        counted = [0 if alone else amount for alone, amount in zip(own, amounts, strict=True)]
        for group, amount in limits.shares(run.provision, {limit.id: groups[limit.id]}, counted).items():
            found.taken[group] = found.taken.get(group, 0) + amount
    found.identifiers.update(dict.fromkeys(_identifiers(run.provision, texts, len(amounts))))
    found.rows += len(amounts)
    found.amount += sum(amounts)


def _texts(run: Run, piece: Piece, places: list[int]) -> dict[str, Sequence[str | None]]:
    """Read the texts by which rows are known: the keys of ceilings, and what is paid once."""
    once = [name for per in guard.once_per(run.provision) for name in per]
    names = dict.fromkeys([*limits.text_keys(run.provision), *guard.once_fields(run.provision.fields), *once])
    columns = run.columns_of(piece)
    found: dict[str, Sequence[str | None]] = {}
    for name in names:
        read = reader_of(run.provision.fields[name])
        cells = piece.texts[columns[name]].gather(places).to_list() if name in columns else [None] * len(places)
        found[name] = [None if cell is None else read(cell) for cell in cells]
    return found


def _refuse_nameless(
    provision: Provision, piece: Piece, places: Sequence[int], texts: Mapping[str, Sequence[str | None]]
) -> None:
    """Refuse rows that do not name what a ceiling is shared by."""
    shared = [name for name in limits.text_keys(provision) if provision.fields[name].absent != "own_line"]
    nameless = {place for name in shared for place, text in zip(places, texts[name], strict=True) if not text}
    refuse_history(piece, nameless)


def _is_own_line(provision: Provision, per: Sequence[str], texts: Mapping[str, Sequence[str | None]], row: int) -> bool:
    """Tell whether a row is a group of its own for a limit, which nothing else can share."""
    return any(
        name in texts and provision.fields[name].absent == "own_line" and texts[name][row] is None for name in per
    )


def _identifiers(provision: Provision, texts: Mapping[str, Sequence[str | None]], rows: int) -> Iterator[Identifier]:
    for row in range(rows):
        yield from guard.identifiers(provision, {name: of_rows[row] for name, of_rows in texts.items()})
