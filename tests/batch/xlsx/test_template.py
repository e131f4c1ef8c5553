"""A template asks for everything a measure needs, checks what is typed, and is read back by our own reader."""

from __future__ import annotations

import html
import re
from io import BytesIO

import pytest
from python_calamine import load_workbook

from service.batch.xlsx.reading import read_workbook
from service.batch.xlsx.template import sheet_name, write_template
from service.errors import NotFound
from service.policies import Policies
from service.policies.model import Language
from tests.batch.xlsx.workbooks import parts_of

LANGUAGES: list[Language] = ["zh", "en"]


def template(policies: Policies, *measures: str, language: Language = "zh") -> bytes:
    """Write a template into memory."""
    target = BytesIO()
    write_template(target, policies, measures or list(policies.newest.measures), language)
    return target.getvalue()


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_a_sheet_per_measure_and_one_of_instructions(policies: Policies, language: Language) -> None:
    """Sheets are named by the measures' titles in the language of the template."""
    measures = [policies.provision(policies.newest, name).measure for name in policies.newest.measures]
    names = load_workbook(BytesIO(template(policies, language=language))).sheet_names
    assert names[1:] == [sheet_name(measure, language) for measure in measures]
    assert names[0] == ("填写说明" if language == "zh" else "Instructions")


def test_name_too_long_for_a_sheet_is_the_id(policies: Policies) -> None:
    """No title is cut to something that nobody recognises."""
    measure = policies.provision(policies.newest, "platform_equipment").measure
    assert sheet_name(measure, "en") == "platform_equipment"
    assert sheet_name(measure, "zh") == "公共服务平台设备投资奖励"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_input_has_a_column(policies: Policies, language: Language) -> None:
    """All inputs and facts of a measure stand in the header, the periods as two columns."""
    version = policies.newest
    workbook = load_workbook(BytesIO(template(policies, language=language)))
    for name in version.measures:
        measure = policies.provision(version, name).measure
        header = [
            str(text).removesuffix("(元)")
            for text in workbook.get_sheet_by_name(sheet_name(measure, language)).to_python()[0]
        ]
        expected = {policies.fields[one].label.to(language) for one in measure.asked(policies.facts)}
        if "interest_periods" in measure.inputs:
            expected -= {policies.fields["interest_periods"].label.to(language)}
            expected |= {"付息起", "付息止"} if language == "zh" else {"Paid from", "Paid to"}
        assert set(header) == expected
        assert len(header) == len(expected)


def test_amounts_say_their_unit(policies: Policies) -> None:
    """A column of money is in yuan, and its header says so."""
    (header,) = load_workbook(BytesIO(template(policies, "loan_interest"))).get_sheet_by_index(1).to_python()
    assert "放款本金(元)" in header
    assert "年度利息发生额（不含罚息）(元)" in header


def test_own_reader_reads_the_template_back(policies: Policies) -> None:
    """An empty template has sheets without lines, and nothing in it is odd: not even its instructions."""
    labels = {field.label.zh for field in policies.fields.values()}
    workbook = read_workbook(
        template(policies),
        is_header=lambda row: sum(text.removesuffix("(元)") in labels for text in row) >= 2,
        most_bytes_unpacked=64 << 20,
        most_rows=10,
    )
    assert len(workbook.sheets) == len(policies.newest.measures)
    assert all(sheet.frame.is_empty() and not sheet.notes for sheet in workbook.sheets)
    assert workbook.notes == ()


def validations(workbook: bytes, sheet: int) -> dict[str, str]:
    """Return the checks of a sheet by the letter of their column."""
    xml = parts_of(workbook)[f"xl/worksheets/sheet{sheet}.xml"].decode()
    found = re.findall(r'<dataValidation (.*?) sqref="([A-Z]+)2:[A-Z]+\d+">(.*?)</dataValidation>', xml)
    return {letter: html.unescape(attributes + inside) for attributes, letter, inside in found}


def test_columns_are_checked(policies: Policies) -> None:
    """Codes and flags are chosen from lists, amounts, dates, years and counts have bounds."""
    workbook = template(policies, "loan_interest")
    (header,) = load_workbook(BytesIO(workbook)).get_sheet_by_index(1).to_python()
    checks = {header[ord(letter) - ord("A")]: check for letter, check in validations(workbook, 2).items()}
    assert "省级重点专业镇,省级特色专业镇,市级专业镇,县级专业镇" in checks["专业镇级别"]
    assert '"是,否"' in checks["属于主导产业"]
    assert 'type="decimal"' in checks["放款本金(元)"]
    assert "<formula2>99999999999.99</formula2>" in checks["放款本金(元)"]
    assert 'type="date"' in checks["放款日期"]
    assert 'type="date"' in checks["付息起"]
    assert "<formula1>1900</formula1><formula2>2200</formula2>" in checks["申报年度"]
    assert "<formula2>366</formula2>" in checks["付息天数"]
    assert 'type="textLength"' in checks["统一社会信用代码"]


def test_identifiers_are_text(policies: Policies) -> None:
    """The column of credit codes is formatted as text before anything is typed, so that 18 digits stay."""
    workbook = template(policies, "loan_interest")
    parts = parts_of(workbook)
    column = re.search(r'<col min="4" max="4" [^>]*style="(\d+)"', parts["xl/worksheets/sheet2.xml"].decode())
    assert column
    styles = parts["xl/styles.xml"].decode()
    formats = re.findall(r'<xf numFmtId="(\d+)"', styles[styles.index("<cellXfs") :])
    assert formats[int(column[1])] == "49"


def test_headers_have_notes(policies: Policies) -> None:
    """A note tells whether a column is needed, how it is written and what proves it."""
    notes = next(part for name, part in parts_of(template(policies, "loan_interest")).items() if "comments" in name)
    text = notes.decode()
    for found in ("放款本金(元) [disbursed_amount]", "必填", "二选一", "证明材料：借款借据", "最多两位小数"):
        assert found in text
    assert "null" not in text


def test_required_columns_are_marked(policies: Policies) -> None:
    """Required, either and optional headers have different colours."""
    xml = parts_of(template(policies, "loan_interest"))["xl/worksheets/sheet2.xml"].decode()
    styles = re.findall(r'<c r="[A-Z]1" s="(\d+)"', xml)
    assert len(set(styles)) == 3


def test_template_holds_no_formula(policies: Policies) -> None:
    """Nothing in a template is calculated."""
    for name, part in parts_of(template(policies)).items():
        assert not (name.startswith("xl/worksheets/sheet") and re.search(rb"<f[ >/]", part))


def test_unknown_measure_is_named(policies: Policies) -> None:
    """A measure that the policy does not have is refused, with those that it has."""
    with pytest.raises(NotFound) as refused:
        template(policies, "loan_interests")
    assert "loan_interest" in refused.value.known
