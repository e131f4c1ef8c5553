"""What all tests share: how hypothesis searches, and the policies as shipped."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from service.policies import Policies, load

# The same examples every time, so that a red test is red for everybody; HYPOTHESIS_PROFILE=exploring seeks new ones.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=False
)
settings.register_profile("exploring", settings.get_profile("repeatable"), derandomize=False, max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(scope="session")
def policies() -> Policies:
    """Return the policies of policies.yaml, loaded once."""
    return load()
