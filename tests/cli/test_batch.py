"""`batch` and `template` on the command line: exit codes, totals, words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.batch.files import read, table, write
from tests.batch.test_bad_rows import GOOD
from tests.cli.conftest import Run


@pytest.mark.parametrize(("tier", "code"), [("provincial_key", 0), ("x", 3)])
def test_exit_codes_and_totals(tier: str, code: int, run: Run, tmp_path: Path) -> None:
    """0 when all rows are decided, 3 when some are not usable; the totals stand on stderr."""
    source = write(table([GOOD, GOOD | {"town_tier": tier, "备注": "x"}]), tmp_path / "in.csv")
    done = run("batch", "loan_interest", str(source), "-o", str(tmp_path / "out.csv"), "--explain")
    assert done.exit_code == code
    assert done.stdout == ""
    assert "读入 2 行，写出 2 行" in done.stderr
    assert ("补助 300,000.00 元" if code == 0 else "补助 150,000.00 元") in done.stderr
    assert "原样带出的列：备注" in done.stderr
    assert ("1 行输入有误" in done.stderr) == (code == 3)


@pytest.mark.parametrize(
    "arguments",
    [
        ("batch", "loan_interest", "missing.csv", "-o", "out.csv"),
        ("batch", "no_such_measure", "in.csv", "-o", "out.csv"),
        ("batch", "talent_programme", "in.csv", "-o", "out.csv"),
        ("batch", "loan_interest", "in.csv", "-o", "out.docx"),
        ("batch", "loan_interest", "in.csv", "-o", "out.csv", "--reading", "x=y"),
        ("batch", "loan_interest", "in.csv", "-o", "out.csv", "--reading", "x"),
        ("batch", "loan_interest", "in.csv", "-o", "out.csv", "--policy", "x"),
        ("batch", "all", "in.csv", "-o", "out.xlsx"),
        ("batch", "loan_interest", "in.csv", "-o", "in.csv"),
        ("batch", "loan_interest", "in.csv", "-o", "no/such/folder/out.csv"),
        ("template", "no_such_measure", "-o", "t.xlsx"),
        ("template", "loan_interest", "-o", "t.csv"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: tuple[str, ...], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2 and a sentence, and nothing is left behind."""
    monkeypatch.chdir(tmp_path)
    write(table([GOOD]), tmp_path / "in.csv")
    done = run(*arguments, "--lang", "en")
    assert done.exit_code == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_readings_policy_and_history(run: Run, tmp_path: Path) -> None:
    """What may be chosen in a request may be chosen for a file."""
    source = write(table([GOOD] * 7), tmp_path / "in.csv")
    first = tmp_path / "first.csv"
    chosen = ("--policy", "jzbf-2026-3@1", "--reading", "loan_days=inclusive")
    assert run("batch", "loan_interest", str(source), "-o", str(first), *chosen).exit_code == 0
    done = run(
        "batch", "loan_interest", str(source), "-o", str(tmp_path / "b.csv"), "--history", str(first), "--lang", "en"
    )
    assert done.exit_code == 0
    assert "granted 0.00 yuan" in done.stderr


def test_a_template_is_written(run: Run, tmp_path: Path) -> None:
    """For one measure, or for all."""
    for measure in ("loan_interest", "all"):
        assert run("template", measure, "-o", str(tmp_path / f"{measure}.xlsx")).exit_code == 0
        assert (tmp_path / f"{measure}.xlsx").read_bytes()[:2] == b"PK"


def test_rows_of_two_versions(run: Run, two_versions: str, tmp_path: Path) -> None:
    """Each row is decided under the version of its day, and explained in the same columns."""
    payment = {"town_id": "T", "town_tier": "provincial_key", "applicant_id": "F", "year": 2027}
    rows = [
        payment | {"applicant_id": firm, "ad_paid": "1000000.00", "paid_on": day}
        for firm, day in (("F", "2027-06-30"), ("G", "2027-07-01"), ("H", "2020-01-01"))
    ]
    source = write(table(rows), tmp_path / "in.csv")
    target = tmp_path / "out.csv"
    done = run("--policies", two_versions, "batch", "advertising", str(source), "-o", str(target), "--explain")
    assert done.exit_code == 0, done.stderr
    found = read(target)
    assert found["amount"].to_list() == ["200000.00", "250000.00", "0.00"]
    assert found["status"].to_list() == ["eligible", "eligible", "not_in_force"]
    assert found["step_by_share"].to_list() == ["200000.00", "250000.00", None]


def test_unreadable_workbook_is_named(run: Run, tmp_path: Path) -> None:
    """Of several workbooks the one that is none is named in front of what is wrong with it."""
    broken = tmp_path / "town-b.xlsx"
    broken.write_bytes(b"x")
    done = run("batch", "all", str(broken), "-o", str(tmp_path / "out.xlsx"), "--lang", "en")
    assert done.exit_code == 2
    assert done.stderr.startswith("town-b.xlsx: ")


def test_slips_are_told_and_change_no_exit_code(run: Run, tmp_path: Path) -> None:
    """Rows with a warning are counted, amounts far from the usual are named; the exit code is that of a clean file."""
    rows = [GOOD | {"receipt_number": f"R{number}"} for number in range(10)]
    rows += [rows[0], GOOD | {"receipt_number": "S", "disbursed_amount": "1000.00", "interest_accrued": "40.00"}]
    source = write(table(rows), tmp_path / "in.csv")
    done = run("batch", "loan_interest", str(source), "-o", str(tmp_path / "out.csv"))
    assert done.exit_code == 0
    assert "有提示 1 行，见结果的“warnings”列" in done.stderr
    assert "提醒：loan_interest：“disbursed_amount”约为通常金额" in done.stderr
    done = run("batch", "loan_interest", str(source), "-o", str(tmp_path / "out.xlsx"), "--lang", "en")
    assert done.exit_code == 0
    assert "rows with a warning: 1, see the column Warnings of the result" in done.stderr
    assert "Rows: 1: Row 13 (1,000.00)" in done.stderr
