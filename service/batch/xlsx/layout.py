"""What makes a table readable: widths, number formats, a frozen header, colours for statuses, a page to print."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from service.batch.xlsx.shown import Kind
from service.money import yuan
from service.words import WORDS

if TYPE_CHECKING:
    from rustpy_xlsxwriter import Format

LONGEST_NAME: Final = 31
_NOT_IN_NAMES: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_FORMATS: Final[Mapping[Kind, str]] = {"yuan": "#,##0.00", "date": "yyyy-mm-dd", "count": "#,##0"}
#: The format for text: it stays text when somebody edits it, neither a formula nor a number.
TEXT_FORMAT: Final = 49
_COLOURS: Final = {
    "eligible": "#E2EFDA",
    "ineligible": "#EDEDED",
    "needs_input": "#FFF2CC",
    "manual_review": "#FFE699",
    "not_in_force": "#EDEDED",
    "referenced": "#DDEBF7",
    "invalid": "#F8CBAD",
}
_HEADER: Final = "#DDEBF7"
_NARROWEST, _WIDEST, _WIDEST_HEADER = 9, 48, 22
_LINE_HEIGHT: Final = 15.0
_LOOKED_AT: Final = 500
_A4: Final = 9
_WIDE_CHARACTERS: Final = frozenset("WF")

Options = dict[str, Any]


def sheet_names(names: Sequence[str]) -> list[str]:
    """Make names that a spreadsheet takes: short, without certain characters, and each only once."""
    taken: set[str] = set()
    made = []
    for given in names:
        stem = _NOT_IN_NAMES.sub("_", given).strip("'")[:LONGEST_NAME] or "_"
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            end = f" ({number})"
            name = stem[: LONGEST_NAME - len(end)] + end
        taken.add(name.casefold())
        made.append(name)
    return made


class Layout:
    """Collects the options of all sheets of a workbook."""

    def __init__(self) -> None:
        self._options: dict[str, Options] = defaultdict(dict)

    def add(self, name: str, frame: pl.DataFrame, kinds: Mapping[str, Kind], above: Sequence[str] = ()) -> None:
        """Lay out a sheet; `above` are lines of text over the table, the first is a title."""
        header_row = len(above) + 1 if above else 0
        widths = {column: _width(frame[column], kinds[column]) for column in frame.columns}
        lines = max((-(-_cells(column) // int(widths[column])) for column in frame.columns), default=1)
        last = max(len(frame.columns) - 1, 1)
        options = {
            "header_row": header_row,
            "row_heights": {header_row: _LINE_HEIGHT * min(lines, 3) + 6},
            "freeze_panes": {"row": header_row + 1, "col": 0},
            "header_format": _header_format(),
            "column_widths": widths,
            "column_formats": {column: _format(kind) for column, kind in kinds.items()},
            "ignore_errors": [column for column, kind in kinds.items() if kind == "text"],
            "conditional_formats": {column: _by_status() for column, kind in kinds.items() if kind == "status"},
            "merge_ranges": [(row, 0, row, last, line, _above(row)) for row, line in enumerate(above)],
            "autofilter": not above,
            "page_setup": {
                "landscape": True,
                "paper_size": _A4,
                "fit_to_pages": (1, 0),
                "repeat_rows": header_row,
                "footer": "&L&A&R&P / &N",
            },
        }
        for option, value in options.items():
            self._options[option][name] = value

    def options(self) -> Options:
        """Return the options as the writer takes them."""
        return dict(self._options)


def _header_format() -> Format:
    from rustpy_xlsxwriter import Format

    header = Format().set_bold().set_text_wrap().set_align("center").set_align("vcenter")
    return header.set_background_color(_HEADER).set_border_bottom("thin")


def _above(row: int) -> Format:
    from rustpy_xlsxwriter import Format

    line = Format().set_align("left").set_num_format_index(TEXT_FORMAT)
    return line if row else line.set_bold().set_font_size(14)


def _format(kind: Kind) -> Format:
    from rustpy_xlsxwriter import Format

    if kind in _FORMATS:
        return Format().set_num_format(_FORMATS[kind])
    return Format().set_num_format_index(TEXT_FORMAT).set_align("left").set_indent(1)


def _by_status() -> list[Options]:
    """Colour a status by its code or by what it is called in either language."""
    from rustpy_xlsxwriter import Format

    return [
        {
            "type": "text",
            "criteria": "begins_with",
            "value": text,
            "format": Format().set_background_color(colour),
        }
        for code, colour in _COLOURS.items()
        for text in (code, *(WORDS[language]["statuses"][code] for language in ("zh", "en")))
    ]


def _width(column: pl.Series, kind: Kind) -> float:
    """Make a column as wide as what stands in its first rows, and its header not much higher than a line."""
    texts: Iterable[str] = map(str, column.head(_LOOKED_AT).drop_nulls().unique())
    if kind == "yuan" and column.dtype != pl.String:
        texts = (yuan(fen, grouped=True) for fen in (column.min(), column.max()) if isinstance(fen, int))
    content = max(map(_cells, texts), default=0)
    header = min(_cells(column.name), _WIDEST_HEADER) + 3  # room for the filter's button
    return float(min(max(content + 2, header, _NARROWEST), _WIDEST))


def _cells(text: str) -> int:
    """Count how many Latin letters wide a text is."""
    return sum(2 if unicodedata.east_asian_width(one) in _WIDE_CHARACTERS else 1 for one in text[:100])
