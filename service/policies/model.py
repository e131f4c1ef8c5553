"""What a policy file says, parsed and frozen.

`service.policies.load` makes these; nothing changes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, TypeAlias

from calculators import declining_budget, fixed_award, loan_interest, share_of_cost
from calculators.exact import Rounding
from service.conditions import Condition

Language: TypeAlias = Literal["zh", "en"]
Terms: TypeAlias = share_of_cost.Terms | fixed_award.Terms | declining_budget.Terms | loan_interest.Terms
FieldType: TypeAlias = Literal[
    "text", "credit_code", "code", "flag", "yuan", "date", "year", "count", "periods", "balances"
]
Stage: TypeAlias = Literal["line", "total"]


@dataclass(frozen=True, slots=True)
class Words:
    """A text that people read, in both languages."""

    zh: str
    en: str

    def to(self, language: Language) -> str:
        """Return the text in one language."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Field:
    """An entry of the data dictionary; in a column, a code is its position in `codes`.

    `paid_once`: it names a document (a receipt, a contract, an invoice) for which money is granted only once.
    """

    id: str
    type: FieldType
    label: Words
    proof: Words | None
    codes: Mapping[str, Words]
    most: int | None
    absent: Literal["group", "own_line"]
    paid_once: bool = False


@dataclass(frozen=True, slots=True)
class Input:
    """What a measure asks of a line.

    `need` is `required`, `nullable` (the key must be there, null is an answer), `optional`, or
    `either`: exactly one of this and `other`. `default` is a whole number as in a column;
    `same_as` takes another field's value.
    """

    field: str
    need: Literal["required", "nullable", "optional", "either"]
    default: int | None = None
    same_as: str | None = None
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A ceiling per group of lines: an `amount` in fen, or a `share` of the column `of`.

    `per` names the keys of a group; `("line",)` is each line by itself.
    """

    id: str
    amount: int | None
    share: Fraction | None
    of: str | None
    per: tuple[str, ...]
    allocation: Literal["in_order", "pro_rata", "equal"]

    @property
    def shared(self) -> bool:
        """Tell whether several lines may share this ceiling (so that money granted before counts)."""
        return self.per != ("line",)


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure with a computable amount, under the readings it was resolved for.

    `inputs` are in asking order.
    """

    id: str
    title: Words
    who: Words
    article: str
    departments: tuple[str, ...]
    funding_mode: str
    earmark: Words | None
    materials: tuple[Words, ...]
    event: str
    inputs: dict[str, Input]
    conditions: tuple[Condition, ...]
    calculator: Literal["share_of_cost", "fixed_award", "declining_budget", "loan_interest"]
    terms: Terms
    limits: tuple[Limit, ...]

    def asked(self, facts: Iterable[str]) -> dict[str, Input]:
        """Return the inputs, then as optional ones the facts that this measure does not ask for."""
        others = {fact: Input(fact, "optional") for fact in facts if fact not in self.inputs}
        return self.inputs | others


@dataclass(frozen=True, slots=True)
class Referenced:
    """A measure that the text names without an amount: it is paid under other rules."""

    id: str
    title: Words
    article: str
    departments: tuple[str, ...]
    under: Words


@dataclass(frozen=True, slots=True)
class NotModelled:
    """Something that the text says and that moves no money by itself, in our words."""

    article: str
    text: Words


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a reading's question; `set` maps paths of the version's tree to values (None deletes)."""

    id: str
    label: Words
    set: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Reading:
    """A question that the text leaves open, the choice in use and the others."""

    id: str
    question: Words
    article: str
    in_use: str
    decided_by: str | None
    decision_ref: str | None
    choices: Mapping[str, Choice]


@dataclass(frozen=True, slots=True)
class Document:
    """The published document that a version is taken from."""

    number: str
    title: str
    issuer: str
    issued: str


@dataclass(frozen=True, slots=True)
class Validity:
    """When a version is in force: days since 1970-01-01, half-open; `until` None: no end stated.

    From `certain_until` on the end is not known to the day (only for versions without amounts).
    """

    start: int
    until: int | None
    certain_until: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A version of a policy under the readings in use.

    A version without amounts has no measures and no rounding: we know that it was in force, not what
    it paid. `tree` is what the file says, before any reading; `sha256` is that of its canonical JSON.
    `shaped_by` names, for each measure, the readings of which some choice changes it.
    """

    id: str
    version: str
    document: Document
    validity: Validity
    rounding: Rounding | None
    rounding_stage: Stage | None
    town_classes: Mapping[str, tuple[str, ...]]
    measures: Mapping[str, Measure]
    referenced: Mapping[str, Referenced]
    not_modelled: tuple[NotModelled, ...]
    readings: Mapping[str, Reading]
    sha256: str
    tree: Mapping[str, Any] = field(repr=False)
    shaped_by: Mapping[str, tuple[str, ...]] = field(repr=False)

    @property
    def ref(self) -> str:
        """Name this version as people do: `jzbf-2026-3@1`."""
        return f"{self.id}@{self.version}"

    @property
    def has_amounts(self) -> bool:
        """Tell whether anything can be calculated."""
        return bool(self.measures)


@dataclass(frozen=True, slots=True, eq=False)
class Provision:
    """One measure of one version under chosen readings: all that a calculation needs.

    `readings` names those that can shape this measure, with the choice that holds here; `sha256` is
    that of the canonical JSON of exactly what is applied.
    """

    policy: str
    version: str
    document: Document
    validity: Validity
    rounding: Rounding
    rounding_stage: Stage
    measure: Measure
    readings: Mapping[str, str]
    sha256: str
    fields: Mapping[str, Field]
