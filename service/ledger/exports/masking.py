"""Identifiers as they may be published: a company is still recognised, a person is not."""

from __future__ import annotations

import re
from typing import Final
from unicodedata import normalize

#: A number of an identity card: region, a date of birth, three digits and a check digit; the old ones without century
#: and check digit.
_PERSONAL: Final = re.compile(
    r"(?<!\d)\d{6}(?:(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
    r"|\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3})(?!\d)",
    re.ASCII,
)
#: What people put between groups of digits.
_APART: Final = re.compile(r"[\W_]+")
_SHOWN_OF_COMPANIES: Final = 4
_SHOWN_OF_PERSONS: Final = 1


def is_personal(identifier: str) -> bool:
    """Tell whether an identifier holds the number of an identity card, however wide or set apart its digits are."""
    return _PERSONAL.search(_APART.sub("", normalize("NFKC", identifier))) is not None


def masked(identifier: str) -> str:
    """Mask all but the ends: four characters of a credit code at each, one of an identity card.

    Of shorter identifiers at most a quarter is shown at each end; of those below four characters nothing.
    """
    most = _SHOWN_OF_PERSONS if is_personal(identifier) else _SHOWN_OF_COMPANIES
    shown = min(most, len(identifier) // 4)
    hidden = "*" * (len(identifier) - 2 * shown)
    return identifier[:shown] + hidden + identifier[len(identifier) - shown :]


def masked_name(name: str) -> str:
    """Mask a person's name but for its first character."""
    return name[:1] + "*" * (len(name) - 1)
