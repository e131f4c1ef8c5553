"""Writes an empty workbook to fill in: a sheet per measure, with notes, drop-downs and checks on every column.

XlsxWriter writes it: it alone checks rows that nobody has filled in yet, and knows dates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from service.batch.xlsx.layout import LONGEST_NAME, TEXT_FORMAT
from service.intake.fields import LONGEST_TEXT
from service.lines import FIRST_YEAR, LAST_YEAR
from service.money import FEN_BOUND, yuan
from service.policies import Policies
from service.policies.model import Field, Input, Language, Measure
from service.words import label_of, text_of

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

#: Rows of a sheet that are checked.
ROWS_CHECKED: Final = 100_000
#: The two columns that take the place of the periods of a loan.
PERIOD_COLUMNS: Final = ("paid_from", "paid_to")
_WIDTHS: Final[Mapping[str, int]] = {"text": 20, "credit_code": 22, "yuan": 18, "date": 13, "balances": 40}
_NUMBER_FORMATS: Final[Mapping[str, str]] = {"yuan": "#,##0.00", "date": "yyyy-mm-dd", "year": "0", "count": "0"}
_FLAGS: Final = ("true", "false")
_COLOURS: Final = {"required": "#F8CBAD", "nullable": "#F8CBAD", "either": "#FFE699", "optional": "#E2EFDA"}
_COLUMN_WIDTHS: Final = (34, 34, 18, 76, 40)

Options = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Column:
    """A column to fill in: its header, how its cells are written, and what is said about it."""

    id: str
    type: str
    header: str
    need: str
    how: str
    proof: str
    options: Sequence[str] = ()
    most: int | None = None


def sheet_name(measure: Measure, language: Language) -> str:
    """Name a measure's sheet by its title, or by its id where the title is too long for a sheet."""
    title = measure.title.to(language)
    return title if len(title) <= LONGEST_NAME else measure.id


def write_template(
    target: Path | BinaryIO, policies: Policies, measures: Sequence[str], language: Language = "zh"
) -> None:
    """Write a workbook with a sheet to fill in for each measure of the newest version, and one that explains.

    Raises NotFound for a measure that the version does not have.
    """
    from xlsxwriter import Workbook

    found = [policies.provision(policies.newest, name).measure for name in measures]
    columns = {measure.id: _columns(policies, measure, language) for measure in found}
    with Workbook(str(target) if isinstance(target, Path) else target, {"strings_to_formulas": False}) as workbook:
        _explain(workbook, found, columns, language)
        for measure in found:
            _sheet(workbook, sheet_name(measure, language), columns[measure.id], language)
        workbook.get_worksheet_by_name(sheet_name(found[0], language)).activate()


def _columns(policies: Policies, measure: Measure, language: Language) -> list[_Column]:
    """Lay out the facts of town and applicant first, then what the measure asks in its order."""
    asked = measure.asked(policies.facts)
    order = [*policies.facts, *(name for name in asked if name not in policies.facts)]
    columns = []
    for name in order:
        field = policies.fields[name]
        if field.type == "periods":
            columns += [_period_column(one, asked[name], field, language) for one in PERIOD_COLUMNS]
        else:
            columns.append(_column(field, asked[name], language))
    return columns


def _column(field: Field, asked: Input, language: Language) -> _Column:
    label = field.label.to(language)
    match field.type:
        case "code":
            options: Sequence[str] = [words.to(language) for words in field.codes.values()]
        case "flag":
            options = [label_of("template", flag, language) for flag in _FLAGS]
        case _:
            options = ()
    return _Column(
        id=field.id,
        type=field.type,
        header=f"{label}(元)" if field.type == "yuan" and language == "zh" else label,
        need=asked.need,
        how=text_of("template", f"how_{field.type}", language, options=" / ".join(options), most=field.most),
        proof=field.proof.to(language) if field.proof else "",
        options=options,
        most=field.most,
    )


def _period_column(name: str, asked: Input, field: Field, language: Language) -> _Column:
    return _Column(
        id=name,
        type="date",
        header=label_of("template", name, language),
        need=asked.need,
        how=text_of("template", f"how_{name}", language, label=field.label.to(language)),
        proof=field.proof.to(language) if field.proof else "",
    )


def _sheet(workbook: Workbook, name: str, columns: Sequence[_Column], language: Language) -> None:
    sheet = workbook.add_worksheet(name)
    headers = {need: _header(workbook, colour) for need, colour in _COLOURS.items()}
    formats = {kind: workbook.add_format({"num_format": shown}) for kind, shown in _NUMBER_FORMATS.items()}
    text = workbook.add_format({"num_format": TEXT_FORMAT})
    for place, column in enumerate(columns):
        width = max(_WIDTHS.get(column.type, 14), 2 * min(len(column.header), 11))
        sheet.set_column(place, place, width, formats.get(column.type, text))
        sheet.write_string(0, place, column.header, headers[column.need])
        sheet.write_comment(0, place, _note(column, language), {"x_scale": 2.2, "y_scale": 1.6, "author": ""})
        check = _check(column, language)
        if check:
            sheet.data_validation(1, place, ROWS_CHECKED, place, check)
    _finish(sheet, len(columns))


def _finish(sheet: Worksheet, width: int) -> None:
    sheet.set_row(0, 36)
    sheet.freeze_panes(1, 0)
    sheet.ignore_errors({"number_stored_as_text": f"A2:XFD{ROWS_CHECKED}"})
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, ROWS_CHECKED, max(width - 1, 0))


def _header(workbook: Workbook, colour: str) -> Format:
    return workbook.add_format(
        {"bold": True, "text_wrap": True, "bg_color": colour, "border": 1, "align": "center", "valign": "vcenter"}
    )


def _note(column: _Column, language: Language) -> str:
    lines = [
        f"{column.header} [{column.id}]",
        label_of("needs", column.need, language) if column.need != "nullable" else _nullable(language),
        column.how,
    ]
    if column.proof:
        lines.append(text_of("template", "proof_line", language, proof=column.proof))
    return "\n".join(lines)


def _nullable(language: Language) -> str:
    """Say it without null, which is nothing that a cell can hold."""
    return label_of("template", "nullable", language)


def _check(column: _Column, language: Language) -> Options | None:
    """Say what the cells of a column may hold."""
    match column.type:
        case "code" | "flag":
            check: Options = {"validate": "list", "source": list(column.options)}
        case "yuan":
            most = float(yuan(FEN_BOUND - 1))
            check = {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": most}
        case "date":
            bounds = {"minimum": date(FIRST_YEAR, 1, 1), "maximum": date(LAST_YEAR, 12, 31)}
            check = {"validate": "date", "criteria": "between", **bounds}
        case "year":
            check = {"validate": "integer", "criteria": "between", "minimum": FIRST_YEAR, "maximum": LAST_YEAR}
        case "count":
            check = {"validate": "integer", "criteria": "between", "minimum": 0, "maximum": column.most}
        case "text" | "credit_code":
            check = {"validate": "length", "criteria": "between", "minimum": 1, "maximum": LONGEST_TEXT}
        case _:
            return None
    title = label_of("template", "check_title", language)
    return check | {"error_title": title, "error_message": column.how[:255]}


def _explain(
    workbook: Workbook, measures: Sequence[Measure], columns: Mapping[str, Sequence[_Column]], language: Language
) -> None:
    """Write the sheet of instructions: rules for all sheets, then every column in a line."""
    sheet = workbook.add_worksheet(label_of("template", "instructions", language))
    title = workbook.add_format({"bold": True, "font_size": 14})
    head, cell = _header(workbook, "#DDEBF7"), workbook.add_format({"text_wrap": True, "valign": "top", "border": 1})
    for place, width in enumerate(_COLUMN_WIDTHS):
        sheet.set_column(place, place, width)
    sheet.write_string(0, 0, label_of("template", "title", language), title)
    rules = [text_of("template", f"rule_{n}", language) for n in range(1, 7)]
    for row, rule in enumerate(rules, 1):
        sheet.write_string(row, 0, rule)
    row = len(rules) + 2
    for place, name in enumerate(("column_sheet", "column_header", "column_need", "column_how", "column_proof")):
        sheet.write_string(row, place, label_of("template", name, language), head)
    for measure in measures:
        for column in columns[measure.id]:
            row += 1
            need = _nullable(language) if column.need == "nullable" else label_of("needs", column.need, language)
            texts = (sheet_name(measure, language), column.header, need, column.how, column.proof)
            for place, text in enumerate(texts):
                sheet.write_string(row, place, text, cell)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
