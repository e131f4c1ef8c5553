"""Files as they come: encodings, separators, halves, headers that are wrong; nothing ends in a stack trace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from service.batch.job import run_files
from service.batch.run import Options
from service.batch.sources import Source
from service.errors import Refused
from service.policies import Policies
from tests.batch.files import decided, outcomes, table, write
from tests.batch.test_bad_rows import GOOD

Decide = Callable[..., Any]
RARE = "𠮷 㐂 龘 镕 (℃)"


@pytest.fixture
def decide(policies: Policies, tmp_path: Path) -> Decide:
    """Decide the bytes of a file of loans."""

    def done(data: bytes, name: str = "in.csv", target: str = "out.csv", **options: Any) -> pl.DataFrame:
        source = tmp_path / name
        source.write_bytes(data)
        return decided(policies, source, tmp_path / target, "loan_interest", **options)[0]

    return done


def csv(*rows: dict[str, Any]) -> str:
    """Write rows as CSV."""
    return table(rows).write_csv()


def refused(decide: Decide, data: bytes, name: str = "in.csv") -> tuple[str, ...]:
    """Return the codes of what is refused."""
    with pytest.raises(Refused) as error:
        decide(data, name)
    return tuple(defect.code for defect in error.value.defects)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings(encoding: str, newline: str, decide: Decide) -> None:
    """UTF-8 with and without a mark, and GB18030 with characters beyond GBK, are read alike."""
    text = csv(GOOD | {"applicant_name": RARE, "备注": RARE}, GOOD | {"applicant_name": "乙"}).replace("\n", newline)
    found = decide(text.encode(encoding))
    assert found["applicant_name"].to_list() == [RARE, "乙"]
    assert found["备注"].to_list() == [RARE, None]
    assert [one.amount for one in outcomes(found)] == ["150000.00"] * 2


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_separators(separator: str, decide: Decide) -> None:
    """What separates the columns is seen from the header; a cell may hold the others."""
    frame = table([GOOD | {"备注": "a,b;c\td"}])
    found = decide(frame.write_csv(separator=separator).encode())
    assert (found["备注"][0], found["amount"][0]) == ("a,b;c\td", "150000.00")


def test_commas_in_cells_of_another_separator(decide: Decide) -> None:
    """Such a cell needs quotes only in the result."""
    text = csv(GOOD | {"备注": "x"}).replace(",", ";").replace("x", "a,b")
    assert decide(text.encode())["备注"].to_list() == ["a,b"]


def test_quotes_and_lines_within_cells(decide: Decide) -> None:
    """A cell may hold quotes and line breaks; row numbers count rows."""
    found = decide(csv(GOOD | {"备注": 'a\n"b"\nc'}, GOOD | {"town_tier": "x"}).encode())
    assert found["备注"][0] == 'a\n"b"\nc'
    assert found["defects"][1].startswith("第 3 行")


def test_empty_rows_are_no_rows(decide: Decide) -> None:
    """Empty lines and rows of empty cells are left out; the numbers of the others stay."""
    text = csv(GOOD, GOOD | {"town_tier": "x"})
    header, good, bad = text.splitlines()
    empty = "," * header.count(",")
    found = decide("\n".join([header, good, "", empty, bad, empty, ""]).encode())
    assert found["status"].to_list() == ["eligible", "invalid"]
    assert found["defects"][1].startswith("第 5 行")


def test_an_empty_text_in_quotes_is_nothing(decide: Decide) -> None:
    """A file that quotes everything says nothing with an empty text."""
    found = decide(table([GOOD]).write_csv(quote_style="always").encode())
    assert outcomes(found)[0].amount == "150000.00"


def test_a_file_cut_in_half_loses_no_whole_row(decide: Decide) -> None:
    """The row in which the file ends is invalid, or the file is refused; all others are decided."""
    data = csv(*[GOOD] * 4).encode()
    codes = set()
    for cut in range(len(data) // 2, len(data) - 1):
        rows = data[:cut].count(b"\n") - (1 if data[:cut].endswith(b"\n") else 0)
        try:
            found = decide(data[:cut])
        except Refused as refused_whole:  # cut within a character
            codes.add(refused_whole.defects[0].code)
            continue
        assert len(found) == rows
        assert found["status"].to_list()[: rows - 1] == ["eligible"] * (rows - 1)
    assert codes <= {"unknown_encoding"}


@pytest.mark.parametrize("kind", ["ndjson", "parquet", "xlsx"])
def test_half_of_another_file_is_refused(kind: str, decide: Decide, tmp_path: Path) -> None:
    """Such a file cannot be read in part."""
    data = write(table([GOOD] * 4), tmp_path / f"whole.{kind}").read_bytes()
    codes = refused(decide, data[: len(data) * 2 // 3], f"half.{kind}")
    expected = {"ndjson": "unreadable_line", "parquet": "unreadable_file", "xlsx": "workbook_damaged"}
    assert codes == (expected[kind],)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"), (b"\n\n", "unreadable_csv"), (b"\x80\x81\xff\xfe\xff", "unknown_encoding"),
        ("town_tier\n".encode("utf-16"), "unknown_encoding"), (b"\x00" * 50, "no_rows"),
        (csv(GOOD).splitlines()[0].encode(), "no_rows"), (csv(GOOD).splitlines()[0].encode() + b"\n", "no_rows"),
        (csv(GOOD).encode() + b'"open,x\n', "unreadable_csv"),
        (csv(GOOD).encode() + b",".join([b"1"] * 40), "too_many_cells"),
    ],
)  # fmt: skip
def test_what_is_no_file_of_loans(data: bytes, code: str, decide: Decide) -> None:
    """Each is refused in words."""
    codes = refused(decide, data)
    assert codes == (code,) or (code == "no_rows" and set(codes) <= {"no_rows", "missing_column", "unreadable_file"})


def test_the_line_with_too_many_cells_is_named(decide: Decide, tmp_path: Path) -> None:
    """Thousands separated by commas shift the cells: the line is told."""
    data = csv(GOOD, GOOD, GOOD).replace("10000000.00", "10,000,000.00", 2).encode()
    with pytest.raises(Refused) as error:
        decide(data)
    (defect,) = error.value.defects
    assert (defect.code, defect.facts["line"]) == ("too_many_cells", 2)
    assert not (tmp_path / "out.csv").exists()
    assert [one for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_headers_that_are_wrong_are_named(policies: Policies, tmp_path: Path) -> None:
    """Missing and doubled columns are told all at once; unknown ones are carried through and reported."""
    frame = table([GOOD]).drop("town_tier").rename({"disbursed_on": "放款日", "receipt_number": "借据编号"})
    frame = frame.with_columns(receipt_number=pl.lit("R"))
    with pytest.raises(Refused) as error:
        decided(policies, write(frame, tmp_path / "in.csv"), tmp_path / "out.csv", "loan_interest")
    told = {(defect.code, defect.pointer, defect.given) for defect in error.value.defects}
    assert ("missing_column", "专业镇级别", None) in told
    assert ("missing_column", "放款日期", "放款日") in told
    assert any(
        code == "doubled_column" and {pointer, given} & {"receipt_number", "借据编号"} for code, pointer, given in told
    )


def test_a_repeated_header_is_refused(decide: Decide) -> None:
    """The same header twice is never silently the first."""
    header, row = csv(GOOD).splitlines()
    assert refused(decide, f"{header},town_tier\n{row},county\n".encode()) == ("repeated_column",)


def test_unknown_columns_are_carried_through(policies: Policies, tmp_path: Path) -> None:
    """A column that the measure does not know comes out unchanged, and is reported."""
    source = write(table([GOOD | {"备注": "=1+1", "x": "007", "年": None}]), tmp_path / "in.csv")
    found, report = decided(policies, source, tmp_path / "out.csv", "loan_interest")
    assert found.columns == [*pl.read_csv(source).columns, "status", "amount", "rule", "defects"]
    assert found.select("备注", "x", "年").row(0) == ("=1+1", "007", None)
    assert list(report.totals["loan_interest"].carried) == ["备注", "x", "年"]


@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet", "xlsx"])
def test_a_result_fed_back_gives_the_same(kind: str, policies: Policies, tmp_path: Path) -> None:
    """A result is a file like any other: decided again, it is the same."""
    rows = [GOOD] * 8 + [GOOD | {"town_tier": "x", "备注": "y"}]
    source = write(table(rows), tmp_path / f"in.{kind}")
    first, _ = decided(policies, source, tmp_path / f"first.{kind}", "loan_interest", explain=True)
    again, _ = decided(policies, tmp_path / f"first.{kind}", tmp_path / f"again.{kind}", "loan_interest", explain=True)
    assert again.equals(first)


def test_a_column_of_ones_own_called_like_a_result(decide: Decide) -> None:
    """It is neither overwritten nor mixed up."""
    assert refused(decide, csv(GOOD | {"status": "mine"}).encode()) == ("reserved_column",)


def test_typed_columns(policies: Policies, tmp_path: Path) -> None:
    """Parquet and NDJSON may hold numbers, dates and flags; they come out as they came."""
    frame = table([GOOD]).select(
        pl.all().exclude("disbursed_on", "is_leading_industry", "application_year", "disbursed_amount"),
        pl.lit("2027-01-01").str.to_date().alias("disbursed_on"),
        pl.lit(value=True).alias("is_leading_industry"),
        pl.lit(2027).alias("application_year"),
        pl.lit("10000000.00").cast(pl.Decimal(20, 2)).alias("disbursed_amount"),
        pl.lit(911401000000000001).alias("n"),
    )
    found, _ = decided(policies, write(frame, tmp_path / "in.parquet"), tmp_path / "out.parquet", "loan_interest")
    assert outcomes(found)[0].amount == "150000.00"
    schema = pl.read_parquet(tmp_path / "out.parquet").schema
    assert {name: schema[name] for name in frame.columns} == frame.schema
    found, _ = decided(policies, tmp_path / "in.parquet", tmp_path / "out.csv", "loan_interest")
    assert found["n"].to_list() == ["911401000000000001"]


@pytest.mark.parametrize("name", ["in.xls", "in", "in.pdf"])
def test_formats_that_are_not_known(name: str, decide: Decide) -> None:
    """The name tells the format."""
    assert refused(decide, b"x", name) == ("unknown_format",)


def test_the_input_is_never_overwritten(policies: Policies, tmp_path: Path) -> None:
    """Writing to the input is refused before anything is read."""
    source = write(table([GOOD]), tmp_path / "in.csv")
    before = source.read_bytes()
    with pytest.raises(Refused):
        run_files(policies, [Source(source)], source, Options("loan_interest"))
    assert source.read_bytes() == before


def test_a_history_that_cannot_be_read_is_refused(policies: Policies, tmp_path: Path) -> None:
    """What is left under a ceiling is never guessed."""
    source = write(table([GOOD]), tmp_path / "in.csv")
    for column, text in {"town_tier": "x", "amount": "1,5"}.items():
        rows = [GOOD | {"amount": "100000.00"}, GOOD | {"amount": "5.00"} | {column: text}]
        history = write(table(rows), tmp_path / f"{column}.csv")
        with pytest.raises(Refused) as error:
            decided(policies, source, tmp_path / "out.csv", "loan_interest", history=history)
        assert error.value.defects[0].facts["rows"] == "3"
    with pytest.raises(Refused) as error:
        decided(policies, source, tmp_path / "out.csv", "loan_interest", history=source)
    assert error.value.defects[0].code == "no_amount_column"
