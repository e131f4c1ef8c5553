"""A ledger with a year of five towns, made once; every test works on a copy of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service.ledger.opening import open_ledger
from service.policies import Policies
from tests.ledger.conftest import person
from tests.ledger.finance import Year, grant_a_year
from tests.web.finance.reading import Json, json_of


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory, policies: Policies) -> tuple[Path, Year]:
    """Return the file of the ledger, and what was granted in it."""
    file = tmp_path_factory.mktemp("finance") / "year.sqlite"
    ledger = open_ledger(f"sqlite:///{file}")
    year = grant_a_year(ledger, policies, person(ledger, "李伟", "proposer"), person(ledger, "王芳", "approver"))
    ledger.close()
    return file, year


@pytest.fixture
def year(written: tuple[Path, Year]) -> Year:
    """Return what was granted."""
    return written[1]


@pytest.fixture
def file(written: tuple[Path, Year], tmp_path: Path) -> Path:
    """Return the file of this test's ledger."""
    return Path(shutil.copy(written[0], tmp_path / "ledger.sqlite"))


@pytest.fixture
def database(file: Path) -> str:
    """Return the URL of this test's ledger."""
    return f"sqlite:///{file}"


@pytest.fixture
def auditor(signed_in: Callable[[str], FlaskClient]) -> FlaskClient:
    """Return somebody who reads everything."""
    return signed_in("auditor")


@pytest.fixture
def rest(visitor: FlaskClient, keys: dict[str, str]) -> Callable[..., Json]:
    """Return a function that asks the API as an auditor does."""

    def asked(path: str, **query: object) -> Json:
        headers = {"Authorization": f"Bearer {keys['auditor']}", "Accept-Language": "zh"}
        return json_of(visitor.get(path, headers=headers, query_string=query))

    return asked
