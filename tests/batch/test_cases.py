"""Every case as a file, in every format: the answer of each line is the one that was worked out by hand."""

from __future__ import annotations

import random
from itertools import zip_longest
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from service.batch import job, run, streams
from service.batch.run import Options
from service.batch.sources import Source
from service.errors import Refused
from service.policies import Policies
from tests.batch.files import FORMATS, decided, in_words, outcomes, outcomes_shown, table, write
from tests.case_files import Case, Outcome, all_cases
from tests.oracle import MEASURES, REFERENCED
from tests.test_cases import batches, of_its_own

CASES = [case for case in all_cases() if case.measure not in REFERENCED and "granted_before" not in case.body]


def rows_of(case: Case) -> list[dict[str, Any]]:
    """Merge a case's facts into its lines."""
    return [{**case.body.get("facts", {}), **line} for line in case.body["lines"]]


def columns_of(policies: Policies, measure: str) -> list[str]:
    """List what a file must have a column for, even if nothing stands in it."""
    inputs = policies.newest.measures[measure].inputs
    return [name for name, asked in inputs.items() if asked.need in {"required", "nullable"}]


def frame_of(policies: Policies, measure: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Lay rows out with all the columns that a file must have, shuffled; a header is known by two columns."""
    frame = table([dict.fromkeys([*columns_of(policies, measure), "town_name"]) | row for row in rows])
    names = list(frame.columns)
    random.Random(len(rows)).shuffle(names)
    return frame.select(names)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_every_case_as_a_file(measure: str, kind: str, policies: Policies, tmp_path: Path) -> None:
    """Each case by itself, under its readings, in shuffled columns."""
    cases = [case for case in CASES if case.measure == measure]
    assert cases
    for number, case in enumerate(cases):
        source = write(frame_of(policies, measure, rows_of(case)), tmp_path / f"{number}.{kind}")
        explain = bool(number % 2)
        found, report = decided(
            policies, source, tmp_path / f"out.{kind}", measure, readings=dict(case.readings), explain=explain
        )
        assert same(found, case), case.title
        assert report.totals[measure].read == report.totals[measure].written == len(found)


def same(found: pl.DataFrame, case: Case) -> bool:
    """Tell whether a result holds what a case expects of each line; in a workbook it stands in words."""
    expected = list(case.expected.lines)
    return outcomes_shown(found) == in_words(expected) if "状态" in found.columns else outcomes(found) == expected


def granted_before(policies: Policies, case: Case) -> list[dict[str, Any]]:
    """Write what a case says was granted before as rows of earlier decisions.

    Each is a line of the group that the entry names. A row counts under every ceiling of its measure, an entry under
    one: the keys of the other ceilings are those of nobody in the case.
    """
    limits = policies.provision(policies.newest, case.measure, dict(case.readings)).measure.limits
    rows = []
    for entry in case.body["granted_before"]:
        keys = next(limit.per for limit in limits if limit.id == entry["limit"])
        others = {
            key
            for limit in limits
            if limit.shared
            for key in limit.per
            if key.endswith(("_id", "_number")) and key not in keys
        }
        nobody = {key: None if policies.fields[key].absent == "own_line" else "nobody" for key in others}
        row = rows_of(case)[0] | nobody | entry.get("group", {})
        rows.append(row | {"amount": entry["amount"]})
    return rows


@pytest.mark.parametrize("kind", FORMATS)
def test_every_case_with_a_history(kind: str, policies: Policies, tmp_path: Path) -> None:
    """What was granted before stands in a file of its own: every line ends as in the request that names it."""
    cases = [case for case in all_cases() if "granted_before" in case.body]
    assert len(cases) >= 40
    for number, case in enumerate(cases):
        source = write(frame_of(policies, case.measure, rows_of(case)), tmp_path / f"{number}.{kind}")
        earlier = frame_of(policies, case.measure, granted_before(policies, case))
        history = write(earlier, tmp_path / f"{number}-before.{FORMATS[number % len(FORMATS)]}")
        found, _ = decided(
            policies, source, tmp_path / f"out.{kind}", case.measure, readings=dict(case.readings), history=history
        )
        assert same(found, case), case.title


def merged(cases: list[Case]) -> tuple[list[dict[str, Any]], list[Outcome]]:
    """Put the lines of cases into one another, each case in groups of its own."""
    lines = [of_its_own(case, number) for number, case in enumerate(cases)]
    pairs = [list(zip(rows, case.expected.lines, strict=True)) for rows, case in zip(lines, cases, strict=True)]
    mixed = [pair for place in zip_longest(*reversed(pairs)) for pair in place if pair is not None]
    return [row for row, _ in mixed], [outcome for _, outcome in mixed]


@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet", "xlsx"])
@pytest.mark.parametrize(("measure", "readings", "cases"), batches())
def test_cases_in_one_file(
    measure: str, readings: dict[str, str], cases: list[Case], kind: str, policies: Policies, tmp_path: Path
) -> None:
    """All cases of a measure in one file, shuffled into each other: each line gets what its case says."""
    rows, expected = merged(cases)
    source = write(frame_of(policies, measure, rows), tmp_path / f"in.{kind}")
    found, report = decided(policies, source, tmp_path / "out.csv", measure, readings=readings, explain=True)
    assert outcomes(found) == expected
    assert found["line_id"].to_list() == [row["line_id"] for row in rows]
    granted = sum(int((one.amount or "0").replace(".", "")) for one in expected)
    assert report.totals[measure].granted == granted


@pytest.mark.parametrize(("measure", "readings", "cases"), batches())
def test_small_parts(
    measure: str,
    readings: dict[str, str],
    cases: list[Case],
    policies: Policies,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Parts of seven rows give what one part gives: ceilings, thresholds and first awards reach across parts."""
    rows, expected = merged(cases)
    source = write(frame_of(policies, measure, rows), tmp_path / "in.csv")
    whole = tmp_path / "whole.csv"
    decided(policies, source, whole, measure, readings=readings, explain=True)

    pieces = Source.pieces

    def in_sevens(self: Source) -> Any:
        for piece in pieces(self):
            for start in range(0, piece.texts.height, 7):
                yield streams_piece(piece, start)

    monkeypatch.setattr(Source, "pieces", in_sevens)
    for most_bytes_held in (run.MOST_BYTES_HELD, 0):  # 0: where all rows must be known, their texts are read again
        monkeypatch.setattr(run, "MOST_BYTES_HELD", most_bytes_held)
        found, _ = decided(policies, source, tmp_path / "parts.csv", measure, readings=readings, explain=True)
        assert outcomes(found) == expected
        assert (tmp_path / "parts.csv").read_bytes() == whole.read_bytes()


def streams_piece(piece: Any, start: int) -> Any:
    """Cut seven rows out of a piece."""
    return type(piece)(
        piece.texts.slice(start, 7), piece.rows[start : start + 7], piece.place, piece.original.slice(start, 7)
    )


def test_parts_are_as_long_as_they_are_told(
    policies: Policies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ceiling used in order is shared across the parts of a real file."""
    monkeypatch.setattr(streams, "PART_ROWS", 7)
    loan = {"town_tier": "provincial_key", "is_leading_industry": True, "application_year": 2027, "applicant_id": "F"}
    loan |= {"disbursed_amount": "10000000.00", "disbursed_on": "2027-01-01", "interest_paid_days": 365}
    rows = [loan | {"interest_accrued": "400000.00"} for _ in range(20)]
    found, _ = decided(policies, write(table(rows), tmp_path / "in.csv"), tmp_path / "out.csv", "loan_interest")
    assert found["amount"].to_list() == ["150000.00"] * 6 + ["100000.00"] + ["0.00"] * 13


def test_history_takes_from_the_ceilings(policies: Policies, tmp_path: Path) -> None:
    """A case's money granted before, as a file of earlier decisions."""
    loan = {"town_tier": "provincial_key", "is_leading_industry": True, "application_year": 2027, "applicant_id": "F"}
    loan |= {"disbursed_amount": "10000000.00", "disbursed_on": "2027-01-01", "interest_paid_days": 365}
    loan |= {"interest_accrued": "400000.00"}
    first = write(table([loan] * 5 + [loan | {"applicant_id": "G"}]), tmp_path / "first.csv")
    earlier = tmp_path / "earlier.csv"
    decided(policies, first, earlier, "loan_interest")
    again = write(table([loan] * 3 + [loan | {"applicant_id": "H"}]), tmp_path / "again.csv")
    found, _ = decided(policies, again, tmp_path / "out.csv", "loan_interest", history=earlier)
    assert found["amount"].to_list() == ["150000.00", "100000.00", "0.00", "150000.00"]
    workbook = tmp_path / "earlier.xlsx"
    job.run_files(policies, [Source(first)], workbook, Options("loan_interest"))
    found, _ = decided(policies, again, tmp_path / "out.csv", "loan_interest", history=workbook)
    assert found["amount"].to_list() == ["150000.00", "100000.00", "0.00", "150000.00"]


def test_a_file_that_changes_while_it_is_read(
    policies: Policies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where all rows must be known first, a large file is read twice, and must still be the same."""
    monkeypatch.setattr(run, "MOST_BYTES_HELD", 0)
    payment = {"applicant_id": "F", "town_id": "T", "town_tier": "provincial_characteristic", "year": 2027}
    payment |= {"ad_paid": "600000.00", "paid_on": "2027-01-01"}
    source = write(table([payment] * 3), tmp_path / "in.csv")
    once = source.read_bytes()
    read = Source.pieces

    def then_shortened(self: Source) -> Any:
        yield from read(self)
        source.write_bytes(once[:-1].rpartition(b"\n")[0] + b"\n")

    monkeypatch.setattr(Source, "pieces", then_shortened)
    with pytest.raises(Refused) as refused:
        decided(policies, source, tmp_path / "out.csv", "advertising")
    assert [defect.code for defect in refused.value.defects] == ["changed_file"]
    assert not (tmp_path / "out.csv").exists()
