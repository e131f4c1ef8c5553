"""What the environment says about how to run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of a service; the defaults are those of a machine that only calculates.

    `policies` None is the file that comes with the product; `database_url` None is an SQLite file in the folder `data`,
    which is made when the ledger is first used. `max_file_bytes` is for the files of one batch together.
    """

    policies: Path | None = None
    max_body_bytes: int = 2 * _MIB
    max_file_bytes: int = 256 * _MIB
    database_url: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Config:
        """Read TOWN_SUBSIDY_POLICIES, MAX_BODY_BYTES, MAX_FILE_BYTES, DATABASE_URL; ValueError names what is wrong."""
        found = os.environ if environment is None else environment
        policies = found.get("TOWN_SUBSIDY_POLICIES")
        return cls(
            policies=Path(policies) if policies else None,
            max_body_bytes=_whole_number(found, "MAX_BODY_BYTES", _DEFAULT.max_body_bytes),
            max_file_bytes=_whole_number(found, "MAX_FILE_BYTES", _DEFAULT.max_file_bytes),
            database_url=found.get("DATABASE_URL") or None,
        )


# A dataclass with slots keeps no defaults on the class: read them from an instance.
_DEFAULT: Final = Config()


def _whole_number(found: Mapping[str, str], name: str, default: int) -> int:
    text = found.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError(f"{name} must be a whole number above 0 (bytes), such as {2 * _MIB}; given {text!r}")
    return int(text)
