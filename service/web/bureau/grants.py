"""Pages for grants: the list, one grant with all that happened to it, and the steps that lead on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson
from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as Redirect

from service.api.access import READERS, turned_away
from service.api.grants import STATES, VERBS, grants_by
from service.api.problems import Told
from service.api.queries import measures_of, read_query, seq_of
from service.capitals import capitals
from service.errors import Conflict, Defect, Denied, NotFound, Refused, SubsidyError, Unavailable
from service.money import yuan
from service.policies import Policies
from service.policies.model import FieldType, Language
from service.web.bureau.told import said_of, titles, why
from service.web.explaining import explained
from service.web.site import Site, language
from service.web.times import in_china
from service.web.typed import value_of

if TYPE_CHECKING:
    from service.ledger.books import Grant

Json = dict[str, Any]
FILTERS: Final = ("measure", "state", "year", "town_id", "applicant_id")
#: Grants that are approved at once.
MOST_AT_ONCE: Final = 500
_NAMES: Final = ("town_name", "applicant_name")
#: What is typed into the fields of steps, where it is not plain text.
_KINDS: Final[Mapping[str, FieldType]] = {"amount": "yuan", "paid_on": "date"}


def register(views: Blueprint, site: Site) -> None:
    """Add these pages."""

    @views.get("/grants")
    def grants() -> Response:
        site.reader(*READERS)
        return _list(site)

    @views.post("/grants/approve")
    def approve_grants() -> Response:
        return _approve(site)

    @views.get("/grants/<grant_id>")
    def grant(grant_id: str) -> Response:
        site.reader(*READERS)
        return _page(site, grant_id)

    @views.post("/grants/<grant_id>/<any(approve, release, pay, recover):verb>")
    def grant_step(grant_id: str, verb: str) -> Response | Redirect:
        return _step(site, grant_id, verb)


def _list(site: Site) -> Response:
    from service.ledger.books import grants_of

    asked = {name: request.args[name] for name in (*FILTERS, "cursor") if request.args.get(name, "").strip()}
    errors, found, query = [], [], None
    try:
        query = read_query(MultiDict(asked), grants_by(site.policies))
        with site.access.ledger.reading() as connection:
            found = list(grants_of(connection, query.filters, seq_of(query.cursor), query.page_size + 1))
    except Refused as error:
        errors = why(error, language())
    page = found[: query.page_size] if query else []
    return site.page(
        "bureau/grants.html",
        422 if errors else 200,
        errors=errors,
        asked=asked,
        grants=[_entry(one) for one in page],
        total=yuan(sum(one.amount for one in page), grouped=True),
        following=str(page[-1].seq) if len(found) > len(page) else None,
        measures=measures_of(site.policies),
        states=STATES,
        **_common(site.policies, language()),
    )


def _common(policies: Policies, spoken: Language) -> Json:
    return {"titles": titles(policies, spoken), "yuan": partial(yuan, grouped=True), "in_china": in_china}


def _entry(grant: Grant) -> Json:
    """Take what a list shows of a grant, towns and applicants by their names where the request gives them."""
    names = _facts(orjson.loads(grant.request))
    town, applicant = (names.get(name) for name in _NAMES)
    return {"grant": grant, "town": town or grant.town_id, "applicant": applicant or grant.applicant_id}


def _facts(asked: Json) -> Json:
    """Take the facts that all lines of a request have in common."""
    facts = dict(asked.get("facts", {}))
    for name in (*_NAMES, "town_id", "applicant_id"):
        given = {line.get(name) for line in asked["lines"]} - {None}
        if len(given) == 1:
            facts[name] = given.pop()
    return facts


def _approve(site: Site) -> Response:
    """Approve many grants, each by itself: one that cannot be approved stops no other."""
    from service.ledger.verbs import change

    actor = site.reader("approver")
    chosen = list(dict.fromkeys(request.form.getlist("grant")))
    if len(chosen) > MOST_AT_ONCE:  # a page lists fewer; none of them is dropped in silence
        raise Refused([Defect("/grant", "list_length", len(chosen), f"1..{MOST_AT_ONCE}", {"most": MOST_AT_ONCE})])
    reason = request.form.get("reason", "").strip()
    body = {"reason": reason} if reason else {}
    approved, failed = [], []
    down: Unavailable | None = None
    for grant_id in chosen:
        try:
            if down:  # who waits for a ledger that is not there waits once
                raise down
            approved.append(_entry(change(site.access.ledger, grant_id, "approve", body, actor)))
        except (Refused, Conflict, NotFound, Denied, Unavailable) as error:
            if isinstance(error, Denied):
                turned_away(error)
            down = error if isinstance(error, Unavailable) else None
            failed.append((grant_id, why(error, language())))
    return site.page(
        "bureau/approved.html", 200, approved=approved, failed=failed, **_common(site.policies, language())
    )


def _page(
    site: Site, grant_id: str, error: SubsidyError | None = None, verb: str = "", sent: Json | None = None
) -> Response:
    """Show a grant; after a refused step with what was sent and what is wrong with it."""
    from service.ledger.books import grant_of, transitions_of
    from service.ledger.verbs import BODIES, LEADS, today

    spoken = language()
    with site.access.ledger.reading() as connection:
        found = grant_of(connection, grant_id)
        happened = list(transitions_of(connection, grant_id))
    reader = site.reader(*READERS)
    steps = [one for one in VERBS if reader.role == "approver" and found.state in LEADS[one][0]]
    if found.amount == found.recovered:
        steps = [one for one in steps if one != "recover"]
    wrong = {one.pointer.removeprefix("/"): one for one in error.defects} if isinstance(error, Refused) else {}
    return site.page(
        "bureau/grant.html",
        200 if error is None else 422 if isinstance(error, Refused) else 409,
        **_entry(found),
        happened=happened,
        document=_document(site.policies, found.policy),
        explained=explained(site.policies, found.measure, found.request, orjson.loads(found.result), spoken),
        steps={one: list(BODIES[one]) for one in steps},
        today=today(),
        capitals=capitals,
        verb=verb,
        sent=sent or {},
        errors=why(error, spoken) if error else [],
        wrong=wrong,
        said_of=partial(said_of, language=spoken),
        field_label=lambda name: site.policies.fields[name].label.to(spoken) if name in site.policies.fields else name,
        **_common(site.policies, spoken),
    )


def _document(policies: Policies, policy: str) -> str | None:
    """Name the document of a version, as far as the policy file knows it."""
    try:
        return policies.version(policy).document.number
    except NotFound:
        return None


def _step(site: Site, grant_id: str, verb: str) -> Response | Redirect:
    from service.ledger.verbs import BODIES, change

    actor = site.reader("approver")
    sent = {name: text for name in BODIES[verb] if (text := request.form.get(name, "").strip())}
    body = {name: value_of(_KINDS.get(name, "text"), text, "yuan") for name, text in sent.items()}
    try:
        change(site.access.ledger, grant_id, verb, body, actor, _seen())
    except (Refused, Conflict, Denied) as error:
        if isinstance(error, Denied):
            turned_away(error)
        return _page(site, grant_id, error, verb, sent)
    return redirect(url_for("web.grant", grant_id=grant_id), 303)


def _seen() -> int:
    """Read how many changes the page showed on which a form stood; 400 for what none of our forms says."""
    try:
        return seq_of(request.form.get("seen"))
    except Refused:
        raise Told(400, "form-expired") from None
