"""Files by a browser: defects by row first, then totals as REST tells them, the same result, and proposing once."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from python_calamine import load_workbook
from xlsxwriter import Workbook

from service.batch.xlsx.template import write_template
from service.ledger.books import grants_of
from service.ledger.database import Ledger
from service.money import yuan
from service.policies import Policies
from tests.api.uploading import contents, post_form, totals_of
from tests.batch.files import fill, table, write
from tests.batch.test_bad_rows import GOOD
from tests.ledger.asking import advertisement, award
from tests.web.bureau.sending import download, loans, rows_of, send, submit, text_of, uploaded
from tests.web.visiting import token_of

Signed = Callable[[str], FlaskClient]
JUNK_BYTES = 64 * 1024 * 1024
LABELS = {
    "receipt_number": "借据编号", "town_id": "专业镇编码", "applicant_id": "统一社会信用代码",
    "town_tier": "专业镇级别", "is_leading_industry": "属于主导产业", "application_year": "申报年度",
    "disbursed_amount": "放款本金（万元）", "disbursed_on": "放款日期", "interest_paid_days": "付息天数",
    "interest_accrued": "年度利息发生额（不含罚息）",
}  # fmt: skip


@pytest.fixture
def clerk(signed_in: Signed) -> FlaskClient:
    """Return the browser of somebody who proposes."""
    return signed_in("proposer")


def planted() -> list[dict[str, Any]]:
    """Make loans in ten thousand yuan with a wrong check digit, a 30 February, an amount in yuan, a receipt twice."""
    rows = [GOOD | {"receipt_number": f"R{number}", "disbursed_amount": "1000"} for number in range(6)]
    rows[1]["applicant_id"] = "91140100MA0GTHKP7X"
    rows[2]["disbursed_on"] = "2027-02-30"
    rows[3]["disbursed_amount"] = "5000000"
    rows[5]["receipt_number"] = "R4"
    return [{LABELS[name]: value for name, value in row.items() if name in LABELS} for row in rows]


def workbook(path: Path, **sheets: list[dict[str, Any]]) -> Path:
    """Write a workbook with these sheets."""
    with Workbook(str(path)) as book:
        for name, rows in sheets.items():
            fill(book, name, table(rows))
    return path


def all_grants(ledger: Ledger) -> list[tuple[str, int]]:
    """Read all grants of a ledger."""
    with ledger.reading() as connection:
        return [(one.id, one.amount) for one in grants_of(connection)]


def test_what_is_wrong_is_shown_first_with_file_sheet_and_row(clerk: FlaskClient, tmp_path: Path) -> None:
    """Every planted error is told where it stands; defects come before warnings, and these before totals."""
    file = workbook(tmp_path / "申报表.xlsx", 年度新增贷款贴息=planted())
    page = clerk.get(uploaded(clerk, file, measure="all")).text
    rows = rows_of(page)
    place = "申报表.xlsx 年度新增贷款贴息"
    wrong = [row for row in rows if len(row) == 5 and row[0] == place]
    assert [row[1:4] for row in wrong] == [
        ["3", "统一社会信用代码", "91140100MA0GTHKP7X"],
        ["4", "放款日期", "2027-02-30"],
    ]
    assert "请核对营业执照" in wrong[0][4]
    assert "实有的日期" in wrong[1][4]
    doubtful = [row[1] for row in rows if len(row) == 2 and row[0] == place]
    assert any("第 5 行" in told and "元还是万元" in told for told in doubtful)
    assert any("第 7 行" in told and "第 6 行已有相同的编号" in told for told in doubtful)
    order = [page.index(f'id="{name}"') for name in ("defects", "warnings", "totals", "next")]
    assert order == sorted(order)
    assert "2 行有误，共 2 处问题" in page
    assert "不能提交拨付" in page


def test_the_same_in_english(clerk: FlaskClient, tmp_path: Path) -> None:
    """An upload reads in both languages, whichever it was sent in."""
    address = uploaded(clerk, workbook(tmp_path / "a.xlsx", loan_interest=planted()))
    page = clerk.get(address.replace("/zh/", "/en/")).text
    assert "This is no valid unified social credit code" in page
    assert "Rows that cannot be used: 2; defects: 2." in page


@pytest.mark.parametrize("rows", [planted(), loans(4)])
def test_totals_and_result_are_those_of_the_api(clerk: FlaskClient, rows: list[Any], tmp_path: Path) -> None:
    """The page shows what the headers say, and sends the bytes that REST sends."""
    file = write(table(rows), tmp_path / "loans.csv")
    rest = post_form(clerk, [("file", file)])
    totals = totals_of(rest)["loan_interest"]
    address = uploaded(clerk, file)
    page = clerk.get(address).text
    (told,) = [row for row in rows_of(page) if row[0] == "年度新增贷款贴息" and len(row) > 5]
    assert told[1:3] == [str(totals["read"]), str(totals["written"])]
    assert told[3:-4] == [str(count) for count in totals["rows"].values()]
    figures = [told[place].replace(",", "") for place in (-3, -2, -1)]
    assert figures == [totals["calculated"], totals["cut"], totals["granted"]]
    result = download(clerk, f"{address}/result")
    assert result.data == rest.data
    assert result.headers["Content-Disposition"] == rest.headers["Content-Disposition"]


@pytest.mark.parametrize("to", ["csv", "xlsx", "ndjson", "parquet"])
@pytest.mark.parametrize("came", ["csv", "parquet"])
def test_every_format_explained(clerk: FlaskClient, came: str, to: str, tmp_path: Path) -> None:
    """Whatever comes in and goes out, it is the file that REST answers."""
    file = write(table(loans()), tmp_path / f"loans.{came}")
    address = uploaded(clerk, file, format=to, explain="true")
    rest = post_form(clerk, [("file", file), ("explain", "true")], to=to)
    assert contents(download(clerk, f"{address}/result").data) == contents(rest.data)


def test_sums_by_town_are_those_of_the_workbook(clerk: FlaskClient, tmp_path: Path) -> None:
    """Charts stand beside the numbers of the result's summary, cuts included."""
    rows = [line for firm in range(4) for line in advertisement(f"I{firm}", f"F{firm}", "9000000.00")["lines"]]
    rows += [line for firm in range(2) for line in advertisement(f"J{firm}", f"G{firm}", town_id="T2")["lines"]]
    address = uploaded(clerk, write(table(rows), tmp_path / "a.csv"), measure="advertising", format="xlsx")
    towns = {row[0]: row[2:] for row in rows_of(clerk.get(address).text) if row[0] in {"T1", "T2"} and len(row) == 7}
    (tmp_path / "out.xlsx").write_bytes(download(clerk, f"{address}/result").data)
    summary = load_workbook(str(tmp_path / "out.xlsx")).get_sheet_by_index(0).to_python()
    found = {str(row[1]): row for row in summary if row[1] in {"T1", "T2"}}
    assert {
        town: [f"{row[3]:.0f}", *(f"{row[place]:,.2f}" for place in range(4, 8))] for town, row in found.items()
    } == towns
    assert towns["T1"][3] != "0.00"


def test_files_are_one_and_a_history_counts(clerk: FlaskClient, tmp_path: Path) -> None:
    """Several files share the ceilings with what was granted before; such an upload cannot be proposed."""
    earlier = tmp_path / "earlier.csv"
    file = write(table(loans(2)), tmp_path / "one.csv")
    earlier.write_bytes(download(clerk, f"{uploaded(clerk, file)}/result").data)
    other = write(table(loans(2)), tmp_path / "two.csv")
    address = uploaded(clerk, file, other, history=earlier, format="csv")
    rest = post_form(clerk, [("file", file), ("file", other), ("history", earlier)], to="csv")
    assert download(clerk, f"{address}/result").data == rest.data
    assert "不附清单重新上传" in clerk.get(address).text
    refused = submit(clerk, "/zh/batches", f"{address}/propose")
    assert refused.status_code == 409
    assert "未提交拨付" in refused.text


def test_many_defects_are_paged_and_downloaded(clerk: FlaskClient, tmp_path: Path) -> None:
    """A page has a hundred of them, the file all, and no cell of it is a formula."""
    rows = [row | {"disbursed_on": "=1+1", "town_tier": "x"} for row in loans(125)]
    address = uploaded(clerk, write(table(rows), tmp_path / "a.csv"))
    pages = [clerk.get(address, query_string={"defects": number}).text for number in (1, 2, 3)]
    listed = [[row for row in rows_of(page) if len(row) == 5 and row[0] == "a.csv"] for page in pages]
    assert [len(one) for one in listed] == [100, 100, 50]
    assert "第 2 页，共 3 页" in pages[1]
    assert "共 250 处问题" in pages[0]
    whole = download(clerk, f"{address}/defects.csv").get_data(as_text=True)
    assert whole.startswith("\ufeff文件与工作表")
    assert len(whole.splitlines()) == 251
    assert ",'=1+1," in whole
    assert ",=1+1," not in whole
    assert "省级重点专业镇" in listed[0][0][4] + listed[0][1][4]
    for odd in ("0", "-1", "x", "99999999999", "٣"):
        assert clerk.get(address, query_string={"defects": odd}).status_code == 200


def test_proposing_twice_grants_once(clerk: FlaskClient, ledger: Ledger, tmp_path: Path) -> None:
    """Pressing again or coming back shows the same grants; what was held and what got nothing is told as well."""
    rows = [*loans(3), loans(1)[0] | {"applicant_id": "F9"}, loans(1, interest_paid_days=0)[0]]
    rows[4]["receipt_number"] = "R8"
    address = uploaded(clerk, write(table(rows), tmp_path / "loans.csv"))
    assert "将把 4 行" in clerk.get(address).text
    assert not all_grants(ledger)
    answered = [submit(clerk, address, f"{address}/propose", measure="loan_interest") for _ in range(2)]
    assert {one.status_code for one in answered} == {303}
    granted = all_grants(ledger)
    assert len(granted) == 4
    page = clerk.get(answered[1].headers["Location"]).text
    assert [link for link, _ in granted] == re.findall(r'href="/zh/grants/([^"?]+)"', page)
    states = {row[0]: row[1:] for row in rows_of(page) if len(row) == 3}
    assert list(states)[-3:] == ["已预留", "待人工审核", "未拨付"]  # in the order of the rows, every time
    assert states["已预留"][0] == "3"
    assert states["待人工审核"] == ["1", yuan(granted[3][1], grouped=True)]
    assert states["未拨付"] == ["1", "0.00"]
    assert "已提交拨付" in clerk.get(address).text
    result = download(clerk, f"{answered[0].headers['Location']}/result").get_data(as_text=True)
    assert all(link in result for link, _ in granted)


def test_a_workbook_is_proposed_measure_by_measure(clerk: FlaskClient, ledger: Ledger, tmp_path: Path) -> None:
    """Each measure of a workbook has a button of its own; one with bad rows has none, and stays so when forced."""
    awards = [{**body["facts"], **body["lines"][0]} for body in (award("P1"), award("P2"))]
    bad = [*loans(2), loans(1)[0] | {"town_tier": "x"}]
    address = uploaded(clerk, workbook(tmp_path / "a.xlsx", loan_interest=bad, project_award=awards), measure="all")
    forced = submit(clerk, address, f"{address}/propose", measure="loan_interest")
    assert (forced.status_code, all_grants(ledger)) == (409, [])
    assert "未提交拨付" in forced.text
    assert submit(clerk, address, f"{address}/propose", measure="project_award").status_code == 303
    assert len(all_grants(ledger)) == 1
    for wrong in ("advertising", "nonsense", "../x"):
        assert submit(clerk, address, f"{address}/propose", measure=wrong).status_code in {404, 409}
    assert len(all_grants(ledger)) == 1


def test_only_what_the_page_shows_is_proposed(clerk: FlaskClient, ledger: Ledger, tmp_path: Path) -> None:
    """A measure that fits the columns of a file by chance is not granted: nobody has seen its totals."""
    rows = advertisement("I1")["lines"]
    address = uploaded(clerk, write(table(rows), tmp_path / "ads.csv"), measure="advertising")
    answered = submit(clerk, address, f"{address}/propose", measure="expo_budget")
    assert (answered.status_code, all_grants(ledger)) == (404, [])
    assert submit(clerk, address, f"{address}/propose", measure="advertising").status_code == 303


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"", "文件是空的"),
        ("a.csv", b"a,b\n", "没有数据行"),
        ("a.csv", b"a,b\n1,2\n", "缺少列"),
        ("a.csv", b"a,b\n1,2\n", "可用：town_tier | 专业镇级别"),
        ("a.xlsx", b"no workbook", "a.xlsx"),
        ("a.docx", b"x", "可用：.csv"),
        ("", b"", "没有选择文件"),
        ("<b>.csv", b"", "&lt;b&gt;.csv"),
    ],
)
def test_wrong_files_are_told_on_the_form(clerk: FlaskClient, name: str, content: bytes, told: str) -> None:
    """The form comes again with the sentence for each defect, and nothing lies on the desk."""
    answered = send(clerk, (name, content))
    assert answered.status_code == 422
    assert told in answered.text
    assert 'name="file"' in answered.text
    assert "还没有上传" in answered.text


def test_options_that_the_form_does_not_have(clerk: FlaskClient, ledger: Ledger, tmp_path: Path) -> None:
    """Readings, policies and granting cannot be slipped in; a format or a measure that is none is refused."""
    file = write(table(loans()), tmp_path / "a.csv")
    plain = download(clerk, f"{uploaded(clerk, file)}/result").data
    slipped = uploaded(clerk, file, grant="true", reading="loan_days=inclusive", policy="x")
    assert download(clerk, f"{slipped}/result").data == plain
    assert not all_grants(ledger)
    assert send(clerk, file, format="pdf").status_code == 422
    assert send(clerk, file, explain="maybe").status_code == 422
    assert send(clerk, file, measure="nonsense").status_code == 404
    assert send(clerk, file, file="text").status_code == send(clerk, ("a.csv", b""), **{"<b>": "x"}).status_code == 422
    stray = {"csrf_token": token_of(clerk, "/zh/batches"), "<b>": (BytesIO(b"x"), "a.csv")}
    answered = clerk.post("/zh/batches", data=stray, content_type="multipart/form-data")
    assert answered.status_code == 422
    assert "&lt;b&gt;" in answered.text


def test_a_forged_form_stores_nothing(clerk: FlaskClient, ledger: Ledger, signed_in: Signed, tmp_path: Path) -> None:
    """Without our token, or with another visit's, nothing is kept and nothing is granted."""
    file = write(table(loans()), tmp_path / "a.csv")
    address = uploaded(clerk, file)
    for token in ("", "x", token_of(signed_in("proposer"), "/zh/batches")):
        answered = send(clerk, file, token=token)
        assert answered.status_code == 400
        assert "表单已过期" in answered.text
        assert clerk.post(f"{address}/propose", data={"csrf_token": token}).status_code == 400
    assert clerk.get("/zh/batches").text.count("/zh/batches/") == 1 + 9
    assert not all_grants(ledger)


class Junk:
    """A form with one file of very many bytes, made as it is read."""

    def __init__(self, token: str, block: bytes, size: int) -> None:
        field = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
        head = field % (b"csrf_token", token.encode()) + field % (b"measure", b"loan_interest")
        file = b'--x\r\nContent-Disposition: form-data; name="file"; filename="junk.csv"\r\n\r\n'
        parts = [head + file, *[block] * (size // len(block)), b"\r\n--x--\r\n"]
        self.length = sum(map(len, parts))
        self._left = self._bytes(parts)
        self._held = b""

    def _bytes(self, parts: list[bytes]) -> Iterator[bytes]:
        yield from parts

    def read(self, size: int = -1) -> bytes:
        """Return some bytes."""
        while len(self._held) < size and (part := next(self._left, b"")):
            self._held += part
        data, self._held = self._held[:size], self._held[size:]
        return data


def memory_kib(name: str) -> int:
    """Read a figure of this process's memory."""
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"{name}:\s+(\d+) kB", status)
    assert found
    return int(found[1])


def sent_junk(clerk: FlaskClient, block: bytes, size: int) -> int:
    """Send so many bytes of junk, which are refused in words; return by how many KiB the memory grew meanwhile."""
    sent = Junk(token_of(clerk, "/zh/batches"), block, size)
    body = {"wsgi.input": sent, "CONTENT_LENGTH": str(sent.length), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    Path("/proc/self/clear_refs").write_text("5")  # the highest use of memory counts from here
    before = memory_kib("VmRSS")
    answered = clerk.post("/zh/batches", environ_overrides=body)
    assert answered.status_code == 422
    assert "文件未能处理" in answered.text
    assert len(answered.text) < 50_000
    return memory_kib("VmHWM") - before


@pytest.mark.parametrize("block", [b"x" * 65_536, bytes(range(256)) * 256, b"a,b\n1,2\n" * 8_192])
def test_junk_is_refused_in_words_without_filling_the_memory(clerk: FlaskClient, block: bytes) -> None:
    """64 MiB of one line, of noise, of rows of nothing we know take no more than a quarter of that."""
    of_a_quarter = sent_junk(clerk, block, JUNK_BYTES // 4)
    assert sent_junk(clerk, block, JUNK_BYTES) < of_a_quarter + 24_000


def test_a_file_of_which_nobody_said_the_measure_is_told_by_its_name(clerk: FlaskClient, tmp_path: Path) -> None:
    """Only workbooks tell their measures themselves."""
    page = send(clerk, write(table(loans()), tmp_path / "loans.csv"), measure="all")
    assert page.status_code == 422
    assert "loans.csv" in page.text
    assert "请选择此文件的措施" in page.text


def test_hostile_cells_are_text(clerk: FlaskClient) -> None:
    """Markup, formulas, marks that turn the direction of writing, names of 10,000 characters: shown, never obeyed."""
    hostile = [
        "<script>alert(1)</script>",
        '=HYPERLINK("http://x.example")',
        "\u202egnp.exe",
        "名" * 10_000,
        "{{ 7*7 }}",
    ]
    rows = [
        row | {"备注<img src=x>": text, "applicant_name": text} for row, text in zip(loans(5), hostile, strict=True)
    ]
    address = uploaded(clerk, ("<img src=x onerror=alert(1)>.csv", table(rows).write_csv().encode()))
    page = clerk.get(address).text
    assert not re.search(r"<script>alert|<img", page)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "=HYPERLINK" in page
    assert "49" not in [text_of(cell) for row in rows_of(page) for cell in row]
    assert "名" * 81 not in page
    assert len(page) < 60_000


def test_ten_thousand_rows_in_seconds(clerk: FlaskClient, tmp_path: Path) -> None:
    """From the upload of a workbook to its page; no table of it is longer than a page."""
    file = workbook(tmp_path / "a.xlsx", loan_interest=[row | {"town_tier": "x"} for row in loans(10_000)])
    began = time.monotonic()
    page = clerk.get(uploaded(clerk, file)).text
    assert time.monotonic() - began < 20  # two seconds on a machine that does nothing else
    assert page.count("<tr>") < 200
    assert "10,000 行有误" in page


def test_empty_workbooks(clerk: FlaskClient, policies: Policies, tmp_path: Path) -> None:
    """The templates are those of the command line, one for each measure and one for all."""
    for measure in ("all", *policies.newest.measures):
        answered = download(clerk, f"/zh/batches/template/{measure}")
        assert answered.status_code == 200
        chosen = list(policies.newest.measures) if measure == "all" else [measure]
        write_template(tmp_path / "t.xlsx", policies, chosen)
        assert contents(answered.data) == contents((tmp_path / "t.xlsx").read_bytes())
    assert clerk.get("/zh/batches/template/nonsense").status_code == 404


@pytest.mark.parametrize("role", ["approver", "auditor", "admin", None])
def test_only_who_proposes_works_with_files(role: str | None, signed_in: Signed, visitor: FlaskClient) -> None:
    """Others are told which role it takes, or to sign in."""
    client = signed_in(role) if role else visitor
    for answered in (
        client.get("/zh/batches"),
        client.get("/zh/batches/template/all"),
        client.get(f"/zh/batches/{'0' * 32}"),
    ):
        assert answered.status_code == (403 if role else 401)
    assert client.post("/zh/batches", data={"file": (b"x", "a.csv")}).status_code == (403 if role else 401)


def test_a_summary_is_plain_json(clerk: FlaskClient, tmp_path: Path) -> None:
    """What was written down about an upload can be read by whoever looks at the desk's folder."""
    uploaded(clerk, write(table(loans()), tmp_path / "a.csv"))
    (summary,) = (tmp_path / "desk").glob("*/*/summary.json")
    (measure,) = json.loads(summary.read_bytes())["measures"]
    assert (measure["read"], measure["granted"]) == (3, 45_000_000)
