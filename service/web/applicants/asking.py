"""From a form or a link to an answer: the same reader and the same calculation as the REST API's, nothing stored."""

from __future__ import annotations

from typing import Any, Final

import orjson
from flask import Response, request

from service.demands import Demands
from service.describe import Json, measure_of, version_of
from service.errors import Defect, Refused
from service.formulas import pays
from service.intake.envelope import known_measure, parsed
from service.intake.request import MOST_LINES, read_request
from service.policies import Policies
from service.policies.model import Language
from service.web.applicants.answers import Answer, answer_of, told_as_json
from service.web.applicants.comparing import changed_since, comparison_of
from service.web.applicants.edits import edited
from service.web.applicants.forms import Form, asked_above, form_of, request_of
from service.web.applicants.links import Case, packed, too_deep, unpacked
from service.web.applicants.questions import layout_of
from service.web.applicants.said import Sayer
from service.web.site import Site, elsewhere, language, link
from service.web.typed import unit_of

#: From so many lines on, a file is easier than a form.
MANY_LINES: Final = 50
_REFUSED: Final = 422
#: Stands for the terms in a link to a form, which no terms have answered yet.
_NO_TERMS: Final = "0" * 64
#: What a form or a link may ask for that is an answer: a page, or one of two files.
_DONE: Final = frozenset({"answer", "result", "request"})


def listed(site: Site) -> Response:
    """Show the measures in the order of the law, and those that are paid under other rules."""
    policies, spoken = site.policies, language()
    version = version_of(policies, policies.newest, spoken)
    measures = [measure_of(policies, policies.newest, one["id"], spoken) for one in version["measures"]]
    return site.page(
        "applicants/measures.html",
        document=policies.newest.document,
        measures=measures,
        how_much={one["id"]: pays(one, Demands(policies, spoken)) for one in measures},
        referenced=version["referenced"],
    )


def asked(site: Site, measure: str) -> Response:
    """Answer a link, or show the form: empty, or filled with what a link carries."""
    known_measure(site.policies, measure)
    text, unit = request.args.get("case"), unit_of(request.args.get("unit"))
    if text is None:
        return _form(site, measure, form_of(site.policies, {}, unit))
    try:
        case = unpacked(text)
    except Refused as refused:
        return _form(site, measure, form_of(site.policies, {}, unit).refused(refused.defects))
    form = form_of(site.policies, case.request, unit)
    if request.args.get("edit"):
        return _form(site, measure, form)
    return _done(site, measure, form, request.args.get("as", "answer"), case)


def sent(site: Site, measure: str) -> Response:
    """Calculate what a form sent, or do what another of its buttons says."""
    known_measure(site.policies, measure)
    request.max_form_memory_size = site.config.max_body_bytes  # as much as a request of the API may be
    try:
        form = _sent(site.policies)
    except Refused as refused:
        return _form(site, measure, form_of(site.policies, {}).refused(refused.defects))
    do = request.form.get("do", "answer")
    if do in _DONE:
        return _done(site, measure, form, do)
    changed, focus = edited(site.policies, form, do)
    return _form(site, measure, changed, focus)


def _sent(policies: Policies) -> Form:
    """Read the fields of a form; or a whole request, from a saved file or from a page that keeps one."""
    whole: str | bytes | None = request.form.get("request")
    if "saved" in request.files:
        whole = request.files["saved"].read()
    if whole is None:
        return request_of(policies, request.form)
    data = parsed(whole if isinstance(whole, bytes) else whole.encode())
    if too_deep(data):
        raise Refused([Defect("", "not_object", None, "{…}")])
    return form_of(policies, data, unit_of(request.form.get("unit")))


def _done(site: Site, measure: str, form: Form, do: str, case: Case | None = None) -> Response:
    """Answer a form: with a page, with the result as a file, or with the request as a file, to go on from later."""
    policies, spoken = site.policies, language()
    if do == "request":
        return _file(f"{measure}.json", form.data)
    try:
        read = read_request(policies, measure, form.data)
    except Refused as refused:
        return _form(site, measure, form.refused(asked_above(policies, refused.defects)))
    if form.defects:
        return _form(site, measure, form)
    answer = answer_of(policies, read, spoken)
    if do == "result":
        return _file(f"{measure}-result.json", told_as_json(policies, read, answer, spoken))
    return _answer(site, measure, form, answer, case)


def _file(name: str, data: Json) -> Response:
    """Hand data over as a file."""
    text = orjson.dumps(data, option=orjson.OPT_INDENT_2)
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, content_type="application/json", headers=disposition)


def _form(site: Site, measure: str, form: Form, focus: str | None = None) -> Response:
    policies, spoken = site.policies, language()
    layout = layout_of(policies, measure, form, spoken)
    context: dict[str, Any] = {
        "layout": layout,
        "form": form,
        "say": Sayer(policies, layout, form, spoken),
        "focus": focus,
        "in_other_language": _elsewhere(measure, form, packed(form.data, policies.newest.ref, _NO_TERMS), edit=1),
    }
    status = _REFUSED if form.defects else 200
    if "under" in layout.measure:
        return site.page("applicants/referenced.html", status, **context)
    return site.page(
        "applicants/form.html",
        status,
        how_much=pays(layout.measure, Demands(policies, spoken)),
        many_lines=MANY_LINES,
        most_lines=MOST_LINES,
        shown_lines=min(max(form.lines, 1), MOST_LINES),
        **context,
    )


def _answer(site: Site, measure: str, form: Form, answer: Answer, case: Case | None) -> Response:
    policies, data = site.policies, form.data
    changed = case and changed_since(policies, measure, data, case.policy_ref, case.terms_sha256, answer)
    text = request.args["case"] if case and not changed else link_of(data, answer.result)
    compare = bool(request.args.get("compare"))
    return site.page(
        "applicants/answer.html",
        answer=answer,
        form=form,
        link=text and _address(measure, text, form),
        in_other_language=_elsewhere(measure, form, text),
        carried="" if text else orjson.dumps(data).decode(),
        changed=changed,
        compared=comparison_of(policies, measure, data, answer, language()) if compare else None,
    )


def _elsewhere(measure: str, form: Form, text: str | None, edit: int | None = None) -> tuple[Language, str]:
    """Say where the same is in the other language; without what was typed where that is too long for a link."""
    query = {"case": text, "edit": edit} if text and form.data else {}
    return elsewhere("measure", query | {"unit": form.unit_in_link}, measure=measure)


def _address(measure: str, text: str, form: Form) -> str:
    """Return the whole address of a case, which is passed on; the form behind it keeps the unit that was typed in."""
    path = link("measure", {"case": text, "unit": form.unit_in_link}, measure=measure)
    return request.host_url.rstrip("/") + path


def link_of(data: Json, result: Json) -> str | None:
    """Pack a request with the terms that answered it; None if that is too long for a link."""
    policy = result["policy"]
    return packed(data, f"{policy['id']}@{policy['version']}", policy["sha256"])
