"""What the parts of a measure say about each other and about the dictionary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, cast

from marshmallow import ValidationError

from calculators.exact import INT64_MAX
from service.policies.build import Entry, as_column
from service.policies.complaints import Tell, nearest
from service.policies.model import Field
from service.policies.report import Path, Tree
from service.policies.values import FEN_AT_MOST, Complaint

#: The columns that a calculator derives, for conditions and limits.
DERIVED: Final[Mapping[str, Mapping[str, str]]] = {
    "share_of_cost": {"base": "yuan"},
    "fixed_award": {"award": "yuan"},
    "loan_interest": {"days": "count", "interest": "yuan"},
    "declining_budget": {},
}
#: The inputs that a calculator takes by their own name, and the types of each.
_TAKEN: Final[Mapping[str, Mapping[str, str]]] = {
    "loan_interest": {
        "application_year": "year",
        "disbursed_on": "date",
        "disbursed_amount": "yuan",
        "interest_accrued": "yuan",
        "other_interest_subsidy": "yuan",
    },
    "declining_budget": {"year": "year"},
}
_DAYS_AT_MOST: Final = 366
_KEY_TYPES: Final = ("text", "credit_code", "code", "flag", "date", "year", "count")


@dataclass(slots=True)
class MeasureChecks:
    """Checks one parsed measure; `tell` gets paths within the measure."""

    entry: Entry
    fields: Mapping[str, Field]
    facts: Iterable[str]
    town_classes: Mapping[str, list[str]] | None
    tell: Tell
    known: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.known = list(dict.fromkeys([*self.entry["inputs"], *self.facts]))

    def run(self) -> None:
        """Check everything."""
        for name, said in self.entry["inputs"].items():
            self._input(name, said)
        self._event()
        for name, said in self.entry["conditions"].items():
            self._condition(("conditions", name), said)
        self._terms()
        for name, said in self.entry["limits"].items():
            self._limit(("limits", name), said)

    def _input(self, name: str, said: Tree) -> None:
        path: Path = ("inputs", name)
        if name not in self.fields:
            self.tell(path, "is no field of the dictionary", nearest(name, list(self.fields)), True)
            return
        if isinstance(said, str):
            return
        if "default" in said:
            self._value((*path, "default"), name, said["default"])
        elif "same_as" in said:
            kind = self._type(name)
            self._column((*path, "same_as"), said["same_as"], [kind] if kind else None)
        else:
            back = self.entry["inputs"].get(said["or"])
            if said["or"] == name or back != {"or": name}:
                cure = f"write {said['or']}: {{or: {name}}}, so that exactly one of the two is asked"
                self.tell((*path, "or"), "is not mutual", cure, False)

    def _event(self) -> None:
        event = self.entry["event"]
        if event not in self.entry["inputs"]:
            self.tell(("event",), "is no input of this measure", nearest(event, list(self.entry["inputs"])), False)
        elif self.entry["inputs"][event] != "required":
            self.tell(("event",), "is not required", f"write {event}: required; it decides which policy applies", False)
        elif self._type(event) not in {None, "date", "year"}:
            self.tell(("event",), f"is a {self._type(event)}", "name a field of type date or year", False)
        elif self._type(event) is not None and (event == "year") != (self._type(event) == "year"):
            self.tell(("event",), f"is a {self._type(event)} by that name", "a year as event is named year", False)

    def _condition(self, path: Path, said: Entry) -> None:
        match said["kind"]:
            case "town_class":
                self._column((*path, "field"), said["field"], ["code"])
                self._town_class((*path, "class"), said)
            case "allowed":
                self._column((*path, "field"), said["field"], ["code", "flag", "year", "count"])
                for place, value in enumerate(said["allowed"]):
                    self._value((*path, "allowed", place), said["field"], value)
            case "given":
                self._column((*path, "field"), said["field"], None, always=False)
            case "in_force":
                self._column((*path, "field"), said["field"], ["date"], always=False)
            case "same_year":
                self._column((*path, "field"), said["field"], ["date"])
                self._column((*path, "year"), said["year"], ["year"])
            case "before":
                self._column((*path, "field"), said["field"], ["year"])
                self._column((*path, "before"), said["before"], ["year"], always=False)
            case "threshold":
                self._column((*path, "of"), said["of"], ["yuan"], derived=True)
                self._per((*path, "per"), said["per"])
            case "positive":
                self._column((*path, "of"), said["of"], ["yuan", "count"], derived=True)
            case "first":
                self._per((*path, "per"), said["per"])

    def _town_class(self, path: Path, said: Entry) -> None:
        if self.town_classes is None:
            return
        if said["town_class"] not in self.town_classes:
            self.tell(path, "is no class of towns", nearest(said["town_class"], list(self.town_classes)), False)
            return
        for code in self.town_classes[said["town_class"]]:
            of = self.fields.get(said["field"])
            if of is not None and of.type == "code" and code not in of.codes:
                problem = f"stands for {code}, which is no code of {of.id}"
                self.tell(
                    path, problem, f"mend town_classes.{said['town_class']}: {nearest(code, list(of.codes))}", False
                )

    def _terms(self) -> None:
        terms, calculator = self.entry["terms"], self.entry["calculator"]
        path: Path = ("terms",)
        for name, kind in _TAKEN.get(calculator, {}).items():
            if name not in self.entry["inputs"]:
                self.tell(("inputs", name), "is missing", f"{calculator} needs this input of type {kind}", False)
            else:
                self._column(("inputs", name), name, [kind])
        match calculator:
            case "share_of_cost":
                for key in ("cost", "less", "at_most"):
                    for place, name in enumerate(terms[key]):
                        self._column((*path, key, place), name, ["yuan"])
                kinds = [condition["kind"] for condition in self.entry["conditions"].values()]
                if terms["counts"] == "excess" and kinds.count("threshold") != 1:
                    self.tell(
                        (*path, "counts"), "has no threshold to exceed", "add one condition of kind threshold", False
                    )
                self._fits((*path, "share"), terms["share"], FEN_AT_MOST * len(terms["cost"]))
            case "fixed_award" if terms["proposed"] is not None:
                self._column((*path, "proposed"), terms["proposed"], ["yuan"])
            case "loan_interest":
                self._loan(path, terms)
            case "declining_budget" if terms["counted_by"] == "edition":
                self._column((*path, "counted_by"), "editions_held_since_2026", ["count"])

    def _loan(self, path: Path, terms: Entry) -> None:
        of = 1 if terms["days_per_year"] == "actual" else terms["days_per_year"]
        self._fits((*path, "rate"), terms["rate"] / of, FEN_AT_MOST * _DAYS_AT_MOST)
        if terms["principal"] == "outstanding":
            self._column((*path, "principal"), "outstanding", ["balances"])
        elif not {"interest_periods", "interest_paid_days"} & self.entry["inputs"].keys():
            cure = "ask for interest_periods or interest_paid_days"
            self.tell(("inputs",), "ask for no days of interest paid", cure, False)

    def _limit(self, path: Path, said: Entry) -> None:
        if "of" in said:
            self._column((*path, "of"), said["of"], ["yuan"], always=False, derived=True)
            self._fits((*path, "share"), said["share"], FEN_AT_MOST)
        self._per((*path, "per"), said["per"])

    def _per(self, path: Path, per: list[str]) -> None:
        for place, key in enumerate(per):
            name = key.removesuffix(".year")
            if key == "line":
                if len(per) > 1:
                    self.tell((*path, place), "does not stand alone", "write [line], or leave it out", False)
            elif name not in self.known:
                choices = ["line", *self.known]
                self.tell((*path, place), "is no input, no fact and not line", nearest(name, choices), False)
            elif name != key and self._type(name) not in {None, "date"}:
                self.tell(
                    (*path, place), f"asks for the year of a {self._type(name)}", "take .year of a date only", False
                )
            elif self._type(name) not in {None, *_KEY_TYPES}:
                self.tell((*path, place), f"is a {self._type(name)}", f"group by a {', '.join(_KEY_TYPES)}", False)

    def _column(
        self, path: Path, name: str, types: list[str] | None, *, always: bool = True, derived: bool = False
    ) -> None:
        """Check that a name is a column of the right types, and if `always` that no line lacks it."""
        own = DERIVED[self.entry["calculator"]] if derived else {}
        kind = own.get(name) or self._type(name)
        if name not in own and name not in self.known:
            self.tell(
                path, f"names {name}, which is no input of this measure", nearest(name, [*own, *self.known]), False
            )
        elif types is not None and kind is not None and kind not in types:
            self.tell(path, f"names {name}, a {kind}", f"name a field of type {' or '.join(types)}", False)
        elif always and name not in own and not self._always(name):
            cure = f"write {name}: required among the inputs, or give it a default"
            self.tell(path, f"needs {name}, which a line may lack", cure, False)

    def _always(self, name: str) -> bool:
        """Tell whether every line has a value: missing is not zero."""
        seen: set[str] = set()
        while name not in seen:
            seen.add(name)
            said = self.entry["inputs"].get(name)
            if not isinstance(said, dict):
                return bool(said == "required")
            if "same_as" not in said:
                return "default" in said
            name = said["same_as"]
        return False

    def _value(self, path: Path, name: str, value: Tree) -> None:
        """Check that a value is one of the field's."""
        if self._type(name) is not None:
            try:
                as_column(self.fields[name], value)
            except ValidationError as error:
                for complaint in cast("list[Complaint]", error.messages):
                    self.tell(path, complaint.problem, complaint.cure, False)

    def _fits(self, path: Path, rate: Fraction, most: int) -> None:
        """Prove that the largest input times the numerator, and twice the denominator, stay within int64."""
        if most * rate.numerator > INT64_MAX or 2 * _DAYS_AT_MOST * rate.denominator > INT64_MAX:
            cure = "write it with smaller numbers (a percentage has small ones)"
            self.tell(path, "is too fine: the largest inputs would exceed 64 bits", cure, False)

    def _type(self, name: str) -> str | None:
        """Find a field's type; None if the dictionary's entry is not usable."""
        return self.fields[name].type if name in self.fields else None


def prefixed(tell: Callable[[Path, str, str, bool], None], start: Path) -> Tell:
    """Make a `tell` for paths below `start`."""

    def told(path: Path, problem: str, cure: str, of_key: bool) -> None:
        tell((*start, *path), problem, cure, of_key)

    return told
