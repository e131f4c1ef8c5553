"""The service keeps what /openapi.json promises, whatever is sent to it."""

from __future__ import annotations

import atexit
from contextlib import closing
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig

from service import create_app
from service.api.uploads import CSV, NDJSON, PARQUET, XLSX
from service.config import Config
from service.ledger.keys import create_key
from service.ledger.opening import open_ledger

EXAMPLES = 60
#: Not among them: positive_data_acceptance. Some rules look at several fields, which no JSON Schema can say.
CHECKED = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "unsupported_method", "allow_header_conformance",
)  # fmt: skip
#: Rows that are decided, rows that are not usable, and what is no table at all.
EXPO = b'{"year": 2027, "town_id": "T1", "actual_cost": "20000000.00"}\n{"year": "x"}\n'
for kind, good in ((CSV, b"year,town_id\n2027,T1\n,T2\n"), (NDJSON, EXPO), (PARQUET, b"PAR1"), (XLSX, b"PK")):
    schemathesis.openapi.media_type(kind, st.sampled_from([b"", good, good * 2]) | st.binary())
load_all_checks()
checks: list[Any] = [CHECKS.get_one(name) for name in CHECKED]

generation = GenerationConfig(max_examples=EXAMPLES, deterministic=True)
config = SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(generation=generation)))
folder = TemporaryDirectory()
atexit.register(folder.cleanup)
url = f"sqlite:///{folder.name}/ledger.sqlite"
schema = schemathesis.openapi.from_wsgi("/openapi.json", create_app(Config(database_url=url)), config=config)


@cache
def key_of(role: str) -> str:
    """Create a key of a role."""
    with closing(open_ledger(url)) as ledger:
        return create_key(ledger, f"The {role}", role, by="tests")[1]


def role_for(method: str, path: str) -> str:
    """Tell whose key an operation of the ledger takes."""
    if method == "GET":
        return "auditor"
    return "proposer" if path == "/v1/grants" else "approver"


@schema.parametrize()
def test_every_operation_keeps_its_word(case: Case[Any]) -> None:
    """Right or wrong input, every answer is of a documented status, type and form, and none is a server error."""
    headers = {}
    if case.operation.definition.raw.get("security"):
        headers["Authorization"] = f"Bearer {key_of(role_for(case.method, case.path))}"
    case.call_and_validate(checks=checks, headers=headers)
