"""Shared ceilings: each way of sharing against a plain one, and what must hold for all of them."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from calculators.limits import ALLOCATIONS, sums
from tests.calculators.references import SHARES, by_group, column, fen_by_fen, pro_rata

EACH_WAY = pytest.mark.parametrize("way", sorted(SHARES))

LARGEST = 2**63 - 1
SMALL = st.integers(0, 30)
AMOUNTS = st.one_of(st.lists(SMALL, min_size=1, max_size=9), st.lists(st.integers(0, 10**13), min_size=1, max_size=9))


@st.composite
def rooms_and_lines(draw: st.DrawFn) -> tuple[list[int], list[int], list[int]]:
    """Amounts, the group of each, and the room of each group: tight, ample or none; groups may be empty."""
    amounts = draw(AMOUNTS)
    groups = draw(st.integers(1, 4))
    of_line = draw(st.lists(st.integers(0, groups - 1), min_size=len(amounts), max_size=len(amounts)))
    rooms = draw(st.lists(st.integers(0, sum(amounts) + 1), min_size=groups, max_size=groups))
    return amounts, of_line, rooms


def granted(way: str, amounts: list[int], rooms: list[int], groups: list[int] | None = None) -> list[int]:
    """Share by the calculator; without groups all lines are one."""
    of_line = column(groups or [0] * len(amounts))
    shares: list[int] = ALLOCATIONS[way](column(amounts), of_line, column(rooms)).tolist()
    return shares


def test_each_way_of_sharing_is_checked() -> None:
    """There is a plain reference for every allocation that a policy may name."""
    assert set(SHARES) == set(ALLOCATIONS)


@EACH_WAY
@given(rooms_and_lines())
@example(([5, 0, 5, 7, 7], [1, 1, 0, 1, 0], [3, 8]))
def test_groups_share_as_if_each_were_alone(way: str, case: tuple[list[int], list[int], list[int]]) -> None:
    """Interleaved groups get what the plain reference gives each of them by itself."""
    amounts, groups, rooms = case
    assert granted(way, amounts, rooms, groups) == by_group(SHARES[way], amounts, groups, rooms)


@EACH_WAY
@given(rooms_and_lines())
def test_nobody_gets_more_than_asked_and_no_room_is_exceeded_or_wasted(
    way: str, case: tuple[list[int], list[int], list[int]]
) -> None:
    """Every line gets between nothing and its amount; every group exactly the lesser of its room and its demand."""
    amounts, groups, rooms = case
    shares = granted(way, amounts, rooms, groups)
    assert all(0 <= share <= amount for share, amount in zip(shares, amounts, strict=True))
    for group, room in enumerate(rooms):
        rows = [row for row, own in enumerate(groups) if own == group]
        assert sum(shares[row] for row in rows) == min(room, sum(amounts[row] for row in rows))


@EACH_WAY
@given(AMOUNTS, st.integers(0, 10**14))
def test_a_room_that_suffices_cuts_nobody(way: str, amounts: list[int], spare: int) -> None:
    """Where the demand fits the room everybody gets the own amount."""
    assert granted(way, amounts, [sum(amounts) + spare]) == amounts


@given(st.lists(SMALL, min_size=1, max_size=9), st.integers(0, 270))
def test_equal_shares_are_those_dealt_out_fen_by_fen(amounts: list[int], room: int) -> None:
    """Equal sharing is what dealing single fen, round after round, would give."""
    assert granted("equal", amounts, [room]) == fen_by_fen(amounts, room)


@pytest.mark.parametrize(
    ("way", "amounts", "room", "expected"),
    [
        ("pro_rata", [100_000_000] * 7, 300_000_000, [42_857_143] * 6 + [42_857_142]),
        ("pro_rata", [1, 1, 1], 2, [1, 1, 0]),
        ("pro_rata", [1, 2, 1], 2, [1, 1, 0]),
        ("pro_rata", [3, 1], 2, [2, 0]),
        ("equal", [5, 5, 5], 4, [2, 1, 1]),
        ("equal", [1, 5, 5], 6, [1, 3, 2]),
        ("equal", [5, 1, 5], 4, [2, 1, 1]),
        ("in_order", [5, 5, 5], 7, [5, 2, 0]),
    ],
)
def test_odd_fen_go_to_the_earlier_lines(way: str, amounts: list[int], room: int, expected: list[int]) -> None:
    """Where fen do not divide, ties are settled for the line that stands earlier."""
    assert granted(way, amounts, [room]) == expected


@pytest.mark.parametrize("way", ["in_order", "equal"])
@given(AMOUNTS, st.integers(0, 10**14), st.integers(1, 10**13))
@example([3, 3, 3], 4, 1)
def test_more_room_takes_from_nobody(way: str, amounts: list[int], room: int, more: int) -> None:
    """In order and in equal shares no line loses when the room grows."""
    less, larger = granted(way, amounts, [room]), granted(way, amounts, [room + more])
    assert all(after >= before for before, after in zip(less, larger, strict=True))


@given(AMOUNTS, st.integers(0, 10**14), st.integers(1, 10**13))
@example([5, 5, 1], 3, 1)
def test_more_room_takes_at_most_the_odd_fen_pro_rata(amounts: list[int], room: int, more: int) -> None:
    """Largest remainders may move a single fen when the room grows (the Alabama paradox), never more."""
    less, larger = granted("pro_rata", amounts, [room]), granted("pro_rata", amounts, [room + more])
    assert all(after >= before - 1 for before, after in zip(less, larger, strict=True))
    assert sum(larger) >= sum(less)


def test_the_odd_fen_does_move() -> None:
    """The paradox is real: of ten fen the third line gets two, of eleven only one."""
    assert granted("pro_rata", [6, 6, 2], [10]) == pro_rata([6, 6, 2], 10) == [4, 4, 2]
    assert granted("pro_rata", [6, 6, 2], [11]) == pro_rata([6, 6, 2], 11) == [5, 5, 1]


@given(AMOUNTS, st.integers(0, 10**14))
def test_pro_rata_stays_within_a_fen_of_the_quota(amounts: list[int], room: int) -> None:
    """A pro-rata share is the exact proportion, down or up to the next fen."""
    asked = sum(amounts)
    assume(asked > room)
    for amount, share in zip(amounts, granted("pro_rata", amounts, [room]), strict=True):
        quota, part = divmod(amount * room, asked)
        assert quota <= share <= quota + (part > 0)


@pytest.mark.parametrize("way", ["in_order", "equal"])
@given(AMOUNTS, st.integers(0, 10**14), st.integers(0, 8), st.integers(1, 10**13))
def test_asking_for_more_helps_oneself_at_most_at_the_cost_of_others(
    way: str, amounts: list[int], room: int, row: int, more: int
) -> None:
    """Who asks for more does not get less, and nobody else gets more by it."""
    row %= len(amounts)
    asked = [amount + more * (place == row) for place, amount in enumerate(amounts)]
    before, after = granted(way, amounts, [room]), granted(way, asked, [room])
    assert after[row] >= before[row]
    assert all(after[other] <= before[other] for other in range(len(amounts)) if other != row)


@given(AMOUNTS, st.integers(0, 10**14), st.integers(0, 9))
def test_in_order_later_lines_do_not_matter(amounts: list[int], room: int, first: int) -> None:
    """What comes later changes nothing for the lines before it."""
    assert granted("in_order", amounts, [room])[:first] == granted("in_order", amounts[:first] or [0], [room])[:first]


@given(AMOUNTS, st.integers(0, 10**14), st.randoms(use_true_random=False))
def test_equal_and_pro_rata_do_not_care_for_order_but_for_the_odd_fen(
    amounts: list[int], room: int, chance: object
) -> None:
    """Shuffled lines get the same, up to the single fen that goes to whoever stands earlier."""
    rows = list(range(len(amounts)))
    chance.shuffle(rows)  # type: ignore[attr-defined]
    for way in ("equal", "pro_rata"):
        straight = granted(way, amounts, [room])
        shuffled = granted(way, [amounts[row] for row in rows], [room])
        assert all(abs(straight[row] - share) <= 1 for row, share in zip(rows, shuffled, strict=True))
        if way == "equal":
            assert sorted(straight) == sorted(shuffled)


@given(rooms_and_lines())
def test_sums_by_group(case: tuple[list[int], list[int], list[int]]) -> None:
    """Amounts are added up by group; an empty group has 0."""
    amounts, groups, rooms = case
    expected = [
        sum(amount for amount, own in zip(amounts, groups, strict=True) if own == group) for group in range(len(rooms))
    ]
    assert sums(column(amounts), column(groups), len(rooms)).tolist() == expected


@EACH_WAY
@pytest.mark.parametrize("groups", [1, 2])
def test_amounts_that_could_overflow_are_refused(way: str, groups: int) -> None:
    """No way of sharing adds up amounts beyond int64."""
    amounts = [LARGEST // 2 + 1] * 2
    with pytest.raises(OverflowError):
        granted(way, amounts, [1] * groups)


@pytest.mark.parametrize("lines", [2, 3_000])
def test_pro_rata_holds_with_the_largest_sums(lines: int) -> None:
    """Thousands of lines at the bound of the inputs share a room exactly."""
    amounts = [10**13 - 1 - row for row in range(lines)]
    assert granted("pro_rata", amounts, [300_000_000]) == pro_rata(amounts, 300_000_000)
