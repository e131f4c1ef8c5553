"""Grants by a browser: found, approved many at once, paid, recovered; every refusal in words at its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from itertools import count

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.ledger.books import Grant, grant_of
from service.ledger.database import Ledger
from service.ledger.grants import propose
from service.ledger.keys import Actor, create_key
from service.policies import Policies
from tests.ledger.asking import Body, award, loan
from tests.ledger.conftest import person
from tests.web.bureau.sending import rows_of, submit, text_of
from tests.web.visiting import sign_in

Signed = Callable[[str], FlaskClient]
Propose = Callable[..., str]


@pytest.fixture
def proposed(ledger: Ledger, policies: Policies) -> Propose:
    """Return a function that proposes, by Li Wei if nobody else is named, and returns the grant's id."""
    someone, names = person(ledger, "李伟", "proposer"), map(str, count())

    def made(body: Body, actor: Actor = someone) -> str:
        return propose(ledger, policies, body, next(names), actor)[0].id

    return made


def now(ledger: Ledger, grant_id: str) -> Grant:
    """Read a grant as it stands."""
    with ledger.reading() as connection:
        return grant_of(connection, grant_id)


def take(client: FlaskClient, grant_id: str, verb: str, **fields: str) -> int:
    """Press the button of a step on the page of a grant; return the status of the answer."""
    page = f"/zh/grants/{grant_id}"
    seen = re.search(r'name="seen" value="(\d+)"', client.get(page).text)
    return submit(client, page, f"{page}/{verb}", seen=seen[1] if seen else "", **fields).status_code


def test_the_list_is_chosen_by_filters(signed_in: Signed, proposed: Propose) -> None:
    """By measure, state, town, applicant and year; with the sum of the page; in both languages."""
    loans = [proposed(loan(f"R{number}", f"F{number}")) for number in range(3)]
    other = proposed(award("P1", "T2"))
    client = signed_in("auditor")

    def listed(**query: str) -> list[str]:
        page = client.get("/zh/grants", query_string=query)
        assert page.status_code == 200
        return re.findall(r'href="/zh/grants/([^"?]+)"', page.text)

    assert listed() == [*loans, other]
    assert listed(measure="loan_interest", town_id="", applicant_id=" ") == loans
    assert listed(town_id="T2") == [other]
    assert listed(applicant_id="F1", state="reserved", year="2027") == [loans[1]]
    assert listed(state="paid") == listed(year="2030") == []
    page = client.get("/zh/grants?measure=loan_interest").text
    assert "450,000.00" in page
    assert "年度新增贷款贴息" in page
    assert "已预留" in page
    assert "Held" not in client.get("/en/grants").text
    assert "reserved" in client.get("/en/grants").text
    assert 'type="checkbox"' not in page


@pytest.mark.parametrize("query", ["year=x", "measure=nonsense", "state=x", "cursor=x", "town_id=%E2%80%AEx"])
def test_a_filter_that_is_none_is_told(signed_in: Signed, query: str) -> None:
    """The form stays, with the sentence for the field."""
    page = signed_in("auditor").get(f"/zh/grants?{query}")
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert "没有符合条件" not in page.text  # nobody looked


def test_the_list_goes_on(signed_in: Signed, proposed: Propose) -> None:
    """A hundred to a page, none twice and none left out."""
    grants = [proposed(loan(f"R{number}", f"F{number}")) for number in range(103)]
    client, found, address = signed_in("approver"), [], "/zh/grants?measure=loan_interest"
    while address:
        page = client.get(address).text
        found.append(re.findall(r'href="/zh/grants/([^"?]+)"', page))
        onward = re.search(r'href="([^"]+)" rel="next"', page)
        address = onward[1].replace("&amp;", "&") if onward else ""
    assert [len(one) for one in found] == [100, 3]
    assert [one for page in found for one in page] == grants


def test_too_many_at_once_are_refused_before_any_is_approved(
    signed_in: Signed, proposed: Propose, ledger: Ledger
) -> None:
    """Nothing beyond the limit is dropped in silence."""
    grant = proposed(loan())
    many = [grant, *(f"g{number}" for number in range(500))]
    told = submit(signed_in("approver"), "/zh/grants", "/zh/grants/approve", grant=many)
    assert told.status_code == 422
    assert "最多 500 条" in told.text
    assert now(ledger, grant).state == "reserved"


def test_many_are_approved_each_by_itself(signed_in: Signed, proposed: Propose, ledger: Ledger) -> None:
    """One's own, one held without a reason and one that is approved already are told why; the others go through."""
    grants = [proposed(loan(f"R{number}", f"F{number}")) for number in range(2)]
    own = proposed(loan("R7", "F7"), person(ledger, "王 芳", "proposer"))
    held = proposed(loan("R0", "F8"))
    client = signed_in("approver")
    assert client.get("/zh/grants").text.count('type="checkbox"') == 4
    page = submit(client, "/zh/grants", "/zh/grants/approve", grant=[*grants, own, held, grants[0], "x<b>"]).text
    assert "已批准 2 笔" in page
    assert "未批准 3 笔" in page
    assert "本人申报，须由他人批准" in page
    assert "x&lt;b&gt;" in page
    assert [now(ledger, one).state for one in (*grants, own, held)] == ["approved"] * 2 + ["reserved", "manual_review"]
    again = submit(client, "/zh/grants", "/zh/grants/approve", grant=[*grants, held], reason="已核对").text
    assert again.count("当前状态为“已批准”") == 2
    assert now(ledger, held).state == "approved"
    assert "没有选择" in submit(client, "/zh/grants", "/zh/grants/approve").text


def test_who_proposes_does_not_approve(signed_in: Signed, proposed: Propose, app: Flask, ledger: Ledger) -> None:
    """The role is told in words; the same person with an approver's key is told so, too."""
    grant = proposed(loan())
    clerk = signed_in("proposer")
    denied = submit(clerk, "/zh/batches", f"/zh/grants/{grant}/approve", seen="1")
    assert denied.status_code == 403
    assert "角色" in denied.text
    assert submit(clerk, "/zh/batches", "/zh/grants/approve", grant=grant).status_code == 403
    both = app.test_client()
    sign_in(both, create_key(ledger, "李伟", "approver", by="root")[1])
    own = submit(both, f"/zh/grants/{grant}", f"/zh/grants/{grant}/approve", seen="1")
    assert own.status_code == 409
    assert "须由他人批准" in own.text
    assert now(ledger, grant).state == "reserved"


def test_a_grant_is_taken_through_its_steps(signed_in: Signed, proposed: Propose, ledger: Ledger) -> None:
    """Approved, paid with day, payee and reference, recovered in part; the page tells all that happened."""
    grant = proposed(loan())
    client = signed_in("approver")
    assert take(client, grant, "approve") == 303
    assert take(client, grant, "pay", paid_on="2027-09-01", payee="F1", reference="PZ-1", note="<b>已付</b>") == 303
    assert take(client, grant, "recover", amount="50000.00", reason="提前还款") == 303
    page = client.get(f"/zh/grants/{grant}").text
    told = [row for row in rows_of(page) if len(row) == 6 and row[4] in {"已预留", "已批准", "已支付", "已收回"}]
    assert [row[1] for row in told] == ["申报", "批准", "支付", "收回"]
    assert "PZ-1" in told[2][5]
    assert "&lt;b&gt;已付" in page
    assert told[3][3] == "50,000.00"
    assert "150,000.00" in page
    assert "× 1.5% × 365 ÷ 365" in page
    assert "壹拾伍万元整" in page
    assert "壹拾伍万" not in client.get(f"/en/grants/{grant}").text
    assert "晋政办发" in text_of(page)
    assert now(ledger, grant).recovered == 5_000_000


def test_a_form_that_is_sent_twice_counts_once(signed_in: Signed, proposed: Propose, ledger: Ledger) -> None:
    """Money is not recovered again because somebody pressed again."""
    grant = proposed(loan())
    client = signed_in("approver")
    assert [take(client, grant, verb) for verb in ("approve", "pay")] == [303, 303]
    page = f"/zh/grants/{grant}"
    answered = [submit(client, page, f"{page}/recover", seen="3", amount="10.00", reason="x") for _ in range(2)]
    assert [one.status_code for one in answered] == [303, 409]
    assert "已有变动" in answered[1].text
    assert submit(client, page, f"{page}/recover", amount="10.00").status_code == 409
    assert now(ledger, grant).recovered == 1_000


@pytest.mark.parametrize("typed", ["1,000.50", "１０００.５０", " 1000.5 "])
def test_amounts_are_read_as_pages_write_them(signed_in: Signed, proposed: Propose, ledger: Ledger, typed: str) -> None:
    """With thousands commas, full-width or with blanks, as in the forms of applicants."""
    grant = proposed(loan())
    client = signed_in("approver")
    assert [take(client, grant, verb) for verb in ("approve", "pay")] == [303, 303]
    assert take(client, grant, "recover", amount=typed) == 303
    assert now(ledger, grant).recovered == 100_050


def test_what_is_recovered_whole_is_not_recovered_again(signed_in: Signed, proposed: Propose, ledger: Ledger) -> None:
    """In part it leads on to the rest; then no step is left."""
    grant = proposed(loan())
    client = signed_in("approver")
    assert [take(client, grant, verb) for verb in ("approve", "pay")] == [303, 303]
    assert take(client, grant, "recover", amount="0.01") == 303
    told = submit(client, f"/zh/grants/{grant}", f"/zh/grants/{grant}/recover", seen="4", amount="150000")
    assert told.status_code == 422
    assert "149,999.99 元" in told.text
    assert take(client, grant, "recover") == 303
    assert now(ledger, grant).recovered == 15_000_000
    assert f"{grant}/recover" not in client.get(f"/zh/grants/{grant}").text


def test_fields_are_called_by_their_labels(signed_in: Signed, proposed: Propose) -> None:
    """A held grant without a reason: what is missing is called as the form calls it, in both languages."""
    proposed(loan("R1", "F1"))
    held = proposed(loan("R1", "F2"))
    client = signed_in("approver")
    for lang, label in (("zh", "“理由”"), ("en", '"Reason"')):
        page = f"/{lang}/grants/{held}"
        told = unescape(submit(client, page, f"{page}/approve", seen="1").text)
        assert told.count(label) == 2
        assert not re.search('[“"]reason[”"][。.]', told)
        assert label in unescape(submit(client, page, f"/{lang}/grants/approve", grant=held).text)


def test_forms_that_are_not_ours_are_refused(signed_in: Signed, proposed: Propose, ledger: Ledger) -> None:
    """What a form says of the page it stood on is a number, or the form is none of ours."""
    grant = proposed(loan())
    page = f"/zh/grants/{grant}"
    for seen in ("x", "-1", "", "9" * 30):
        answered = submit(signed_in("approver"), page, f"{page}/release", seen=seen)
        assert answered.status_code == 400
        assert "表单已过期" in answered.text
    assert now(ledger, grant).state == "reserved"


@pytest.mark.parametrize(
    ("verb", "fields"),
    [
        ("pay", {"paid_on": "2027-02-30"}),
        ("pay", {"payee": "\u202eF1"}),
        ("release", {"reason": "x" * 501}),
        ("pay", {"paid_on": "x", "payee": "y" * 65, "note": "z" * 501}),
    ],
)
def test_defects_stand_at_their_fields(
    signed_in: Signed, proposed: Propose, ledger: Ledger, verb: str, fields: dict[str, str]
) -> None:
    """All at once, what was typed stays, nothing is done."""
    grant = proposed(loan())
    client = signed_in("approver")
    assert take(client, grant, "approve") == 303
    page = f"/zh/grants/{grant}"
    told = submit(client, page, f"{page}/{verb}", seen="2", **fields)
    assert told.status_code == 422
    assert told.text.count('aria-invalid="true"') == len(fields)
    for name in fields:
        assert f'id="{verb}-{name}-defect"' in told.text
    assert now(ledger, grant).state == "approved"


def test_steps_are_offered_to_who_may_take_them(signed_in: Signed, proposed: Propose) -> None:
    """Others read; a released grant leads nowhere."""
    grant = proposed(loan())
    for role in ("proposer", "auditor", "admin"):
        assert "/approve" not in signed_in(role).get(f"/zh/grants/{grant}").text
    client = signed_in("approver")
    page = client.get(f"/zh/grants/{grant}").text
    assert [verb for verb in ("approve", "release", "pay", "recover") if f"{grant}/{verb}" in page] == [
        "approve", "release",
    ]  # fmt: skip
    assert take(client, grant, "release", reason="撤回") == 303
    page = client.get(f"/zh/grants/{grant}").text
    assert not [verb for verb in ("approve", "release", "pay", "recover") if f"{grant}/{verb}" in page]
    assert "当前状态为“已释放”" in submit(client, "/zh/grants", f"/zh/grants/{grant}/approve", seen="2").text


def test_duplicates_lead_to_each_other(signed_in: Signed, proposed: Propose) -> None:
    """A number that occurs twice is named with the grant that has it."""
    first, second = proposed(loan("R1", "F1")), proposed(loan("R1", "F2"))
    page = signed_in("auditor").get(f"/zh/grants/{second}").text
    assert "借据编号" in page
    assert f'href="/zh/grants/{first}"' in page
    assert f"r1，另见 {first}" in text_of(page)
    assert f"r1, also in {first}" in text_of(signed_in("auditor").get(f"/en/grants/{second}").text)
    assert "待人工审核" in page


def test_grants_that_are_none(signed_in: Signed, visitor: FlaskClient) -> None:
    """A grant that there is not is told so, and nobody reads without signing in."""
    client = signed_in("auditor")
    assert client.get("/zh/grants/loan_interest-2027-000001").status_code == 404
    assert client.get("/zh/grants/%3Cb%3E").status_code == 404
    for address in ("/zh/grants", "/zh/grants/loan_interest-2027-000001"):
        assert visitor.get(address).status_code == 401
