"""Whatever is sent to the applicants' pages comes back as text, or is refused in words; never an error of ours."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from service.policies import Policies, load
from service.web.applicants.forms import form_of
from tests.api.asking import loan

FORM = "/zh/measures/loan_interest"
SCREENING = "/en/screening"
NAMES = sorted({*form_of(load(), loan()).values, "facts.town_tier", "unit", "do", "request", "granted.0.limit"})
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus='alert(1)' x='",
    "{{ 7 * 7 }}{% raw %}",
    "</textarea></select></template>",
    '=HYPERLINK("http://x")',
    "a\u202egnp.exe",
    "\u0000\u0007",
    "\ud7ff\ufffe\U0010ffff",
    "汾" * 10_000,
    "9" * 10_000,
    "1e999999999",
    "../../../etc/passwd",
    "true",
    "null",
    "%s%n{0}{field}{",
]


def refused_or_shown(answer: TestResponse, given: str) -> None:
    """Demand a page of ours in which what was given is text at most."""
    assert answer.status_code in {200, 400, 404, 413, 422}
    assert answer.text.count("<script") == answer.text.count('<script src="/assets/')
    if "<" in given:
        assert given not in answer.text
    assert not re.search(r"<[^>]*\son\w+=", re.sub(r'"[^"]*"', '""', answer.text))
    assert "49{% raw" not in answer.text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_any_field_is_text(anybody: FlaskClient, policies: Policies, text: str) -> None:
    """In every field of a form, one after another, in the buttons, the unit and the names of fields."""
    values = form_of(policies, loan()).values
    for name in NAMES:
        refused_or_shown(anybody.post(FORM, data={**values, name: text}), text)
    refused_or_shown(
        anybody.post(FORM, data={**values, f"facts.{text}": "1", f"lines.0.{text}": text, text: text}), text
    )
    for name in ("facts.town_tier", "facts.ad_paid", "unit", "do"):
        refused_or_shown(anybody.post(SCREENING, data={name: text}), text)
    refused_or_shown(anybody.get(FORM, query_string={"case": text}), text)
    refused_or_shown(anybody.get(FORM, query_string={"unit": text, "edit": text, "as": text}), text)
    refused_or_shown(anybody.get(f"/zh/measures/{text[:100]}".replace("\u0000", "")), text)


def test_names_that_are_hostile_are_shown_as_they_are(anybody: FlaskClient) -> None:
    """A name of a firm may hold markup: it is calculated with, and shown as text."""
    name = "<b>甲</b>&amp;"
    sent = MultiDict({f"lines.0.{key}": str(value) for key, value in loan()["lines"][0].items()})
    sent["lines.0.is_leading_industry"] = "true"
    sent.update({key.replace("lines.0", "lines.1"): value for key, value in sent.to_dict().items()})
    sent["lines.0.line_id"] = name
    answer = anybody.post(FORM, data=sent)
    assert answer.status_code == 200
    assert "&lt;b&gt;甲&lt;/b&gt;&amp;amp;" in answer.text
    assert name not in answer.text


def test_thousands_of_lines_are_refused_in_words(anybody: FlaskClient, policies: Policies) -> None:
    """More lines than are calculated, and more bytes than are taken, and line numbers that nobody counts to."""
    many = {f"lines.{number}.line_id": "" for number in range(10_000)}
    answer = anybody.post(FORM, data=many)
    assert answer.status_code == 422
    assert "一次最多计算 1000 行" in answer.text
    assert "共收到 10000 行，本页只列出前 1000 行" in answer.text
    line = {name: str(value) for name, value in loan()["lines"][0].items()}
    big = {f"lines.{number}.{name}": value for number in range(10_000) for name, value in line.items()}
    assert anybody.post(FORM, data=big).status_code == 413
    far = anybody.post(FORM, data={"lines.999999999.line_id": "a", "lines.0.outstanding.999999999.balance": "1"})
    assert far.status_code == 422
    assert len(far.data) < 100_000
    values = form_of(policies, loan()).values
    again = anybody.post(FORM, data={**values, "lines.9999999999.line_id": "b"})  # ten digits: no name of ours
    assert again.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"1", b"null", b"\xff\xfe", b'{"lines": 5}', b'{"lines": {"0": 1}}',
        b'{"lines": [null, 1, []]}', b'{"facts": []}', b'{"facts": {"outstanding": [1, null, {"balance": {}}]}}',
        b'{"granted_before": [[], 1, {}]}', b'{"granted_before": [{"limit": [], "group": 5, "amount": {}}]}',
        b'{"readings": [1]}', b'{"readings": {"a.b": {}}}',
        b'{"lines.": 1}', b'{"lines.abc": 1}', b'{"granted.x": 1}', '{"granted.²": 1}'.encode(),
        '{"facts": {"²": 1}, "lines": [{"²": 1}]}'.encode(), '{"granted_before": [{"group": {"²": 1}}]}'.encode(),
        b'{"policy": {}}', b'{"facts": {"a/b~c.d": 1, "": 2, "town_tier": {"x": [1]}}}',
        b'{"lines": [{"disbursed_amount": 18446744073709551615, "application_year": 1e400}]}',
        b'{"lines": [{"disbursed_amount": 18446744073709551615, "application_year": true}]}',
        b"[" * 5000, b'{"a":' * 200 + b"1" + b"}" * 200, b'{"lines":' + b"[" * 300 + b"]" * 300 + b"}",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "do", ["answer", "open", "add-line", "copy-line-0", "add-granted", "request", "result", "unit-wan"]
)
def test_files_that_were_not_saved_here_are_refused(anybody: FlaskClient, body: bytes, do: str) -> None:
    """A file may hold anything: a form filled as far as that goes, or a refusal in words."""
    for path in (FORM, "/zh/measures/little_giant"):
        answer = anybody.post(path, data={"saved": (BytesIO(body), "x.json"), "do": do})
        assert answer.status_code in {200, 422}
        kept = anybody.post(path, data={"request": body.decode("utf-8", "replace"), "do": do})
        assert kept.status_code in {200, 422}


def test_a_request_as_deep_as_one_can_be_is_no_hostile_one(anybody: FlaskClient) -> None:
    """The bound on depth lets every real request pass."""
    row = {"balance": "1.00", "from": "2027-01-01", "to": "2027-02-01"}
    body = loan(outstanding=[row]) | {
        "granted_before": [{"limit": "firm_cap", "group": {"application_year": 2027}, "amount": "1"}]
    }
    answer = anybody.post(FORM, data={"request": orjson.dumps(body).decode(), "do": "request"})
    assert answer.json == body


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=20), max_size=12))
def test_random_texts_never_break_a_form(anybody: FlaskClient, sent: dict[str, Any]) -> None:
    """Any text in any field is refused or calculated."""
    for path in (FORM, SCREENING):
        assert anybody.post(path, data=sent).status_code in {200, 400, 422}
