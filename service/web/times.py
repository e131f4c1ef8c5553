"""Moments as people read them: the ledger counts in UTC, its readers live by Beijing time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

_CHINA: Final = timezone(timedelta(hours=8))


def in_beijing(at: str) -> str:
    """Write a moment of the ledger (UTC) as day and time in Beijing, to the second."""
    return datetime.fromisoformat(at).astimezone(_CHINA).strftime("%Y-%m-%d %H:%M:%S")
