"""A link that carries a case: the request, and by which terms it was answered. Nothing is stored to make one.

The text is base64url of zlib of canonical JSON. What comes back is read within bounds: it may be anybody's.
"""

from __future__ import annotations

import re
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import orjson

from service.canonical import canonical
from service.errors import Defect, Refused

#: gunicorn takes request lines of 4094 bytes: room is left for the rest of the address.
LONGEST: Final = 3_800
_MOST_BYTES: Final = 256 * 1024
#: A request is five deep (lines, line, balances, balance), and lies within a case.
_DEEPEST: Final = 8
_TEXT: Final = re.compile(r"[A-Za-z0-9_-]+")
_REF: Final = re.compile(r"[A-Za-z0-9._-]{1,64}@[A-Za-z0-9._-]{1,64}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class Case(NamedTuple):
    """What a link carries: a request, the version that answered it and the hash of the terms that were applied."""

    request: dict[str, Any]
    policy_ref: str
    terms_sha256: str


def packed(request: dict[str, Any], policy_ref: str, terms_sha256: str) -> str | None:
    """Write a case as the text of a link; None where the link would be too long to be followed."""
    case = Case(request, policy_ref, terms_sha256)
    text = urlsafe_b64encode(zlib.compress(canonical(case._asdict()), 9)).rstrip(b"=").decode()
    return text if len(text) <= LONGEST else None


def unpacked(text: str) -> Case:
    """Read the text of a link; Refused for what is cut off, broken or was never one."""
    if not _TEXT.fullmatch(text) or len(text) > LONGEST:
        raise _broken()
    try:
        squeezed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        found = orjson.loads(_inflated(squeezed))
    except (ValueError, zlib.error):
        raise _broken() from None
    if not isinstance(found, dict) or found.keys() != set(Case._fields) or too_deep(found):
        raise _broken()
    named = _matches(_REF, found["policy_ref"]) and _matches(_SHA256, found["terms_sha256"])
    if not named or not isinstance(found["request"], dict):
        raise _broken()
    return Case(**found)


def too_deep(value: Any, most: int = _DEEPEST) -> bool:
    """Tell whether plain data is nested deeper than any request is."""
    nested = _nested([value])
    for _ in range(most):
        nested = _nested(one for outer in nested for one in (outer.values() if isinstance(outer, dict) else outer))
    return bool(nested)


def _nested(values: Iterable[Any]) -> list[Any]:
    return [one for one in values if isinstance(one, (dict, list))]


def _inflated(squeezed: bytes) -> bytes:
    """Inflate one whole stream, but never more than a case may have."""
    inflater = zlib.decompressobj()
    plain = inflater.decompress(squeezed, _MOST_BYTES)
    if not inflater.eof or inflater.unused_data:
        raise ValueError("cut off, too large, or more than one stream")
    return plain


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _broken() -> Refused:
    return Refused([Defect("", "link_broken")])
