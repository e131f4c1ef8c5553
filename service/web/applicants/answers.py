"""The answer to a request, laid out for a page: the amount and its reasons, in words, from one calculation.

Nothing is computed here: amounts come from the result, what ceilings took from `service.cuts`, words from
`service.telling`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from service.applying import Answered
from service.calculation import applied_to, said, written
from service.capitals import capitals
from service.cuts import Course, courses_of, total_of
from service.demands import Demands
from service.describe import measure_of
from service.errors import Defect
from service.formulas import pays
from service.intake.request import Request
from service.money import fen_of, yuan
from service.policies import Policies
from service.policies.model import Language, Version
from service.telling import Teller, ToldCondition, ToldLimit, ToldOutcome, ToldReading, ToldStep, article
from service.web.applicants.bar import Bar, bar_of
from service.web.wording import Wording
from service.words import say

Json = dict[str, Any]

_KEPT: Final = 256
_MOST_ROOMS: Final = 4
_NOTHING: Final = "0.00"


class About(NamedTuple):
    """What a policy says of a measure, whoever asks; "" for what it does not say."""

    title: str
    who: str
    pays: tuple[str, ...]
    under: str
    ref: str
    document: str
    number: str
    article: str
    materials: tuple[str, ...]
    departments: tuple[str, ...]
    funding_mode: str
    earmark: str


class Limit(NamedTuple):
    """A ceiling of a line as it is told, what it took ("" for nothing), and what is left up to it."""

    told: ToldLimit
    cut: str
    left: str


class Line(NamedTuple):
    """A line: its reasons in words; `why` is its rule, or its status where that says more.

    The conditions are those that are not the same for all lines.
    """

    id: str
    status: str
    amount: str
    why: str
    conditions: Sequence[ToldCondition]
    steps: Sequence[ToldStep]
    limits: Sequence[Limit]


class Failure(NamedTuple):
    """A condition that is not met, and by which lines."""

    condition: ToldCondition
    lines: tuple[str, ...]


class Warned(NamedTuple):
    """A figure that is hard to believe: where it stands, and why."""

    where: str
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as a page shows it. `result` is what the REST API says of the same request, without its labels.

    `verdict` names the sentence that sums it up; `capitals` is the amount in words ("" where there is none, or in
    English); `common` are the conditions that are the same for all lines; `shared` and `in_order` tell which columns
    the ceilings have.
    """

    result: Json
    about: About
    verdict: str
    outcome: ToldOutcome
    capitals: str
    lines: Sequence[Line]
    common: Sequence[ToldCondition]
    failures: Sequence[Failure]
    rooms: Sequence[Limit]
    bar: Bar | None
    readings: tuple[ToldReading, ...]
    warnings: Sequence[Warned]
    shared: bool
    in_order: bool

    @property
    def asked_instead(self) -> list[ToldReading]:
        """The readings that hold for this request only."""
        return [reading for reading in self.readings if reading.asked_instead]


def answer_of(policies: Policies, request: Request, language: Language) -> Answer:
    """Answer a request that was read: decided once, and both sealed and laid out from that."""
    applied = applied_to(policies, request)
    result = written(policies, request, applied)
    version = policies.version(f"{result['policy']['id']}@{result['policy']['version']}")
    teller = Teller(policies, version, language)
    courses = courses_of(applied) if applied else [Course()] * len(result["lines"])
    judged = [one["conditions"] for one in result["lines"]]
    conditions = teller.conditions(judged, request.measure, result["readings"])
    common = _common(conditions)
    lines = _lines(result, conditions, common, courses, teller)
    limits = [limit for line in lines for limit in line.limits]
    return Answer(
        result=result,
        about=about_of(policies, version, request.measure, language),
        verdict=_verdict(result),
        outcome=teller.outcome(result),
        capitals=_in_words(result["amount"], language),
        lines=lines,
        common=common,
        failures=_failures(lines, conditions),
        rooms=_rooms(lines),
        bar=_bar(applied, courses, language),
        readings=_readings(policies, version, language, tuple(result["readings"].items())),
        warnings=_warnings(result, teller),
        shared=any(limit.told.shared for limit in limits),
        in_order=any(limit.told.earlier_lines for limit in limits),
    )


def told_as_json(policies: Policies, request: Request, answer: Answer, language: Language) -> Json:
    """Return the result as the REST API answers the same request."""
    return said(policies, request, answer.result, language)


# ── the parts of an answer ──


@lru_cache(maxsize=_KEPT)
def about_of(policies: Policies, version: Version, measure: str, language: Language) -> About:
    """Take from the description of a measure what an answer shows of it."""
    told = measure_of(policies, version, measure, language)
    document, funding = told["policy"]["document"], told.get("funding_mode")
    return About(
        title=told["title"],
        who=told.get("who", ""),
        pays=tuple(pays(told, Demands(policies, language))) if measure in version.measures else (),
        under=told.get("under", ""),
        ref=version.ref,
        document=document["title"],
        number=document["number"],
        article=article(told["article"], language),
        materials=tuple(told.get("materials", ())),
        departments=tuple(department["label"] for department in told["departments"]),
        funding_mode=funding["label"] if funding else "",
        earmark=told.get("earmark") or "",
    )


@lru_cache(maxsize=_KEPT)
def _readings(
    policies: Policies, version: Version, language: Language, readings: tuple[tuple[str, str], ...]
) -> tuple[ToldReading, ...]:
    return tuple(Teller(policies, version, language).readings(dict(readings)))


def _verdict(result: Json) -> str:
    """Name the sentence that sums a result up."""
    if result["status"] != "eligible":
        return str(result["status"])
    rule = result["rule"]
    bound = any(one["binding"] for line in result["lines"] for one in line["limits"] if one["id"] == rule)
    if result["amount"] == _NOTHING:
        return "used_up" if bound else "zero"
    return "capped" if bound else "eligible"


def _in_words(amount: str | None, language: Language) -> str:
    return "" if amount is None or language != "zh" else capitals(fen_of(amount))


def _lines(
    result: Json,
    conditions: Sequence[Sequence[ToldCondition]],
    common: Sequence[ToldCondition],
    courses: Sequence[Course],
    teller: Teller,
) -> list[Line]:
    lines = []
    for line, judged, course in zip(result["lines"], conditions, courses, strict=True):
        status, amount, rule = teller.outcome(line)
        own = [one for one in judged if one not in common] if common else judged
        steps = [teller.step(step) for step in line["steps"]]
        limits = [
            Limit(teller.limit(limit), _taken(cut.fen), yuan(cut.left, grouped=True))
            for limit, cut in zip(line["limits"], course.cuts, strict=True)
        ]
        lines.append(Line(line["line_id"], line["status"], amount, rule or status, own, steps, limits))
    return lines


def _taken(fen: int) -> str:
    return yuan(fen, grouped=True) if fen else ""


def _common(conditions: Sequence[Sequence[ToldCondition]]) -> list[ToldCondition]:
    """List the conditions that turn out the same for all of several lines: it is enough to read them once."""
    first, *others = conditions
    return [one for one in first if all(one in other for other in others)] if others else []


def _failures(lines: Sequence[Line], conditions: Sequence[Sequence[ToldCondition]]) -> list[Failure]:
    """List what is not met, each once with its lines, in the order of the conditions."""
    failing: dict[ToldCondition, list[str]] = {}
    for line, judged in zip(lines, conditions, strict=True):
        for condition in judged:
            if condition.met is False:
                failing.setdefault(condition, []).append(line.id)
    return [Failure(condition, tuple(ids)) for condition, ids in failing.items()]


def _rooms(lines: Sequence[Line]) -> list[Limit]:
    """List the shared ceilings that leave room to lines that are eligible; none where there are too many to read."""
    rooms: dict[tuple[str, str, str], Limit] = {}
    for line in lines:
        if line.status == "eligible":
            for limit in line.limits:
                if limit.told.shared and limit.left != _NOTHING:
                    rooms.setdefault((limit.told.id, limit.told.ceiling, limit.left), limit)
    return list(rooms.values()) if len(rooms) <= _MOST_ROOMS else []


def _bar(applied: Answered | None, courses: Sequence[Course], language: Language) -> Bar | None:
    return None if applied is None else bar_of(total_of(courses), language)


def _warnings(result: Json, teller: Teller) -> list[Warned]:
    """Say what is doubted, and where it stands."""
    warned = [(one["pointer"], one["code"]) for one in result["warnings"]]
    return [
        Warned(_place(pointer, result["lines"], teller), say(Defect(pointer, code), teller.language))
        for pointer, code in warned
    ]


def _place(pointer: str, lines: Sequence[Json], teller: Teller) -> str:
    """Say in words which line and field a pointer names, or which entry of what was granted before."""
    area, position, *field = pointer.removeprefix("/").split("/")
    t = Wording(teller.language)
    if area == "granted_before":
        return t("answers.granted_entry", number=int(position) + 1)
    line = t("answers.line", id=lines[int(position)]["line_id"])
    return t("answers.place", line=line, field=teller.names(field[:1])) if field else line
