"""The service keeps what /openapi.json promises, whatever is sent to it."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig

from service import create_app
from service.api.uploads import CSV, NDJSON, PARQUET, XLSX
from service.config import Config

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
schema = schemathesis.openapi.from_wsgi("/openapi.json", create_app(Config()), config=config)


@schema.parametrize()
def test_every_operation_keeps_its_word(case: Case[Any]) -> None:
    """Right or wrong input, every answer is of a documented status, type and form, and none is a server error."""
    case.call_and_validate(checks=checks)
