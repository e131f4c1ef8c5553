"""The desk: an upload is its owner's alone, for twelve hours, whichever worker is asked."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service import create_app
from service.config import Config
from service.ledger.books import grants_of
from service.ledger.database import Ledger
from service.ledger.keys import create_key
from service.ledger.opening import open_ledger
from service.policies import Policies
from tests.batch.files import table
from tests.web.bureau.sending import download, loans, send, submit, uploaded
from tests.web.visiting import sign_in, token_of

Signed = Callable[[str], FlaskClient]
FILE = ("loans.csv", table(loans()).write_csv().encode())


def pages_of(address: str) -> list[str]:
    """List what there is about an upload."""
    return [address, f"{address}/result", f"{address}/defects.csv", f"{address}/granted/loan_interest"]


def signed_in_as(app: Flask, ledger: Ledger, person: str) -> FlaskClient:
    """Sign a proposer of this name in."""
    client = app.test_client()
    assert sign_in(client, create_key(ledger, person, "proposer", by="root")[1]).status_code == 303
    return client


def test_nobody_else_finds_it(signed_in: Signed, app: Flask, ledger: Ledger) -> None:
    """Another proposer gets 404 for every address, as for one that never was; a colleague's list is empty."""
    clerk, other = signed_in("proposer"), signed_in_as(app, ledger, "赵强")
    address = uploaded(clerk, FILE)
    assert submit(clerk, address, f"{address}/propose").status_code == 303
    never = f"/zh/batches/{'0' * 32}"
    for ours, theirs in zip(pages_of(address), pages_of(never), strict=True):
        assert download(clerk, ours).status_code == 200
        assert other.get(ours).status_code == 404
        assert other.get(ours).text.count("没有这份上传记录") == other.get(theirs).text.count("没有这份上传记录") == 1
    assert submit(other, "/zh/batches", f"{address}/propose").status_code == 404
    assert address not in other.get("/zh/batches").text
    assert address in clerk.get("/zh/batches").text
    assert signed_in_as(app, ledger, "李 伟").get(address).status_code == 200  # the same person by another key


@pytest.mark.parametrize("odd", ["x", "..", "%2e%2e", "." + "0" * 32, "0" * 31 + "/", "A" * 32, "名" * 5_000])
def test_addresses_lead_nowhere_else(signed_in: Signed, odd: str) -> None:
    """Only the name of an upload finds one."""
    assert signed_in("proposer").get(f"/zh/batches/{odd}").status_code == 404


def test_it_expires(signed_in: Signed, tmp_path: Path) -> None:
    """After twelve hours it is gone from the disk, and the page says so in words; fresh ones stay."""
    clerk = signed_in("proposer")
    old, fresh = uploaded(clerk, FILE), uploaded(clerk, FILE)
    (head,) = (tmp_path / "desk").glob(f"*/{old.rpartition('/')[2]}/upload.json")
    made = (datetime.now(UTC) - timedelta(hours=12, seconds=1)).isoformat()
    head.write_text(json.dumps({**json.loads(head.read_text()), "made": made}))
    told = clerk.get(old)
    assert told.status_code == 404
    assert "保留 12 小时" in told.text
    assert not head.parent.exists()
    assert clerk.get(fresh).status_code == 200


def test_it_outlives_a_worker(
    signed_in: Signed, keys: dict[str, str], database: str, policies: Policies, tmp_path: Path
) -> None:
    """Another process on the same machine finds it; one that works on another ledger does not."""
    address = uploaded(signed_in("proposer"), FILE)
    for url, status in ((database, 200), (f"sqlite:///{tmp_path / 'other.sqlite'}", 404)):
        app = create_app(Config(database_url=url, desk=tmp_path / "desk"), policies)
        key = keys["proposer"]
        if url != database:
            other = open_ledger(url)
            key = create_key(other, "李伟", "proposer", by="root")[1]
            other.close()
        client = app.test_client()
        sign_in(client, key)
        assert client.get(address).status_code == status
        app.extensions["ledger"].close()


def test_a_failed_upload_leaves_nothing(signed_in: Signed, tmp_path: Path) -> None:
    """What is refused while it is decided is not kept."""
    assert send(signed_in("proposer"), ("a.csv", b"a,b\n1,2\n")).status_code == 422
    assert not [path for path in (tmp_path / "desk").rglob("*") if path.is_file()]


def test_a_full_disk_is_told(signed_in: Signed, tmp_path: Path) -> None:
    """Where the result cannot be written nothing stays, and the form comes again with a sentence."""
    clerk, files = signed_in("proposer"), ("loans.csv", table(loans(300)).write_csv().encode())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    token = token_of(clerk, "/zh/batches")
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(files[1]) + 100, before[1]))
    try:
        answered = send(clerk, files, token=token, explain="true")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert answered.status_code == 503
    assert "未能写入磁盘" in answered.text
    assert "还没有上传" in answered.text
    assert not [path for path in (tmp_path / "desk").rglob("*") if path.is_file()]


def test_what_was_granted_but_not_written_down_is_no_failure(signed_in: Signed, ledger: Ledger, tmp_path: Path) -> None:
    """Nobody is told that nothing was stored when the ledger has it; who asks again sees it, granted once."""
    clerk = signed_in("proposer")
    address = uploaded(clerk, FILE)
    hindrance = _head(tmp_path, address).with_name("granted-loan_interest")
    hindrance.symlink_to("nowhere")
    answered = submit(clerk, address, f"{address}/propose")
    assert answered.status_code == 500
    assert "可能已经提交" in answered.text
    assert "未保存任何数据" not in answered.text
    hindrance.unlink()
    again = submit(clerk, address, f"{address}/propose")
    assert again.status_code == 303
    assert clerk.get(again.headers["Location"]).text.count('href="/zh/grants/loan_interest-2027-') == 3
    with ledger.reading() as connection:
        assert len(list(grants_of(connection))) == 3


def test_the_folder_is_ours_alone(signed_in: Signed, tmp_path: Path) -> None:
    """Nobody else on the machine reads uploads; a folder that somebody else could read is not used."""
    clerk = signed_in("proposer")
    uploaded(clerk, FILE)
    desk = tmp_path / "desk"
    assert desk.stat().st_mode & 0o777 == 0o700
    desk.chmod(0o755)
    told = clerk.get("/zh/batches")
    assert told.status_code == 503
    assert "DESK" in told.text
    desk.rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").chmod(0o700)
    desk.symlink_to(tmp_path / "elsewhere")
    assert clerk.get("/zh/batches").status_code == 503


def test_unfinished_folders_are_swept(signed_in: Signed, tmp_path: Path) -> None:
    """What a killed worker left is removed when its time is over, not before."""
    clerk = signed_in("proposer")
    (folder,) = {path.parents[1] for path in [_head(tmp_path, uploaded(clerk, FILE))]}
    old, young = folder / ".old", folder / ".young"
    for one in (old, young):
        one.mkdir()
    os.utime(old, (0, 0))
    assert clerk.get("/zh/batches").status_code == 200
    assert not old.exists()
    assert young.exists()


def test_what_another_release_left_is_nobodys(signed_in: Signed, tmp_path: Path) -> None:
    """A head that is not ours is passed over: no page fails for it."""
    clerk = signed_in("proposer")
    for odd in ("{", "[]", '{"id": "x"}', '{"files": 1, "more": 2}'):
        address = uploaded(clerk, FILE)
        _head(tmp_path, address).write_text(odd)
        assert clerk.get(address).status_code == 404
        assert clerk.get("/zh/batches").status_code == 200


def _head(tmp_path: Path, address: str) -> Path:
    (head,) = (tmp_path / "desk").glob(f"*/{address.rpartition('/')[2]}/upload.json")
    return head
