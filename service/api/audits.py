"""Audits of payouts over HTTP: a file in, a report out, kept in the ledger for good."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request

from service.api.access import Access
from service.api.exports import accepted
from service.api.queries import Query, read_query, seq_of
from service.api.responses import JSON, answer, language
from service.api.scratch import scratch_folder
from service.api.uploads import XLSX, Received, body_of, media_type_of, received
from service.errors import Defect, Refused
from service.heartbeat import beat_of
from service.intake.fields import escaped
from service.policies import Policies
from service.words import tag_of

if TYPE_CHECKING:
    from service.ledger.audit.auditing import Audit
    from service.ledger.audit.keeping import Kept
    from service.ledger.keys import Actor

Json = dict[str, Any]

#: Whose work it is to look: they read everything and change no grant.
AUDITORS: Final = ("auditor", "admin")
OPTIONS: Final = ("seed", "sample")
MOST_SAMPLED: Final = 1_000
LONGEST_SEED: Final = 64
_AUDITING_AT_MOST_SECONDS: Final = 600
_LISTED: Final = ("file", "file_sha256", "rows", "accused", "report_sha256")


def blueprint(policies: Policies, access: Access, most_bytes: int) -> Blueprint:
    """Make the views on these policies and the ledger; a file may have so many bytes."""
    views = Blueprint("audits", __name__)

    @views.post("/v1/audits")
    def audit() -> Response:
        return _audit(policies, access, most_bytes)

    @views.get("/v1/audits")
    def audits() -> Response:
        access.actor(*AUDITORS)
        return answer(audits_kept(access, read_query(request.args, {})), language())

    @views.get("/v1/audits/<audit_id>")
    def one(audit_id: str) -> Response:
        access.actor(*AUDITORS)
        from service.ledger.audit.keeping import kept_of
        from service.ledger.audit.told import told

        spoken = language()
        with access.ledger.reading() as connection:
            found = kept_of(connection, audit_id)
        return answer(told(found.whole(), policies, spoken), spoken)

    return views


def _audit(policies: Policies, access: Access, most_bytes: int) -> Response:
    spoken = language()
    given = list(request.args.items(multi=True))
    with scratch_folder() as folder, body_of(request, most_bytes) as body:
        # Whatever can be refused without the file is refused before it is read.
        actor = access.actor(*AUDITORS)
        media_type_of(request)
        kind = accepted(JSON, XLSX)
        _options(given)
        came = received(request, body, folder)
        audit, kept = audited(policies, access, came, [*given, *came.options], actor)
    if kind == XLSX:
        from service.ledger.audit.workbook import write_report

        target = BytesIO()
        write_report(target, audit, kept.report, policies, spoken)
        response = Response(target.getvalue(), content_type=XLSX)
        response.headers["Content-Language"] = tag_of(spoken)
        response.headers.set("Content-Disposition", "attachment", filename=f"{kept.id}.xlsx")
    else:
        from service.ledger.audit.told import told

        response = answer(told(kept.whole(), policies, spoken), spoken)
    response.status_code = 201
    response.headers["Location"] = f"/v1/audits/{kept.id}"
    return response


def audited(
    policies: Policies, access: Access, came: Received, given: Sequence[tuple[str, str]], actor: Actor
) -> tuple[Audit, Kept]:
    """Audit the one file that came against the ledger, and keep the report.

    `given` are the options by name. Refused with everything that is wrong with them, or with the file; nothing is kept
    then.
    """
    from service.ledger.audit.auditing import audit_ledger
    from service.ledger.audit.keeping import keep
    from service.ledger.audit.report import report_of

    beat = beat_of(request.environ)
    seed, sample = _options(given)
    file = _only(came)
    beat(_AUDITING_AT_MOST_SECONDS)
    audit = audit_ledger(access.ledger, policies, file)
    kept = keep(access.ledger, report_of(audit, seed, sample), actor.person, actor.key_id)
    beat()
    return audit, kept


def _options(given: Sequence[tuple[str, str]]) -> tuple[str | None, int]:
    """Read the seed and the size of the sample; Refused with everything that is wrong with them."""
    from service.ledger.audit.report import SAMPLE_SIZE

    found: dict[str, str] = {}
    defects = []
    for name, text in given:
        if name not in OPTIONS:
            facts = {"field": name}
            defects.append(Defect(f"/{escaped(name)}", "unknown_field", name, ", ".join(OPTIONS), facts))
        elif name in found:
            defects.append(Defect(f"/{name}", "given_twice", text, None, {"field": name}))
        found.setdefault(name, text)
    seed, sample = found.get("seed"), found.get("sample")
    if seed is not None and not (0 < len(seed) <= LONGEST_SEED and seed.isprintable()):
        defects.append(Defect("/seed", "text_length", seed, f"1..{LONGEST_SEED} characters"))
    if sample is not None and not (_is_count(sample) and int(sample) <= MOST_SAMPLED):
        facts = {"least": "0", "most": str(MOST_SAMPLED)}
        defects.append(Defect("/sample", "not_count", sample, f"0..{MOST_SAMPLED}", facts))
    if defects:
        raise Refused(defects)
    return seed, SAMPLE_SIZE if sample is None else int(sample)


def _is_count(text: str) -> bool:
    """Tell whether a text is a number that may be read; Python refuses to read very long ones."""
    return text.isascii() and text.isdigit() and len(text) <= len(str(MOST_SAMPLED))


def _only(came: Received) -> Path:
    """Return the one file that came; Refused for several, or one of another purpose."""
    if came.history is not None:
        raise Refused([Defect("/history", "unknown_field", "history", "file", {"field": "history"})])
    if len(came.files) > 1:
        raise Refused([Defect("/file", "given_twice", came.files[1].name, None, {"field": "file"})])
    return came.files[0]


def audits_kept(access: Access, query: Query, *, newest: bool = False) -> Json:
    """List the audits that are kept, page by page, if need be the newest first; Refused for a cursor that is none."""
    from service.ledger.audit.keeping import kept
    from service.money import yuan

    with access.ledger.reading() as connection:
        year, after = query.filters.get("year"), seq_of(query.cursor)
        found = kept(connection, year, after, query.page_size + 1, newest=newest)
    page = found[: query.page_size]
    listed = [
        {"id": row.id, "made_by": row.actor, "made_at": row.at}
        | {name: getattr(row, name) for name in _LISTED}
        | {"at_stake": yuan(row.at_stake)}
        for row in page
    ]
    following = str(page[-1].seq) if len(found) > len(page) else None
    return {"audits": listed, "next": following}
