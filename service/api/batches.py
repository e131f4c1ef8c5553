"""Files of applications: one or several in, one out, decided as by `town-subsidy batch`.

The result is finished and its control totals are known before the first byte of an answer goes out: what fails never
looks like success. Files stand in a folder that is gone before the answer is sent; the open result outlives it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request
from werkzeug.datastructures import MIMEAccept

from service.api.batch_answers import sent
from service.api.deciding import as_it_came, decided, result_name
from service.api.problems import Told
from service.api.responses import language
from service.api.scratch import scratch_folder
from service.api.uploads import SUFFIXES, XLSX, Received, body_of, media_type_of, received
from service.errors import Defect, NotFound
from service.heartbeat import beat_of
from service.intake.envelope import named_version, readings_of, refuse
from service.intake.fields import escaped
from service.policies import Policies
from service.policies.model import Language, Version

if TYPE_CHECKING:
    from service.api.access import Access
    from service.batch.job import Begin
    from service.batch.run import Options

#: Stands for every measure that a workbook has a sheet of.
ALL: Final = "all"
OPTIONS: Final = ("policy", "reading", "explain", "grant")
_FLAGS: Final = {"true": True, "false": False}

Given = Sequence[tuple[str, str]]


def blueprint(policies: Policies, access: Access, most_bytes: int) -> Blueprint:
    """Make the view on these policies and the ledger; files of a request may have so many bytes together."""
    views = Blueprint("batches", __name__)

    @views.post("/v1/batches/<measure>")
    def batch(measure: str) -> Response:
        spoken, beat = language(), beat_of(request.environ)
        given = list(request.args.items(multi=True))
        with scratch_folder() as folder:
            with body_of(request, most_bytes) as body:
                # Whatever can be refused without the files is refused before they are read.
                known_measure(policies, measure)
                media_type_of(request)
                accepted(request.accept_mimetypes, [], measure)
                options_of(policies, measure, given, spoken)
                if grants(given):
                    access.actor("proposer")
                came = received(request, body, folder)
            options = options_of(policies, measure, [*given, *came.options], spoken)
            kind = accepted(request.accept_mimetypes, came.files, measure)
            target = folder / f"result{SUFFIXES[kind]}"
            begin = _granting(access, came, options) if grants([*given, *came.options]) else None
            report = decided(policies, came, target, options, beat, begin)
            result = target.open("rb")
        return sent(result, kind, result_name(came, measure, SUFFIXES[kind]), report, spoken, beat)

    return views


def options_of(policies: Policies, measure: str, given: Given, language: Language) -> Options:
    """Read the options of a request; Refused with everything that is wrong with them."""
    from service.batch.run import Options

    defects = [
        Defect(f"/{escaped(name)}", "unknown_field", name, ", ".join(OPTIONS), {"field": name})
        for name in dict.fromkeys(name for name, _ in given)
        if name not in OPTIONS
    ]
    policy = _once("policy", given, defects)
    version = policies.newest if policy is None else _named(policies, policy, measure, defects)
    explain = _flag("explain", given, defects)
    _flag("grant", given, defects)
    readings = _readings([text for name, text in given if name == "reading"], version, defects)
    refuse(defects)
    return Options(measure, policy, readings, explain=explain, language=language)


def grants(given: Given) -> bool:
    """Tell whether the rows of the files are to be granted."""
    return ("grant", "true") in given


def known_measure(policies: Policies, measure: str) -> None:
    """Raise NotFound for a measure that no version can calculate."""
    known = dict.fromkeys(name for version in policies.versions for name in version.measures)
    if measure != ALL and measure not in known:
        raise NotFound("measure", measure, [*known, ALL])


def _once(name: str, given: Given, defects: list[Defect]) -> str | None:
    texts = [text for one, text in given if one == name]
    if len(texts) > 1:
        defects.append(Defect(f"/{name}", "given_twice", texts[1], None, {"field": name}))
    return texts[0] if texts else None


def _flag(name: str, given: Given, defects: list[Defect]) -> bool:
    text = _once(name, given, defects)
    if text is not None and text not in _FLAGS:
        defects.append(Defect(f"/{name}", "not_flag", text, " | ".join(_FLAGS)))
    return _FLAGS.get(text or "", False)


def _named(policies: Policies, policy: str, measure: str, defects: list[Defect]) -> Version:
    version = named_version(policies, policy, defects)
    if version is not None and measure != ALL and measure not in version.measures:
        defects.append(Defect("/policy", "measure_not_in_policy", measure, ", ".join(version.measures)))
    return version or policies.newest


def _readings(texts: Sequence[str], version: Version, defects: list[Defect]) -> dict[str, str]:
    """Read `reading=name=choice`."""
    chosen: dict[str, str] = {}
    for text in texts:
        name, _, choice = text.partition("=")
        if not (name and choice):
            defects.append(Defect("/reading", "reading_form", text, "name=choice"))
        elif name in chosen:
            defects.append(Defect("/reading", "given_twice", text, None, {"field": name}))
        else:
            chosen[name] = choice
    unknown: list[Defect] = []
    readings = readings_of({"readings": chosen}, version, unknown)
    defects += [replace(one, pointer="/reading") for one in unknown]
    return readings


def accepted(accept: MIMEAccept, files: Sequence[Path], measure: str) -> str:
    """Choose the media type of the result, as it came if the caller does not mind; 406 if there is none to choose."""
    offered = [XLSX] if measure == ALL else [as_it_came(files), *SUFFIXES]
    if not accept:
        return offered[0]
    # What stands behind a type, such as a charset, is not weighed.
    plain = MIMEAccept([(value.partition(";")[0].strip(), quality) for value, quality in accept])
    best = max(offered, key=plain.quality)
    if plain.quality(best) <= 0:
        raise Told(406, "not-acceptable", known=", ".join(dict.fromkeys(offered)))
    return best


def _granting(access: Access, came: Received, options: Options) -> Begin:
    """Decide files into the ledger, in the name of whose key it is."""
    from service.ledger.files import GrantRun, refuse_options, signed

    actor = access.actor("proposer")
    refuse_options(options, came.history)
    key = request.headers.get("Idempotency-Key")
    return partial(GrantRun, signed=signed(access.ledger, actor, key, came.files, options))
