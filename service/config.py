"""What the environment says about how to run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from service.errors import WrongSetting

_MIB: Final = 1024 * 1024
_LEAST_CHARACTERS: Final = 32


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of a service; the defaults are those of a machine that only calculates.

    `policies` None is the file that comes with the product. `max_file_bytes` is for the files of one batch together.
    `database_url` None is an SQLite file in the folder `data`, which is made when the ledger is first used.
    `secret_key`, of at least 32 characters, protects the forms and sign-ins of the pages, and is the same in all
    workers and on all machines; None where nobody set one. `plain_http` allows signing in over plain HTTP from other
    machines; otherwise that takes https, or this machine. `desk` is the folder where uploads to the pages lie for some
    hours, shared by all workers; None is one of the user's own among the temporary files.
    """

    policies: Path | None = None
    max_body_bytes: int = 2 * _MIB
    max_file_bytes: int = 256 * _MIB
    database_url: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    plain_http: bool = False
    desk: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Config:
        """Read the settings from variables; WrongSetting names what is wrong.

        TOWN_SUBSIDY_POLICIES, MAX_BODY_BYTES, MAX_FILE_BYTES, DATABASE_URL, SECRET_KEY, PLAIN_HTTP, DESK
        """
        found = os.environ if environment is None else environment
        policies = found.get("TOWN_SUBSIDY_POLICIES")
        return cls(
            policies=Path(policies) if policies else None,
            max_body_bytes=_whole_number(found, "MAX_BODY_BYTES", _DEFAULT.max_body_bytes),
            max_file_bytes=_whole_number(found, "MAX_FILE_BYTES", _DEFAULT.max_file_bytes),
            database_url=found.get("DATABASE_URL") or None,
            secret_key=_secret(found, "SECRET_KEY"),
            plain_http=_flag(found, "PLAIN_HTTP"),
            desk=Path(found["DESK"]) if found.get("DESK") else None,
        )


# A dataclass with slots keeps no defaults on the class: read them from an instance.
_DEFAULT: Final = Config()


def _whole_number(found: Mapping[str, str], name: str, default: int) -> int:
    text = found.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise WrongSetting(name, f"1, 2, 3 … bytes ({2 * _MIB})", text)
    return int(text)


def _secret(found: Mapping[str, str], name: str) -> str | None:
    text = found.get(name) or None
    if text is not None and len(text) < _LEAST_CHARACTERS:  # told by its length: it is a secret, even a poor one
        raise WrongSetting(name, f"≥ {_LEAST_CHARACTERS} characters", len(text))
    return text


def _flag(found: Mapping[str, str], name: str) -> bool:
    text = found.get(name, "")
    if text not in {"", "0", "1"}:
        raise WrongSetting(name, "1 | 0", text)
    return text == "1"
