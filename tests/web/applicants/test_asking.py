"""A form's answer is the API's answer: one path, for the whole case file; what is refused is said at its field."""

from __future__ import annotations

import re
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from service.errors import Refused
from service.intake.request import read_request
from service.policies import Policies
from service.policies.model import Language
from service.telling import figure
from service.web.applicants.forms import Form, asked_above, form_of
from service.web.applicants.links import packed
from service.web.applicants.questions import layout_of
from service.web.applicants.said import Sayer
from service.web.wording import Wording
from tests.api.asking import GONE, loan
from tests.case_files import Case, all_cases, answer_of
from tests.web.applicants.filling import Body, fields_of, said_of

#: Statuses of which a page shows no amount: nothing was calculated.
WITHOUT_AMOUNT = {"referenced", "manual_review", "not_in_force"}
LANGUAGES: tuple[Language, ...] = ("zh", "en")
FORM = "/zh/measures/loan_interest"
CHANGED = Wording("en")("answers.changed_title")


def rest(client: FlaskClient, measure: str, body: Body, language: str = "zh") -> Any:
    """Return what the API answers."""
    answer = client.post(f"/v1/calculations/{measure}", json=body, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.json


def typed(policies: Policies, body: Body, **more: str) -> MultiDict[str, str]:
    """Return what a browser sends for a request."""
    return MultiDict({**form_of(policies, body).values, **more})


def shown(page: str) -> str:
    """Return a page as text."""
    return unescape(re.sub(r"<[^>]*>", "", page))


@pytest.mark.parametrize("part", range(8))
def test_every_case_is_answered_as_the_api_answers_it(anybody: FlaskClient, policies: Policies, part: int) -> None:
    """By form and by link: the same hashes, status, amount, rule, and the amount of every line."""
    for case in all_cases()[part::8]:
        _by_form(anybody, policies, case)
        _by_link(anybody, case)


def _by_form(anybody: FlaskClient, policies: Policies, case: Case) -> None:
    path = f"/zh/measures/{case.measure}"
    expected = rest(anybody, case.measure, said_of(case.body))
    result = anybody.post(path, data=typed(policies, case.body, do="result")).json
    assert result == expected, case
    assert answer_of(result) == case.expected, case
    page = anybody.post(path, data=typed(policies, case.body))
    assert page.status_code == 200, case
    assert expected["result_sha256"] in page.text, case
    for amount in (expected["amount"], *(line["amount"] for line in expected["lines"])):
        assert expected["status"] in {"referenced", "manual_review", "not_in_force"} or figure(amount) in page.text, (
            case
        )


def _by_link(anybody: FlaskClient, case: Case) -> None:
    expected = rest(anybody, case.measure, case.body, "en")
    policy = expected["policy"]
    text = packed(case.body, f"{policy['id']}@{policy['version']}", policy["sha256"])
    path = f"/en/measures/{case.measure}?case={text}"
    page = anybody.get(path).text
    assert expected["result_sha256"] in page, case
    assert expected["inputs_sha256"] in page, case
    assert CHANGED not in page, case
    assert anybody.get(f"{path}&as=result").json == expected, case


def test_an_answer_hands_out_its_link(anybody: FlaskClient, policies: Policies) -> None:
    """The link in an answer leads to the same answer, and the form behind it holds what was typed."""
    body = loan()
    page = anybody.post(FORM, data=typed(policies, body)).text
    found = re.search(r'id="link" value="http://localhost(/zh/[^"]+)"', page)
    assert found
    link = unescape(found[1])
    assert rest(anybody, "loan_interest", body)["result_sha256"] in anybody.get(link).text
    filled = fields_of(anybody.get(f"{link}&edit=1").text)
    assert filled["lines.0.disbursed_amount"] == "10000000.00"
    assert anybody.post(FORM, data={**filled.to_dict(), "do": "request"}).json == body


def test_ten_thousands_of_yuan_give_the_same_answer(anybody: FlaskClient, policies: Policies) -> None:
    """Amounts typed in 万元, in full-width digits and with commas are the same amounts."""
    sent = typed(policies, loan(), unit="wan")
    sent["lines.0.disbursed_amount"], sent["lines.0.interest_accrued"] = "１,０００", " 40 "
    result: Any = anybody.post(FORM, data={**sent.to_dict(), "do": "result"}).json
    assert result["amount"] == rest(anybody, "loan_interest", loan())["amount"]
    found = re.search(r'id="link" value="http://localhost(/zh/[^"]+)"', anybody.post(FORM, data=sent).text)
    assert found
    assert fields_of(anybody.get(f"{unescape(found[1])}&edit=1").text)["lines.0.disbursed_amount"] == "1000"


def sayer_of(policies: Policies, form: Form, language: Language) -> Sayer:
    """Return who says the defects of a form."""
    return Sayer(policies, layout_of(policies, "loan_interest", form, language), form, language)


def wrong_requests() -> list[Body]:
    """Return requests with one or several things wrong, in facts, lines, rows, money granted before and readings."""
    bad_rows = [{"paid_from": "2027-06-01", "paid_to": "2027-01-01"}, {"paid_from": "x"}]
    wrong: dict[str, list[Any]] = {
        "application_year": ["27", "x", 1, GONE],
        "town_tier": ["zz", "<b>", GONE],
        "is_leading_industry": ["maybe", GONE],
        "disbursed_amount": ["-1", "1.005", "9" * 30, "=1+1", None, GONE],
        "disbursed_on": ["2027-02-30", "1.1.2027", None, GONE],
        "interest_paid_days": ["-1", 400, "9" * 5000, GONE],
        "interest_periods": [bad_rows, [{"paid_from": "2027-01-01", "paid_to": "2027-06-01"}]],
        "receipt_number": ["x" * 10_000, "a\u202eb"],
        "applicant_id": ["911100006000373410"],
    }
    bodies = [loan(**{name: value}) for name, values in wrong.items() for value in values]
    bodies.append({"lines": [{}, {"line_id": "L1"}], "facts": {"application_year": "x"}})
    bodies.append(
        loan() | {"granted_before": [{"amount": "x"}, {"limit": "firm_cap", "group": {"application_year": 1}}]}
    )
    bodies.append(loan() | {"readings": {"loan_days": "x", "zz": "y"}, "policy": "none@1"})
    return bodies


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_defect_is_said_with_a_link_to_its_field(
    anybody: FlaskClient, policies: Policies, language: Language
) -> None:
    """A form that is refused is shown again: each defect in the summary, and again at the field that it names."""
    for body in wrong_requests():
        with pytest.raises(Refused) as refused:
            read_request(policies, "loan_interest", body)
        answer = anybody.post(f"/{language}/measures/loan_interest", data=typed(policies, body))
        assert answer.status_code == 422
        form = form_of(policies, body).refused(asked_above(policies, refused.value.defects))
        text = shown(answer.text)
        for name, where, sentence in sayer_of(policies, form, language).all():
            assert f"{where}" in text
            assert sentence in text
            if name is not None:
                assert f'href="#{name}"' in answer.text
                assert f'id="{name}"' in answer.text
                assert f'id="{name}-wrong"' in answer.text
        ids = re.findall(r'\bid="([^"]*)"', answer.text.partition("<template")[0])
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_speak_of_labels_and_not_of_json(policies: Policies, language: Language) -> None:
    """No sentence names a field by its identifier or asks for quotes: people fill in a form."""
    for body in wrong_requests():
        with pytest.raises(Refused) as refused:
            read_request(policies, "loan_interest", body)
        form = form_of(policies, body).refused(refused.value.defects)
        for _, where, sentence in sayer_of(policies, form, language).all():
            known = [name for name in policies.fields if "_" in name and name in sentence + where]
            assert not known, sentence
            assert not re.search(r"引号|quotes|JSON|null|true", sentence), sentence


def test_a_missing_fact_is_asked_for_once_above_the_lines(anybody: FlaskClient, policies: Policies) -> None:
    """What holds for all lines stands above them, so that is where its absence is said."""
    line = loan()["lines"][0]
    del line["town_tier"]
    page = anybody.post(FORM, data=typed(policies, {"lines": [line, line]})).text
    assert page.count('href="#facts.town_tier"') == 1
    assert 'href="#lines.0.town_tier"' not in page


def test_links_of_other_terms_are_answered_by_todays_with_a_warning(anybody: FlaskClient, policies: Policies) -> None:
    """Terms that changed since are named; the amount is today's."""
    version = policies.newest
    for ref, sha256 in ((version.ref, "0" * 64), ("jzbf-1999-1@1", version.sha256)):
        text = packed(loan(), ref, sha256)
        page = anybody.get(f"/en/measures/loan_interest?case={text}")
        assert page.status_code == 200
        assert CHANGED in page.text
        assert rest(anybody, "loan_interest", loan())["result_sha256"] in page.text


def test_saved_files_fill_the_form_again(anybody: FlaskClient, policies: Policies) -> None:
    """A form saved as a file is the request that the API takes, and comes back from the file as it was."""
    saved = anybody.post(FORM, data=typed(policies, loan(), do="request"))
    assert saved.headers["Content-Disposition"] == 'attachment; filename="loan_interest.json"'
    assert saved.json == loan()
    opened = anybody.post(FORM, data={"saved": (BytesIO(saved.data), "loan.json"), "do": "open"})
    assert opened.status_code == 200
    assert anybody.post(FORM, data={**fields_of(opened.text).to_dict(), "do": "request"}).json == loan()


def test_cases_too_long_for_a_link_are_carried_on_by_the_page(anybody: FlaskClient, policies: Policies) -> None:
    """Without a link an answer offers the form again and a file, by the request that it holds."""
    line = loan()["lines"][0]
    body = {
        "lines": [{**line, "receipt_number": f"{number * 7919:030x}"[::-1] + str(number**9)} for number in range(400)]
    }
    page = anybody.post(FORM, data=typed(policies, body))
    assert page.status_code == 200
    assert 'id="link"' not in page.text
    found = re.search(r'name="request" value="([^"]*)"', page.text)
    assert found
    kept = unescape(found[1])
    assert anybody.post(FORM, data={"request": kept, "do": "request"}).json == body
    again = anybody.post(FORM, data={"request": kept, "do": "edit"})
    assert again.status_code == 200
    assert 'name="lines.399.disbursed_amount"' in again.text
    assert "/zh/batches" in again.text
    in_wan = {**form_of(policies, body, "wan").values, "unit": "wan"}
    assert '<input type="hidden" name="unit" value="wan">' in anybody.post(FORM, data=in_wan).text


def test_measures_are_listed_with_what_they_pay(anybody: FlaskClient, policies: Policies) -> None:
    """Every measure has its card, in the order of the law, with its terms and ceilings; the others have no amount."""
    text = shown(anybody.get("/zh/measures").text)
    version = policies.newest
    titles = [one.title.zh for one in version.measures.values()] + [one.title.zh for one in version.referenced.values()]
    places = [text.index(title) for title in titles]
    assert places == sorted(places)
    for words in ("1.5%", "每户企业上限：1,000,000.00 元", "利息比例上限：", "广告费达到门槛：500,000.00 元", "10%"):
        assert words in text
    for one in version.referenced.values():
        page = anybody.get(f"/zh/measures/{one.id}")
        assert page.status_code == 200
        assert one.under.zh in page.text
        assert "<form" not in page.text.partition("<main")[2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_has_a_label_and_every_group_a_name(
    anybody: FlaskClient, policies: Policies, language: Language
) -> None:
    """Every input and select has a label of its own or stands within one; headings and groups are in order."""
    for path in [*(f"measures/{one}" for one in policies.newest.measures), "screening"]:
        page = anybody.get(f"/{language}/{path}").text
        labelled = set(re.findall(r'<label for="([^"]+)"', page))
        fields = re.findall(r"(<label[^>]*>)?<(?:input|select)\b([^>]*)>", page)
        assert len(fields) > 10
        for within, attributes in fields:
            found = re.search(r'\bid="([^"]+)"', attributes)
            hidden = 'type="hidden"' in attributes
            assert hidden or within or (found and found[1] in labelled), attributes
        assert page.count("<fieldset") == page.count("<legend") == page.count("</fieldset>")
        assert page.count("<h1") == 1


def test_the_other_language_is_a_link_away_with_all_that_was_typed(anybody: FlaskClient) -> None:
    """An answer, a form that is not finished and a screening all go on in the other language where they were."""
    typed = {"facts.town_tier": "provincial_key", "lines.0.disbursed_amount": "600", "unit": "wan"}
    form = anybody.post("/zh/measures/loan_interest", data={**typed, "do": "add-line"})
    other = anybody.get(elsewhere(form.text))
    assert (other.status_code, other.request.path) == (200, "/en/measures/loan_interest")
    assert 'name="lines.0.disbursed_amount" value="600"' in " ".join(other.text.split())
    answer = anybody.post("/en/measures/expo_budget", data={"lines.0.year": "2028"})
    assert "8,100,000.00" in anybody.get(elsewhere(answer.text)).text
    screened = anybody.post("/zh/screening", data={"facts.year": "2027"})
    assert "9,000,000.00" in anybody.get(elsewhere(screened.text)).text


def elsewhere(page: str) -> str:
    """Return where a page says that it is in the other language."""
    found = re.search(r'<a href="([^"]+)" hreflang=', page)
    assert found
    return unescape(found[1])
