"""Who may do what: every route with every role, and with keys that are none."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.api.access import DENIED
from service.errors import NotFound, Refused
from service.ledger.database import Ledger
from service.ledger.keys import create_key, list_keys, revoke_keys
from service.ledger.schema import ROLES
from tests.ledger.asking import loan
from tests.ledger.service import Service, json_of

READ = {"proposer", "approver", "auditor", "admin"}
VERBS = ("approve", "release", "pay", "recover")


def routes() -> list[tuple[str, str, set[str]]]:
    """List method, path and who may."""
    return [
        ("GET", "/v1/grants", READ),
        ("GET", "/v1/grants/{id}", READ),
        ("GET", "/v1/grants/{id}/replay", READ),
        ("GET", "/v1/limits", READ),
        ("POST", "/v1/grants", {"proposer"}),
        ("POST", "/v1/audits", {"auditor", "admin"}),
        ("GET", "/v1/audits", {"auditor", "admin"}),
        ("GET", "/v1/audits/{id}", {"auditor", "admin"}),
        ("GET", "/v1/exports/publicity", READ),
        ("GET", "/v1/exports/performance", READ),
        ("GET", "/v1/exports/decisions/{id}", READ),
        *(("POST", f"/v1/grants/{{id}}/{verb}", {"approver"}) for verb in VERBS),
    ]


def test_the_walk_is_complete(service: Service) -> None:
    """Every route of the ledger is walked, with the roles that it is said to take; granting is tested with files."""
    document = service.client.get("/openapi.json").json
    assert document is not None
    kept = [
        (method.upper(), path, set(operation["security"][0]["key"]))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if {} not in operation.get("security", [{}])
    ]
    assert sorted(kept, key=str) == sorted(routes(), key=str)


@pytest.mark.parametrize("role", [None, *ROLES])
def test_every_route_with_every_role(service: Service, ledger: Ledger, role: str | None) -> None:
    """A role does what it may; whoever may not is told so, counted, and changes nothing."""
    for method, path, allowed in routes():
        grant = json_of(service.propose(loan(f"{service.proposals}", f"F{service.proposals}")), 201)
        before, denied = rows(ledger), DENIED.total()
        headers = {**service.headers(role), "Idempotency-Key": path}
        body = body_for(path, str(role)) if method == "POST" else {}
        query = {"year": 2027} if path.startswith("/v1/exports/p") else {}
        address = path.replace("{id}", grant["id"])
        answer = service.client.open(address, method=method, headers=headers, query_string=query, **body)
        if role in allowed:
            assert answer.status_code in ({404} if path == "/v1/audits/{id}" else {200, 201, 409}), answer.text
            continue
        assert answer.content_type == "application/problem+json"
        if role is None:
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        else:
            assert answer.status_code == 403
            assert role in json_of(answer, 403)["detail"]
        assert rows(ledger) == before
        assert DENIED.total() == denied + 1


def body_for(path: str, role: str) -> dict[str, Any]:
    """Return what is sent to a route."""
    if path == "/v1/audits":
        return {"data": "id,amount\nx,1\n", "content_type": "text/csv"}
    return {"json": loan("new", f"N{role}") if path == "/v1/grants" else {}}


def rows(ledger: Ledger) -> int:
    """Count the entries of the log."""
    with ledger.reading() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM log").scalar() or 0)


@pytest.mark.parametrize("token", ["", "x", "Basic eDp5", "Bearer", "Bearer x", "Bearer ts-000000000000-" + "A" * 43])
def test_what_is_no_key_is_refused(service: Service, token: str) -> None:
    """No key, another scheme, noise, or a key that nobody has."""
    answer = service.client.get("/v1/grants", headers={"Authorization": token})
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")


def test_a_changed_key_is_refused(service: Service) -> None:
    """A key with one character changed is none."""
    token = service.tokens["auditor"]
    changed = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert service.client.get("/v1/grants", headers={"Authorization": f"Bearer {changed}"}).status_code == 401


def test_a_revoked_key_is_refused(service: Service, ledger: Ledger) -> None:
    """A key works until it is revoked, by its id or by the person's name; a second time there is none left."""
    key_id, token = create_key(ledger, "Zhao", "auditor", by="root")
    _, second = create_key(ledger, "Zhao", "proposer", by="root")
    headers = [{"Authorization": f"Bearer {one}", "Accept-Language": "en"} for one in (token, second)]
    assert service.client.get("/v1/grants", headers=headers[0]).status_code == 200
    assert revoke_keys(ledger, key_id, by="root") == [key_id]
    assert "revoked" in json_of(service.client.get("/v1/grants", headers=headers[0]), 401)["detail"]
    assert service.client.get("/v1/grants", headers=headers[1]).status_code == 200
    assert len(revoke_keys(ledger, "zhao", by="root")) == 1
    assert service.client.get("/v1/grants", headers=headers[1]).status_code == 401
    with pytest.raises(NotFound):
        revoke_keys(ledger, "Zhao", by="root")


def test_an_expired_key_is_refused(service: Service, ledger: Ledger) -> None:
    """A key works until it expires; none is made that has."""
    soon = datetime.now(UTC) + timedelta(seconds=0.8)
    _, token = create_key(ledger, "Qian", "auditor", by="root", expires=soon)
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
    assert service.client.get("/v1/grants", headers=headers).status_code == 200
    while datetime.now(UTC) <= soon:
        pass
    assert "expired" in json_of(service.client.get("/v1/grants", headers=headers), 401)["detail"]
    for person, role, expires in (("", "auditor", None), ("Qian", "king", None), ("Qian", "auditor", soon)):
        with pytest.raises(Refused):
            create_key(ledger, person, role, by="root", expires=expires)


def test_nobody_approves_an_own_proposal(service: Service, ledger: Ledger) -> None:
    """Maker and checker are two people, however many keys one has and however the name is written."""
    grant = json_of(service.propose(loan()), 201)
    _, token = create_key(ledger, "the　PROPOSER", "approver", by="root")
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
    answer = service.client.post(f"/v1/grants/{grant['id']}/approve", json={}, headers=headers)
    assert "somebody else" in json_of(answer, 403)["detail"]
    assert json_of(service.get(f"/v1/grants/{grant['id']}"))["state"] == "reserved"


def test_a_key_is_stored_as_a_hash_only(service: Service, ledger: Ledger) -> None:
    """No secret is found anywhere in the ledger."""
    assert len(list_keys(ledger)) == len(ROLES)
    if ledger.file is not None:
        with sqlite3.connect(ledger.file) as connection:
            dumped = "\n".join(connection.iterdump())
        connection.close()
        assert all(token.rpartition("ts-")[2][13:] not in dumped for token in service.tokens.values())
