"""A year of grants of five towns, and the workbook of payments that finance would make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter
from stdnum.cn import uscc

from service.ledger.books import Grant
from service.ledger.database import Ledger
from service.ledger.grants import propose
from service.ledger.keys import Actor
from service.ledger.verbs import change, today
from service.money import fen_of, yuan
from service.policies import Policies
from tests.ledger.asking import advertisement, award, loan, recognition

TOWNS = ["T1", "T2", "T3", "T4", "T5"]
FIRMS_PER_TOWN = 3
HEADERS = ["拨付编号", "收款单位代码", "措施", "专业镇编码", "支付日期", "支付金额（元）", "年度", "支付凭证号", "备注"]
TODAY = date.fromisoformat(today())


def firm(town: int, number: int) -> str:
    """Return a valid credit code."""
    body = f"9114{town:02d}{number:02d}MA0{town}{number}XY00"
    return body + uscc.calc_check_digit(body)


@dataclass
class Payment:
    """A row of finance's workbook."""

    grant: str | None
    payee: str | None
    measure: str | None
    town: str | None
    paid_on: date | None
    amount: str
    year: int | None
    reference: str | None
    remark: str = ""

    def cells(self) -> list[Any]:
        """Write the row out."""
        return [
            self.grant, self.payee, self.measure, self.town, self.paid_on, self.amount, self.year, self.reference,
            self.remark,
        ]  # fmt: skip


@dataclass
class Year:
    """What was granted: approved and to be paid, paid in the ledger already, never approved, released."""

    approved: list[Grant] = field(default_factory=list)
    paid: list[Grant] = field(default_factory=list)
    never_approved: list[Grant] = field(default_factory=list)
    released: list[Grant] = field(default_factory=list)
    at_ceiling: list[Grant] = field(default_factory=list)


def grant_a_year(ledger: Ledger, policies: Policies, proposer: Actor, approver: Actor) -> Year:
    """Grant loans, advertising, projects and recognitions in five towns through the library."""
    made: list[Grant] = []

    def grant(body: dict[str, Any]) -> Grant:
        made.append(propose(ledger, policies, body, f"year-{len(made)}", proposer)[0])
        return made[-1]

    for town, town_id in enumerate(TOWNS, 1):
        for number in range(FIRMS_PER_TOWN):
            code = firm(town, number)
            principal = f"{(3 + town + number) * 1_000_000}.00"
            loans = [loan(f"R{town}{number}{n}", code, disbursed_amount=principal) for n in range(2)]
            for body in loans:
                body["facts"]["town_id"] = town_id
                grant(body)
            paid = f"{600_000 + 12_345 * town + number}.00"
            grant(advertisement(f"I{town}{number}", code, paid, town_id=town_id))
        grant(award(f"P{town}", town_id, f"{30_000 + town}.77"))
    grant(recognition("T2"))
    year = Year(at_ceiling=[grant(loan(f"C{n}", firm(1, 9))) for n in range(7)])
    assert sum(one.amount for one in year.at_ceiling) == 100_000_000
    year.never_approved, year.released = [made[0]], [made[1]]
    for one in made[1:]:
        change(ledger, one.id, "approve", {"note": "材料齐全"}, approver)
    change(ledger, made[1].id, "release", {"reason": "企业撤回"}, approver)
    for number, one in enumerate(made[2:6]):
        body = {"paid_on": today(), "payee": one.applicant_id or one.town_id, "reference": f"BK-{number:04d}"}
        change(ledger, one.id, "pay", body, approver)
    year.paid = made[2:6]
    year.approved = [one for one in made[6:] if one not in year.at_ceiling]
    return year


def payments(policies: Policies, year: Year) -> list[Payment]:
    """Pay everything that is due, right: what the ledger holds as paid under the same references."""
    titles = {name: one.title.zh for name, one in policies.newest.measures.items()}
    rows = []
    for number, one in enumerate([*year.paid, *year.at_ceiling, *year.approved]):
        amount = f"{one.amount // 100}.{one.amount % 100:02d}"
        reference = f"BK-{number:04d}"
        rows.append(
            Payment(one.id, one.applicant_id, titles[one.measure], one.town_id, TODAY, amount, one.year, reference)
        )
    return rows


def write_payments(path: Path, rows: Sequence[Payment]) -> Path:
    """Write a workbook as finance would: a title, a header, a row of sums."""
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet("支付明细")
        sheet.merge_range(0, 0, 0, len(HEADERS) - 1, "2027年度专业镇补助资金支付明细表")
        sheet.write_row(1, 0, HEADERS)
        for place, row in enumerate(rows, 2):
            for column, cell in enumerate(row.cells()):
                if isinstance(cell, date):
                    sheet.write_datetime(place, column, cell, day)
                elif column == HEADERS.index("支付金额（元）") and cell.replace(".", "").isdigit():
                    sheet.write_number(place, column, float(cell))
                elif cell is not None:
                    sheet.write(place, column, cell)
        sheet.write(len(rows) + 2, 0, "合计")
        sheet.write_formula(len(rows) + 2, 5, f"=SUM(F3:F{len(rows) + 2})", None, 1)
    return path


def day_before() -> date:
    """Return the day before the approvals of the tests."""
    return TODAY - timedelta(days=1)


def of(rows: list[Payment], grant: Grant) -> Payment:
    """Find the payment of a grant."""
    return next(row for row in rows if row.grant == grant.id)


def more(text: str, fen: int) -> str:
    """Change an amount."""
    return yuan(fen_of(text) + fen)


class Planted:
    """The rows of a workbook with errors in them: kind and fen at stake by row."""

    def __init__(self, rows: list[Payment]) -> None:
        self.rows = rows
        self.errors: list[tuple[Payment, str, str]] = []

    def add(self, row: Payment, kind: str, at_stake: str | None = None) -> None:
        """Note that a row has an error."""
        self.errors.append((row, kind, row.amount if at_stake is None else at_stake))

    def further(self, row: Payment, kind: str) -> None:
        """Add a row that is an error."""
        self.rows.append(row)
        self.add(row, kind)

    def expected(self) -> dict[int, tuple[str, str]]:
        """Tell kind and fen at stake by the number of the row, as a spreadsheet shows it."""
        places = {id(row): place for place, row in enumerate(self.rows, 3)}
        return {places[id(row)]: (kind, at_stake) for row, kind, at_stake in self.errors}


def plant(rows: list[Payment], year: Year) -> Planted:
    """Plant errors of every kind."""
    approved, planted = year.approved, Planted(rows)
    over, under, payee, early, period, purpose, unreadable = (of(rows, approved[n]) for n in range(3, 24, 3))
    over.amount = more(over.amount, 1)
    planted.add(over, "over", "0.01")
    under.amount = more(under.amount, -100_000)
    planted.add(under, "under", "1000.00")
    payee.payee = firm(5, 8)
    planted.add(payee, "other_payee")
    early.paid_on = TODAY - timedelta(days=1)
    planted.add(early, "before_approval")
    period.year = 2028
    planted.add(period, "wrong_period")
    purpose.town = "T5" if purpose.town != "T5" else "T4"
    planted.add(purpose, "other_purpose")
    unreadable.amount = "壹万元"
    planted.add(unreadable, "invalid", "0.00")
    ceiling = of(rows, year.at_ceiling[2])
    ceiling.amount = more(ceiling.amount, 5_000_000)
    planted.add(ceiling, "above_ceiling", "50000.00")
    elsewhere = of(rows, year.paid[1])
    elsewhere.reference = "BK-9002"
    planted.add(elsewhere, "duplicate")
    planted.further(replace(of(rows, approved[1]), reference="BK-9001"), "duplicate")
    unknown = Payment("loan_interest-2027-990001", firm(3, 7), None, "T3", TODAY, "88888.88", 2027, "BK-9003")
    planted.further(unknown, "unknown")
    for grant, reference in ((year.never_approved[0], "BK-9004"), (year.released[0], "BK-9005")):
        amount = yuan(grant.amount)
        row = Payment(grant.id, grant.applicant_id, None, grant.town_id, TODAY, amount, grant.year, reference)
        planted.further(row, "before_approval")
    return planted
