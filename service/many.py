"""Many requests at once, each answered as if it were alone: its lines in columns with those of all others.

Requests that are read alike (measure, policy, readings) share one table of lines, in which no group reaches beyond one
request. Whatever is not plainly right in a request is left to `service.calculation.sealed`, which says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from service.applying import Answered, apply
from service.calculation import doubts_of, lines_written, result_of, seal, sealed, source_of, summary
from service.canonical import canonical, sha256_of
from service.engine import History
from service.errors import Defect, Refused
from service.intake.columns import Place, lines_from
from service.intake.envelope import Chosen, chosen
from service.intake.granted import MOST_ENTRIES
from service.intake.request import MOST_LINES, read_request, reader_for
from service.intake.schemas import LINE_ID, Values
from service.lines import REQUEST, Column, Fen, Lines
from service.money import fen_of, yuan
from service.policies import Policies
from service.policies.model import Limit

Json = dict[str, Any]
Asked = tuple[str, Json]
#: An entry of `granted_before` names a limit, a group, an amount.
_OF_ENTRY: Final = 3
_KEYS: Final = frozenset({"policy", "readings", "facts", "lines", "granted_before"})
#: The column that numbers the lines of a table, whatever part of it is looked at.
_ROW: Final = "row"


class Before:
    """What was granted before under shared limits, to the group of every line of a table: fen per line by limit."""

    def __init__(self, by_limit: Mapping[str, Fen]) -> None:
        self.by_limit = by_limit

    def granted_before(self, limit: Limit, lines: Lines, group: Column, groups: int) -> Fen:
        """Return the fen granted before to each group of these lines of the table."""
        before = np.zeros(groups, dtype=np.int64)
        known = self.by_limit.get(limit.id)
        if known is not None:
            before[group] = known[lines.columns[_ROW]]
        return before


@dataclass(slots=True)
class Sheet:
    """Requests that are read alike, as one table of lines.

    `places` are the requests' positions among those asked, `starts` the first line of each and, last, the end; `rows`
    holds the lines' values as they were read, `before` what the requests say was granted before.
    """

    measure: str
    choice: Chosen
    places: list[int]
    starts: list[int]
    lines: Lines
    rows: list[Values]
    before: Before

    def decided(self, policies: Policies, history: History | None = None) -> Answered:
        """Decide all lines, on another history than that of the requests if one is given."""
        policy, readings, _, provision = self.choice
        assert provision is not None
        return apply(policies, provision.measure, self.lines, policy, readings, history or self.before)


def sealed_each(policies: Policies, asked: Sequence[Asked]) -> list[Json | Refused]:
    """Answer every request as `sealed` does it alone; what is refused stands as its error in the request's place.

    Raises NotFound for a measure that no version knows.
    """
    answers: list[Json | Refused | None] = [None] * len(asked)
    for sheet in sheets_of(policies, asked):
        for place, result in _answers(policies, sheet, asked):
            answers[place] = result
    return [_alone(policies, *one) if answer is None else answer for one, answer in zip(asked, answers, strict=True)]


def _alone(policies: Policies, measure: str, data: Json) -> Json | Refused:
    try:
        return sealed(policies, read_request(policies, measure, data))
    except Refused as refused:
        return refused


def _answers(policies: Policies, sheet: Sheet, asked: Sequence[Asked]) -> Iterator[tuple[int, Json]]:
    """Write out the results of a sheet; those that take a closer look are left out."""
    applied = sheet.decided(policies)
    sources = [source_of(part.decision.provision) for part in applied.parts]
    if len(sources) != 1:  # by the days of its lines a request may be under several versions, or none
        return
    readings = applied.parts[0].decision.provision.readings
    written = lines_written(applied, sheet.lines.ids)
    doubts: dict[int, list[tuple[int, str, str]]] = {}
    for line, field, code in doubts_of(applied):
        request = int(sheet.lines.columns[REQUEST][line])
        doubts.setdefault(request, []).append((line, field, code))
    for request, (place, start, end) in enumerate(zip(sheet.places, sheet.starts, sheet.starts[1:], strict=False)):
        lines = written[start:end]
        answer = _summed(lines)
        if answer is None or (applied.versions[start:end] < 0).any():
            continue
        measure, data = asked[place]
        digest = sha256_of({"measure": measure, **data})
        result = result_of(measure, answer, lines, sources[0], readings, digest)
        found = doubts.get(request, ())
        yield place, seal(result, [Defect(f"/lines/{line - start}/{field}", code) for line, field, code in found])


def _summed(lines: Sequence[Json]) -> tuple[str, str, str] | None:
    """Sum up the lines of a request; None where that takes the limits that bound them."""
    first = lines[0]
    if len(lines) == 1:
        return first["status"], first["amount"], first["rule"]
    ends = {(line["status"], line["rule"]) for line in lines}
    if len(ends) > 1 and any(status == "eligible" for status, _ in ends):
        return None
    amount = yuan(sum(fen_of(line["amount"]) for line in lines))
    status, rule = summary([(line["status"], line["rule"]) for line in lines], ())
    return status, amount, rule


def sheets_of(policies: Policies, asked: Sequence[Asked]) -> Iterator[Sheet]:
    """Lay requests out in tables; those that are not plainly right are in none."""
    alike: dict[Any, tuple[Chosen, list[int]]] = {}
    choices: dict[Any, Chosen | None] = {}
    events = _events(policies)
    for place, (measure, data) in enumerate(asked):
        if not _is_plain(data):
            continue
        facts, first, readings = data.get("facts") or {}, data["lines"][0], data.get("readings")
        named = (measure, data.get("policy"), canonical(readings) if readings else None)
        key = (*named, *(_day(first.get(event, facts.get(event))) for event in events.get(measure, ())))
        if key not in choices:
            choices[key] = _chosen(policies, measure, data, {**facts, **first})
        choice = choices[key]
        if choice is not None:
            assert choice.provision is not None
            alone = place if choice.provision.rounding_stage == "total" else None  # one request's total, not of all
            alike.setdefault((*named, choice.provision, alone), (choice, []))[1].append(place)
    for (measure, *_), (choice, places) in alike.items():
        yield from _laid_out(policies, measure, choice, places, asked)


def _day(value: Any) -> Any:
    """Return what may be a day or a year; anything else chooses no version."""
    return value if type(value) in {str, int} else None


def _events(policies: Policies) -> dict[str, tuple[str, ...]]:
    """List by measure the fields whose value may decide which version a request is read by."""
    found: dict[str, dict[str, None]] = {}
    for version in policies.versions:
        for measure in version.measures.values():
            found.setdefault(measure.id, {})[measure.event] = None
    return {measure: tuple(fields) for measure, fields in found.items()}


def _is_plain(data: Json) -> bool:
    """Tell whether a request has the form of one; facts that a line overrides need a closer look."""
    lines, facts, readings, policy = (data.get(name) for name in ("lines", "facts", "readings", "policy"))
    return (
        data.keys() <= _KEYS
        and (facts is None or (isinstance(facts, dict) and LINE_ID not in facts))
        and (readings is None or isinstance(readings, dict))
        and (policy is None or isinstance(policy, str))
        and isinstance(lines, list)
        and 1 <= len(lines) <= MOST_LINES
        and all(isinstance(line, dict) and (not facts or facts.keys().isdisjoint(line)) for line in lines)
    )


def _chosen(policies: Policies, measure: str, data: Json, first: Json) -> Chosen | None:
    defects: list[Defect] = []
    choice = chosen(policies, data, measure, first, defects)
    return choice if choice.provision is not None and not defects else None


class _Read(NamedTuple):
    """A request that was read: its position, its lines' names and values, and what was granted before to which."""

    place: int
    names: list[str]
    rows: list[Values]
    granted: list[tuple[str, int, int]]


def _laid_out(
    policies: Policies, measure: str, choice: Chosen, places: Iterable[int], asked: Sequence[Asked]
) -> Iterator[Sheet]:
    """Lay out requests under one provision, together those that give the same fields: these shape an answer."""
    assert choice.provision is not None
    reader = reader_for(policies, choice.provision)
    shared = {limit.id: limit.per for limit in choice.provision.measure.limits if limit.shared}
    sent = [(place, _merged(asked[place][1])) for place in places]
    values = reader.read_all(line for _, lines in sent for line in lines)
    alike: dict[Any, list[_Read]] = {}
    for place, lines in sent:
        found = [next(values) for _ in lines]
        rows = [row for row, defects in found if not defects]
        names = [row.get(LINE_ID) or f"L{position}" for position, row in enumerate(rows, 1)]
        granted = _granted(asked[place][1].get("granted_before"), shared, lines)
        if granted is None or len(rows) < len(found) or (len(rows) > 1 and len(set(names)) < len(names)):
            continue
        fields = frozenset(rows[0]) if len(rows) == 1 else frozenset().union(*rows)
        alike.setdefault(fields, []).append(_Read(place, names, rows, granted))
    for read in alike.values():
        yield _sheet(measure, choice, read, reader.layout)


def _sheet(measure: str, choice: Chosen, read: Sequence[_Read], layout: Sequence[Place]) -> Sheet:
    counts = np.array([len(one.rows) for one in read])
    starts = np.concatenate([[0], np.cumsum(counts)])
    rows = [row for one in read for row in one.rows]
    lines = lines_from([name for one in read for name in one.names], rows, layout)
    lines.columns[REQUEST] = np.repeat(np.arange(len(read)), counts)
    lines.columns[_ROW] = np.arange(len(rows))
    before: dict[str, Fen] = {}
    for start, one in zip(starts.tolist(), read, strict=False):
        for limit, line, fen in one.granted:
            before.setdefault(limit, np.zeros(len(rows), dtype=np.int64))[start + line] += fen
    return Sheet(measure, choice, [one.place for one in read], starts.tolist(), lines, rows, Before(before))


def _merged(data: Json) -> list[Json]:
    facts = data.get("facts")
    return [{**facts, **line} for line in data["lines"]] if facts else data["lines"]


def _granted(
    sent: Any, shared: Mapping[str, tuple[str, ...]], lines: Sequence[Json]
) -> list[tuple[str, int, int]] | None:
    """Find the lines that each entry of `granted_before` is about: limit, line, fen; None if that is not plain.

    Plain is an entry that names every key of its limit, as a line does.
    """
    found: list[tuple[str, int, int]] = []
    if sent is None:
        return found
    if not isinstance(sent, list) or len(sent) > MOST_ENTRIES:
        return None
    for entry in sent:
        try:
            limit, group, fen = entry["limit"], entry["group"], fen_of(entry["amount"])
            if len(entry) != _OF_ENTRY or group.keys() != set(shared[limit]):
                return None
            about = [row for row, line in enumerate(lines) if _is_in(line, group)]
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
        if not about:
            return None
        found += [(limit, row, fen) for row in about]
    return found


def _is_in(line: Mapping[str, Any], group: Mapping[str, Any]) -> bool:
    """Tell whether a line has the values of a group; a key may be the year of a date."""
    for key, value in group.items():
        sent = line[key] if key in line else _year(line[key.removesuffix(".year")])
        if type(sent) is not type(value) or sent != value:
            return False
    return True


def _year(day: str) -> int:
    return int(day[:4])
