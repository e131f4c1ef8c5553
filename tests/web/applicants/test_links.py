"""A link carries a case and is read within bounds: anything that was never one is refused in words."""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64encode
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Refused
from service.policies import load
from service.web.applicants.links import LONGEST, Case, packed, unpacked
from tests.web.applicants.filling import spread_request

POLICIES = load()
SHA256 = "0" * 64
REQUEST: dict[str, Any] = {"lines": [{"disbursed_amount": "1.00"}]}


def text_of(data: bytes) -> str:
    """Write bytes as the text of a link."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(**parts: Any) -> str:
    """Write a case with some of its parts changed, as a link would hold it."""
    case = Case(REQUEST, "a@1", SHA256)._asdict() | parts
    return text_of(zlib.compress(orjson.dumps({name: part for name, part in case.items() if part is not ...})))


@given(st.randoms(use_true_random=False), st.sampled_from(sorted(POLICIES.newest.measures)))
def test_cases_come_back_as_they_were(chance: Random, measure: str) -> None:
    """A request goes through a link unchanged, and the same request always makes the same link."""
    body = spread_request(chance, POLICIES, measure)
    text = packed(body, POLICIES.newest.ref, SHA256)
    assert text is not None
    assert unpacked(text) == Case(body, POLICIES.newest.ref, SHA256)
    assert packed(dict(reversed(body.items())), POLICIES.newest.ref, SHA256) == text


def test_a_case_too_long_for_a_link_gets_none() -> None:
    """A link that no server would take is not made."""
    chance = Random(1)
    lines = [{"receipt_number": f"{chance.getrandbits(200):x}"} for _ in range(200)]
    assert packed({"lines": lines}, "a@1", SHA256) is None


def bombs() -> list[str]:
    """Texts that are small and would be huge."""
    huge = zlib.compress(b"0" * 2_000_000, 9)
    return [text_of(huge), text_of(zlib.compress(b'{"request":{"a":"' + b" " * 400_000 + b'"}}', 9))]


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "=", "!!!!", "../../etc", "\x00", "链接", "A" * LONGEST, "A" * (LONGEST + 1),
        forged()[:-3], forged()[3:], forged() + "AAAA", forged()[:20] + "A" + forged()[21:],
        forged(request=...), forged(more=1), forged(request=[]), forged(request=None), forged(request="x"),
        forged(policy_ref=1), forged(policy_ref="a"), forged(policy_ref="<b>@1"), forged(policy_ref="a@1\n"),
        forged(terms_sha256="0" * 63), forged(terms_sha256=None), forged(terms_sha256="G" * 64),
        text_of(zlib.compress(b"[]")), text_of(zlib.compress(b"{")), text_of(zlib.compress(b"\xff")),
        text_of(zlib.compress(b"[" * 100_000)), text_of(zlib.compress(b"[" * 900 + b"]" * 900)),
        text_of(zlib.compress(b'{"a":' * 1000 + b"1" + b"}" * 1000)),
        forged(request={"lines": [[[[[[[[1]]]]]]]]}),
        *bombs(),
    ],
)  # fmt: skip
def test_what_is_no_link_is_refused(text: str) -> None:
    """Cut off, changed, of another form, or a bomb: one sentence, and nothing else happens."""
    assert unpacked(forged())
    with pytest.raises(Refused) as refused:
        unpacked(text)
    assert [one.code for one in refused.value.defects] == ["link_broken"]
