"""Payouts checked on the pages: every planted error with its fen, nothing else accused, wrong files told in words."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import orjson
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import create_app
from service.batch.xlsx.reading import read_workbook
from service.config import Config
from service.derivation import figure
from service.ledger.database import Ledger
from service.policies import Policies
from service.words import label_of
from tests.ledger.finance import Year, payments, plant, write_payments
from tests.web.finance.reading import Json, json_of, link_to, table, text_of
from tests.web.visiting import sign_in, token_of

Rest = Callable[..., Json]
Signed = Callable[[str], FlaskClient]
HOSTILE = "<script>alert(1)</script><b>evil"


def send(client: FlaskClient, data: bytes, name: str = "支付.csv", lang: str = "zh", **fields: str) -> TestResponse:
    """Send a file by the form."""
    form = {"file": (BytesIO(data), name), "csrf_token": token_of(client, f"/{lang}/audits"), **fields}
    return client.post(f"/{lang}/audits", data=form, content_type="multipart/form-data")


def checked(client: FlaskClient, data: bytes, name: str = "支付.csv", lang: str = "zh", **fields: str) -> TestResponse:
    """Send a file and open its report."""
    answered = send(client, data, name, lang, **fields)
    assert answered.status_code == 303, text_of(answered)
    return client.get(answered.headers["Location"])


def kept(ledger: Ledger) -> int:
    """Count the audits that are kept."""
    with ledger.reading() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM audits").scalar() or 0)


@pytest.fixture
def book(policies: Policies, year: Year, tmp_path: Path) -> tuple[bytes, dict[int, tuple[str, str]]]:
    """Return a workbook of payments with planted errors, and what is to be found in which row."""
    rows = payments(policies, year)
    planted = plant(rows, year)
    return write_payments(tmp_path / "支付.xlsx", rows).read_bytes(), planted.expected()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_planted_error_is_on_the_page_and_nothing_else(
    auditor: FlaskClient, book: tuple[bytes, dict[int, tuple[str, str]]], lang: str
) -> None:
    """Each row that was tampered with is accused of what it is, with its fen; all others are left alone."""
    data, expected = book
    page = checked(auditor, data, "支付.xlsx", lang)
    found: dict[int, list[list[str]]] = {}
    for place, message, at_stake, *_ in table(page, "问题" if lang == "zh" else "Findings"):
        number = next(int(word) for word in place.replace("row", " ").split() if word.isdigit())
        found.setdefault(number, []).append([place, message, at_stake])
    assert found.keys() == expected.keys()
    for number, (kind, at_stake) in expected.items():
        place, message, stake = found[number][0]
        assert place.endswith(label_of("audit_kinds", kind, "zh" if lang == "zh" else "en"))
        assert stake == figure(at_stake)
        assert message
    for code in ("loan_interest ", "applicant_id", "application_year", "town_id"):
        assert code not in text_of(page)


def test_the_page_holds_what_the_api_answers(
    auditor: FlaskClient,
    visitor: FlaskClient,
    keys: dict[str, str],
    rest: Rest,
    book: tuple[bytes, dict[int, tuple[str, str]]],
) -> None:
    """Totals, kinds, towns, measures: those of the same file over the API; the download is the API's record."""
    data, _ = book
    headers = {"Authorization": f"Bearer {keys['auditor']}", "Accept-Language": "zh"}
    form = {"file": (BytesIO(data), "支付.xlsx"), "seed": "s", "sample": "5"}
    answered = json_of(visitor.post("/v1/audits", data=form, headers=headers))
    page = checked(auditor, data, "支付.xlsx", seed="s", sample="5")
    record = rest("/v1/audits/audit-000002")
    same = answered.keys() - {"id", "made_at", "against", "sha256"}
    assert {name: record[name] for name in same} == {name: answered[name] for name in same}
    assert orjson.loads(auditor.get("/zh/audits/audit-000002/report.json").data) == record
    *kinds, total = table(page, "按问题类别")
    assert [row[:4] for row in kinds] == [
        [one["label"], f"{one['rows']:,}", figure(one["at_stake"]), figure(one["counted"])] for one in record["by_kind"]
    ]
    assert total[1:4] == [str(record["accused"]["rows"]), "", figure(record["accused"]["at_stake"])]
    assert [row[1:5] for row in table(page, "按专业镇")] == [
        [str(one["rows"]), figure(one["paid"]), str(one["accused"]), figure(one["at_stake"])]
        for one in record["by_town"]
    ]
    assert [row[4] for row in table(page, "按措施")] == [figure(one["at_stake"]) for one in record["by_measure"]]
    assert len(table(page, "抽查样本")) == 5
    for said in (record["sha256"], record["file_sha256"], record["against"]["ledger"]["hash"]):
        assert said in page.text


def test_audits_are_listed_the_newest_first(auditor: FlaskClient, rest: Rest) -> None:
    """The list is the API's turned round, with links."""
    for number in range(3):
        checked(auditor, b"id,amount\nx,1\n", f"{number}.csv")
    listed = rest("/v1/audits")["audits"]
    page = auditor.get("/zh/audits?page_size=2")
    rows = table(page, "已存的核对记录")
    following = link_to(page)
    assert following is not None
    rows += table(auditor.get(following), "已存的核对记录")
    assert [row[0] for row in rows] == [one["id"] for one in reversed(listed)]
    assert [row[6] for row in rows] == [figure(one["at_stake"]) for one in reversed(listed)]
    assert 'href="/zh/audits/audit-000003"' in page.text


def test_the_workbook_of_a_kept_audit(auditor: FlaskClient, book: tuple[bytes, dict[int, tuple[str, str]]]) -> None:
    """It holds the same findings, as numbers and text."""
    checked(auditor, book[0], "支付.xlsx")
    answered = auditor.get("/zh/audits/audit-000001/report.xlsx")
    assert "audit-000001.xlsx" in answered.headers["Content-Disposition"]
    found = read_workbook(
        answered.data, is_header=lambda row: "说明" in row, most_bytes_unpacked=1 << 24, most_rows=1_000
    )
    findings = next(sheet for sheet in found.sheets if sheet.name == "问题")
    assert set(map(int, findings.frame["行"].to_list())) == book[1].keys()


def test_a_year_that_was_paid_right(auditor: FlaskClient, policies: Policies, year: Year, tmp_path: Path) -> None:
    """Nothing is accused; the page says so, and which rows of sums were left out."""
    data = write_payments(tmp_path / "支付.xlsx", payments(policies, year)).read_bytes()
    said = text_of(checked(auditor, data, "支付.xlsx"))
    assert "全部与台账相符" in said
    assert "没有发现问题。" in said
    assert "是合计行，未计入" in said
    assert "没有因缺列而未核对的内容" in said


def test_what_could_not_be_checked_is_said(auditor: FlaskClient, year: Year) -> None:
    """Missing columns are named in the head and in full below."""
    page = checked(auditor, f"id,amount\n{year.approved[0].id},1\n".encode())
    assert "有 5 项因文件缺列未能核对" in text_of(page)
    assert "未核对收款人：文件没有统一社会信用代码" in text_of(page)


def test_many_findings_come_page_by_page(auditor: FlaskClient) -> None:
    """A hundred at a time, each once; a page that there is not is the nearest that there is."""
    rows = "".join(f"none-{number},1.00\n" for number in range(250))
    page = checked(auditor, f"id,amount\n{rows}".encode())
    address: str | None = str(page.request.path)
    seen: list[str] = []
    sizes: list[int] = []
    while address:
        page = auditor.get(address)
        part = [row[0] for row in table(page, "问题")]
        seen, sizes, address = seen + part, [*sizes, len(part)], link_to(page)
    assert sizes == [100, 100, 50]
    assert len(set(seen)) == 250
    for odd, first in (
        ("0", "第 2 行"),
        ("-1", "第 2 行"),
        ("x", "第 2 行"),
        ("9999", "第 202 行"),
        ("9" * 30, "第 2 行"),
    ):
        assert first in table(auditor.get(f"/zh/audits/audit-000001?page={odd}"), "问题")[0][0]


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "", "没有选择文件"),
        (b"", "a.csv", "文件是空的"),
        (b"id,amount\n", "a.csv", "只有表头"),
        ("id,amount\n合计,5\n".encode(), "a.csv", "只有表头"),
        (b"id\nx\n", "a.csv", "缺少列“支付金额”"),
        (b"amount\n1\n", "a.csv", "缺少列“拨付编号”"),
        (b"id,amount\nx,1\n", "a.pdf", "不认识这种文件"),
        (b"PK\x03\x04 not much", "a.xlsx", "工作簿"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.xlsx", "旧版 Excel"),
        (b"id,amount\nx,1\n", "a.xlsx", "不是 Excel 工作簿"),
        (b"\xff\xfe\x00\xd8id", "a.csv", "编码"),
    ],
)
def test_a_wrong_file_is_told_on_the_form(
    auditor: FlaskClient, ledger: Ledger, data: bytes, name: str, said: str
) -> None:
    """What is wrong stands at the field, with the cure; nothing is kept."""
    page = send(auditor, data, name)
    assert page.status_code == 422
    assert said in text_of(page)
    assert 'id="file-defect"' in page.text
    assert kept(ledger) == 0


def test_wrong_options_stand_at_their_fields(auditor: FlaskClient, ledger: Ledger) -> None:
    """All at once, and what was typed stays."""
    page = send(auditor, b"id,amount\nx,1\n", sample="5000", seed="x" * 65)
    assert page.status_code == 422
    assert 'id="seed-defect"' in page.text
    assert 'id="sample-defect"' in page.text
    assert 'value="5000"' in page.text
    assert kept(ledger) == 0
    assert checked(auditor, b"id,amount\nx,1\n", sample=" 3 ", seed=" ").status_code == 200


@pytest.mark.parametrize("sample", ["0000000009999", "0" * 5_000, "9" * 5_000, "00001", "٣"])
def test_no_number_is_too_long_to_be_refused(auditor: FlaskClient, ledger: Ledger, sample: str) -> None:
    """Zeros before a number do not hide how large it is, nor do thousands of digits break anything."""
    page = send(auditor, b"id,amount\nx,1\n", sample=sample)
    assert page.status_code == 422
    assert "0 至 1000 的整数" in text_of(page)
    assert kept(ledger) == 0


@pytest.mark.parametrize(
    ("lang", "cell", "purpose"),
    [
        (
            "zh",
            "“amount”填写为“壹万�元”，金额应为",
            "所列措施或专业镇为 区域公共品牌广告补助、T9，应为 年度新增贷款贴息、T1。",
        ),
        ("en", '"amount" holds "壹万�元": An amount', "booked under Advertising of the regional public brand, T9, and"),
    ],
)
def test_a_finding_names_what_stands_in_the_row(
    auditor: FlaskClient, year: Year, lang: str, cell: str, purpose: str
) -> None:
    """The cell that cannot be read as it was written, and lists as the language writes them."""
    grant = year.paid[1].id
    data = f"id,measure,town_id,amount\n{grant},loan_interest,T1,壹万\u202e元\n{grant},advertising,T9,75000\n"
    kept_as = checked(auditor, data.encode(), "a.csv").request.path.rpartition("/")[2]
    messages = [
        row[1] for row in table(auditor.get(f"/{lang}/audits/{kept_as}"), "问题" if lang == "zh" else "Findings")
    ]
    assert cell in messages[0]
    assert "|" not in messages[0]
    assert any(purpose in message for message in messages)


def test_hostile_text_stays_text(auditor: FlaskClient) -> None:
    """Markup, formulas, marks that turn text round, endless names: shown, never obeyed."""
    rows = f'"{HOSTILE}","=HYPERLINK(1)",1.00\n{"长" * 10_000},{HOSTILE}\u202e,2.00\n=1+1,{"<i>" * 3_000},3.00\n'
    page = checked(auditor, f"id,payee,amount\n{rows}".encode(), "<img src=x>.csv")
    for raw in ("<script>alert", "<b>", "<i>", "<img", "\u202e"):
        assert raw not in page.text
    _, message, _, payee = table(page, "问题")[0]
    assert payee == "=HYPERLINK(1)"
    assert f"没有编号为“{HOSTILE}”的拨付" in message
    assert "不可见字符" in text_of(page)
    assert "文本应为 1 至 64 个字符" in text_of(page)
    listed = auditor.get("/zh/audits")
    assert "&lt;img src=x&gt;.csv" in listed.text
    assert "<img" not in listed.text
    assert auditor.get("/zh/audits/audit-000001/report.xlsx").status_code == 200


def test_a_form_that_is_not_ours_stores_nothing(auditor: FlaskClient, ledger: Ledger) -> None:
    """Without our token the file is dropped, and that is said."""
    form = {"file": (BytesIO(b"id,amount\nx,1\n"), "a.csv"), "csrf_token": "forged"}
    page = auditor.post("/zh/audits", data=form, content_type="multipart/form-data")
    assert page.status_code == 400
    assert "表单已过期" in text_of(page)
    assert kept(ledger) == 0


def test_whoever_may_not_audit_is_told_before_the_file_is_read(signed_in: Signed, ledger: Ledger) -> None:
    """A proposer's file is not looked at."""
    proposer = signed_in("proposer")
    form = {"file": (BytesIO(b"x" * 400_000), "a.csv"), "csrf_token": token_of(proposer, "/zh/limits")}
    page = proposer.post("/zh/audits", data=form, content_type="multipart/form-data")
    assert (page.status_code, page.mimetype) == (403, "text/html")
    assert kept(ledger) == 0


def test_a_file_that_is_too_large_is_told(database: str, policies: Policies, keys: dict[str, str]) -> None:
    """The limit is said in words."""
    app = create_app(Config(database_url=database, max_file_bytes=50_000), policies)
    try:
        client = app.test_client()
        assert sign_in(client, keys["auditor"]).status_code == 303
        page = send(client, b"id,amount\n" + b"x,1\n" * 25_000)
        assert (page.status_code, page.mimetype) == (413, "text/html")
        assert "50000" in text_of(page)
    finally:
        app.extensions["ledger"].close()
