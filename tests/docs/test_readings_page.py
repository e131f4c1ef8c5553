"""The table of readings says what policies.yaml says."""

from __future__ import annotations

from dataclasses import replace

from service.policies import load
from tests.docs.readings import PAGE, page, row


def test_the_page_is_up_to_date() -> None:
    """docs/readings.md is what `python -m tests.docs.readings` would write now."""
    assert PAGE.read_text(encoding="utf-8") == page(load().newest)


def test_a_decision_shows() -> None:
    """A reading that the bureau has decided names who decided it, by what."""
    reading = load().newest.readings["operator_base"]
    decided = replace(reading, in_use="received", decided_by="省工业和信息化厅", decision_ref="复函1号")
    assert "尚未" in row(reading)
    assert row(decided).endswith("| 省工业和信息化厅 复函1号 |")
    assert "**`received`" in row(decided)
