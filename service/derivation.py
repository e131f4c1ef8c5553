"""A result's reasons as lines of plain text, for whoever reads them in a terminal, a log or a letter.

Takes the JSON of a calculation or a screening; decides and calculates nothing, only lays the words out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final
from unicodedata import combining, east_asian_width

from service.policies import Policies
from service.policies.model import Language
from service.telling import Teller, ToldCondition, ToldLimit, ToldReading, ToldStep, article, figure, undecided
from service.words import label_of

__all__ = ["article", "derivation", "figure", "table", "width"]

Json = Mapping[str, Any]

_SHORT: Final = 12
_MARKS: Final = {True: "✓", False: "✗", None: "?"}
_INDENT: Final = "  "
_GAP: Final = "  "
_COLUMNS: Final = ("ceiling", "granted_before", "remaining", "requested", "earlier_lines")

#: Words that only this layout needs: Chinese, English.
_WORDS: Final = {
    "yuan": ("{} 元", "CNY {}"),
    "conditions": ("条件", "Conditions"),
    "steps": ("计算", "Calculation"),
    "limits": ("上限", "Limits"),
    "ceiling": ("上限额", "ceiling"),
    "granted_before": ("此前已获", "granted before"),
    "remaining": ("可用余额", "left"),
    "requested": ("本组应得合计", "due to the group"),
    "earlier_lines": ("其中在前各笔", "of it earlier lines"),
    "binding": ("◀ 按此封顶", "◀ binding"),
    "required": ("要求 {}", "required {}"),
    "actual": ("实际 {}", "actual {}"),
    "shortfall": ("差 {}", "short by {}"),
    "readings": ("采用的解释口径", "Readings used"),
    "readings_undecided": ("采用的解释口径（主管部门均尚未决定）", "Readings used (none decided by the bureau yet)"),
    "asked_instead": ("{}（试算；现行：{}）", "{} (what-if; in use: {})"),
    "readings_in_use": (
        "{} 条解释口径均按现行选项，见 town-subsidy policies readings。",
        "{} readings as in use: see town-subsidy policies readings.",
    ),
    "warnings": ("提醒", "Warnings"),
    "missing": ("尚缺：{}", "still needed: {}"),
    "proof": ("校验（sha256）", "Proof (sha256)"),
    "policy_sha256": ("条款", "terms"),
    "inputs_sha256": ("输入", "inputs"),
    "result_sha256": ("结果", "result"),
    "engine": ("引擎", "engine"),
}


def derivation(result: Json, policies: Policies, language: Language) -> list[str]:
    """Tell how a result of `calculate` or `screen` came about, as lines of text.

    `policies` must hold the version that the result names; NotFound otherwise.
    """
    version = policies.version(f"{result['policy']['id']}@{result['policy']['version']}")
    layout = _Layout(Teller(policies, version, language))
    written = layout.screening(result) if "measures" in result else layout.calculation(result)
    return [line.rstrip() for line in written]


def width(text: str) -> int:
    """Count the columns that a text takes in a terminal, where a Chinese character takes two."""
    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def table(rows: Sequence[Sequence[str]], *, right: Collection[int] = (), indent: str = "") -> list[str]:
    """Align rows of cells; the columns in `right` end together, the others begin together; empty columns vanish."""
    most = max(map(len, rows), default=0)
    filled = [[*row, *[""] * (most - len(row))] for row in rows]
    widths = [max(map(width, column)) for column in zip(*filled, strict=True)]
    kept = [place for place, columns in enumerate(widths) if columns]
    cells = [[_padded(row[place], widths[place], right=place in right) for place in kept] for row in filled]
    return [(indent + _GAP.join(row)).rstrip() for row in cells]


def _padded(text: str, columns: int, *, right: bool) -> str:
    blanks = " " * (columns - width(text))
    return blanks + text if right else text + blanks


class _Layout:
    """Lays the results of one version out in one language."""

    def __init__(self, teller: Teller) -> None:
        self.teller, self.language = teller, teller.language

    # ── whole results ──

    def calculation(self, result: Json) -> Iterator[str]:
        """Tell a calculation: headline, lines, readings, warnings, proof."""
        policy = result["policy"]
        yield self.teller.title(result["measure"])
        cited = article(policy["article"], self.language)
        yield f"{policy['document']} {cited}  {self.teller.version.ref}  sha256 {policy['sha256'][:_SHORT]}"
        yield self.outcome(result)
        if "under" in result:
            yield result["under"]
        alone = len(result["lines"]) == 1
        for line in result["lines"]:
            if not alone:
                yield ""
                yield f"{line['line_id']}  {self.outcome(line)}"
            yield from self.line(line, result["measure"], result["readings"])
        yield from self.readings(self.teller.readings(result["readings"]))
        yield from self.warnings(result["warnings"])
        yield from self.proof(result)

    def screening(self, result: Json) -> Iterator[str]:
        """Tell a screening: each measure with its conditions, what is missing, what it would pay; then the others."""
        policy = result["policy"]
        yield f"{policy['document']}  {self.teller.version.ref}  sha256 {policy['sha256'][:_SHORT]}"
        others = []
        for entry in result["measures"]:
            if entry["status"] == "referenced":
                others.append(entry["measure"])
                continue
            measure = self.teller.version.measures[entry["measure"]]
            yield ""
            yield f"{self.teller.title(entry['measure'])}  {article(measure.article, self.language)}"
            yield _INDENT + self.outcome(entry)
            if entry["missing"]:
                yield _INDENT + self.word("missing", self.teller.names(entry["missing"]))
            yield from self.line(entry, entry["measure"], result["readings"])
        yield from self.others(others)
        yield from self.only_asked(self.teller.readings(result["readings"]))
        yield from self.proof(result)

    def others(self, measures: Sequence[str]) -> Iterator[str]:
        """List the measures that are paid under other rules."""
        if measures:
            yield ""
            yield label_of("statuses", "referenced", self.language)
            known = self.teller.version.referenced
            rows = [(self.teller.title(one), article(known[one].article, self.language)) for one in measures]
            yield from table(rows, indent=_INDENT)

    # ── their parts ──

    def outcome(self, entry: Json) -> str:
        """Tell status, amount and rule."""
        told = self.teller.outcome(entry)
        amount = self.word("yuan", told.amount) if told.amount else ""
        return "  ".join(filter(None, (told.status, amount, told.rule)))

    def line(self, line: Json, measure: str, readings: Mapping[str, str]) -> Iterator[str]:
        """Tell a line's conditions, steps and limits."""
        told = self.teller
        (conditions,) = told.conditions([line["conditions"]], measure, readings)
        yield from self.section("conditions", table([*map(self.condition, conditions)], indent=_INDENT * 2))
        yield from self.section("steps", table([_step(told.step(one)) for one in line["steps"]], indent=_INDENT * 2))
        yield from self.section("limits", self.limits([told.limit(entry) for entry in line["limits"]]))

    def section(self, title: str, lines: Sequence[str]) -> Iterator[str]:
        """Put a title above lines, if there are any."""
        if lines:
            yield _INDENT + self.word(title)
            yield from lines

    def condition(self, told: ToldCondition) -> list[str]:
        """Lay out a condition: met or not, what it is called, article, actual, lacking, required."""
        return [
            _MARKS[told.met],
            told.label,
            told.article,
            self.word("actual", told.actual) if told.actual else "",
            self.word("shortfall", told.shortfall) if told.shortfall else "",
            self.word("required", told.required) if told.required else "",
        ]

    def limits(self, limits: Sequence[ToldLimit]) -> list[str]:
        """Lay out ceilings, what is left of them, and which bound."""
        if not limits:
            return []
        shown = [name for name in _COLUMNS if any(getattr(told, name) for told in limits)]
        if not any(told.shared for told in limits):
            shown = ["ceiling"]
        rows = [["", *map(self.word, shown)]]
        for told in limits:
            binding = self.word("binding") if told.binding else ""
            rows.append([told.label, *(getattr(told, name) for name in shown), binding])
        return table(rows, right=range(1, len(shown) + 1), indent=_INDENT * 2)

    def readings(self, readings: Sequence[ToldReading]) -> Iterator[str]:
        """Tell how the ambiguous places were read, and whether the bureau has decided them."""
        if not readings:
            return
        none_decided = not any(told.decided for told in readings)
        yield ""
        yield self.word("readings_undecided" if none_decided else "readings")
        rows = [
            [told.question, self.choice(told), "" if none_decided else told.decided or undecided(self.language)]
            for told in readings
        ]
        yield from table(rows, indent=_INDENT)

    def only_asked(self, readings: Sequence[ToldReading]) -> Iterator[str]:
        """Tell the readings that were asked for instead of those in use, or that none was."""
        asked = [told for told in readings if told.asked_instead]
        if readings and not asked:
            yield ""
            yield self.word("readings_in_use", len(readings))
        yield from self.readings(asked)

    def choice(self, told: ToldReading) -> str:
        """Say how a question was answered, and if only for this request, how it usually is."""
        return self.word("asked_instead", told.choice, told.in_use) if told.asked_instead else told.choice

    def warnings(self, warnings: Sequence[Json]) -> Iterator[str]:
        """Tell the warnings."""
        if warnings:
            yield ""
            yield self.word("warnings")
            yield from (f"{_INDENT}{entry['pointer']}: {entry['message']}" for entry in warnings)

    def proof(self, result: Json) -> Iterator[str]:
        """Give the hashes in full."""
        rows = [
            (self.word("policy_sha256"), result["policy"]["sha256"]),
            (self.word("inputs_sha256"), result["inputs_sha256"]),
            (self.word("result_sha256"), result["result_sha256"]),
            (self.word("engine"), result["engine"]),
        ]
        yield ""
        yield self.word("proof")
        yield from table(rows, indent=_INDENT)

    def word(self, code: str, *facts: object) -> str:
        """Say one of this module's own words."""
        return _WORDS[code][self.language == "en"].format(*facts)


def _step(told: ToldStep) -> list[str]:
    return [told.label, f"{told.formula} = {told.result}" if told.formula else told.result]
