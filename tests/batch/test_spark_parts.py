"""How a file is divided for Spark: cuts that together are the file, keys that keep together what shares money."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.batch.headers import find_inputs
from service.batch.run import Options
from service.batch.sources import Source
from service.batch.spark import unfit
from service.batch.spark.cuts import cut_file
from service.batch.spark.groups import ALONE, connected, groupings, keys_of
from service.batch.spark.session import reason
from service.batch.spark.unfit import refuse_missing, refuse_unfit
from service.batch.spark.work import Rulebook, engine
from service.batch.table import TableReader
from service.errors import Refused
from service.policies import Policies
from tests.batch.files import table, write
from tests.batch.test_bad_rows import GOOD

CELL = st.text(st.sampled_from('a,;"\n 甲é'), max_size=4) | st.none()


@pytest.mark.parametrize("suffix", [".csv", ".txt", ".ndjson", ".parquet"])
def test_cuts_are_together_the_file(suffix: str, tmp_path: Path) -> None:
    """Wherever a file is cut, the same rows come out, with the same numbers."""

    @given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=30), st.integers(1, 60))
    def holds(rows: list[tuple[str | None, ...]], size: int) -> None:
        frame = pl.DataFrame([("x", "y", "z"), *rows], schema=dict.fromkeys(["列", "b", "c"], pl.String), orient="row")
        path = tmp_path / f"in{suffix}"
        if suffix == ".txt":
            path.write_bytes(frame.write_csv(separator="\t").encode("gb18030", "replace"))
        else:
            write(frame, path)
        whole = list(Source(path).pieces())
        file = cut_file(path, size if suffix != ".parquet" else size * 100)
        before, texts, numbers = 0, [], list[int]()
        for cut in range(len(file.cuts)):
            piece = file.piece(cut, before)
            before += file.frame(cut).height
            texts.append(piece.texts)
            numbers += piece.rows
        assert pl.concat(texts).equals(pl.concat([piece.texts for piece in whole]), null_equal=True)
        assert numbers == [number for piece in whole for number in piece.rows]

    holds()


def test_a_file_that_is_not_the_same_elsewhere_is_refused(tmp_path: Path) -> None:
    """A machine that does not share the folder, or has an older copy, decides nothing."""
    file = cut_file(write(table([GOOD]), tmp_path / "in.csv"))
    for wrong in (replace(file, path=tmp_path / "missing.csv"), replace(file, size=file.size + 1)):
        with pytest.raises(Refused, match="file_not_shared"):
            wrong.frame(0)


HASH_KEYS = (20270101, 20261231)
WIDEST = {
    "loan_interest": (("applicant_id", "application_year"), ("receipt_number",)),
    "advertising": (("applicant_id", "year"), ("town_id", "year"), ("invoice_number",)),
    "platform_operator": (("contract_number",), ("applicant_id",)),
    "expo_budget": (),
}


@pytest.mark.parametrize("measure", WIDEST)
def test_what_rows_are_grouped_by(measure: str, policies: Policies) -> None:
    """The widest groupings of all ceilings and conditions; one for all rows where only the total is rounded."""
    provision = policies.provision(policies.newest, measure)
    assert groupings([provision]) == WIDEST[measure]
    assert groupings([provision, replace(provision, rounding_stage="total")]) == ((),)


def _keys(policies: Policies, measure: str, rows: list[dict[str, Any]]) -> list[list[int]]:
    provision = policies.provision(policies.newest, measure)
    frame, reader = table(rows), TableReader(provision, policies.facts, HASH_KEYS)
    headers = find_inputs(frame.columns, provision, policies.facts)
    lines = reader.read(frame, reader.swept(frame, headers), headers).lines
    return [keys_of(lines, per, reader, provision).tolist() for per in groupings([provision])]


def test_keys_are_of_values_not_of_how_they_are_written(policies: Policies) -> None:
    """A code in lower case, a year, a missing firm: who shares money has one key, in every process."""
    firms = ["91140100MA0GTHKP7R", "91140100ma0gthkp7r", "甲公司", None, None]
    rows = [GOOD | {"applicant_id": firm, "receipt_number": None} for firm in firms]
    keys, receipts = _keys(policies, "loan_interest", rows)
    again, _ = _keys(policies, "loan_interest", rows[::-1])
    assert keys == again[::-1]
    assert keys[0] == keys[1]
    assert keys[3] == keys[4]
    assert len({*keys, ALONE}) == 4
    later, _ = _keys(policies, "loan_interest", [row | {"application_year": 2028} for row in rows])
    assert not {*keys} & {*later}
    assert receipts == [ALONE] * 5  # no receipt is none: rows without one have nothing in common
    _, receipts = _keys(policies, "loan_interest", [row | {"receipt_number": "J1"} for row in rows[:2]] + [rows[2]])
    assert receipts[0] == receipts[1] != receipts[2]
    assert receipts[2] == ALONE


def test_a_line_of_its_own_stands_alone(policies: Policies) -> None:
    """Contracts without a number share nothing as contracts, but their operator does."""
    contract = {"contract_amount": "1.00", "signed_on": "2027-01-01", "applicant_id": "A"}
    contracts, operators = _keys(policies, "platform_operator", [contract | {"contract_number": n} for n in ["1", "1"]])
    assert contracts[0] == contracts[1] != ALONE
    contracts, operators = _keys(policies, "platform_operator", [contract, contract | {"contract_number": None}])
    assert contracts == [ALONE, ALONE]
    assert operators[0] == operators[1] != ALONE


@given(st.lists(st.tuples(*[st.integers(0, 12)] * 3), min_size=1, max_size=25))
def test_connected_groups_are_those_that_rows_connect(meetings: list[tuple[int, ...]]) -> None:
    """Rows have one key exactly if a chain of shared groups leads from one to the other."""
    rows = np.array(meetings, dtype=np.uint64)
    keys = connected(rows).key_of(list(rows.T)).tolist()
    sets = [{(place, key) for place, key in enumerate(row) if key != ALONE} for row in meetings]
    merged: list[set[tuple[int, int]]] = []
    for one in sets:
        joined = one.union(*(other for other in merged if other & one))
        merged = [other for other in merged if not other & one] + [joined]
    for row, one in enumerate(sets):
        assert (keys[row] == ALONE) == (not one)
        for other, another in enumerate(sets):
            together = bool(one and another) and any(one <= group and another <= group for group in merged)
            assert (keys[row] == keys[other] != ALONE) == together


@pytest.mark.parametrize(
    ("change", "code"), [({"engine": "0.9"}, "other_engine"), ({"provision": "0" * 64}, "other_policy")]
)
def test_executors_decide_by_the_same_rules_or_not_at_all(
    change: dict[str, Any], code: str, policies: Policies
) -> None:
    """Another version of the product, or other terms, are refused."""
    sha256 = policies.provision(policies.newest, "loan_interest").sha256
    rulebook = Rulebook(engine(), policies.file.read_bytes(), sha256, Options("loan_interest"))
    assert rulebook.run().provision.sha256 == sha256
    with pytest.raises(Refused, match=code):
        replace(rulebook, **change).run()


def test_what_is_missing_is_said_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Java, the extra."""
    with pytest.raises(Refused, match="java_not_installed"):
        refuse_missing(str(tmp_path))
    monkeypatch.setattr(unfit, "find_spec", {"pandas": object()}.get)
    with pytest.raises(Refused, match="spark_not_installed"):
        refuse_missing(None)


def test_what_spark_is_not_made_for_is_refused_at_once(tmp_path: Path) -> None:
    """Workbooks, several files, a folder with something in it: all in one answer."""
    source = write(table([GOOD]), tmp_path / "in.csv")
    with pytest.raises(Refused) as refused:
        refuse_unfit([source, tmp_path / "b.xlsx"], tmp_path, Options("loan_interest"), None)
    assert [one.code for one in refused.value.defects] == ["spark_format", "spark_one_file", "folder_not_empty"]
    with pytest.raises(Refused, match="same_file"):
        refuse_unfit([source], source, Options("loan_interest"), None)
    with pytest.raises(FileNotFoundError):
        refuse_unfit([source], tmp_path / "out", Options("loan_interest"), tmp_path / "missing.csv")
    with pytest.raises(FileNotFoundError):
        refuse_unfit([source], tmp_path / "missing" / "out.csv", Options("loan_interest"), None)
    refuse_unfit([source], tmp_path / "out", Options("loan_interest"), source)


def test_the_cause_is_found_in_what_spark_says() -> None:
    """The last line that names an error, without what Java puts before it; else the first line."""
    said = "An error occurred.\nCaused by: java.io.IOException: no room\n\tat x.y\nValueError: three\n  File x\n"
    assert reason(said) == "ValueError: three"
    assert reason('\nException in thread "main" a.SparkException: master') == "a.SparkException: master"
    assert reason("nothing known\nmore") == "nothing known"
