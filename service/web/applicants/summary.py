"""How much a measure pays, in one sentence made of its terms, its threshold and its ceilings."""

from __future__ import annotations

from typing import Final

from service.describe import Json
from service.policies import Policies
from service.policies.model import Language
from service.telling import figure
from service.web.wording import Wording
from service.words import label_of

#: A ceiling of all of a cost is said without a number.
_ALL: Final = "100%"


def how_much(policies: Policies, measure: Json, language: Language) -> str:
    """Say what a described measure pays; no number is in the words themselves."""
    t = Wording(language)
    thresholds = (one for one in measure["conditions"] if one["kind"] == "threshold")
    parts = [_rate(policies, measure, language)]
    parts += [t("applicants.how_threshold", label=one["label"], amount=figure(one["at_least"])) for one in thresholds]
    parts += [_limit(limit, language) for limit in measure["limits"]]
    return t("applicants.how_between").join(parts) + t("applicants.how_end")


def _limit(limit: Json, language: Language) -> str:
    t = Wording(language)
    if limit["share"] == _ALL:
        return label_of("rules", limit["id"], language)
    if limit["amount"] is None:
        return t("applicants.how_limit_share", label=limit["label"], value=limit["share"])
    return t("applicants.how_limit_amount", label=limit["label"], value=figure(limit["amount"]))


def _rate(policies: Policies, measure: Json, language: Language) -> str:
    t, terms = Wording(language), measure["terms"]

    def labels(*names: str) -> str:
        return t("applicants.how_and").join(policies.fields[name].label.to(language) for name in names)

    match measure["calculator"]:
        case "share_of_cost":
            return t("applicants.how_share", share=terms["share"], of=labels(*terms["cost"]))
        case "fixed_award" if terms["amount"] is None:
            return t("applicants.how_proposed", field=labels(terms["proposed"]))
        case "fixed_award":
            return t("applicants.how_fixed", amount=figure(terms["amount"]))
        case "loan_interest":
            return t("applicants.how_loan", rate=terms["rate"], days=terms["days_per_year"])
        case _:
            facts = {name: terms[name] for name in ("base_year", "decline")}
            return t("applicants.how_declining", base=figure(terms["base"]), **facts)
