"""What the tests of the command line share: a way to call it, requests, a policy file with a second version."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import orjson
import pytest
import yaml
from click.testing import CliRunner, Result

from service.cli import main
from service.policies import default_path
from service.policies.source import read

Run = Callable[..., Result]
NO_LANGUAGE = {"LC_ALL": None, "LC_MESSAGES": None, "LANG": None, "TOWN_SUBSIDY_POLICIES": None}


@pytest.fixture
def run() -> Run:
    """Call the command line in this process; `body` is sent as JSON to stdin."""

    def called(*arguments: str, body: object = None, env: dict[str, str] | None = None) -> Result:
        sent = body if isinstance(body, bytes) else orjson.dumps(body)
        return CliRunner().invoke(
            main, arguments, input=sent, env={**NO_LANGUAGE, **(env or {})}, catch_exceptions=False
        )

    return called


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, bytes], str]:
    """Write a file and return its path."""

    def written(name: str, data: bytes) -> str:
        path = tmp_path / name
        path.write_bytes(data)
        return str(path)

    return written


@pytest.fixture
def two_versions(tmp_path: Path) -> str:
    """Write a policy file in which version 2 follows from July 2027: advertising earns 25% instead of 20%."""
    path = default_path()
    tree = read(path.read_bytes(), str(path)).tree
    first = tree["policies"][-1]
    second = deepcopy(first)
    first["in_force"]["until"] = "2027-07-01"
    second["version"] = "2"
    second["in_force"] = {"from": "2027-07-01", "until": None}
    # A reading that sets the first day belongs to the first version only.
    second["readings"].pop("in_force")
    second["measures"]["advertising"]["terms"]["share"] = "25%"
    tree["policies"].append(second)
    return _dumped(tree, tmp_path / "two_versions.yaml")


def _dumped(tree: object, path: Path) -> str:
    class Plain(yaml.SafeDumper):
        """Writes no aliases: the loader refuses them."""

        def ignore_aliases(self, data: object) -> bool:
            return True

    path.write_text(yaml.dump(tree, Dumper=Plain, allow_unicode=True, sort_keys=False), "utf-8")
    return str(path)
