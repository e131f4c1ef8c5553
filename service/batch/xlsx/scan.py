"""What the XML of a sheet tells that a reader of values does not: formulas, errors, hidden rows, and its extent.

A reader of values lays a sheet out as a full rectangle: two cells at opposite corners would take 550 GB. So nobody
may read a sheet whose rectangle was not measured here. Sheets as spreadsheets write them are searched for a few byte
patterns, at about the speed of inflating them; any other spelling of the XML (prefixes, cells without a reference) is
parsed with care, which takes some seconds per million cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from service.batch.xlsx.places import cell_of, column_of
from service.batch.xlsx.safety import refusal

#: Cells of a sheet's rectangle; a cell takes 32 bytes while it is read, so this is just under a gigabyte.
MOST_CELLS: Final = 30_000_000
#: A small sheet may be as sparse as it likes; a larger one has a cell in at least every eighth place.
_SMALL: Final = 4_000_000
_MOST_PLACES_PER_CELL: Final = 8
#: Characters of all shared strings of a sheet, each counted wherever it is used.
MOST_CHARACTERS: Final = 1 << 30

_ROWS: Final = re.compile(rb'<row r="([0-9]{1,7})"')
_WIDE: Final = re.compile(rb'<c r="([A-Z]{2,3})')
_LETTERS: Final = re.compile(rb'<c r="([A-Z]{1,3})')
_FORMULA: Final = re.compile(rb"<f[ />]")
_ERROR: Final = re.compile(rb't="e"')
_HIDDEN: Final = rb'[^>]*?\bhidden="(?:1|true)"'
_HIDDEN_ROW: Final = re.compile(rb'<row r="([0-9]{1,7})"' + _HIDDEN)
_HIDDEN_COLUMN: Final = re.compile(rb"<col " + _HIDDEN + rb"[^>]*>")
_BOUND: Final = re.compile(rb'\b(min|max)="([0-9]{1,5})"')
_CELL: Final = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"([^>]*)>(.*)', re.DOTALL)
_VALUE: Final = re.compile(rb"<v[^>]*>([^<]+)</v>")
_SHARED: Final = re.compile(rb't="s"[^>]*><v>([0-9]{1,9})</v>')
_SHARED_IN_ANY_SPELLING: Final = re.compile(rb"""\bt\s*=\s*["'](?!str|n|b|e|d|inlineStr)""")
_END_OF_STRING: Final = re.compile(rb"</(?:\w+:)?si\s*>")
_EMPTY_STRING: Final = re.compile(rb"<(?:\w+:)?si\b[^>]*/>")
_PREFIXED_CELL: Final = re.compile(rb":c[\s/>]")
_LONGEST_TAG: Final = 256


@dataclass(slots=True)
class Facts:
    """What stands in a sheet besides its values. Rows and columns are counted from 0.

    `height` and `width` bound the cells that hold something, `cells` counts cells of any kind. A formula is (row,
    column, whether the workbook kept its value), an error (row, column, text).
    """

    height: int = 0
    width: int = 0
    cells: int = 0
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    formulas: list[tuple[int, int, bool]] = field(default_factory=list)
    errors: list[tuple[int, int, str]] = field(default_factory=list)


def scanned(part: bytes, sheet: str) -> Facts:
    """Measure a sheet and find what is odd in it; Refused if its rectangle is too large to be read."""
    facts = _searched(part) or _parsed(part)
    most = _most_cells(facts.cells)
    if facts.height * facts.width > most:
        corner = cell_of(facts.height - 1, facts.width - 1)
        raise refusal("workbook_too_sparse", corner, f"≤ {most} cells", sheet=sheet, cell=corner)
    return facts


def _most_cells(cells: int) -> int:
    """Tell how large a sheet's rectangle may be."""
    return min(MOST_CELLS, _SMALL + _MOST_PLACES_PER_CELL * cells)


def refuse_repeated_strings(strings: bytes, parts: Sequence[tuple[bytes, Facts]]) -> None:
    """Refuse shared strings that are few and long and used so often that all copies would fill the memory."""
    odd = b"<!" in strings  # inside a comment or CDATA an end tag is none
    lengths = [len(strings)] if odd else [len(piece) for piece in _END_OF_STRING.split(strings)]
    if max(lengths) * sum(facts.cells for _, facts in parts) <= MOST_CHARACTERS:
        return
    used = [int(n) for part, _ in parts for n in _SHARED.findall(part)]
    known = not odd and not _EMPTY_STRING.search(strings) and max(used, default=0) < len(lengths)
    if not known or len(used) < sum(len(_SHARED_IN_ANY_SPELLING.findall(part)) for part, _ in parts):
        characters = max(lengths) * sum(facts.cells for _, facts in parts)
    else:
        characters = sum(lengths[n] for n in used)
    if characters > MOST_CHARACTERS:
        raise refusal("workbook_too_large", characters, f"≤ {MOST_CHARACTERS}", most=MOST_CHARACTERS >> 20)


def _searched(part: bytes) -> Facts | None:
    """Search a sheet that is written as spreadsheets write it; None for any other, and for one that may be too large.

    The height is that of the largest number with as many digits and the same first digit, the width at least 26 unless
    that is too much.
    """
    if b"<sheetData" not in part or not part.startswith((b"<?xml", b"<worksheet")) or _PREFIXED_CELL.search(part):
        return None
    rows = _ROWS.findall(part)
    highest = str(max(map(int, rows), default=1))
    first, others = highest[0], len(highest) - 1
    # a <c that is neither another element nor a plain reference to a row of at most that height
    other_spelling = rb'<c(?! r="[A-Z]{1,3}(?:[0-9]{1,%d}|[1-%s][0-9]{%d})"|[a-zA-Z])'
    if re.search(other_spelling % (max(others, 1), first.encode(), others), part):
        return None
    width = max(_width(_WIDE, part), 26)
    height = max((int(first) + 1) * 10**others - 1, 9)
    facts = Facts(height, width, part.count(b'<c r="'))
    if height * width > _most_cells(facts.cells):
        facts.width = _width(_LETTERS, part)
    if height * facts.width > _most_cells(facts.cells):
        return None
    if b'hidden="' in part:
        facts.hidden_rows = [int(row) - 1 for row in _HIDDEN_ROW.findall(part)]
        facts.hidden_columns = [column for tag in _HIDDEN_COLUMN.findall(part) for column in _columns(tag)]
    for row, column, attributes, inside in _cells_at(_FORMULA, part):
        # a text formula may well have come out empty
        facts.formulas.append((row, column, b't="str"' in attributes or bool(_VALUE.search(inside))))
    for row, column, _, inside in _cells_at(_ERROR, part):
        value = _VALUE.search(inside)
        facts.errors.append((row, column, value[1].decode("utf-8", "replace") if value else "#N/A"))
    return facts


def _width(pattern: re.Pattern[bytes], part: bytes) -> int:
    return max(map(column_of, set(pattern.findall(part))), default=0) + 1


def _columns(tag: bytes) -> range:
    bounds = {key: int(value) for key, value in _BOUND.findall(tag)}
    return range(bounds.get(b"min", 1) - 1, bounds.get(b"max", 0))


def _cells_at(pattern: re.Pattern[bytes], part: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """Give row, column, attributes and inside of each cell in which a pattern is found."""
    for found in pattern.finditer(part):
        begin = part.rfind(b"<c ", max(0, found.start() - _LONGEST_TAG), found.start())
        end = part.find(b"</c>", found.start())
        cell = _CELL.fullmatch(part, begin, end) if 0 <= begin < end else None
        if cell:
            yield int(cell[2]) - 1, column_of(cell[1]), cell[3], cell[4]


class _Careful:
    """Counts rows and cells as a reader does: a cell without a reference follows the one before."""

    def __init__(self) -> None:
        self.facts, self.row, self.column = Facts(), -1, -1
        self.kind, self.value, self.has_formula, self.holds = "", "", False, False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "row":
                self.row = int(attributes.get("r", self.row + 2)) - 1
                self.column = -1
                if attributes.get("hidden") in ("1", "true"):
                    self.facts.hidden_rows.append(self.row)
            case "col" if attributes.get("hidden") in ("1", "true"):
                self.facts.hidden_columns += range(int(attributes["min"]) - 1, int(attributes["max"]))
            case "c":
                self._move(attributes.get("r"))
                self.facts.cells += 1
                self.kind, self.value = attributes.get("t", ""), ""
                self.has_formula = self.holds = False
            case "f":
                self.has_formula = True
            case "v" | "is":
                self.holds, self.value = True, ""

    def _move(self, reference: str | None) -> None:
        if reference is None:
            self.column += 1
            return
        letters = reference.rstrip("0123456789")
        self.column, self.row = column_of(letters), int(reference[len(letters) :]) - 1

    def text(self, text: str) -> None:
        self.value = (self.value + text)[:_LONGEST_TAG]

    def end(self, name: str) -> None:
        if name.rpartition(":")[2] != "c":
            return
        facts, row, column = self.facts, self.row, self.column
        if self.holds:
            facts.height, facts.width = max(facts.height, row + 1), max(facts.width, column + 1)
        if self.has_formula:
            facts.formulas.append((row, column, self.holds and (self.kind == "str" or bool(self.value))))
        if self.kind == "e":
            facts.errors.append((row, column, self.value or "#N/A"))

    def refuse_doctype(self, *_: object) -> None:
        raise ValueError("a sheet has no document type")


def _parsed(part: bytes) -> Facts:
    careful, parser = _Careful(), expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = careful.start, careful.end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = careful.text, careful.refuse_doctype
    try:
        parser.Parse(part, True)
    except (expat.ExpatError, ValueError, KeyError):
        raise refusal("workbook_damaged") from None
    return careful.facts
