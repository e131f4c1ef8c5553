"""A client of the pages that are open to everybody: no ledger is asked."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from service import create_app
from service.config import Config
from service.policies import Policies


@pytest.fixture(scope="session")
def anybody(policies: Policies) -> FlaskClient:
    """Return somebody who is not signed in."""
    return create_app(Config(), policies).test_client()
