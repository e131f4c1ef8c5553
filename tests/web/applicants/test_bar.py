"""The bar: its parts fill it exactly, each is seen, and its rows add up."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from service.cuts import Total
from service.web.applicants.bar import bar_of

FEN = st.integers(0, 10**13)


def hundredths(per_cent: str) -> int:
    """Read "12.34%"."""
    assert per_cent.endswith("%")
    return int(per_cent[:-1].replace(".", ""))


def fen(sign: str, amount: str) -> int:
    """Read an amount of the table with its sign."""
    return int(amount.replace(",", "").replace(".", "")) * (-1 if sign == "−" else 1)


@given(FEN, FEN, FEN, FEN, st.integers(-5000, 1))
def test_parts_fill_the_bar_and_rows_add_up(granted: int, excluded: int, one: int, other: int, rounding: int) -> None:
    """Whatever was cut: from 0 to 100%, without gaps; calculated and what was taken give what is granted."""
    calculated = granted + excluded + one + other - rounding
    assume(calculated > 0)
    bar = bar_of(Total(calculated, excluded, rounding, {"interest_cap": one, "firm_cap": other}, granted), "zh")
    assert bar is not None
    x = 0
    for segment in bar.segments:
        assert hundredths(segment.x) == x
        assert hundredths(segment.width) >= 80
        x += hundredths(segment.width)
    assert x == 10_000
    *parts, last = bar.rows
    assert (parts[0].kind, last.kind) == ("calculated", "granted")
    assert sum(fen(row.sign, row.amount) for row in parts) == fen("", last.amount)
    drawn = {segment.pattern for segment in bar.segments}
    assert drawn == {row.pattern for row in bar.rows if row.pattern and fen("", row.amount)}
    assert len(drawn) == len(bar.segments)


def test_nothing_calculated_draws_nothing() -> None:
    """No bar where there is nothing to cut."""
    assert bar_of(Total(), "zh") is None
