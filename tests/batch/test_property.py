"""The quick way through columns accepts exactly what the dictionary's entry accepts, with the same value."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.batch.cells import reader_of
from service.batch.columns import reader_for, tried
from service.batch.headers import Unit
from service.policies import load

FIELDS = load().fields
NEAR_YUAN = st.from_regex(r"[0-9０]{0,12}[.．,]?[0-9]{0,7}[ 元\n]?", fullmatch=True)
NEAR_TEXT = st.text(st.sampled_from("Aa1 甲\t\u200e\u00a0!~é\n"), max_size=66)
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXYIOSVZa "
NEAR_CODE = st.text(st.sampled_from(ALPHABET), min_size=17, max_size=19) | st.from_regex(
    r"9114010[0-9]MA0GTHKP[0-9][0-9A-HJ-NPQRTUWXYa-z]", fullmatch=True
)
NEAR_DATE = st.from_regex(r"(18|19|20|22)[0-9]{2}[-/.年]?[0-9]{1,2}[-/.月]?[0-9]{1,2}日?( 00:00:00)?", fullmatch=True)
CELLS = {
    "disbursed_amount": NEAR_YUAN,
    "receipt_number": NEAR_TEXT,
    "applicant_id": NEAR_CODE | NEAR_TEXT,
    "disbursed_on": NEAR_DATE,
    "application_year": st.from_regex(r"[0-9２ +-]{0,5}", fullmatch=True),
    "interest_paid_days": st.from_regex(r"[0-9.]{0,4}", fullmatch=True),
    "town_tier": st.sampled_from(["provincial_key", "省级重点", "county", "County", "", " "]),
    "is_leading_industry": st.sampled_from(["是", "否", "true", "TRUE", "1", "0", "Y", "yes", "no", ""]),
}


@pytest.mark.parametrize(
    ("name", "unit"), [*((name, "yuan") for name in CELLS), ("disbursed_amount", "ten_thousand_yuan")]
)
def test_the_quick_way_agrees_with_the_entry(name: str, unit: Unit) -> None:
    """Each cell of a column is read as by itself."""

    @given(st.lists(CELLS[name] | st.text(max_size=5), min_size=1, max_size=30))
    def agrees(cells: list[str]) -> None:
        column = pl.Series(name, cells, dtype=pl.String)
        reader = reader_for(FIELDS[name], unit)
        parsed = reader.parsed(column, column.to_frame().select(reader.sweep(name)))
        assert parsed.numbers is not None
        read = reader_of(FIELDS[name], unit)
        numbers: dict[str, int] = {}
        for row, text in enumerate(cells):
            expected = tried(read, text)
            if isinstance(expected, list):
                assert [one.code for one in parsed.defects[row]] == [one.code for one in expected], text
                continue
            assert row not in parsed.defects, text
            found = int(parsed.numbers[row])
            if isinstance(expected, str):
                assert numbers.setdefault(expected, found) == found > 0
            else:
                assert found == expected, text
        assert len(set(numbers.values())) == len(numbers)

    agrees()
