"""The format of a measure: inputs, conditions, terms by calculator, limits."""

from __future__ import annotations

from dataclasses import fields as fields_of
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validates_schema

from calculators import declining_budget, fixed_award, loan_interest, share_of_cost
from calculators.limits import ALLOCATIONS
from service.policies.parts import Part, Words, words
from service.policies.values import (
    Amount,
    Complaint,
    DaysPerYear,
    Given,
    Name,
    Named,
    Need,
    OneOf,
    Rate,
    Scalar,
    Some,
    Text,
    Variant,
    Whole,
    complaint,
)


class ConditionPart(Part):
    """What every condition says: its kind, and the rule that stands in a result when a line fails it."""

    otherwise = Name(required=True)


class TownClassCondition(ConditionPart):
    """The code is in a class of towns."""

    kind = OneOf("town_class", required=True)
    field = Name(required=True)
    town_class = Name(required=True, data_key="class")


class AllowedCondition(ConditionPart):
    """The value is one of those listed."""

    kind = OneOf("allowed", required=True)
    field = Name(required=True)
    allowed = Some(Scalar(), least=1, required=True)


class GivenCondition(ConditionPart):
    """There is a value."""

    kind = OneOf("given", required=True)
    field = Name(required=True)


class InForceCondition(Part):
    """The day lies in the validity; the rule is the reason why not."""

    kind = OneOf("in_force", required=True)
    field = Name(required=True)


class SameYearCondition(ConditionPart):
    """The day lies in a year."""

    kind = OneOf("same_year", required=True)
    field = Name(required=True)
    year = Name(required=True)
    years_after = Whole(0, 50, required=True)


class ThresholdCondition(ConditionPart):
    """A sum reaches an amount."""

    kind = OneOf("threshold", required=True)
    of = Name(required=True)
    at_least = Amount(required=True)
    per = Some(Text(), least=1, required=True)


class PositiveCondition(ConditionPart):
    """An amount is above zero."""

    kind = OneOf("positive", required=True)
    of = Name(required=True)


class FirstCondition(ConditionPart):
    """The line is its group's first."""

    kind = OneOf("first", required=True)
    per = Some(Text(), least=1, required=True)


class BeforeCondition(ConditionPart):
    """A year lies before another."""

    kind = OneOf("before", required=True)
    field = Name(required=True)
    before = Name(required=True)


CONDITIONS: dict[str, type[Schema]] = {
    "town_class": TownClassCondition,
    "allowed": AllowedCondition,
    "given": GivenCondition,
    "in_force": InForceCondition,
    "same_year": SameYearCondition,
    "threshold": ThresholdCondition,
    "positive": PositiveCondition,
    "first": FirstCondition,
    "before": BeforeCondition,
}


class ShareOfCostTerms(Part):
    """The terms of share_of_cost."""

    share = Rate(required=True)
    cost = Some(Name(), least=1, required=True)
    less = Some(Name(), required=True)
    at_most = Some(Name(), required=True)
    counts = OneOf("whole", "excess", required=True)


class FixedAwardTerms(Part):
    """The terms of fixed_award."""

    amount = Amount(required=True, allow_none=True)
    proposed = Name(required=True, allow_none=True)

    @validates_schema
    def _has_an_amount(self, data: dict[str, Any], **_: Given) -> None:
        if data["amount"] is None and data["proposed"] is None:
            raise complaint("fixes no amount", "give an amount, or the field in which it is proposed")


class LoanInterestTerms(Part):
    """The terms of loan_interest."""

    rate = Rate(required=True)
    days_per_year = DaysPerYear(required=True)
    days_at_most = Whole(1, 366, required=True, allow_none=True)
    ends = OneOf("half_open", "inclusive", required=True)
    principal = OneOf("disbursed", "outstanding", required=True)
    months_followed = Whole(1, 600, required=True, allow_none=True)
    other_subsidy = OneOf("net", "gross", required=True)


class DecliningBudgetTerms(Part):
    """The terms of declining_budget."""

    base = Amount(required=True)
    base_year = Whole(1900, 2200, required=True)
    decline = Rate(required=True)
    first_step = Whole(0, 100, required=True)
    method = OneOf("compound", "linear", "compound_rounded_each_year", required=True)
    counted_by = OneOf("calendar_year", "edition", required=True)


#: The terms of each calculator: what the file says, and what the formula takes.
TERMS: dict[str, tuple[type[Schema], type[Any]]] = {
    "share_of_cost": (ShareOfCostTerms, share_of_cost.Terms),
    "fixed_award": (FixedAwardTerms, fixed_award.Terms),
    "loan_interest": (LoanInterestTerms, loan_interest.Terms),
    "declining_budget": (DecliningBudgetTerms, declining_budget.Terms),
}

for _said, _taken in TERMS.values():
    if list(_said().fields) != [one.name for one in fields_of(_taken)]:
        raise TypeError(f"{_said.__name__} and {_taken.__module__}.Terms do not have the same fields")


class LimitEntry(Part):
    """A ceiling: an amount, or a share of a column, per group of lines."""

    amount = Amount()
    share = Rate()
    of = Name()
    per = Some(Text(), least=1, required=True)
    allocation = OneOf(*ALLOCATIONS)

    editor: ClassVar[dict[str, Any]] = {
        "oneOf": [{"required": ["amount"]}, {"required": ["share"]}],
        "dependentRequired": {"share": ["of"], "of": ["share"]},
        "if": {"properties": {"per": {"const": ["line"]}}},
        "else": {"required": ["allocation"]},
    }

    @validates_schema
    def _is_one_kind_of_ceiling(self, data: dict[str, Any], **_: Given) -> None:
        if ("amount" in data) == ("share" in data):
            given = "both amount and share" if "amount" in data else "neither amount nor share"
            raise complaint(f"has {given}", "give either an amount, or a share with of")
        if "share" in data and "of" not in data:
            raise ValidationError({"of": [Complaint("is missing", "name the column that the share is taken of")]})
        if "of" in data and "share" not in data:
            raise ValidationError({"of": [Complaint("is only for a share", "remove it")]})
        if data["per"] != ["line"] and "allocation" not in data:
            cure = f"say how lines share the ceiling: {', '.join(ALLOCATIONS)}"
            raise ValidationError({"allocation": [Complaint("is missing", cure)]})


def measure_schema(name: str) -> type[Schema]:
    """Make the schema of the measures of one calculator."""
    terms, _ = TERMS[name]
    parts: dict[str, fields.Field[Any]] = {
        "title": words(),
        "who": words(),
        "article": Text(required=True),
        "departments": Some(Name(), least=1, required=True),
        "funding_mode": OneOf("reward", "afterwards", "direct", "investment", required=True),
        "earmark": words(required=False),
        "materials": Some(fields.Nested(Words), required=True),
        "event": Name(required=True),
        "inputs": Named(Need(), least=1, required=True),
        "conditions": Named(Variant("kind", CONDITIONS), required=True),
        "calculator": OneOf(name, required=True),
        "terms": fields.Nested(terms, required=True),
        "limits": Named(fields.Nested(LimitEntry), required=True),
    }
    title = "".join(word.capitalize() for word in name.split("_"))
    return type(f"{title}Measure", (Part,), {"__doc__": f"A measure calculated by {name}.", **parts})


MEASURES: dict[str, type[Schema]] = {name: measure_schema(name) for name in TERMS}
