"""Every page there is, with every role and signed out: who may see it, sees it; who may not is told so on a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from service.ledger.audit.auditing import audit_ledger
from service.ledger.audit.keeping import keep
from service.ledger.audit.report import report_of
from service.ledger.database import Ledger
from service.ledger.grants import propose
from service.ledger.log import head_of
from service.ledger.schema import ROLES
from service.policies import Policies
from tests.ledger.asking import loan
from tests.ledger.conftest import person
from tests.web.visiting import token_of

#: What everybody may open, by the first part of the path.
OPEN = {"", "docs", "sign-in", "sign-out", "screening", "measures", "policies"}
#: Whose the other pages are; where forms are sent to, whose they are.
WHOSE = {
    ("GET", "batches"): {"proposer"},
    ("GET", "grants"): set(ROLES),
    ("GET", "decisions"): set(ROLES),
    ("GET", "limits"): set(ROLES),
    ("GET", "exports"): set(ROLES),
    ("GET", "audits"): {"auditor", "admin"},
    ("GET", "log"): {"auditor", "admin"},
    ("POST", "audits"): {"auditor", "admin"},
    ("POST", "batches"): {"proposer"},
    ("POST", "grants"): {"approver"},
}
NOWHERE = "web.nowhere"


class Page(NamedTuple):
    """A page, or where a form is sent to; `alone` without anything named in its path."""

    method: str
    path: str
    alone: bool

    @property
    def whose(self) -> set[str] | None:
        """The roles that may; None where everybody may."""
        first = self.path.split("/")[2]
        return None if first in OPEN else WHOSE[self.method, first]


def pages(app: Flask, known: dict[str, str]) -> Iterator[Page]:
    """Find every page of the site, with names of what there is."""
    address = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("web.") and rule.endpoint != NOWHERE:
            path = address.build(rule.endpoint, values(rule, known), method="POST" if is_form(rule) else "GET")
            yield Page("POST" if is_form(rule) else "GET", path, alone=rule.arguments == {"lang"})


def is_form(rule: Rule) -> bool:
    """Tell whether a form is sent to this address."""
    return "GET" not in (rule.methods or ())


def values(rule: Rule, known: dict[str, str]) -> dict[str, str]:
    """Name what there is; where a rule lists what may be named, the first of it; else nothing that there is."""
    listed = dict(re.findall(r"<any\((\w+)[^)]*\):(\w+)>", rule.rule))
    chosen = {name: first for first, name in listed.items()}
    return {name: "zh" if name == "lang" else chosen.get(name) or known.get(name, "x") for name in rule.arguments}


@pytest.fixture
def known(ledger: Ledger, policies: Policies, tmp_path: Path) -> dict[str, str]:
    """Return what there is in the ledger: a grant, an audit."""
    grant, _ = propose(ledger, policies, loan(), "one", person(ledger, "赵六", "proposer"))
    payouts = tmp_path / "payouts.csv"
    payouts.write_text(f"id,amount\n{grant.id},1\n", "utf-8")
    kept = keep(ledger, report_of(audit_ledger(ledger, policies, payouts)), "赵六")
    return {"grant_id": grant.id, "audit_id": kept.id, "measure": "loan_interest"}


def entries(ledger: Ledger) -> int:
    """Count the entries of the log."""
    with ledger.reading() as connection:
        return head_of(connection).seq


def opened(client: FlaskClient, page: Page, token: str) -> TestResponse:
    """Open a page, or send its form with nothing in it but our token."""
    if page.method == "GET":
        return client.get(page.path)
    return client.post(page.path, data={"csrf_token": token}, content_type="multipart/form-data")


@pytest.mark.parametrize("role", [None, *ROLES])
def test_every_page_with_every_role(
    app: Flask, signed_in: Callable[[str], FlaskClient], ledger: Ledger, known: dict[str, str], role: str | None
) -> None:
    """Denied: 401 or 403 in words, and nothing is written. What nobody finds, a visitor neither, is not there yet."""
    walked = 0
    for page in pages(app, known):
        if page.path == "/zh/sign-out":
            continue
        client = app.test_client() if role is None else signed_in(role)
        token = token_of(client, "/zh/sign-in" if role is None else "/zh/")
        before = entries(ledger)
        answered = opened(client, page, token)
        if page.whose is None or role in page.whose:
            assert answered.status_code not in {400, 401}, page
            assert answered.status_code < 500, page
            assert page.whose is None or answered.status_code != 403 or page.method == "POST", page
            continue
        if page.alone and answered.status_code == 404:
            continue
        walked += 1
        assert answered.status_code == (401 if role is None else 403), page
        assert answered.mimetype == "text/html"
        assert "<h1>" in answered.text
        assert entries(ledger) == before
    assert walked > 3 or role in {"auditor", "admin"}


def test_every_page_is_said_to_be_somebodys(app: Flask, known: dict[str, str]) -> None:
    """A page of a new kind is walked only when somebody has said whose it is; none of finance's is forgotten."""
    found = list(pages(app, known))
    whose = {page.path.split("/")[2]: page.whose for page in found}
    assert {"limits", "audits", "log", "exports", "decisions", "grants"} <= whose.keys()
    assert len(found) > 20
