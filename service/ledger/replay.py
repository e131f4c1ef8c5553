"""Replay: every stored decision computed once more, and compared with what is stored, byte by byte.

A decision is its request, answered: under the same terms and the same engine the same bytes come out, years later and
on another machine. Requests are answered in columns (`service.many`), and in as many processes as there are processors.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import orjson
from sqlalchemy import ColumnElement, LargeBinary, cast, select

from service.errors import Defect, NotFound, Refused
from service.ledger.database import Ledger, engine_of, url_of
from service.ledger.schema import GRANTS
from service.many import sealed_each
from service.money import fen_of, yuan
from service.policies import Policies, load
from service.version import ENGINE

Json = dict[str, Any]
#: identical: byte for byte; engine: but for the version of the engine that is named in it; differs; refused: cannot be
#: computed any more.
Kind = Literal["identical", "engine", "differs", "refused"]
_PART: Final = 1_000
_MOST_PLACES: Final = 20
#: What differs where nothing but the version of the engine does.
_OF_ENGINE: Final = frozenset({"/engine", "/result_sha256", "grants.engine", "grants.result_sha256"})
_STORED: Final = (
    GRANTS.c.id, GRANTS.c.measure, GRANTS.c.town_id, GRANTS.c.applicant_id, GRANTS.c.policy_sha256, GRANTS.c.engine,
    GRANTS.c.amount, GRANTS.c.request, GRANTS.c.request_sha256, GRANTS.c.result, GRANTS.c.result_sha256,
)  # fmt: skip


#: Long texts: to read them as characters and write them as bytes again takes as long as to read them.
_TEXTS: Final = frozenset({GRANTS.c.request, GRANTS.c.result})


class Place(NamedTuple):
    """A place in which a result differs: a JSON pointer, what is stored there and what came out now."""

    pointer: str
    stored: Any
    replayed: Any


@dataclass(frozen=True, slots=True)
class Replayed:
    """A decision that was computed again: amounts in fen (`replayed` None: it cannot be computed any more)."""

    grant_id: str
    measure: str
    town_id: str | None
    applicant_id: str | None
    kind: Kind
    stored: int
    replayed: int | None
    places: tuple[Place, ...] = ()
    defects: tuple[Defect, ...] = ()


@dataclass(slots=True)
class Replay:
    """What a replay found: how many decisions by kind, and each that is not identical, in the order of the ledger."""

    counts: dict[Kind, int] = field(default_factory=lambda: {"identical": 0, "engine": 0, "differs": 0, "refused": 0})
    found: list[Replayed] = field(default_factory=list)

    @property
    def decisions(self) -> int:
        """How many decisions were computed again."""
        return sum(self.counts.values())

    def join(self, other: Replay) -> None:
        """Add what another part of the ledger showed."""
        for kind, count in other.counts.items():
            self.counts[kind] += count
        self.found += other.found


def replay(ledger: Ledger, policies: Policies, ids: Sequence[str] = (), processes: int | None = None) -> Replay:
    """Compute stored decisions again: those of these grants, or all.

    `processes` None takes every processor that there is. NotFound for a grant that there is not, Unavailable if the
    ledger cannot be read.
    """
    parts = _named(ledger, ids) if ids else _parts(ledger)
    whole = Replay()
    workers = min(processes or len(os.sched_getaffinity(0)), len(parts))
    if workers <= 1:
        for part in parts:
            whole.join(_replay_part(ledger, policies, part))
        return whole
    # A process that runs nothing else but this may be copied as it stands, with all that it has loaded.
    forks = threading.active_count() == 1 and "polars" not in sys.modules
    url = ledger.engine.url.render_as_string(hide_password=False)
    begin = (url, policies if forks else policies.file)
    with ProcessPoolExecutor(workers, get_context("fork" if forks else "spawn"), _begin, begin) as pool:
        for one in pool.map(_work, parts):
            whole.join(one)
    return whole


def replay_one(ledger: Ledger, policies: Policies, grant_id: str) -> Replayed:
    """Compute the decision of one grant again; NotFound if there is none of this id."""
    (part,) = _named(ledger, [grant_id])
    (row,) = _rows(ledger, part)
    (answer,) = _answers(policies, [row])
    return _compared(row, answer)


class _Part(NamedTuple):
    """Grants that are replayed together: from an entry of the log to another, or by their ids."""

    first: int
    last: int
    ids: tuple[str, ...] = ()

    @property
    def wanted(self) -> ColumnElement[bool]:
        """Choose the grants' rows."""
        return GRANTS.c.id.in_(self.ids) if self.ids else GRANTS.c.seq.between(self.first, self.last)


def _parts(ledger: Ledger) -> list[_Part]:
    """Choose all grants part by part, in the order of the ledger."""
    with ledger.reading() as connection:
        seqs = list(connection.scalars(select(GRANTS.c.seq).order_by(GRANTS.c.seq)))
    ends = (seqs[start : start + _PART] for start in range(0, len(seqs), _PART))
    return [_Part(part[0], part[-1]) for part in ends]


def _named(ledger: Ledger, ids: Sequence[str]) -> list[_Part]:
    """Choose the grants of these ids; NotFound for one that there is not."""
    distinct = tuple(dict.fromkeys(ids))
    parts = [_Part(0, 0, distinct[start : start + _PART]) for start in range(0, len(distinct), _PART)]
    with ledger.reading() as connection:
        known = {grant_id for part in parts for grant_id in connection.scalars(select(GRANTS.c.id).where(part.wanted))}
    for grant_id in distinct:
        if grant_id not in known:
            raise NotFound("grant", grant_id, [])
    return parts


_WORKER: list[tuple[Ledger, Policies]] = []


def _begin(url: str, policies: Policies | Path) -> None:
    """Open the ledger anew: a connection is never shared across a fork. Results hold no cycles to be searched for."""
    gc.disable()
    _WORKER[:] = [(Ledger(engine_of(url_of(url))), load(policies) if isinstance(policies, Path) else policies)]


def _work(part: _Part) -> Replay:
    ((ledger, policies),) = _WORKER
    return _replay_part(ledger, policies, part)


def _replay_part(ledger: Ledger, policies: Policies, part: _Part) -> Replay:
    rows = _rows(ledger, part)
    found = Replay()
    for row, answer in zip(rows, _answers(policies, rows), strict=True):
        if _is_same(row, answer):
            found.counts["identical"] += 1
        else:
            one = _compared(row, answer)
            found.counts[one.kind] += 1
            found.found.append(one)
    return found


def _rows(ledger: Ledger, part: _Part) -> list[Any]:
    """Read rows of grants, texts as the bytes that they are where the database can hand them out."""
    with ledger.reading() as connection:
        as_bytes = connection.dialect.name == "sqlite"
        columns = [cast(one, LargeBinary).label(one.name) if as_bytes and one in _TEXTS else one for one in _STORED]
        return list(connection.execute(select(*columns).where(part.wanted).order_by(GRANTS.c.seq)))


def _answers(policies: Policies, rows: Sequence[Any]) -> list[Json | Refused | None]:
    """Compute the decisions of rows of grants again; None for one whose request or measure means nothing any more."""
    known = {measure for version in policies.versions for measure in (*version.measures, *version.referenced)}
    asked = [(row.measure, _read(row.request)) for row in rows]
    usable = [place for place, (measure, data) in enumerate(asked) if measure in known and data is not None]
    answers: list[Json | Refused | None] = [None] * len(rows)
    for place, answer in zip(usable, sealed_each(policies, [asked[place] for place in usable]), strict=True):
        answers[place] = answer
    return answers


def _is_same(row: Any, answer: Json | Refused | None) -> bool:
    """Tell whether a result is byte for byte what is stored, and the row says of it what it says itself."""
    if not isinstance(answer, dict):
        return False
    *_, policy_sha256, engine, amount, _, request_sha256, result, result_sha256 = row
    return (
        orjson.dumps(answer) == (result if isinstance(result, bytes) else result.encode())
        and answer["result_sha256"] == result_sha256
        and answer["inputs_sha256"] == request_sha256
        and answer["policy"]["sha256"] == policy_sha256
        and answer["engine"] == engine
        and (answer["amount"] or "0.00") == yuan(amount)
    )


def _read(text: str | bytes) -> Any:
    """Read a stored request; None for one that is no JSON object any more."""
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return data if isinstance(data, dict) else None


def _compared(row: Any, answer: Json | Refused | None) -> Replayed:
    about = (row.id, row.measure, row.town_id, row.applicant_id)
    if answer is None or isinstance(answer, Refused):
        defects = (Defect("/request", "stored_request_unusable"),) if answer is None else tuple(answer.defects)
        return Replayed(*about, "refused", row.amount, None, (), defects)
    amount = fen_of(answer["amount"] or "0")
    if _is_same(row, answer):
        return Replayed(*about, "identical", row.amount, amount)
    places = tuple(_places(row, answer, amount))
    only_engine = row.engine != ENGINE and {one.pointer for one in places} <= _OF_ENGINE
    return Replayed(*about, "engine" if only_engine else "differs", row.amount, amount, places[:_MOST_PLACES])


def _places(row: Any, answer: Json, amount: int) -> Iterator[Place]:
    """List where the result, or what the grant's row says of it, is not what came out now."""
    stored = _read(row.result)
    text = row.result if isinstance(row.result, bytes) else row.result.encode()
    yield from _differences("", text.decode(errors="replace") if stored is None else stored, answer)
    if stored is not None and orjson.dumps(stored) != text:
        yield Place("", "…", "…")  # the same data, written in another way
    columns = {
        "amount": amount,
        "request_sha256": answer["inputs_sha256"],
        "policy_sha256": answer["policy"]["sha256"],
        "engine": answer["engine"],
        "result_sha256": answer["result_sha256"],
    }
    for name, value in columns.items():
        if getattr(row, name) != value:
            yield Place(f"grants.{name}", getattr(row, name), value)


def _differences(pointer: str, stored: Any, now: Any) -> Iterator[Place]:
    if isinstance(stored, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*stored, *now]):
            yield from _differences(f"{pointer}/{key}", stored.get(key), now.get(key))
    elif isinstance(stored, list) and isinstance(now, list) and len(stored) == len(now):
        for position, pair in enumerate(zip(stored, now, strict=True)):
            yield from _differences(f"{pointer}/{position}", *pair)
    elif stored != now or type(stored) is not type(now):
        yield Place(pointer, stored, now)
