"""Moments as people in China read them."""

from __future__ import annotations

from datetime import datetime


def in_china(at: str, to: str = "minutes") -> str:
    """Write a moment (ISO 8601 with its offset) as day and time in China, to the minute: "2027-03-01 09:30".

    What is none, because somebody changed the ledger, is written as it stands there.
    """
    from service.ledger.verbs import CHINA

    try:
        return datetime.fromisoformat(at).astimezone(CHINA).replace(tzinfo=None).isoformat(" ", to)
    except (ValueError, OverflowError):
        return at
