"""Money that was granted before there was a ledger counts like any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import Conflict, Refused
from service.ledger.database import Ledger
from service.ledger.history import import_history
from service.ledger.verifying import verify
from service.policies import Policies
from tests.ledger.asking import award, loan, recognition
from tests.ledger.service import Service, json_of

LOANS = """\
申报年度,专业镇级别,属于主导产业,统一社会信用代码,借据编号,放款本金,放款日期,付息天数,年度利息发生额,补助金额
2027,provincial_key,是,F1,R-OLD,60000000.00,2027-01-01,365,3000000.00,900000.00
2027,provincial_key,是,F1,R-NIL,1000000.00,2027-01-01,0,50000.00,0.00
2026,provincial_key,是,F1,R-26,1000000.00,2026-02-01,300,50000.00,12328.77
"""


def written(folder: Path, text: str) -> Path:
    """Write a history and return the file."""
    file = folder / "earlier.csv"
    file.write_text(text, "utf-8")
    return file


def test_history_counts(ledger: Ledger, service: Service, policies: Policies, tmp_path: Path) -> None:
    """What is left of a ceiling, and which receipts are taken, is known from the file; it is counted once only."""
    file = written(tmp_path, LOANS)
    found = import_history(ledger, policies, file, "loan_interest", by="root")
    assert (found.rows, found.amount) == (2, 91_232_877)
    limits = json_of(service.get("/v1/limits", year=2027))["limits"]
    assert [(one["group"]["applicant_id"], one["paid"], one["remaining"]) for one in limits] == [
        ("F1", "900000.00", "100000.00")
    ]
    grant = json_of(service.propose(loan("R-NEW")), 201)
    assert (grant["amount"], grant["state"]) == ("100000.00", "reserved")
    held = json_of(service.propose(loan("r-old", "F2")), 201)
    assert held["state"] == "manual_review"
    assert held["duplicates"][0]["grants"][0].startswith("import-")
    assert json_of(service.propose(loan("R-NIL", "F2")), 201)["state"] == "reserved"
    with pytest.raises(Conflict, match="history-known"):
        import_history(ledger, policies, file, "loan_interest", by="root")
    assert verify(ledger).flaw is None


def test_rows_that_name_nobody_are_refused(ledger: Ledger, policies: Policies, tmp_path: Path) -> None:
    """A row whose group is not named, or that cannot be read, stops the import: what is left would be wrong."""
    for wrong in (LOANS.replace(",F1,R-26", ",,R-26"), LOANS.replace("2026-02-01", "2026-02-30")):
        with pytest.raises(Refused) as refused:
            import_history(ledger, policies, written(tmp_path, wrong), "loan_interest", by="root")
        assert refused.value.defects[0].facts["rows"] == "4"
    assert verify(ledger).entries == 0


def test_a_project_without_a_name_counts_for_its_town_only(
    ledger: Ledger, service: Service, policies: Policies, tmp_path: Path
) -> None:
    """A project that has no number shares nothing with another but the town's pool."""
    file = written(
        tmp_path,
        "town_id,town_tier,evaluation_result,evaluation_published_on,is_leading_industry,project_id,"
        "equipment_investment,in_production_on,proposed_award,amount\n"
        "T1,provincial_key,excellent,2027-05-01,true,,6000000.00,2027-03-01,1000000.00,1000000.00\n"
        "T1,provincial_key,excellent,2027-05-01,true,P2,6000000.00,2027-03-01,900000.00,900000.00\n",
    )
    import_history(ledger, policies, file, "project_award", by="root")
    assert json_of(service.propose(award("P2", amount="500000.00")), 201)["amount"] == "100000.00"
    left = {one["limit"]: one["remaining"] for one in json_of(service.get("/v1/limits"))["limits"]}
    assert left == {"pool_cap": "1000000.00", "project_cap": "0.00"}


def test_a_town_that_was_awarded_before(ledger: Ledger, service: Service, policies: Policies, tmp_path: Path) -> None:
    """What a town is awarded once is held when it was awarded before the ledger."""
    file = written(tmp_path, "town_id,town_tier,recognised_on,amount\nT1,provincial_key,2026-03-01,3000000.00\n")
    import_history(ledger, policies, file, "national_cluster_award", by="root")
    assert json_of(service.propose(recognition("T1")), 201)["state"] == "manual_review"
    assert json_of(service.propose(recognition("T2")), 201)["state"] == "reserved"
