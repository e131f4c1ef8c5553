"""The whole service on a ledger, in this process, with a key of every role."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import create_app
from service.config import Config
from service.ledger.database import Ledger
from service.ledger.keys import create_key
from service.ledger.schema import ROLES
from service.policies import Policies

Body = dict[str, Any]


class Service:
    """Sends requests with the key of a role."""

    def __init__(self, ledger: Ledger, url: str, policies: Policies) -> None:
        self.client: FlaskClient = create_app(Config(database_url=url), policies).test_client()
        self.tokens = {role: create_key(ledger, f"The {role}", role, by="root")[1] for role in ROLES}
        self.proposals = 0

    def close(self) -> None:
        """Close the service's connections."""
        self.client.application.extensions["ledger"].close()

    def headers(self, role: str | None) -> dict[str, str]:
        """Return the headers of a caller in English; without a role, of one without a key."""
        named = {"Authorization": f"Bearer {self.tokens[role]}"} if role else {}
        return {"Accept-Language": "en", **named}

    def get(self, path: str, role: str | None = "auditor", **query: Any) -> TestResponse:
        """Ask for something."""
        return self.client.get(path, headers=self.headers(role), query_string=query)

    def propose(self, body: Body, key: str | None = None, role: str | None = "proposer") -> TestResponse:
        """Propose a grant, under a key of its own if none is named."""
        self.proposals += 1
        headers = {**self.headers(role), "Idempotency-Key": key or f"proposal-{self.proposals}"}
        return self.client.post("/v1/grants", json=body, headers=headers)

    def step(self, grant_id: str, verb: str, body: Body | None = None, role: str | None = "approver") -> TestResponse:
        """Take a grant to its next state."""
        return self.client.post(f"/v1/grants/{grant_id}/{verb}", json=body or {}, headers=self.headers(role))


def json_of(response: TestResponse, status: int = 200) -> Body:
    """Return the body of an answer of this status."""
    assert response.status_code == status, response.text
    assert isinstance(response.json, dict)
    return response.json
