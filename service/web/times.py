"""Moments as people read them: the ledger counts in UTC, its readers live by Beijing time."""

from __future__ import annotations

from datetime import datetime


def in_china(at: str) -> str:
    """Write a moment (ISO 8601 with its offset) as day and time in China: "2027-03-01 09:30:00"."""
    from service.ledger.verbs import CHINA

    return datetime.fromisoformat(at).astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
