"""Texts as numbers: the same text always has the same number, whatever comes before it and however it is cut."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from service.batch.numbering import Numbering
from service.lines import Column

KEYS = (1, 2)


def numbered(numbering: Numbering, texts: Sequence[str | None]) -> Column:
    """Number a part."""
    cells = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)})
    first, second = (cells.select(by).to_series().to_numpy() for by in numbering.hashed(pl.col("text")))
    return numbering.numbers(first, second)


@given(st.lists(st.one_of(st.none(), st.text(max_size=20)), min_size=1, max_size=60), st.integers(1, 20))
def test_parts_of_any_length(texts: list[str | None], part: int) -> None:
    """One number for each text, from 1 without a gap; 0 for none."""
    numbering = Numbering()
    parts = [numbered(numbering, texts[start : start + part]) for start in range(0, len(texts), part)]
    pairs = set(zip(texts, np.concatenate(parts).tolist(), strict=True))
    assert len(pairs) == len(set(texts))
    assert {number for text, number in pairs if text is None} <= {0}
    assert {number for _, number in pairs} | {0} == set(range(numbering.count))


def test_more_texts_than_there_is_room_for_at_first() -> None:
    """The table grows; numbers that were given out stay."""
    numbering = Numbering()
    texts = [f"企业{number}" for number in range(300_000)]
    early = numbered(numbering, texts[:1_000])
    every = numbered(numbering, texts)
    assert (every[:1_000] == early).all()
    assert len(np.unique(every)) == len(texts) == numbering.count - 1
    assert (numbered(numbering, texts[::-1]) == every[::-1]).all()


def test_texts_that_agree_in_one_hash_are_two() -> None:
    """Both hashes decide; a search goes on behind a slot that another text has."""
    numbering = Numbering()
    first = np.array([7, 7, 7, 8, 7], dtype=np.uint64)
    second = np.array([1, 2, 1, 1, 3], dtype=np.uint64)
    found = numbering.numbers(first, second)
    assert found[0] == found[2]
    assert len(set(found.tolist())) == 4
    assert (numbering.numbers(first, second) == found).all()


def test_the_two_hashes_have_nothing_to_do_with_each_other() -> None:
    """Of texts that agree in some bits of one hash, no more agree in the other than by chance."""
    texts = pl.DataFrame({"text": [f"91140100MA0{number:07}" for number in range(1_000_000)]})
    first, second = (texts.select(by).to_series().to_numpy() for by in Numbering(KEYS).hashed(pl.col("text")))
    order = np.argsort(first & np.uint64(0xFFFFF), kind="stable")
    near, other = first[order] & np.uint64(0xFFFFF), second[order] & np.uint64(0xFF)
    alike = near[1:] == near[:-1]
    both = alike & (other[1:] == other[:-1])
    assert alike.sum() > 100_000
    assert 0.8 / 256 < both.sum() / alike.sum() < 1.25 / 256


def test_the_same_keys_hash_alike_in_every_process() -> None:
    """So that executors agree on what belongs together."""
    one, other = Numbering(KEYS), Numbering(KEYS)
    assert (one.hashes(numbered(one, ["甲", "乙"])) == other.hashes(numbered(other, ["乙", "甲"]))[::-1]).all()
