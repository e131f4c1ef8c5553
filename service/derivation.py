"""A result's reasons as lines of plain text, for whoever reads them in a terminal, a log or a letter.

Takes the JSON of a calculation or a screening; decides and calculates nothing, only finds the words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from unicodedata import combining, east_asian_width

from service.conditions import Allowed, Condition, First, Given, WithinValidity
from service.money import fen_of, yuan
from service.policies import Policies
from service.policies.model import Field, Language, Provision, Reading, Version
from service.words import label_of

Json = Mapping[str, Any]

_SHORT: Final = 12
_AMOUNT: Final = re.compile(r"-?\d+\.\d\d", re.ASCII)
_MARKS: Final = {True: "✓", False: "✗", None: "?"}
_INDENT: Final = "  "
_GAP: Final = "  "
_NUMERALS: Final = "一二三四五六七八九"

#: Words that only a derivation needs: Chinese, English.
_WORDS: Final = {
    "yuan": ("{} 元", "CNY {}"),
    "article": ("第{}条", "art. {}"),
    "days": ("{} 天", "{} days"),
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
    "none": ("无", "none"),
    "shortfall": ("差 {}", "short by {}"),
    "or": ("或", " or "),
    "not": ("{}以外", "not {}"),
    "and": ("、", ", "),
    "not_null": ("已有日期", "a date"),
    "within": ("政策有效期内", "while the policy is in force"),
    "first": ("同一{}首次", "the first of its {}"),
    "true": ("是", "yes"),
    "false": ("否", "no"),
    "readings": ("采用的解释口径", "Readings used"),
    "readings_undecided": ("采用的解释口径（主管部门均尚未决定）", "Readings used (none decided by the bureau yet)"),
    "undecided": ("尚未决定", "undecided"),
    "decided": ("{}决定（{}）", "decided by {} ({})"),
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
    teller = _Teller(policies, version, language)
    written = teller.screening(result) if "measures" in result else teller.calculation(result)
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


def figure(text: str) -> str:
    """Put thousands separators into an amount; anything else stays as it is."""
    if not _AMOUNT.fullmatch(text):
        return text
    sign, size = ("-", text[1:]) if text.startswith("-") else ("", text)
    return sign + yuan(fen_of(size), grouped=True)


def article(number: str, language: Language) -> str:
    """Cite an article; in English its number in digits."""
    if language == "en":
        number = "".join(str(_NUMERALS.find(sign) + 1) if sign in _NUMERALS else sign for sign in number)
    return _word("article", language, number.replace("、", _word("and", language)))


@dataclass(frozen=True, slots=True)
class _Teller:
    """Finds the words for the results of one version in one language."""

    policies: Policies
    version: Version
    language: Language
    _provisions: dict[str, Provision] = field(default_factory=dict)

    # ── whole results ──

    def calculation(self, result: Json) -> Iterator[str]:
        """Tell a calculation: headline, lines, readings, warnings, proof."""
        measure = self.version.measures.get(result["measure"]) or self.version.referenced[result["measure"]]
        policy = result["policy"]
        yield measure.title.to(self.language)
        cited = article(policy["article"], self.language)
        yield f"{policy['document']} {cited}  {self.version.ref}  sha256 {policy['sha256'][:_SHORT]}"
        yield self.outcome(result)
        if "under" in result:
            yield result["under"]
        alone = len(result["lines"]) == 1
        for line in result["lines"]:
            body = list(self.line(line, result["measure"], result["readings"]))
            if not alone:
                yield ""
                yield f"{line['line_id']}  {self.outcome(line)}"
            yield from body
        yield from self.readings(result["readings"])
        yield from self.warnings(result["warnings"])
        yield from self.proof(result)

    def screening(self, result: Json) -> Iterator[str]:
        """Tell a screening: each measure with its conditions, what is missing, what it would pay; then the others."""
        policy = result["policy"]
        yield f"{policy['document']}  {self.version.ref}  sha256 {policy['sha256'][:_SHORT]}"
        others = []
        for entry in result["measures"]:
            if entry["status"] == "referenced":
                others.append(entry)
                continue
            measure = self.version.measures[entry["measure"]]
            yield ""
            yield f"{measure.title.to(self.language)}  {article(measure.article, self.language)}"
            yield _INDENT + self.outcome(entry)
            if entry["missing"]:
                names = [self.policies.fields[name].label.to(self.language) for name in entry["missing"]]
                yield _INDENT + self.word("missing", self.word("and").join(names))
            yield from self.line(entry, entry["measure"], result["readings"])
        yield from self.others(others)
        yield from self.readings(result["readings"], only_asked=True)
        yield from self.proof(result)

    def others(self, entries: Sequence[Json]) -> Iterator[str]:
        """List the measures that are paid under other rules."""
        if entries:
            measures = [self.version.referenced[entry["measure"]] for entry in entries]
            yield ""
            yield label_of("statuses", "referenced", self.language)
            yield from table(
                [(one.title.to(self.language), article(one.article, self.language)) for one in measures], indent=_INDENT
            )

    # ── their parts ──

    def outcome(self, entry: Json) -> str:
        """Tell status, amount and rule."""
        status = label_of("statuses", entry["status"], self.language)
        amount = "" if entry["amount"] is None else "  " + self.word("yuan", figure(entry["amount"]))
        rule = "" if entry["rule"] is None else label_of("rules", entry["rule"], self.language)
        return f"{status}{amount}" + (f"  {rule}" if rule not in {"", status} else "")

    def line(self, line: Json, measure: str, readings: Mapping[str, str]) -> Iterator[str]:
        """Tell a line's conditions, steps and limits."""
        if line["conditions"]:
            provision = self.provision(measure, readings)
            known = {condition.id: condition for condition in provision.measure.conditions}
            rows = [self.condition(entry, known[entry["id"]]) for entry in line["conditions"]]
            yield from self.section("conditions", table(rows, indent=_INDENT * 2))
        if line["steps"]:
            yield from self.section("steps", table([self.step(entry) for entry in line["steps"]], indent=_INDENT * 2))
        if line["limits"]:
            yield from self.section("limits", self.limits(line["limits"]))

    def section(self, title: str, lines: Sequence[str]) -> Iterator[str]:
        """Put a title above lines."""
        yield _INDENT + self.word(title)
        yield from lines

    def condition(self, entry: Json, condition: Condition) -> list[str]:
        """Tell a condition: met or not, required, actual, lacking, article."""
        required, actual = self.requirement(entry, condition), self.finding(entry, condition)
        return [
            _MARKS[entry["met"]],
            label_of("conditions", entry["id"], self.language),
            article(entry["article"], self.language),
            self.word("actual", actual) if actual else "",
            self.word("shortfall", figure(entry["shortfall"])) if entry["shortfall"] else "",
            self.word("required", required) if required else "",
        ]

    def requirement(self, entry: Json, condition: Condition) -> str:
        """Say in words what a condition requires."""
        if entry["required"] is None:
            return ""
        match condition:
            case Allowed():
                return self.one_of(entry["required"].split(" | "), condition)
            case Given():
                return self.word("not_null")
            case WithinValidity():
                return self.word("within")
            case First():
                names = [self.field_name(name) for name in condition.per]
                return self.word("first", self.word("and").join(names))
            case _:
                return re.sub(_AMOUNT, lambda found: figure(found[0]), entry["required"].removeprefix("= "))

    def one_of(self, allowed: Sequence[str], condition: Allowed) -> str:
        """Say which values are allowed, or shorter, which single one is not."""
        others = [code for code in self.policies.fields[condition.field].codes if code not in allowed]
        if len(others) == 1 and len(allowed) > len(others) + 1:
            return self.word("not", self.value(others[0], condition))
        return self.word("or").join(self.value(value, condition) for value in allowed)

    def finding(self, entry: Json, condition: Condition) -> str:
        """Say what was found."""
        if entry["actual"] is None:
            return self.word("none") if entry["met"] is False and isinstance(condition, Given) else ""
        return self.value(entry["actual"], condition)

    def value(self, text: str, condition: Condition) -> str:
        """Say a value as people do: codes and flags by their names, amounts with separators."""
        if isinstance(condition, Allowed):
            codes = self.policies.fields[condition.field].codes
            return codes[text].to(self.language) if codes else self.word(text)
        return figure(text)

    def field_name(self, key: str) -> str:
        """Say which field a group's key is."""
        known: Field | None = self.policies.fields.get(key.removesuffix(".year"))
        return known.label.to(self.language) if known else key

    def step(self, entry: Json) -> list[str]:
        """Tell a step: what it is called, its formula, its result."""
        result = self.word("days", entry["days"]) if entry["amount"] is None else figure(entry["amount"])
        formula = entry["formula"]
        if entry["id"] == "rounding_of_total":
            formula = self.version.readings["rounding"].choices[formula].label.to(self.language)
        label = label_of("steps", entry["id"], self.language)
        return [label, result] if formula == result else [label, f"{formula} = {result}"]

    def limits(self, limits: Sequence[Json]) -> list[str]:
        """Tell ceilings, what is left of them, and which bound."""
        columns = ("ceiling", "granted_before", "remaining", "requested", "earlier_lines")
        shown = [name for name in columns if any(entry.get(name) is not None for entry in limits)]
        if not any("remaining" in entry for entry in limits):
            shown = ["ceiling"]
        rows = [["", *map(self.word, shown)]]
        for entry in limits:
            figures = ["" if entry.get(name) is None else figure(entry[name]) for name in shown]
            binding = self.word("binding") if entry["binding"] else ""
            rows.append([label_of("limits", entry["id"], self.language), *figures, binding])
        return table(rows, right=range(1, len(shown) + 1), indent=_INDENT * 2)

    def readings(self, readings: Mapping[str, str], *, only_asked: bool = False) -> Iterator[str]:
        """Tell how the ambiguous places were read, and whether the bureau has decided them."""
        known = [(self.version.readings[name], choice) for name, choice in readings.items()]
        asked = [(reading, choice) for reading, choice in known if choice != reading.in_use]
        listed = asked if only_asked else known
        if not known:
            return
        yield ""
        if only_asked and not asked:
            yield self.word("readings_in_use", len(known))
            return
        none_decided = not any(reading.decided_by for reading, _ in listed)
        yield self.word("readings_undecided" if none_decided else "readings")
        rows = [
            [
                reading.question.to(self.language),
                self.choice(reading, choice),
                "" if none_decided else self.decided(reading),
            ]
            for reading, choice in listed
        ]
        yield from table(rows, indent=_INDENT)

    def choice(self, reading: Reading, choice: str) -> str:
        """Say how a question was answered, and if only for this request, how it usually is."""
        label = reading.choices[choice].label.to(self.language)
        if choice == reading.in_use:
            return label
        return self.word("asked_instead", label, reading.choices[reading.in_use].label.to(self.language))

    def decided(self, reading: Reading) -> str:
        """Say who decided, if anybody."""
        if reading.decided_by is None:
            return self.word("undecided")
        return self.word("decided", reading.decided_by, reading.decision_ref)

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

    # ── words ──

    def word(self, code: str, *facts: object) -> str:
        """Say one of this module's own words."""
        return _word(code, self.language, *facts)

    def provision(self, measure: str, readings: Mapping[str, str]) -> Provision:
        """Find the measure as it was applied."""
        if measure not in self._provisions:
            self._provisions[measure] = self.policies.provision(self.version, measure, dict(readings))
        return self._provisions[measure]


def _word(code: str, language: Language, *facts: object) -> str:
    return _WORDS[code][language == "en"].format(*facts)
