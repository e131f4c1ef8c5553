"""The log on the pages: the newest first, and told when somebody has been at it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from service.cli import main
from service.ledger.database import Ledger
from service.ledger.log import GENESIS, entries, head_of
from service.ledger.schema import VERBS
from service.web.times import in_china
from service.words import label_of
from tests.ledger.finance import Year
from tests.ledger.test_tampering import tamper
from tests.web.finance.reading import link_to, table, text_of

CAPTION = "最近的在最前；时间为北京时间（UTC+8）"


def test_the_log_is_told_the_newest_first(auditor: FlaskClient, ledger: Ledger) -> None:
    """Every entry once, page by page, with what happened in words and a link to what it is about."""
    address: str | None = "/zh/log?page_size=50"
    rows: list[list[str]] = []
    pages = ""
    while address:
        page = auditor.get(address)
        rows, pages, address = rows + table(page, CAPTION), pages + page.text, link_to(page)
    with ledger.reading() as connection:
        written: list[Any] = list(entries(connection))
    assert rows == [
        [f"{one.seq:,}", in_china(one.at, "seconds"), one.actor, label_of("verbs", one.verb, "zh"), one.subject]
        for one in reversed(written)
    ]
    for one in written:
        assert (f'href="/zh/grants/{one.subject}/decision"' in pages) == (one.verb in VERBS)
    assert not any(row[3].isascii() for row in rows)


def test_a_log_that_fits_is_verified(auditor: FlaskClient, ledger: Ledger) -> None:
    """So many entries, and a checkpoint to note down; one noted earlier is compared."""
    with ledger.reading() as connection:
        head = head_of(connection)
    page = auditor.get("/zh/log/verification")
    assert f"日志 {head.seq} 条" in text_of(page)
    assert f"{head.seq}:{head.hash}" in page.text
    page = auditor.get("/zh/log/verification", query_string={"checkpoint": f" {head.seq}:{head.hash} "})
    assert f"与所填检查点（第 {head.seq} 条）一致" in text_of(page)


@pytest.mark.parametrize("given", ["7", "7:x", "<b>", "1:" + "A" * 64, "9" * 30 + ":" + "a" * 64])
def test_what_is_no_checkpoint_is_told_at_its_field(auditor: FlaskClient, given: str) -> None:
    """Nothing is verified then."""
    page = auditor.get("/zh/log/verification", query_string={"checkpoint": given})
    assert page.status_code == 422
    assert "检查点应写作 编号:校验码" in text_of(page)
    assert 'aria-invalid="true"' in page.text
    assert "<b>" not in page.text
    assert "相符" not in page.text


def test_another_log_is_found_by_a_checkpoint(auditor: FlaskClient, ledger: Ledger) -> None:
    """One that was written anew, and one whose end was cut off."""
    page = auditor.get("/zh/log/verification", query_string={"checkpoint": "3:" + "a" * 64})
    assert "第 3 条：与检查点不同" in text_of(page)
    with ledger.reading() as connection:
        last = head_of(connection).seq
    page = auditor.get("/zh/log/verification", query_string={"checkpoint": f"{last + 5}:" + "a" * 64})
    assert f"第 {last + 1} 条：日志到此为止，检查点在第 {last + 5} 条" in text_of(page)


def test_the_checkpoint_of_an_empty_log_is_compared_as_well(auditor: FlaskClient) -> None:
    """Every log begins with the same hash; whoever noted another one noted no log of ours."""
    page = auditor.get("/zh/log/verification", query_string={"checkpoint": f"0:{GENESIS}"})
    assert "与所填检查点（第 0 条）一致" in text_of(page)
    page = auditor.get("/zh/log/verification", query_string={"checkpoint": "0:" + "a" * 64})
    assert "与检查点不同" in text_of(page)
    assert "一致" not in text_of(page)


def test_an_entry_whose_time_was_changed_is_shown_as_it_is(auditor: FlaskClient, file: Path) -> None:
    """The log stays open to whoever looks for what was done to it."""
    tamper(file, "UPDATE log SET at = '<b>never' WHERE seq = 100")
    page = auditor.get("/zh/log?cursor=101")
    assert page.status_code == 200
    assert table(page, CAPTION)[0][:2] == ["100", "<b>never"]
    assert "第 100 条：日志内容被改动" in text_of(auditor.get("/zh/log/verification"))


def test_whose_key_was_taken_out_of_the_ledger_is_nobody(auditor: FlaskClient, file: Path) -> None:
    """Pages stay open to everybody; those that take a key ask for one."""
    tamper(file, "DELETE FROM keys WHERE person = '张敏'")
    assert "张敏" not in auditor.get("/zh/").text
    assert auditor.get("/zh/log").status_code == 401


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_payee_that_was_changed_is_told(
    auditor: FlaskClient, file: Path, database: str, year: Year, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which entry, and what of it, in the words of the command line."""
    grant = year.paid[2].id
    tamper(file, f"UPDATE transitions SET payee = 'thief' WHERE grant_id = '{grant}' AND verb = 'pay'")
    with sqlite3.connect(file) as connection:
        where = "SELECT seq FROM transitions WHERE grant_id = ? AND verb = 'pay'"
        (seq,) = connection.execute(where, [grant]).fetchone()
    connection.close()
    said = text_of(auditor.get(f"/{lang}/log/verification"))
    number = f"第 {seq} 条" if lang == "zh" else f"Entry {seq}"
    what = f"（支付 {grant}）" if lang == "zh" else f"(paid {grant})"
    assert f"{number}：" in said or f"{number}: " in said
    assert what in said
    assert ("不能作为依据" if lang == "zh" else "can be relied on") in said
    monkeypatch.setenv("DATABASE_URL", database)
    told = CliRunner().invoke(main, ["log", "verify", "--lang", lang])
    assert told.exit_code == 1
    assert told.stderr.strip().rpartition("：" if lang == "zh" else ": ")[2] in said


def test_missing_triggers_are_told(auditor: FlaskClient, file: Path) -> None:
    """What keeps rows as they are is looked for as well."""
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TRIGGER grants_no_update")
    connection.close()
    assert "防改动的触发器被删除：grants_no_update。" in text_of(auditor.get("/zh/log/verification"))
