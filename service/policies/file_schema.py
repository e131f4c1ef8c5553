"""The format of a policy file, in one place: it checks what is loaded, and tells editors what may be written."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validates_schema

from calculators.exact import Rounding
from service.policies.measure_schema import MEASURES
from service.policies.parts import Part, Words, words
from service.policies.report import Tree
from service.policies.values import (
    Anything,
    Complaint,
    Given,
    IsoDate,
    IssueDate,
    Name,
    Named,
    OneOf,
    PolicyId,
    Some,
    Text,
    Variant,
    Whole,
)


class FieldEntry(Part):
    """An entry of the data dictionary."""

    type = OneOf(
        "text", "credit_code", "code", "flag", "yuan", "date", "year", "count", "periods", "balances", required=True
    )
    label = words()
    proof = words(required=False)
    codes = Named(fields.Nested(Words), least=1)
    most = Whole(0, 10**9)
    absent = OneOf("group", "own_line")
    paid = OneOf("once")

    editor: ClassVar[dict[str, Any]] = {
        "allOf": [
            {
                "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
                "then": {"required": [key]},
                "else": {"not": {"required": [key]}},
            }
            for kind, key in (("code", "codes"), ("count", "most"))
        ]
    }

    @validates_schema
    def _suits_its_type(self, data: dict[str, Any], **_: Given) -> None:
        for kind, key in (("code", "codes"), ("count", "most")):
            if data["type"] == kind and key not in data:
                raise ValidationError({key: [Complaint("is missing", f"a field of type {kind} needs {key}")]})
            if data["type"] != kind and key in data:
                raise ValidationError({key: [Complaint(f"is only for fields of type {kind}", "remove it")]})
        if "paid" in data and data["type"] != "text":
            raise ValidationError({"paid": [Complaint("is only for fields of type text", "remove it")]})


class Document(Part):
    """The published document."""

    number = Text(required=True)
    title = Text(required=True)
    issuer = Text(required=True)
    issued = IssueDate(required=True)


class InForce(Part):
    """The days of validity, half-open."""

    start = IsoDate(required=True, data_key="from")
    certain_until = IsoDate()
    until = IsoDate(required=True, allow_none=True)

    @validates_schema
    def _starts_before_it_ends(self, data: dict[str, Any], **_: Given) -> None:
        until, certain = data["until"], data.get("certain_until")
        if until is not None and until <= data["start"]:
            raise ValidationError(
                {"until": [Complaint("does not lie after from", "until is the first day that is not covered")]}
            )
        if certain is not None and (certain <= data["start"] or (until is not None and certain > until)):
            raise ValidationError(
                {"certain_until": [Complaint("does not lie between from and until", "mend the date")]}
            )


class ReferencedEntry(Part):
    """A measure paid under other rules."""

    title = words()
    article = Text(required=True)
    departments = Some(Name(), least=1, required=True)
    under = words()


class NotModelledEntry(Part):
    """A sentence that moves no money by itself."""

    article = Text(required=True)
    text = words()


class ChoiceEntry(Part):
    """An answer to a reading's question."""

    label = words()
    set = Named(Anything(allow_none=True), least=1, pattern=r"^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*$")


class ReadingEntry(Part):
    """A question that the text leaves open."""

    question = words()
    article = Text(required=True)
    in_use = Name(required=True)
    decided_by = Text(required=True, allow_none=True)
    decision_ref = Text(required=True, allow_none=True)
    choices = Named(fields.Nested(ChoiceEntry), least=2, required=True)


#: What a version with amounts says and one without does not.
WITH_AMOUNTS = ("rounding", "rounding_stage", "town_classes", "measures", "referenced", "not_modelled", "readings")


class VersionEntry(Part):
    """A version of a policy; without `measures` it is one whose amounts are not known."""

    id = PolicyId(required=True)
    version = PolicyId(required=True)
    document = fields.Nested(Document, required=True)
    in_force = fields.Nested(InForce, required=True)
    rounding = OneOf(*(one.name.lower() for one in Rounding))
    rounding_stage = OneOf("line", "total")
    town_classes = Named(Some(Name(), least=1))
    measures = Named(Variant("calculator", MEASURES), least=1)
    referenced = Named(fields.Nested(ReferencedEntry))
    not_modelled = Some(fields.Nested(NotModelledEntry), distinct=False)
    readings = Named(fields.Nested(ReadingEntry))

    editor: ClassVar[dict[str, Any]] = {
        "dependentRequired": {key: [other for other in WITH_AMOUNTS if other != key] for key in WITH_AMOUNTS}
    }

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def _has_all_or_no_amounts(self, data: Tree, original: Tree, **_: Given) -> None:
        if self.only is not None or not isinstance(original, dict):
            return
        present = [key for key in WITH_AMOUNTS if key in original]
        missing = [key for key in WITH_AMOUNTS if key not in original]
        if present and missing:
            cure = f"a version with {present[0]} needs it too"
            raise ValidationError({key: [Complaint("is missing", cure)] for key in missing})
        in_force = original.get("in_force")
        if present and isinstance(in_force, dict) and "certain_until" in in_force:
            said = Complaint("is only for versions without amounts", "state the day until which it is in force")
            raise ValidationError({"in_force": {"certain_until": [said]}})


class PolicyFile(Part):
    """A whole policy file."""

    fields_ = Named(fields.Nested(FieldEntry), least=1, required=True, data_key="fields")
    facts = Some(Name(), required=True)
    departments = Named(fields.Nested(Words), least=1, required=True)
    policies = Some(fields.Nested(VersionEntry), least=1, distinct=False, required=True)
