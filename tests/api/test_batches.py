"""Files through the service: the bytes of the command line, in every format, and every refusal in words."""

from __future__ import annotations

import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from xlsxwriter import Workbook

from service import create_app
from service.api.deciding import MOST_ROWS
from service.api.uploads import MOST_PARTS, XLSX, safe_name
from service.config import Config
from service.policies import Policies
from tests.api.test_endpoints import EN, problem_of
from tests.api.uploading import TYPES, by_command_line, contents, post, post_form, totals_of
from tests.batch.files import FORMATS, fill, outcomes, read, table, write
from tests.batch.test_bad_rows import GOOD
from tests.batch.test_cases import frame_of, merged
from tests.batch.xlsx import workbooks
from tests.batch.xlsx.test_hostile import bomb
from tests.case_files import Case
from tests.test_cases import batches

ROWS = [GOOD, GOOD | {"applicant_id": "F", "备注": "首笔"}, GOOD | {"town_tier": "x"}]
EXPO = {"town_id": "T", "year": 2027, "actual_cost": "20000000.00"}


@pytest.fixture
def loans(tmp_path: Path) -> Path:
    """Write three loans, one of them not usable."""
    return write(table(ROWS), tmp_path / "loans.csv")


@pytest.mark.parametrize("to", [*FORMATS, None])
@pytest.mark.parametrize("came", FORMATS)
def test_every_format_gives_the_bytes_of_the_command_line(
    came: str, to: str | None, client: FlaskClient, tmp_path: Path
) -> None:
    """Whatever comes in and goes out, raw or as a form, it is the file that the command line writes."""
    source = write(table(ROWS), tmp_path / f"loans.{came}")
    expected = by_command_line(tmp_path / f"out.{to or came}", "loan_interest", [source], "--explain")
    raw = post(client, source, to=to, explain="true")
    form = post_form(client, [("file", source), ("explain", "true")], to=to)
    assert contents(raw.data) == contents(form.data) == contents(expected)
    assert raw.content_type.partition(";")[0] == TYPES[to or came]
    assert raw.headers["Content-Length"] == str(len(raw.data))
    assert raw.headers["Cache-Control"] == "no-store"
    assert raw.headers["Content-Disposition"] == f"attachment; filename=loan_interest-result.{to or came}"
    assert form.headers["Content-Disposition"] == f"attachment; filename=loans-result.{to or came}"


@pytest.mark.parametrize(("measure", "readings", "cases"), batches())
def test_cases(
    measure: str, readings: dict[str, str], cases: list[Case], client: FlaskClient, policies: Policies, tmp_path: Path
) -> None:
    """All cases of a measure in one file: each line gets what its case says, in as many rows as were sent."""
    rows, expected = merged(cases)
    source = write(frame_of(policies, measure, rows), tmp_path / "in.parquet")
    query = "&".join(f"reading={name}={choice}" for name, choice in readings.items())
    response = post_form(client, [("file", source)], measure, "csv", query)
    totals = totals_of(response)[measure]
    (tmp_path / "out.csv").write_bytes(response.data)
    assert outcomes(read(tmp_path / "out.csv")) == expected
    assert totals["read"] == totals["written"] == len(expected)
    granted = sum(int((one.amount or "0").replace(".", "")) for one in expected)
    assert int(totals["granted"].replace(".", "")) == granted


def test_several_files_and_a_history(client: FlaskClient, tmp_path: Path) -> None:
    """Files are merged in their order, may be called the same, and use what a history left of the ceilings."""
    one = write(table([GOOD] * 3), tmp_path / "one.csv")
    other = write(table([GOOD] * 3), tmp_path / "二.ndjson")
    earlier = tmp_path / "earlier.csv"
    by_command_line(earlier, "loan_interest", [one])
    expected = by_command_line(
        tmp_path / "out.csv", "loan_interest", [one, other], "--history", str(earlier), "--policy", "jzbf-2026-3"
    )
    parts: Any = [("file", one), ("file", other), ("history", earlier), ("policy", "jzbf-2026-3")]
    assert post_form(client, parts, to="csv").data == expected
    assert post_form(client, parts).content_type == XLSX  # a CSV and an NDJSON become a workbook
    twins = post_form(client, [("file", ("a.csv", one.read_bytes()))] * 2)
    assert twins.content_type == "text/csv; charset=utf-8"
    assert totals_of(twins)["loan_interest"]["granted"] == "900000.00"


def test_workbooks_of_all_measures(client: FlaskClient, tmp_path: Path) -> None:
    """`all` finds each sheet's measure, and answers with a workbook that the command line would write."""
    for town in ("甲", "乙"):
        with Workbook(str(tmp_path / f"{town}.xlsx")) as book:
            fill(book, "loan_interest", table([GOOD | {"town_id": town}] * 2))
            fill(book, "expo_budget", table([EXPO | {"town_id": town}]))
    sources = [tmp_path / "甲.xlsx", tmp_path / "乙.xlsx"]
    expected = by_command_line(tmp_path / "out.xlsx", "all", sources)
    response = post_form(client, [("file", source) for source in sources], "all")
    assert contents(response.data) == contents(expected)
    assert {name: one["read"] for name, one in totals_of(response).items()} == {"loan_interest": 4, "expo_budget": 2}
    problem = problem_of(post_form(client, [("file", sources[0])], "all", "csv"), 406, "not-acceptable")
    assert problem["detail"].count("/") == 1
    csv = write(table([GOOD]), tmp_path / "in.csv")
    assert codes(post_form(client, [("file", csv)], "all")) == [("result.xlsx", "all_needs_workbooks")]


def test_control_totals_and_notes(client: FlaskClient, openapi: dict[str, Any], tmp_path: Path) -> None:
    """Totals, invalid rows, columns carried and warnings stand in headers as described, in bounded ASCII."""
    loans = write(table(ROWS), tmp_path / "loans.csv")
    response = post(client, loans)
    assert totals_of(response)["loan_interest"] == {
        "read": 3, "written": 3, "rows": {"eligible": 2, "invalid": 1}, "warned": 1,
        "calculated": "300000.00", "cut": "0.00", "granted": "300000.00",
    }  # fmt: skip
    assert response.headers["Batch-Invalid"] == "1"
    assert json.loads(response.headers["Batch-Notes"])["carried"] == {"loan_interest": ["备注"]}
    wide = table([GOOD | {f"列{number}": "x" for number in range(900)}])
    with Workbook(str(tmp_path / "wide.xlsx")) as book:
        fill(book, "Sheet1", wide)
        book.get_worksheet_by_name("Sheet1").set_row(1, None, None, {"hidden": True})
    response = post(client, tmp_path / "wide.xlsx")
    notes = json.loads(response.headers["Batch-Notes"])
    assert [one["code"] for one in notes["warnings"]] == ["hidden_rows"]
    assert notes["omitted"] + len(notes["carried"]["loan_interest"]) == 900
    assert len(response.headers["Batch-Notes"]) < 3_000
    described = openapi["paths"]["/v1/batches/{measure}"]["post"]["responses"]["200"]["headers"]
    for name in ("Batch-Totals", "Batch-Notes"):
        schema = described[name]["content"]["application/json"]["schema"]
        whole = {**schema, "components": openapi["components"]}
        Draft202012Validator(whole).validate(json.loads(response.headers[name]))
        assert response.headers[name].isascii()


def test_words_are_the_callers(client: FlaskClient, loans: Path, tmp_path: Path) -> None:
    """Defects in the file and around it are in the language of the request."""
    form = {"file": (BytesIO(loans.read_bytes()), "loans.csv")}
    response = client.post("/v1/batches/loan_interest", data=form, headers=EN, buffered=True)
    assert response.headers["Content-Language"] == "en"
    assert response.data == by_command_line(tmp_path / "out.csv", "loan_interest", [loans], "--lang", "en")
    missing = client.post("/v1/batches/loan_intrest", data=b"", content_type="text/csv", headers=EN)
    assert problem_of(missing, 404, "not-found")["detail"].endswith('Did you mean "loan_interest"?')


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("*/*", "text/csv; charset=utf-8"),
        ("text/html, */*;q=0.1", "text/csv; charset=utf-8"),
        ("text/csv; charset=utf-8", "text/csv; charset=utf-8"),
        ("application/ndjson", "application/ndjson"),
        ("application/x-parquet, text/csv;q=0.9", "application/x-parquet"),
        ("text/csv;q=0, */*", XLSX),
        ("text/csv;q=0.1, application/x-ndjson;q=0.2", "application/x-ndjson"),
        ("text/*", "text/csv; charset=utf-8"),
    ],
)
def test_the_result_is_what_the_caller_prefers(accept: str, answered: str, client: FlaskClient, loans: Path) -> None:
    """Accept is weighed by its q-values; who does not mind gets the format that was sent."""
    headers = {"Accept": accept, "Content-Type": "text/csv; charset=GBK"}
    response = client.post("/v1/batches/loan_interest", data=loans.read_bytes(), headers=headers, buffered=True)
    assert (response.status_code, response.content_type) == (200, answered)


@pytest.mark.parametrize("accept", ["image/png", "text/csv;q=0", "nonsense"])
def test_a_format_that_there_is_not(accept: str, client: FlaskClient, loans: Path) -> None:
    """Who asks for another format is told which there are."""
    headers = {"Accept": accept, "Content-Type": "text/csv"}
    response = client.post("/v1/batches/loan_interest", data=loans.read_bytes(), headers=headers, buffered=True)
    assert all(kind in problem_of(response, 406, "not-acceptable")["detail"] for kind in TYPES.values())


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        {"Content-Type": ""},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/csv; charset=utf-16"},
        {"Content-Type": "text/csv", "Content-Encoding": "gzip"},
    ],
)
def test_what_is_no_file(headers: dict[str, str], client: FlaskClient) -> None:
    """Another type or coding is refused with the types that there are."""
    problem = problem_of(
        client.post("/v1/batches/loan_interest", data=b"x", headers=headers), 415, "unsupported-media-type"
    )
    assert "multipart/form-data" in problem["detail"]


def codes(response: Any) -> list[tuple[str, str]]:
    """Return place and code of every defect of a refusal."""
    return [(one["pointer"], one["code"]) for one in problem_of(response, 422, "invalid-input")["errors"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("polcy=x", [("/polcy", "unknown_field")]),
        ("grant=maybe", [("/grant", "not_flag")]),
        ("explain=1", [("/explain", "not_flag")]),
        ("explain=true&explain=true", [("/explain", "given_twice")]),
        ("policy=x", [("/policy", "unknown_policy")]),
        ("policy=jzbf-2022-81", [("/policy", "policy_without_amounts")]),
        ("reading=loan_days", [("/reading", "reading_form")]),
        ("reading=loan_days=x", [("/reading", "unknown_choice")]),
        ("reading=a=b&reading=loan_days=inclusive", [("/reading", "unknown_reading")]),
        ("reading=loan_days=inclusive&reading=loan_days=half_open", [("/reading", "given_twice")]),
        (
            "a/b=1&explain=&policy=",
            [("/a~1b", "unknown_field"), ("/policy", "unknown_policy"), ("/explain", "not_flag")],
        ),
    ],
)
def test_options_are_refused_all_at_once(
    query: str, expected: list[tuple[str, str]], client: FlaskClient, loans: Path
) -> None:
    """As parameters or as parts of a form, the same is wrong in the same words."""
    assert codes(post_form(client, [("file", loans)], query=query)) == expected
    fields: Any = [tuple(pair.split("=", 1)) for pair in query.split("&")]
    in_form = post_form(client, [("file", loans), *fields])
    assert codes(in_form) == expected
    assert post_form(client, [("file", loans)], query=query).json == in_form.json


def test_parts_are_refused_all_at_once(client: FlaskClient, loans: Path) -> None:
    """Parts of other names, files without one, two histories; an option beside and behind the address."""
    parts: Any = [("file", "text"), ("history", loans), ("history", loans), ("fle", loans)]
    assert codes(post_form(client, parts)) == [
        ("/history", "given_twice"), ("/fle", "unknown_field"), ("/file", "part_without_name"),
    ]  # fmt: skip
    assert codes(post_form(client, [("history", loans)])) == [("/file", "missing")]
    twice = post_form(client, [("file", loans), ("explain", "true")], query="explain=true")
    assert codes(twice) == [("/explain", "given_twice")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"a,b\n", "no_rows"),
        (b"a,a\n1,2\n", "repeated_column"),
        ("a,b\n1,2".encode("utf-16"), "unknown_encoding"),
    ],
)
def test_files_that_cannot_be_read(content: bytes, code: str, client: FlaskClient) -> None:
    """What the command line refuses is refused in the same words, under the name that the caller gave."""
    response = post_form(client, [("file", ("贷款 (1).csv", content))])
    (found,) = codes(response)
    assert found == ("贷款 (1).csv" if code != "repeated_column" else "a", code)


def test_hostile_files(client: FlaskClient, tmp_path: Path) -> None:
    """Letters, halves and files under a wrong name are refused by their own name, a history as well; so is a bomb."""
    whole = write(table([GOOD] * 9), tmp_path / "a.parquet").read_bytes()
    good = workbooks.of_rows(["town_tier", "year"], ["x", 1])
    loans = ("loans.csv", table([GOOD]).write_csv().encode())
    for name, content, code in (
        ("half.parquet", whole[: len(whole) // 2], "unreadable_file"),
        ("no.xlsx", whole, "workbook_not_xlsx"),
        ("half.xlsx", good[:-20], "workbook_damaged"),
        ("cut.ndjson", b'{"a": 1}\n{"a"', "unreadable_line"),
        ("letter.docx", b"x", "unknown_format"),
        ("no suffix", b"x", "unknown_format"),
    ):
        assert codes(post_form(client, [("file", (name, content))])) == [(name, code)]
        assert codes(post_form(client, [("file", loans), ("history", (name, content))])) == [(name, code)]
    source = tmp_path / "bomb.xlsx"
    source.write_bytes(bomb((1 << 30) + 10_000_000))
    assert codes(post(client, source)) == [("upload.xlsx", "workbook_too_large")]


@pytest.mark.parametrize(
    ("given", "kind", "name"),
    [
        ("../../etc/贷款.csv", None, "贷款.csv"),
        ("C:\\Users\\甲\\loans.CSV", None, "loans.CSV"),
        ("a\x00b\u202e\r\n.csv", None, "ab.csv"),
        ("..", "text/csv", "upload.csv"),
        ("", "application/x-ndjson; charset=utf-8", "upload.ndjson"),
        (".csv", "text/csv", "upload.csv"),
        (" a . csv ", None, "a.csv"),
        ("甲" * 300 + ".xlsx", None, "甲" * 60 + ".xlsx"),
        ("a." + "x" * 300, None, "a.xxxxxxxxx"),
        ("a.txt", "text/csv", "a.txt"),
        ("a.b", "application/octet-stream", "a.b"),
        ("\ud800.csv", None, "upload.csv"),
    ],
)
def test_names_are_made_harmless(given: str, kind: str | None, name: str) -> None:
    """What is left of a name is the name of a file in its own folder."""
    assert safe_name(given, kind) == name


def test_hostile_names_of_files(client: FlaskClient, loans: Path) -> None:
    """A name leads nowhere, and comes back harmless in the name of the result."""
    response = post_form(client, [("file", ("..\\..\\贷\u202e款;'.csv", loans.read_bytes()))])
    assert response.status_code == 200
    disposition = response.headers["Content-Disposition"]
    assert disposition == "attachment; filename=result.csv; filename*=UTF-8''%E8%B4%B7%E6%AC%BE%3B%27-result.csv"


PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
FILE_PART = PART.replace(b'"a"', b'"file"; filename="a.csv"')


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"--x\r\n", 400),
        (b"--y--\r\n", 400),
        (b"--x\r\nA: b\r\n\r\n1\r\n--x--\r\n", 400),
        (FILE_PART + b"a,b\n1,2", 400),
        (PART + b"\r\n" + PART * MOST_PARTS + b"\r\n--x--\r\n", 413),
        (PART + b"1" * 2_000_000 + b"\r\n--x--\r\n", 413),
    ],
)
def test_broken_forms(body: bytes, status: int, client: FlaskClient) -> None:
    """A form that cannot be taken apart is told so, and one of too many parts or too much text as well."""
    kind = "multipart/form-data; boundary=x"
    response = client.post("/v1/batches/loan_interest", data=body, content_type=kind)
    problem = problem_of(response, status, "bad-request" if status == 400 else "body-too-large")
    assert "multipart/form-data" in problem["detail"]


def test_the_limit_is_for_files_alone(policies: Policies, loans: Path) -> None:
    """A batch has a limit of its own; who is above it is told what it is, what was given, and what to do."""
    size = loans.stat().st_size
    exact = create_app(Config(max_body_bytes=10, max_file_bytes=size), policies).test_client()
    assert post(exact, loans).status_code == 200
    below = create_app(Config(max_file_bytes=size - 1), policies).test_client()
    problem = problem_of(post(below, loans), 413, "body-too-large")
    assert all(part in problem["detail"] for part in (str(size), str(size - 1), "Parquet", "town-subsidy batch"))


def test_many_rows_in_few_bytes(client: FlaskClient, tmp_path: Path) -> None:
    """A small Parquet that unpacks to very many rows is refused before it does, alone and as a history."""
    source = tmp_path / "in.parquet"
    pl.DataFrame({"town_tier": ["x"] * (MOST_ROWS + 1)}).write_parquet(source)
    loans = ("loans.csv", table([GOOD]).write_csv().encode())
    for response in (post(client, source), post_form(client, [("file", loans), ("history", source)])):
        assert f"{MOST_ROWS + 1}" in problem_of(response, 413, "body-too-large")["detail"]


def test_methods(client: FlaskClient) -> None:
    """Only POST, and OPTIONS says so."""
    for method in ("get", "head", "put", "delete"):
        response = getattr(client, method)("/v1/batches/loan_interest")
        assert (response.status_code, response.headers["Allow"]) == (405, "OPTIONS, POST")
    assert set(client.options("/v1/batches/loan_interest").allow) == {"OPTIONS", "POST"}


def test_polars_waits_for_the_first_file() -> None:
    """The service starts without polars: it hangs in a process that was forked after it was used."""
    code = "import sys, service; service.create_app(); print('polars' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    assert done.stdout.strip() == b"False"


def test_amounts_far_from_the_usual_are_noted(client: FlaskClient, tmp_path: Path) -> None:
    """What only the whole file shows is told beside the result, and changes no amount."""
    rows = [GOOD | {"disbursed_amount": "10000000.00"}] * 9 + [GOOD | {"disbursed_amount": "1000.00"}]
    response = post(client, write(table(rows), tmp_path / "in.csv"))
    (noted,) = json.loads(response.headers["Batch-Notes"])["warnings"]
    assert (noted["pointer"], noted["code"]) == ("loan_interest", "unusual_amounts")
    assert "disbursed_amount" in noted["message"]
    assert len(noted["message"]) <= 160
    assert totals_of(response)["loan_interest"]["read"] == 10
