"""Every stored decision comes out again byte for byte, and whatever was changed in it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, text

from service.errors import NotFound
from service.ledger.database import Ledger
from service.ledger.grants import propose
from service.ledger.keys import Actor
from service.ledger.replay import Replayed, replay
from service.ledger.schema import GRANTS
from service.policies import Policies
from tests.ledger.asking import advertisement, award, loan, recognition
from tests.ledger.service import Service, json_of


def filled(ledger: Ledger, policies: Policies, proposer: Actor) -> list[str]:
    """Propose a grant of several kinds, ceilings met among them; return their ids."""
    two_lines = advertisement("I1", paid="9000000.00")
    two_lines["lines"] *= 2
    two_lines["lines"][1] = two_lines["lines"][1] | {
        "invoice_number": "I2",
        "applicant_id": "F2",
        "paid_on": "2028-01-01",
    }
    bodies = [*(loan(f"R{number}") for number in range(7)), award("P1"), recognition(), two_lines]
    return [propose(ledger, policies, body, f"k{number}", proposer)[0].id for number, body in enumerate(bodies)]


def changed(connection: Connection, grant_id: str, column: str, value: object) -> None:
    """Change a column of a grant behind the triggers."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("DROP TRIGGER grants_no_update"))
    else:
        connection.execute(text("ALTER TABLE grants DISABLE TRIGGER ALL"))
    connection.execute(GRANTS.update().where(GRANTS.c.id == grant_id).values({column: value}))


def found_after(ledger: Ledger, policies: Policies, grant_id: str, column: str, old: str, new: str) -> Replayed:
    """Change a part of a stored text, or a figure, and return what a replay finds."""
    with ledger.writing() as connection:
        stored = connection.scalar(GRANTS.select().with_only_columns(GRANTS.c[column]).where(GRANTS.c.id == grant_id))
        assert old in str(stored)
        value = str(stored).replace(old, new, 1)
        changed(connection, grant_id, column, int(value) if isinstance(stored, int) else value)
    (found,) = replay(ledger, policies).found
    assert found.grant_id == grant_id
    return found


def test_all_are_the_same(ledger: Ledger, policies: Policies, proposer: Actor) -> None:
    """All decisions, or those that are named, each once, come out byte for byte."""
    ids = filled(ledger, policies, proposer)
    whole = replay(ledger, policies)
    assert (whole.decisions, whole.counts["identical"], whole.found) == (len(ids), len(ids), [])
    assert replay(ledger, policies, [ids[3], ids[0], ids[3]]).counts["identical"] == 2
    with pytest.raises(NotFound):
        replay(ledger, policies, [ids[0], "loan_interest-2027-999999"])


def test_an_empty_ledger(ledger: Ledger, policies: Policies) -> None:
    """Where nothing was granted there is nothing to differ."""
    assert replay(ledger, policies).decisions == 0


@pytest.mark.parametrize(
    ("column", "old", "new", "kind", "pointer"),
    [
        ("result", '"150000.00","currency"', '"150000.01","currency"', "differs", "/amount"),
        ("result", "10,000,000.00 ×", "10,000,001.00 ×", "differs", "/lines/0/steps/0/formula"),
        ("result", '"warnings":[]', '"warnings": []', "differs", ""),
        ("result", "{", "[", "differs", ""),
        ("result_sha256", "", "0", "differs", "grants.result_sha256"),
        ("policy_sha256", "", "0", "differs", "grants.policy_sha256"),
        ("amount", "15000000", "15000001", "differs", "grants.amount"),
        ("request", "10000000.00", "20000000.00", "differs", "/lines/0/steps/0/formula"),
        ("request", '"R0"', '"R9"', "differs", "/inputs_sha256"),
        ("request", "10000000.00", "1e7", "refused", None),
        ("request", "{", "[", "refused", None),
        ("measure", "loan_interest", "loan_intrest", "refused", None),
    ],
)
def test_a_change_is_found(
    ledger: Ledger, policies: Policies, proposer: Actor, column: str, old: str, new: str, kind: str, pointer: str | None
) -> None:
    """Whatever is changed in a request, a result or what the row says of them is found, and where."""
    first = filled(ledger, policies, proposer)[0]
    found = found_after(ledger, policies, first, column, old, new)
    assert found.kind == kind
    if pointer is None:
        assert found.defects
        assert found.replayed is None
    else:
        assert pointer in [place.pointer for place in found.places]


def test_another_engine(ledger: Ledger, policies: Policies, proposer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decisions of an earlier engine that differ in its version alone are told apart from those that differ."""
    filled(ledger, policies, proposer)
    monkeypatch.setattr("service.calculation.ENGINE", "9.9.9")
    monkeypatch.setattr("service.ledger.replay.ENGINE", "9.9.9")
    whole = replay(ledger, policies)
    assert whole.counts["engine"] == whole.decisions


def test_in_several_processes(ledger: Ledger, url: str, policies: Policies, proposer: Actor, tmp_path: Path) -> None:
    """The command works through a larger ledger in several processes, and tells by its exit code."""
    grant, _ = propose(ledger, policies, loan("R1"), "k", proposer)
    with ledger.writing() as connection:
        stored = dict(connection.execute(GRANTS.select().where(GRANTS.c.id == grant.id)).one()._mapping)
        seq = stored["seq"]
        copies = []
        for number in range(2, 2503):
            copies.append(
                {**stored, "id": f"c{number}", "number": number, "seq": seq + number, "idempotency_key": f"c{number}"}
            )
        if connection.dialect.name == "sqlite":
            connection.execute(text("PRAGMA defer_foreign_keys=ON"))
            connection.execute(text("PRAGMA ignore_check_constraints=ON"))
        _log_copies(connection, seq, [copy["seq"] for copy in copies])
        copies[-1]["result"] = stored["result"].replace("150000.00", "150000.09")
        connection.execute(insert(GRANTS), copies)
    environment = os.environ | {"DATABASE_URL": url, "LC_ALL": "en_US.UTF-8"}
    target = tmp_path / "found.csv"
    command = [sys.executable, "-c", "from service.cli import main; main()", "replay", "-o", str(target)]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (ended.returncode, ended.stderr) == (3, "")
    assert "computed again: 2,502; byte for byte the same: 2,501" in ended.stdout
    assert target.read_text().splitlines()[1].startswith("c2502,loan_interest,T1,F1,differs,150000.00,150000.00,0.00,")


def _log_copies(connection: Connection, seq: int, numbers: list[int]) -> None:
    """Give copies of a grant entries of the log, which nobody verifies here."""
    for number in numbers:
        connection.execute(
            text(
                "INSERT INTO log SELECT :number, at, actor, verb, subject, payload, request_sha256, result_sha256, "
                "policy_sha256, rows_sha256, :previous, :hash FROM log WHERE seq = :seq"
            ),
            {"number": number, "previous": f"p{number}", "hash": f"h{number}", "seq": seq},
        )


def test_over_http(service: Service, ledger: Ledger) -> None:
    """GET /v1/grants/{id}/replay tells whether a decision comes out again, and where it does not."""
    grant = json_of(service.propose(loan()), 201)
    path = f"/v1/grants/{grant['id']}/replay"
    same = {"outcome": "identical", "stored": "150000.00", "replayed": "150000.00", "places": [], "errors": []}
    assert json_of(service.get(path)) == {"id": grant["id"], **same, "omitted": 0}
    with ledger.writing() as connection:
        changed(connection, grant["id"], "amount", 1)
    found = json_of(service.get(path))
    assert (found["outcome"], found["stored"]) == ("differs", "0.01")
    assert found["places"] == [{"pointer": "grants.amount", "stored": 1, "replayed": 15_000_000}]
    assert json_of(service.get("/v1/grants/x/replay"), 404)["title"]
