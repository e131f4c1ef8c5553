"""Sends files to the service, and to the command line for comparison."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from service.api.uploads import CSV, NDJSON, PARQUET, XLSX
from service.cli import main
from tests.batch.xlsx.workbooks import parts_of

TYPES = {"csv": CSV, "ndjson": NDJSON, "parquet": PARQUET, "xlsx": XLSX}
Parts = Sequence[tuple[str, Path | str | tuple[str, bytes]]]


def post(
    client: FlaskClient, source: Path, measure: str = "loan_interest", to: str | None = None, **options: Any
) -> TestResponse:
    """Send a file as the body; `to` is the format asked for."""
    headers = {"Accept": TYPES[to]} if to else {}
    return client.post(
        f"/v1/batches/{measure}",
        data=source.read_bytes(),
        content_type=TYPES[source.suffix[1:]],
        headers=headers,
        query_string=MultiDict(options),
        buffered=True,
    )


def post_form(
    client: FlaskClient, parts: Parts, measure: str = "loan_interest", to: str | None = None, query: str = ""
) -> TestResponse:
    """Send a form: a path is a file under its own name, a pair a file under a name given, text is a field."""
    data: MultiDict[str, Any] = MultiDict()
    for name, part in parts:
        match part:
            case Path():
                data.add(name, (BytesIO(part.read_bytes()), part.name))
            case str():
                data.add(name, part)
            case (given, content):
                data.add(name, (BytesIO(content), given))
    headers = {"Accept": TYPES[to]} if to else {}
    return client.post(f"/v1/batches/{measure}?{query}", data=data, headers=headers, buffered=True)


def by_command_line(target: Path, measure: str, sources: Sequence[Path], *options: str) -> bytes:
    """Decide the same files by the command line, and return the bytes of the result."""
    done = CliRunner().invoke(main, ["batch", measure, *map(str, sources), "-o", str(target), "--lang", "zh", *options])
    assert done.exit_code in {0, 3}, done.stderr
    return target.read_bytes()


def contents(file: bytes) -> object:
    """Return what a result holds: its bytes, or the parts of a workbook but for the one that notes when it was made."""
    if not file.startswith(b"PK"):
        return file
    return {name: part for name, part in parts_of(file).items() if name != "docProps/core.xml"}


def totals_of(response: TestResponse) -> Mapping[str, Any]:
    """Read the control totals."""
    assert response.status_code == 200, response.text
    totals: Mapping[str, Any] = json.loads(response.headers["Batch-Totals"])
    return totals
