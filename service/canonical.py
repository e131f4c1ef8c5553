"""Canonical JSON, and its hash: what everybody can recompute who holds the same data."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson


def canonical(data: Any) -> bytes:
    """Write plain data as canonical JSON: keys sorted, no blanks, UTF-8."""
    return orjson.dumps(data, option=orjson.OPT_SORT_KEYS)


def sha256_of(data: Any) -> str:
    """Hash the canonical JSON of plain data."""
    return hashlib.sha256(canonical(data)).hexdigest()
