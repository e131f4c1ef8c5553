"""Decisions: found by what is known of them, shown with their proof, computed again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson
from flask import Blueprint, Response

from service.api.access import READERS
from service.api.exports import attached, decision_file, printable
from service.api.grants import grants_listed, replay_of
from service.api.queries import Names, Query
from service.api.responses import JSON
from service.derivation import figure
from service.web.explaining import explained
from service.web.finance.asked import Asked, asked
from service.web.site import Site, language
from service.web.times import in_china
from service.words import clipped_text

if TYPE_CHECKING:
    from service.policies.model import Language

Json = dict[str, Any]
#: The one place that holds fen instead of yuan.
_IN_FEN: Final = "grants.amount"
#: What the places in which a result may differ are called, as far as they have names of their own.
_PLACES: Final = {
    "": "text",
    "/amount": "amount",
    _IN_FEN: "row_amount",
    "/inputs_sha256": "request_sha256",
    "grants.request_sha256": "request_sha256",
    "/result_sha256": "result_sha256",
    "grants.result_sha256": "result_sha256",
    "/policy/sha256": "policy_sha256",
    "grants.policy_sha256": "policy_sha256",
    "/engine": "engine",
    "grants.engine": "engine",
}
_BY: Final[Names] = {"id": None, "town_id": None, "applicant_id": None, "number": None}


def register(views: Blueprint, site: Site) -> None:
    """Add the pages."""

    @views.get("/decisions")
    def decisions() -> Response:
        site.reader(*READERS)
        return _search(site)

    @views.get("/grants/<grant_id>/decision")
    def decision(grant_id: str) -> Response:
        site.reader(*READERS)
        return _decision(site, decision_file(site.policies, site.access, grant_id), language())

    @views.get("/grants/<grant_id>/decision.<any(json, html):kind>")
    def decision_download(grant_id: str, kind: str) -> Response:
        site.reader(*READERS)
        found = decision_file(site.policies, site.access, grant_id)
        if kind == "html":
            return printable(found, site.policies)
        return attached(orjson.dumps(found), JSON, f"{grant_id}.json", language())

    @views.get("/grants/<grant_id>/replay")
    def replay(grant_id: str) -> Response:
        site.reader(*READERS)
        return _replay(site, replay_of(site.policies, site.access, grant_id, language()))


def _search(site: Site) -> Response:
    """Show the form, and what was found if anything was asked for."""
    from service.ledger.naming import titles_of

    earlier: list[Json] = []

    def found(query: Query) -> Json:
        if not query.filters:
            return {"grants": [], "next": None}
        number = query.filters.pop("number", None)
        if number:
            query.filters["claims"] = _claims(site, number, earlier)
        return grants_listed(site.access, query)

    answered: Asked = asked(_BY, found)
    titles = titles_of(site.policies, language())
    return site.page("finance/decisions.html", answered.status, asked=answered, titles=titles, earlier=earlier)


def _claims(site: Site, number: str, earlier: list[Json]) -> list[Any]:
    """Tell what a number may be; notes the lists imported from before the ledger that hold it, too."""
    from service.ledger.guard import holders_of, named

    wanted = named(site.policies.fields, number)
    with site.access.ledger.reading() as connection:
        for identifier, holders in holders_of(connection, wanted).items():
            label = site.policies.fields[identifier.kind].label.to(language())
            earlier += [{"kind": label, "subject": one} for one in holders if one.startswith("import-")]
    return wanted


def _decision(site: Site, file: Json, spoken: Language) -> Response:
    """Show a decision's file as a page of the site."""
    from service.ledger.naming import titles_of

    steps = [step for entry in file["log"] for step in entry["rows"].get("transitions", ())]
    measure = file["grant"]["measure"]
    shown = {
        "explained": explained(site.policies, measure, file["request"], file["result"], spoken),
        "title": titles_of(site.policies, spoken).get(measure, measure),
        "steps": [_step(step) for step in steps],
        "duplicates": [_duplicate(site, one, spoken) for one in file["grant"]["duplicates"]],
        "request_text": orjson.dumps(file["request"], option=orjson.OPT_INDENT_2).decode(),
    }
    return site.page("finance/decision.html", file=file, when=partial(in_china, to="seconds"), **shown)


def _step(step: Json) -> Json:
    from service.money import yuan

    remarks = ("paid_on", "payee", "reference", "reason", "note")
    return {**step, "amount": yuan(step["amount"]), "remarks": {name: step[name] for name in remarks if step[name]}}


def _duplicate(site: Site, one: Json, spoken: Language) -> Json:
    field = site.policies.fields.get(one["kind"])
    return {**one, "label": field.label.to(spoken) if field else None}


def _replay(site: Site, found: Json) -> Response:
    """Show whether a decision comes out as it is stored, and if not, where it differs."""
    places = [
        {name: _value(one["pointer"], one[name]) for name in ("stored", "replayed")}
        | {"pointer": one["pointer"], "name": _PLACES.get(one["pointer"])}
        for one in found["places"]
    ]
    return site.page("finance/replay.html", found=found, places=places)


def _value(pointer: str, value: Any) -> str:
    """Write a value of a result as it may be shown; amounts in yuan with separators."""
    from service.money import yuan

    if pointer == _IN_FEN and type(value) is int:
        return yuan(value, grouped=True)
    return "–" if value is None else figure(clipped_text(value))
