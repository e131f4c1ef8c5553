"""Audits and exports over HTTP and on the command line."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from service.batch.xlsx.reading import read_workbook
from service.cli import main
from service.ledger.database import Ledger
from service.ledger.verbs import today
from tests.ledger.asking import loan
from tests.ledger.service import Service, json_of

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Run = Callable[..., Result]


@pytest.fixture
def paid(service: Service) -> str:
    """Return the id of a grant that was approved and paid."""
    grant = json_of(service.propose(loan()), 201)["id"]
    json_of(service.step(grant, "approve"))
    json_of(service.step(grant, "pay", {"paid_on": today(), "reference": "B1"}))
    return str(grant)


def post(service: Service, data: Any, kind: str = CSV, role: str | None = "auditor", **more: Any) -> TestResponse:
    """Send a file of payouts."""
    headers = service.headers(role) | more.pop("headers", {})
    return service.client.post("/v1/audits", data=data, content_type=kind, headers=headers, **more)


def described(service: Service, name: str) -> Draft202012Validator:
    """Return the validator of an answer."""
    document = service.client.get("/openapi.json").json
    assert document is not None
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})


def test_a_file_is_audited_and_the_report_kept(service: Service, paid: str, ledger: Ledger) -> None:
    """The report is answered, found again under its id, listed, and an entry of the log."""
    answer = post(service, f"id,amount,reference\n{paid},150000.01,B1\n", query_string={"seed": "x", "sample": "3"})
    report = json_of(answer, 201)
    assert [(one["kind"], one["counted"]) for one in report["findings"]] == [("over", "0.01")]
    assert "0.01 too much" in report["findings"][0]["message"]
    assert report["made_by"] == "The auditor"
    described(service, "Audit").validate(report)
    again = json_of(service.get(answer.headers["Location"]))
    assert again == report
    listed = json_of(service.get("/v1/audits"))
    described(service, "Audits").validate(listed)
    assert [one["id"] for one in listed["audits"]] == [report["id"]]
    assert json_of(service.get("/v1/audits", year=1999))["audits"] == []
    assert service.get("/v1/audits/audit-000009").status_code == 404
    with ledger.reading() as connection:
        verb = connection.exec_driver_sql("SELECT verb FROM log ORDER BY seq DESC LIMIT 1").scalar()
    assert verb == "audit"


def test_a_form_in_and_a_workbook_out(service: Service, paid: str) -> None:
    """A file may come as a part of a form under its own name, and the report as a workbook."""
    form = {"file": (BytesIO(f"id,amount\n{paid},150000\n".encode()), "支付.csv"), "sample": "1"}
    answer = post(service, form, "multipart/form-data", headers={"Accept": XLSX})
    assert (answer.status_code, answer.content_type) == (201, XLSX)
    book = read_workbook(answer.data, is_header=lambda row: "Sheet" in row, most_bytes_unpacked=1 << 24, most_rows=99)
    sample = next(sheet for sheet in book.sheets if sheet.name == "Sample")
    assert sample.frame["Grant"].to_list() == [paid]
    assert json_of(service.get(answer.headers["Location"]))["file"] == "支付.csv"


@pytest.mark.parametrize(
    ("data", "kind", "query", "status"),
    [
        ("id,amount\n", CSV, {}, 422),
        ("", CSV, {}, 422),
        ("id\nx\n", CSV, {}, 422),
        ("id,amount\nx,1\n", "application/json", {}, 415),
        ("id,amount\nx,1\n", CSV, {"sample": "-1"}, 422),
        ("id,amount\nx,1\n", CSV, {"seed": ""}, 422),
        ("id,amount\nx,1\n", CSV, {"sed": "1"}, 422),
        (b"PK\x03\x04", XLSX, {}, 422),
    ],
)
def test_what_cannot_be_audited_is_told(service: Service, data: Any, kind: str, query: Any, status: int) -> None:
    """A file without rows or amounts, of another type, wrong options: problems, and nothing is kept."""
    answer = post(service, data, kind, query_string=query)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert json_of(service.get("/v1/audits"))["audits"] == []


def test_only_one_file_is_audited(service: Service) -> None:
    """A form has one file, and no history."""
    for other in ("history", "file", "x"):
        files = [("file", (BytesIO(b"id,amount\nx,1\n"), "a.csv")), (other, (BytesIO(b"x"), "b.csv"))]
        assert post(service, MultiDict(files), "multipart/form-data").status_code == 422


def test_another_format_is_not_had(service: Service, paid: str) -> None:
    """Reports are JSON or workbooks, decisions JSON or pages."""
    assert post(service, f"id,amount\n{paid},1\n", headers={"Accept": "image/png"}).status_code == 406
    headers = service.headers("auditor") | {"Accept": "image/png"}
    assert service.client.get(f"/v1/exports/decisions/{paid}", headers=headers).status_code == 406


def test_exports_over_http(service: Service, paid: str) -> None:
    """The lists and a decision are as described; a year is needed, and nothing else is taken for a filter."""
    for name, query in (("publicity", {"town_id": "T1", "measure": "loan_interest"}), ("performance", {})):
        found = json_of(service.get(f"/v1/exports/{name}", year=2027, **query))
        described(service, name.capitalize()).validate(found)
        assert len(found["rows"]) == 1
        headers = service.headers("auditor") | {"Accept": XLSX}
        book = service.client.get(f"/v1/exports/{name}", headers=headers, query_string={"year": 2027})
        assert (book.status_code, book.content_type) == (200, XLSX)
        for wrong in ({}, {"year": 2027, "cursor": "1"}, {"year": "x"}):
            assert service.get(f"/v1/exports/{name}", **wrong).status_code == 422
    file = json_of(service.get(f"/v1/exports/decisions/{paid}"))
    described(service, "Decision").validate(file)
    headers = service.headers("auditor") | {"Accept": "text/html"}
    page = service.client.get(f"/v1/exports/decisions/{paid}", headers=headers)
    assert page.content_type == "text/html; charset=utf-8"
    assert page.headers["Content-Disposition"].startswith("attachment")
    assert file["log"][0]["hash"] in page.text
    assert service.get("/v1/exports/decisions/none").status_code == 404


@pytest.fixture
def run(url: str) -> Run:
    """Call the command line on the ledger, in English."""

    def called(*arguments: str | Path) -> Result:
        environment = {"DATABASE_URL": url, "LANG": "en", "LC_ALL": None, "LC_MESSAGES": None}
        return CliRunner().invoke(main, [*map(str, arguments)], env=environment, catch_exceptions=False)

    return called


def test_the_command_audit(run: Run, paid: str, tmp_path: Path) -> None:
    """The exit code tells: 0 all matched, 3 findings, 2 not readable; the report is written, and kept if asked."""
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(f"id,amount\n{paid},150000\n", encoding="utf-8")
    bad.write_text(f"id,amount\n{paid},1\nnone,2\n", encoding="utf-8")
    assert run("audit", good).exit_code == 0
    done = run("audit", bad, "-o", tmp_path / "report.json", "--keep", "--seed", "s")
    assert done.exit_code == 3
    assert "audit-000001" in done.output
    assert '"none"' in done.output
    assert len(orjson.loads((tmp_path / "report.json").read_bytes())["findings"]) == 2
    assert run("audit", bad, "-o", tmp_path / "report.xlsx").exit_code == 3
    assert (tmp_path / "report.xlsx").stat().st_size > 0
    for wrong in ([tmp_path / "none.csv"], [good, "-o", "x.pdf"], [good, "--measure", "loan_interest"]):
        assert run("audit", *wrong).exit_code == 2


def test_the_command_export(run: Run, paid: str, tmp_path: Path) -> None:
    """Lists and decisions are written; a decision is verified by itself and with the ledger, a changed one is found."""
    file = tmp_path / "decision.json"
    assert run("export", "decision", paid, "-o", file).exit_code == 0
    assert run("export", "decision", paid, "-o", tmp_path / "decision.html").exit_code == 0
    assert run("log", "verify-file", file).exit_code == 0
    assert run("log", "verify-file", "--alone", file).exit_code == 0
    file.write_text(file.read_text("utf-8").replace('"amount": "150000.00"', '"amount": "150000.01"'), "utf-8")
    done = run("log", "verify-file", file)
    assert done.exit_code == 1
    assert "sealed" in done.output
    file.write_text("{}", "utf-8")
    assert run("log", "verify-file", file).exit_code == 2
    for name in ("publicity", "performance"):
        for suffix in (".xlsx", ".json"):
            assert run("export", name, "--year", "2027", "-o", tmp_path / f"{name}{suffix}").exit_code == 0
        assert run("export", name, "--year", "2027", "-o", tmp_path / "x.pdf").exit_code == 2


APPLICATIONS = """\
借据编号,统一社会信用代码,专业镇编码,专业镇级别,属于主导产业,申报年度,放款本金（万元）,放款日期,付息天数,年度利息发生额
J1,甲公司,T1,provincial_key,是,2027,6000,2027-01-01,365,2400000
J2,甲公司,T1,provincial_key,是,2027,1000,2027-01-01,365,400000.00
J3,乙公司,T2,provincial_key,是,2027,1000,2027-01-01,365,400000.00
J4,乙公司,T2,provincial_key,否,2027,1000,2027-01-01,365,400000.00
"""


def test_without_a_ledger_the_payouts_are_computed_again(run: Run, tmp_path: Path) -> None:
    """Payments are compared with what the engine grants to the applications, by receipt, or by payee and amount."""
    applications, payouts = tmp_path / "applications.csv", tmp_path / "payouts.csv"
    applications.write_text(APPLICATIONS, encoding="utf-8")
    again = ("--applications", applications, "--measure", "loan_interest", "-o", tmp_path / "report.json")
    payouts.write_text("借据编号,金额\nJ1,900000\nJ2,100000\nJ3,150000\n", encoding="utf-8")
    assert run("audit", payouts, *again).exit_code == 0
    payouts.write_text(
        "统一社会信用代码,年度,金额\n甲公司,2027,100000\n甲公司,2027,900000\n乙公司,2027,150000\n", "utf-8"
    )
    assert run("audit", payouts, *again).exit_code == 0
    rows = (
        "J1,甲公司,2027,900000\nJ2,甲公司,2027,150000\nJ3,丙公司,2027,150000\nJ4,乙公司,2027,150000\nJ5,乙公司,2027,1\n"
    )
    payouts.write_text(f"借据编号,统一社会信用代码,年度,金额\n{rows}", encoding="utf-8")
    assert run("audit", payouts, *again).exit_code == 3
    report = orjson.loads((tmp_path / "report.json").read_bytes())
    assert [(one["row"], one["kind"], one["at_stake"], one["counted"]) for one in report["findings"]] == [
        (3, "above_ceiling", "50000.00", "50000.00"),
        (3, "over", "50000.00", "0.00"),
        (4, "other_payee", "150000.00", "150000.00"),
        (5, "over", "150000.00", "150000.00"),
        (6, "unknown", "1.00", "1.00"),
    ]
    assert report["against"]["applications"]["rows"] == 4
