"""The pages of the policy: a reader who is not signed in, and a policy file with a version more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service import create_app
from service.policies import Policies, default_path, load
from tests.web.markup import Page

Open = Callable[..., Page]


def opener(client: FlaskClient) -> Open:
    """Return a function that opens a page and reads it."""

    def opened(path: str, status: int = 200) -> Page:
        answered = client.get(path)
        assert answered.status_code == status, path
        return Page(answered.text)

    return opened


@pytest.fixture(scope="session")
def open_page(policies: Policies) -> Open:
    """Open pages of the policies as shipped."""
    return opener(create_app(policies=policies).test_client())


@pytest.fixture(scope="session")
def amended(tmp_path_factory: pytest.TempPathFactory) -> Policies:
    """Return the policies with a second version from 2028: a higher rate, a decided reading, a shorter schedule."""
    text = default_path().read_text("utf-8")
    start = text.index("- id: jzbf-2026-3")
    first, second = text[start:], text[start:]
    for old, new in {
        'version: "1"': 'version: "2"',
        "{from: 2026-01-30, until: null}": "{from: 2028-01-01, until: null}",
        "rate: 1.5%": "rate: 2%",
        'firm_cap: {amount: "1,000,000.00"': 'firm_cap: {amount: "1,500,000.00"',
        "set: {in_force.from: 2026-01-01}": "set: {in_force.from: 2028-02-01}",
        "      in_use: contract\n      decided_by: null\n      decision_ref: null": (
            "      in_use: received\n      decided_by: 省工业和信息化厅\n      decision_ref: 复函第12号"
        ),
    }.items():
        second = second.replace(old, new)
    first = first.replace("{from: 2026-01-30, until: null}", "{from: 2026-01-30, until: 2028-01-01}")
    file = Path(tmp_path_factory.mktemp("amended")) / "policies.yaml"
    file.write_text(text[:start] + first + "\n" + second, "utf-8")
    return load(file)


@pytest.fixture(scope="session")
def open_amended(amended: Policies) -> Open:
    """Open pages of the policies with a version more."""
    return opener(create_app(policies=amended).test_client())
