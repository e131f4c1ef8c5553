"""Whole files granted: as if row after row had been proposed, all or nothing, once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from service.batch.job import Report, run_files
from service.batch.run import Options
from service.batch.sources import Source
from service.cli import main
from service.errors import Conflict, Refused
from service.ledger.books import Grant, grants_of
from service.ledger.database import Ledger
from service.ledger.files import GrantRun, InvalidRows, refuse_options, signed
from service.ledger.grants import propose
from service.ledger.keys import Actor, create_key
from service.ledger.opening import open_ledger
from service.ledger.replay import replay
from service.ledger.schema import LOG
from service.ledger.verifying import verify
from service.policies import Policies
from tests.batch.files import FORMATS, table, write
from tests.engine.requests import some_request
from tests.ledger.asking import Body, advertisement, award, loan, recognition
from tests.ledger.conftest import person
from tests.ledger.service import Service, json_of


def rows_of(bodies: Sequence[Body]) -> pl.DataFrame:
    """Lay the lines of proposals out as the rows of a file."""
    return table([{**body.get("facts", {}), **line} for body in bodies for line in body["lines"]])


def grant(
    ledger: Ledger, policies: Policies, actor: Actor, file: Path, measure: str, key: str | None = None
) -> tuple[Report, Path]:
    """Grant a file; return the report and the result."""
    target = file.with_name(f"{file.stem}-out.csv")
    options = Options(measure)
    run = partial(GrantRun, signed=signed(ledger, actor, key, [file], options))
    return run_files(policies, [Source(file)], target, options, None, None, run), target


def all_grants(ledger: Ledger) -> list[Grant]:
    """Read all grants of a ledger."""
    with ledger.reading() as connection:
        return list(grants_of(connection))


LOANS = [loan(f"R{number}", f"F{number % 3}", disbursed_amount=f"{number + 1}9000000.55") for number in range(12)]
AWARDS = [award(f"P{number % 6}", f"T{number % 2}", f"{number}77777.77") for number in range(12)]
ADVERTS = [
    advertisement(f"I{number}", f"F{number % 3}", f"{number}00000.35", town_id=f"T{number % 2}") for number in range(12)
]


@pytest.mark.parametrize("kind", FORMATS)
def test_rows_are_granted_as_if_proposed(
    ledger: Ledger, policies: Policies, proposer: Actor, empty: Any, kind: str, tmp_path: Path
) -> None:
    """Every format: the grants of a file are those of its rows proposed one by one, requests and results alike."""
    file = write(rows_of(LOANS), tmp_path / f"in.{kind}")
    report, target = grant(ledger, policies, proposer, file, "loan_interest")
    other = open_ledger(empty("sqlite"), upgrade=True)
    someone = person(other, "李伟", "proposer")
    granted = 0
    for number, body in enumerate(LOANS):
        row = {**body["facts"], **body["lines"][0]}
        granted += granted_alone(other, policies, {"measure": body["measure"], "lines": [row]}, f"k{number}", someone)
    ours, theirs = all_grants(ledger), all_grants(other)
    facts = [(one.id, one.amount, one.state, one.request, one.result, one.town_id, one.duplicates) for one in theirs]
    assert [
        (one.id, one.amount, one.state, one.request, one.result, one.town_id, one.duplicates) for one in ours
    ] == facts
    assert report.totals["loan_interest"].granted == granted == sum(one.amount for one in ours)
    assert replay(ledger, policies).counts["identical"] == len(ours)
    assert verify(ledger).flaw is None
    frame = pl.read_csv(target)
    assert frame["grant_id"].drop_nulls().to_list() == [one.id for one in ours]
    other.close()


def granted_alone(ledger: Ledger, policies: Policies, body: Body, key: str, actor: Actor) -> int:
    """Propose one row; what nothing is due for is granted nothing."""
    from service.errors import NothingToGrant

    try:
        return propose(ledger, policies, body, key, actor)[0].amount
    except NothingToGrant:
        return 0


@pytest.mark.parametrize(("measure", "bodies", "grants"), [("project_award", AWARDS, 2), ("advertising", ADVERTS, 1)])
def test_shared_in_proportion(
    ledger: Ledger, policies: Policies, proposer: Actor, measure: str, bodies: list[Body], grants: int, tmp_path: Path
) -> None:
    """Rows that share a ceiling in proportion are one grant, which comes out again by itself; as the batch decides."""
    file = write(rows_of(bodies), tmp_path / "in.csv")
    _, target = grant(ledger, policies, proposer, file, measure)
    plain = tmp_path / "plain.csv"
    run_files(policies, [Source(file)], plain, Options(measure))
    decided = ["status", "amount", "rule"]
    assert pl.read_csv(target).select(decided).equals(pl.read_csv(plain).select(decided))
    assert len(all_grants(ledger)) == grants
    whole = replay(ledger, policies)
    assert (whole.decisions, whole.counts["identical"]) == (grants, grants)


def test_history_counts(service: Service, ledger: Ledger, policies: Policies, proposer: Actor, tmp_path: Path) -> None:
    """What the ledger granted before counts for the file, and the file for what comes after."""
    json_of(service.propose(loan("R-OLD", disbursed_amount="60000000.00", interest_accrued="4000000.00")), 201)
    file = write(rows_of([loan("R1"), loan("R2")]), tmp_path / "in.csv")
    _, target = grant(ledger, policies, proposer, file, "loan_interest")
    frame = pl.read_csv(target, infer_schema=False)
    assert frame["amount"].to_list() == ["100000.00", "0.00"]
    assert frame["rule"].to_list() == ["firm_cap", "firm_cap"]
    assert frame["grant_id"].to_list() == ["loan_interest-2027-000002", None]
    assert json_of(service.propose(loan("R3")), 422)["title"]


def test_once_only(ledger: Ledger, policies: Policies, proposer: Actor, tmp_path: Path) -> None:
    """The same file again gives the same bytes and grants nothing; another under its key is refused."""
    file = write(rows_of(LOANS), tmp_path / "in.csv")
    _, target = grant(ledger, policies, proposer, file, "loan_interest", "file-1")
    first, before = target.read_bytes(), all_grants(ledger)
    report, _ = grant(ledger, policies, proposer, file, "loan_interest", "file-1")
    assert target.read_bytes() == first
    assert all_grants(ledger) == before
    assert report.totals["loan_interest"].granted == sum(one.amount for one in before)
    other = write(rows_of(LOANS[:3]), tmp_path / "other.csv")
    with pytest.raises(Conflict, match="file-key-reused"):
        grant(ledger, policies, proposer, other, "loan_interest", "file-1")
    assert all_grants(ledger) == before
    assert verify(ledger).flaw is None


def test_all_or_nothing(ledger: Ledger, policies: Policies, proposer: Actor, tmp_path: Path) -> None:
    """One bad row, or one that does not name its firm, and nothing is granted; every such row is named."""
    frame = rows_of(LOANS)
    bad = frame.with_columns(
        pl.Series("interest_accrued", ["x", *frame["interest_accrued"][1:-1], None]),
    )
    with pytest.raises(InvalidRows) as refused:
        grant(ledger, policies, proposer, write(bad, tmp_path / "bad.csv"), "loan_interest")
    assert [one.pointer for one in refused.value.defects] == [
        "bad.csv 2: interest_accrued",
        "bad.csv 13: interest_accrued",
    ]
    nameless = frame.with_columns(pl.Series("applicant_id", [*frame["applicant_id"][:-1], None]))
    with pytest.raises(InvalidRows) as refused:
        grant(ledger, policies, proposer, write(nameless, tmp_path / "nameless.csv"), "loan_interest")
    assert [(one.pointer, one.code) for one in refused.value.defects] == [
        ("nameless.csv 13: applicant_id", "grant_needs_key")
    ]
    assert all_grants(ledger) == []
    assert not list(tmp_path.glob("*-out.csv"))


def test_duplicates_are_held(
    service: Service, ledger: Ledger, policies: Policies, proposer: Actor, tmp_path: Path
) -> None:
    """A receipt that was paid before, or stands in an earlier row, is held with the other grant named."""
    json_of(service.propose(loan("R1", "F9")), 201)
    file = write(rows_of([loan("r1"), loan("R2", "F2"), loan("Ｒ2", "F3")]), tmp_path / "in.csv")
    _, target = grant(ledger, policies, proposer, file, "loan_interest")
    assert pl.read_csv(target)["state"].to_list() == ["manual_review", "reserved", "manual_review"]
    held = [[name for one in grant.duplicates for name in one["grants"]] for grant in all_grants(ledger)]
    assert held == [[], ["loan_interest-2027-000001"], [], ["loan_interest-2027-000003"]]


@pytest.mark.parametrize(
    "measure", ["platform_equipment", "platform_operator", "loan_interest", "national_cluster_award"]
)
def test_random_files(ledger: Ledger, policies: Policies, proposer: Actor, measure: str, tmp_path: Path) -> None:
    """Files of every kind of measure: each grant comes out again, sums agree, the log holds."""
    chance = Random(5)
    lines = some_request(chance, policies, measure, 80, {})["lines"]
    for number, line in enumerate(lines):
        line.pop("line_id", None)
        for name in ("town_id", "applicant_id", "project_id", "contract_number"):
            if name in policies.newest.measures[measure].inputs or name in policies.facts:
                line.setdefault(name, f"N{number % 7}")
    report, _ = grant(ledger, policies, proposer, write(table(lines), tmp_path / "in.csv"), measure)
    grants = all_grants(ledger)
    assert grants
    assert report.totals[measure].granted == sum(one.amount for one in grants)
    assert replay(ledger, policies).counts["identical"] == len(grants)
    assert verify(ledger).flaw is None


def test_options_that_do_not_go_with_it(tmp_path: Path) -> None:
    """A file is granted as one measure, without explanation or history of its own."""
    with pytest.raises(Refused) as refused:
        refuse_options(Options("all", explain=True), tmp_path / "history.csv")
    assert [one.code for one in refused.value.defects] == [
        "grants_one_measure",
        "grants_explain_themselves",
        "ledger_knows",
    ]


def test_group_too_large(ledger: Ledger, policies: Policies, proposer: Actor, tmp_path: Path) -> None:
    """A grant takes 1,000 lines: a town with more payments is to be split."""
    body = advertisement("I")
    body["lines"] = [body["lines"][0] | {"invoice_number": f"I{number}"} for number in range(1001)]
    with pytest.raises(InvalidRows) as refused:
        grant(ledger, policies, proposer, write(rows_of([body]), tmp_path / "in.csv"), "advertising")
    assert [one.code for one in refused.value.defects] == ["group_too_large"]


def test_over_http(service: Service, ledger: Ledger) -> None:
    """POST /v1/batches/{measure}?grant=true takes a proposer's key, and the same request again grants nothing."""
    data = rows_of(LOANS).write_csv().encode()
    headers = {"Content-Type": "text/csv", "Idempotency-Key": "file-1"}
    path = "/v1/batches/loan_interest?grant=true"
    assert service.client.post(path, data=data, headers=headers).status_code == 401
    assert service.client.post(path, data=data, headers=headers | service.headers("approver")).status_code == 403
    own = headers | service.headers("proposer")
    answers = [service.client.post(path, data=data, headers=own) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].data == answers[1].data
    assert b"loan_interest-2027-000001,reserved" in answers[0].data
    assert json_of(service.client.post(path, data=data.replace(b"2027-01-01", b"2027-13-01", 1), headers=own), 422)[
        "errors"
    ]
    assert json_of(service.client.post(path, data=data[: data.index(b"\n", 200) + 1], headers=own), 409)["title"]
    assert json_of(service.client.post(path + "&explain=true", data=data, headers=own), 422)["errors"]
    for one in answers:
        one.close()
    plain = service.client.post(
        "/v1/batches/loan_interest?grant=false", data=data, headers={"Content-Type": "text/csv"}
    )
    assert plain.status_code == 200
    assert b"grant_id" not in plain.data
    plain.close()
    assert json_of(service.get(f"/v1/grants/{all_grants(ledger)[0].id}"))["state"] == "reserved"


def test_by_command(url: str, ledger: Ledger, tmp_path: Path) -> None:
    """`batch --grant` takes a proposer's key from the environment, tells what is wrong, and never shows the key."""
    _, token = create_key(ledger, "李伟", "proposer", by="root")
    file = write(rows_of(LOANS), tmp_path / "in.csv")
    command = ["batch", "loan_interest", str(file), "-o", str(tmp_path / "out.xlsx"), "--grant"]
    environment = {"DATABASE_URL": url, "LC_ALL": "en_US.UTF-8", "TOWN_SUBSIDY_KEY": ""}
    keyless = CliRunner().invoke(main, command, env=environment)
    assert (keyless.exit_code, "TOWN_SUBSIDY_KEY" in keyless.output) == (2, True)
    granted = CliRunner().invoke(main, command, env=environment | {"TOWN_SUBSIDY_KEY": token})
    assert granted.exit_code == 0, granted.output
    again = CliRunner().invoke(main, [*command, "--key", token], env=environment)
    assert (again.exit_code, again.output) == (0, granted.output)
    assert token not in granted.output
    bad = write(rows_of([loan(interest_paid_days=-1)]), tmp_path / "bad.csv")
    refused = CliRunner().invoke(
        main, [*command[:2], str(bad), *command[3:]], env=environment | {"TOWN_SUBSIDY_KEY": token}
    )
    assert refused.exit_code == 3
    assert "bad.csv 2: interest_paid_days" in refused.output
    assert "Nothing was granted" in refused.output
    same = CliRunner().invoke(main, ["replay"], env=environment)
    assert same.exit_code == 0, same.output
    other = CliRunner().invoke(
        main, ["replay", "--reading", "rounding=floor_hundred_yuan", "-o", str(tmp_path / "moved.csv")], env=environment
    )
    assert other.exit_code == 3, other.output
    moved = pl.read_csv(tmp_path / "moved.csv", infer_schema=False)
    assert set(moved["measure"]) == {"loan_interest"}
    diff = CliRunner().invoke(
        main,
        ["policies", "diff", "jzbf-2026-3", "jzbf-2026-3", "--reading", "rounding=floor_hundred_yuan", "--ledger"],
        env=environment,
    )
    assert diff.exit_code == 0, diff.output
    assert "T1" in diff.output


def test_the_log_says_what_was_granted(ledger: Ledger, policies: Policies, proposer: Actor, tmp_path: Path) -> None:
    """One entry of the log holds what came of the file, before those of its grants."""
    grant(
        ledger,
        policies,
        proposer,
        write(rows_of([recognition(), recognition("T2")]), tmp_path / "in.csv"),
        "national_cluster_award",
    )
    with ledger.reading() as connection:
        verbs = [row.verb for row in connection.execute(LOG.select().order_by(LOG.c.seq))]
    assert verbs[-3:] == ["grant-file", "propose", "propose"]
