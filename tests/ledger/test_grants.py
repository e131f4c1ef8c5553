"""Grants over HTTP: calculated on what the ledger knows, reserved, decided, paid, recovered."""

from __future__ import annotations

import orjson
import pytest

from service.ledger.database import Ledger
from service.ledger.verifying import verify
from tests.ledger.asking import advertisement, award, loan, recognition
from tests.ledger.service import Body, Service, json_of


def test_a_grant_is_what_a_calculation_says(service: Service) -> None:
    """The result is that of the calculation of the grant's request, byte for byte; the ledger fills in the history."""
    for receipt in range(7):
        json_of(service.propose(loan(f"R{receipt}")), 201)
    assert json_of(service.propose(loan("R7")), 422)["result"]["rule"] == "firm_cap"
    first = json_of(service.get("/v1/grants", measure="loan_interest"))["grants"]
    assert [one["amount"] for one in first] == ["150000.00"] * 6 + ["100000.00"]
    last = json_of(service.get(f"/v1/grants/{first[-1]['id']}"))
    group = {"applicant_id": "F1", "application_year": 2027}
    assert last["request"]["granted_before"] == [{"amount": "900000.00", "group": group, "limit": "firm_cap"}]
    assert last["result"]["rule"] == "firm_cap"
    calculated = service.client.post(
        "/v1/calculations/loan_interest", json=last["request"], headers={"Accept-Language": "en"}
    )
    raw = service.get(f"/v1/grants/{last['id']}").data
    assert calculated.data in raw
    assert "label" in last["result"]["lines"][0]["limits"][0]


def test_a_grant_goes_its_way(service: Service, ledger: Ledger) -> None:
    """Reserved, approved, paid, recovered in two parts; each step is seen in the limits and in the log."""
    grant = json_of(service.propose(loan()), 201)
    assert (grant["id"], grant["state"], grant["amount"]) == ("loan_interest-2027-000001", "reserved", "150000.00")
    seen = [limits_of(service)]
    for verb, body, state in [
        ("approve", {"note": "材料齐全"}, "approved"),
        ("pay", {"paid_on": "2027-12-01", "payee": "F1", "reference": "B1"}, "paid"),
        ("recover", {"amount": "1.00", "reason": "too much"}, "recovered"),
        ("recover", {}, "recovered"),
    ]:
        grant = json_of(service.step(grant["id"], verb, body))
        assert grant["state"] == state
        seen.append(limits_of(service))
    assert seen == [
        ("150000.00", "0.00", "0.00", "0.00", "850000.00"),
        ("0.00", "150000.00", "0.00", "0.00", "850000.00"),
        ("0.00", "0.00", "150000.00", "0.00", "850000.00"),
        ("0.00", "0.00", "149999.00", "1.00", "850001.00"),
        ("0.00", "0.00", "0.00", "150000.00", "1000000.00"),
    ]
    assert (grant["paid"], grant["recovered"]) == ("150000.00", "150000.00")
    log = json_of(service.get(f"/v1/grants/{grant['id']}"))["log"]
    assert [entry["verb"] for entry in log] == ["propose", "approve", "pay", "recover", "recover"]
    assert log[2]["payload"]["reference"] == "B1"
    assert {entry["actor"] for entry in log[1:]} == {"The approver"}
    assert json_of(service.step(grant["id"], "recover"), 409)["detail"].startswith("All of loan_interest-2027")
    assert verify(ledger).flaw is None


def limits_of(service: Service) -> tuple[str, ...]:
    """Return the one limit that there is: reserved, granted, paid, recovered, remaining."""
    (limit,) = json_of(service.get("/v1/limits"))["limits"]
    return tuple(limit[name] for name in ("reserved", "granted", "paid", "recovered", "remaining"))


def test_the_same_key_is_the_same_grant(service: Service) -> None:
    """A retry answers the grant as it stands now and stores nothing; another body under that key is a conflict."""
    first = json_of(service.propose(loan(), "one"), 201)
    again = json_of(service.propose(dict(reversed(loan().items())), "one"), 200)
    assert again == first
    problem = json_of(service.propose(loan("R2"), "one"), 409)
    assert first["id"] in problem["detail"]
    json_of(service.step(first["id"], "release"))
    assert json_of(service.propose(loan(), "one"), 200)["state"] == "released"
    assert len(json_of(service.get("/v1/grants"))["grants"]) == 1


def test_a_key_is_demanded_in_words(service: Service) -> None:
    """Without an Idempotency-Key, or with one that cannot be one, nothing is stored."""
    headers = service.headers("proposer")
    problem = json_of(service.client.post("/v1/grants", json=loan(), headers=headers), 400)
    assert "Idempotency-Key" in problem["detail"]
    json_of(service.propose(loan(), "a b"), 400)
    json_of(service.propose(loan(), "x" * 129), 400)
    assert json_of(service.get("/v1/grants"))["grants"] == []


@pytest.mark.parametrize(
    ("body", "status", "rule"),
    [
        (loan(interest_paid_days=0), "ineligible", "zero_days"),
        (loan(disbursed_on="2020-01-01", application_year=2020), "not_in_force", "no_policy"),
        ({"measure": "little_giant", "lines": [{}]}, "referenced", "by_other_rule"),
    ],
)
def test_nothing_due_is_nothing_stored(service: Service, body: Body, status: str, rule: str) -> None:
    """What is not eligible, not in force or paid under other rules is refused with the whole result."""
    problem = json_of(service.propose(body), 422)
    assert problem["type"] == "/problems/nothing-to-grant"
    assert problem["result"]["status"] == status
    if status != "not_in_force":
        assert problem["result"]["rule"] == rule
    assert json_of(service.get("/v1/grants"))["grants"] == []


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"lines": [{}]}, "/measure", "missing"),
        ({"measure": 1, "lines": [{}]}, "/measure", "not_text"),
        (loan() | {"granted_before": []}, "/granted_before", "ledger_knows"),
        (loan(firm=None), "/lines/0/applicant_id", "grant_needs_key"),  # type: ignore[arg-type]
        (award(None), "/lines/0/project_id", "grant_needs_key"),  # type: ignore[arg-type]
        (recognition(None), "/lines/0/town_id", "grant_needs_key"),  # type: ignore[arg-type]
        (advertisement("I") | {"readings": {"ad_rate_base": "excess"}}, "/readings/ad_rate_base", "reading_not_in_use"),
        (loan(interest_accrued="-1"), "/lines/0/interest_accrued", "not_yuan"),
    ],
)
def test_what_cannot_be_granted_is_told(service: Service, body: Body, pointer: str, code: str) -> None:
    """A proposal that is not usable is refused with pointers and words, and nothing is stored."""
    problem = json_of(service.propose(body), 422)
    assert (pointer, code) in {(one["pointer"], one["code"]) for one in problem["errors"]}
    assert json_of(service.get("/v1/grants"))["grants"] == []


def test_readings_in_use_may_be_named(service: Service) -> None:
    """A reading that is in use anyway changes nothing and may stand in the request."""
    json_of(service.propose(advertisement("I1") | {"readings": {"ad_rate_base": "whole"}}), 201)


def test_verbs_keep_to_the_states(service: Service) -> None:
    """A verb that the state does not allow answers 409 and says which states would."""
    grant = json_of(service.propose(loan()), 201)
    for verb in ("pay", "recover"):
        assert "reserved" in json_of(service.step(grant["id"], verb), 409)["detail"]
    assert "approved" in json_of(service.step(grant["id"], "pay"), 409)["detail"]
    json_of(service.step(grant["id"], "approve"))
    json_of(service.step(grant["id"], "approve"), 409)
    json_of(service.step(grant["id"], "release", {"reason": "withdrawn"}))
    for verb in ("approve", "release", "pay", "recover"):
        json_of(service.step(grant["id"], verb), 409)
    assert limits_of(service)[-1] == "1000000.00"
    json_of(service.step("loan_interest-2027-999999", "approve"), 404)


def test_bodies_of_verbs_are_checked(service: Service) -> None:
    """All that is wrong with the body of a verb is told at once, and nothing happens."""
    grant = json_of(service.propose(loan()), 201)
    json_of(service.step(grant["id"], "approve"))
    problem = json_of(service.step(grant["id"], "pay", {"paid_on": "1.12.2027", "payee": "", "what": 1}), 422)
    assert {one["pointer"] for one in problem["errors"]} == {"/paid_on", "/payee", "/what"}
    json_of(service.step(grant["id"], "pay"))
    for amount in ("0.00", "150000.01"):
        json_of(service.step(grant["id"], "recover", {"amount": amount}), 422)
    problem = json_of(service.step(grant["id"], "recover", {"amount": 1, "reason": "x" * 501, "note": "a\nb"}), 422)
    assert [one["code"] for one in problem["errors"]] == ["yuan_as_number", "remark_length", "text_characters"]
    malformed = service.client.post(
        f"/v1/grants/{grant['id']}/recover", data=b"{", headers=service.headers("approver"), content_type="text/json"
    )
    assert malformed.status_code == 415
    nothing = service.client.post(f"/v1/grants/{grant['id']}/recover", headers=service.headers("approver"))
    assert json_of(nothing)["recovered"] == "150000.00"


def test_what_is_to_be_reviewed_is_held(service: Service) -> None:
    """A line that only an officer can judge is stored with its zero, and cannot be approved as nothing."""
    line = {
        "town_tier": "provincial_key",
        "platform_type": "other",
        "project_id": "P1",
        "hardware_investment": "100.00",
        "software_investment": "0.00",
        "completed_on": "2027-01-01",
    }
    grant = json_of(service.propose({"measure": "platform_equipment", "lines": [line]}), 201)
    assert (grant["state"], grant["amount"]) == ("manual_review", "0.00")
    assert "zero" in json_of(service.step(grant["id"], "approve", {"reason": "good"}), 409)["detail"]
    assert json_of(service.step(grant["id"], "release"))["state"] == "released"


def test_lists_are_chosen_and_paged(service: Service) -> None:
    """Grants and limits are found by measure, state, town, firm and year, and come in pages."""
    grants = [json_of(service.propose(loan(f"R{n}", f"F{n}")), 201) for n in range(5)]
    other = json_of(service.propose(award("P1", "T2")), 201)
    json_of(service.step(grants[0]["id"], "approve"))

    def ids(**query: object) -> list[str]:
        return [one["id"] for one in json_of(service.get("/v1/grants", "auditor", **query))["grants"]]

    assert ids(measure="project_award") == ids(town_id="T2") == [other["id"]]
    assert ids(state="approved") == ids(applicant_id="F0") == [grants[0]["id"]]
    assert len(ids(year=2027)) == 6
    assert ids(year=2026) == []
    for path, name, size in (("/v1/grants", "grants", 6), ("/v1/limits", "limits", 7)):
        found: list[Body] = []
        cursor: dict[str, str] = {}
        while True:
            page = json_of(service.get(path, "auditor", page_size=2, **cursor))
            found += page[name]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert len({orjson.dumps(one) for one in found}) == len(found) == size
    town = json_of(service.get("/v1/limits", town_id="T2", year=2027, measure="project_award"))["limits"]
    assert [(one["limit"], one["ceiling"], one["reserved"]) for one in town] == [("pool_cap", "3000000.00", "37777.77")]
    assert json_of(service.get("/v1/limits", applicant_id="F9"))["limits"] == []
    for path in ("/v1/grants", "/v1/limits"):
        for query in ({"year": "x"}, {"page_size": 501}, {"cursor": "?"}, {"measure": "none"}, {"what": "1"}):
            json_of(service.get(path, "auditor", **query), 422)


def test_several_groups_in_one_grant(service: Service, ledger: Ledger) -> None:
    """A grant of several firms takes from each its own, and gives it back; a recovery takes them in their order."""
    lines = [loan(f"R{n}")["lines"][0] | {"applicant_id": f"F{n}"} for n in (1, 2)]
    body = loan() | {"lines": lines}
    del body["facts"]["applicant_id"]
    grant = json_of(service.propose(body), 201)
    assert (grant["amount"], grant["applicant_id"]) == ("300000.00", None)
    json_of(service.step(grant["id"], "approve"))
    json_of(service.step(grant["id"], "pay"))
    json_of(service.step(grant["id"], "recover", {"amount": "200000.00"}))
    left = {one["group"]["applicant_id"]: one["paid"] for one in json_of(service.get("/v1/limits"))["limits"]}
    assert left == {"F1": "0.00", "F2": "100000.00"}
    json_of(service.step(grant["id"], "recover"))
    assert verify(ledger).flaw is None


@pytest.mark.parametrize("name", ["%00", "x%00y"])
def test_nothing_is_called_by_what_no_database_takes(service: Service, name: str) -> None:
    """PostgreSQL refuses NUL: such a name is nobody's, wherever it stands in a path."""
    for path in (f"/v1/grants/{name}", f"/v1/grants/{name}/replay", f"/v1/audits/{name}"):
        json_of(service.get(path), 404)
    json_of(service.get(f"/v1/exports/decisions/{name}"), 404)
    json_of(service.step(name, "approve"), 404)
    page = service.client.get(f"/zh/grants/{name}/decision")
    assert (page.status_code, page.mimetype) == (404, "text/html")
