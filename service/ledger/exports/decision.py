"""One decision with its proof: what was asked, what was granted and why, every entry of the log, and all hashes.

The file proves itself: each hash in it can be computed from what stands beside it. That it was not made up is proved by
the ledger, whose log holds the same entries, or by a checkpoint that was kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from service.calculation import sealed
from service.canonical import canonical, sha256_of
from service.derivation import derivation
from service.errors import Defect, NotFound, Refused
from service.intake.request import read_request
from service.ledger import log
from service.ledger.books import Grant, grant_of, made
from service.ledger.schema import COMMITTED, GRANTS, LOG, TRANSITIONS
from service.policies import Policies
from service.policies.model import Language

Json = dict[str, Any]
FORMAT: Final = "town-subsidy decision 1"
_PARTS: Final = ("format", "grant", "request", "result", "explanation", "log", "checkpoint", "sha256")
_LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


def decision_of(connection: Connection, policies: Policies, grant_id: str) -> Json:
    """Write out a grant with its proof; `sha256` covers all the rest. NotFound if there is none of this id."""
    grant = grant_of(connection, grant_id)
    entries = [{**log.told(entry), "rows": _rows(connection, entry.seq)} for entry in log.entries(connection, grant.id)]
    file: Json = {
        "format": FORMAT,
        "grant": _summary(grant),
        "request": orjson.loads(grant.request),
        "result": orjson.loads(grant.result),
        "explanation": {language: _explained(grant, policies, language) for language in _LANGUAGES},
        "log": entries,
        "checkpoint": log.head_of(connection)._asdict(),
    }
    return file | {"sha256": sha256_of(file)}


def _summary(grant: Grant) -> Json:
    return grant.summary() | {"policy_sha256": grant.policy_sha256, "engine": grant.engine}


def _rows(connection: Connection, seq: int) -> dict[str, list[Json]]:
    """Read the rows that an entry committed to, by table."""
    found: dict[str, list[Json]] = {}
    for table in COMMITTED:
        rows = [log.plain(row) for row in connection.execute(select(table).where(table.c.seq == seq))]
        if rows:
            found[str(table.name)] = sorted(rows, key=canonical)
    return found


def _explained(grant: Grant, policies: Policies, language: Language) -> list[str]:
    """Explain a result line by line; nothing where its policy is not at hand any more."""
    try:
        return list(derivation(orjson.loads(grant.result), policies, language))
    except NotFound:
        return []


def read_decision(data: bytes) -> Json:
    """Read a file of a decision; Refused for what is none."""
    try:
        file = orjson.loads(data)
    except orjson.JSONDecodeError:
        file = None
    if not isinstance(file, dict) or file.get("format") != FORMAT or set(file) != set(_PARTS):
        raise Refused([Defect("/", "not_a_decision", None, FORMAT)])
    return file


def flaws_of(file: Json, policies: Policies | None = None) -> Iterator[tuple[str, Json]]:
    """Find what does not fit within a file: a code that words say, and facts. With policies it is computed again."""
    if sha256_of({name: part for name, part in file.items() if name != "sha256"}) != file["sha256"]:
        yield "file-changed", {}
    try:
        yield from _of_entries(file)
        yield from _of_result(file, policies)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError):
        yield "file-form", {}


def _of_entries(file: Json) -> Iterator[tuple[str, Json]]:
    """Compute the hashes of the entries and of their rows; see that they are about this grant and what it says."""
    for entry in file["log"]:
        facts = {"seq": entry["seq"]}
        if log.hash_of_entry({**entry, "payload": canonical(entry["payload"]).decode()}) != entry["hash"]:
            yield "file-entry", facts
        if log.hash_of_rows(entry["rows"]) != entry["rows_sha256"]:
            yield "file-rows", facts
        if entry["subject"] != file["grant"]["id"]:
            yield "file-other-grant", facts
    row = file["log"][0]["rows"][GRANTS.name][0]
    last = [step for entry in file["log"] for step in entry["rows"].get(TRANSITIONS.name, ())][-1]
    standing = {"state": last["state"], "changed_at": last["at"], "recovered": last["recovered"], "change": last["n"]}
    first = file["log"][0]
    if _summary(made(row, first["payload"]["duplicates"], proposed_at=first["at"], **standing)) != file["grant"]:
        yield "file-grant", {}
    if row["request"] != canonical(file["request"]).decode() or orjson.loads(row["result"]) != file["result"]:
        yield "file-texts", {}


def _of_result(file: Json, policies: Policies | None) -> Iterator[tuple[str, Json]]:
    """Compute the hash of the result, and the result itself under the policy that it names."""
    result = file["result"]
    if sha256_of({name: part for name, part in result.items() if name != "result_sha256"}) != result["result_sha256"]:
        yield "file-result", {}
    if policies is None:
        return
    try:
        again = sealed(policies, read_request(policies, file["grant"]["measure"], file["request"]))
    except (NotFound, Refused):
        again = None
    if again != result:
        yield "file-recomputed", {"policy": file["grant"]["policy"]}


def strays_of(connection: Connection, file: Json) -> Iterator[tuple[str, Json]]:
    """Find what a file holds that the ledger does not: its entries, and the end of the log when it was made."""
    hashes = {entry["seq"]: entry["hash"] for entry in file["log"]} | _head(file["checkpoint"])
    for seq, expected in sorted(hashes.items()):
        found = connection.scalar(select(LOG.c.hash).where(LOG.c.seq == seq))
        if found != expected:
            yield "file-not-in-ledger", {"seq": seq}


def _head(checkpoint: Mapping[str, Any]) -> dict[int, str]:
    return {checkpoint["seq"]: checkpoint["hash"]}
