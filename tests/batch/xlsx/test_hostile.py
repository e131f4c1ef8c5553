"""What is no sound workbook, or would take the machine's memory, is refused in words before it does any harm."""

from __future__ import annotations

import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from service.batch.xlsx import scan
from service.errors import Refused
from service.words import say
from tests.batch.xlsx.workbooks import (
    HEADER_ROW,
    HEADERS,
    MOST_BYTES,
    SHEET,
    inline,
    made,
    of_rows,
    packed,
    parts_of,
    read,
    read_sheet,
    with_part,
    with_sheet_data,
)

GOOD = of_rows(HEADERS, ["A", "1", "2027-01-01"])
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def refused(source: bytes, **bounds: int) -> str:
    """Read what must be refused; return the code, for which there are words in both languages."""
    with pytest.raises(Refused) as caught:
        read(source, **bounds)
    (defect,) = caught.value.defects
    assert all(len(say(defect, language)) > 8 for language in ("zh", "en"))
    return defect.code


@pytest.mark.parametrize(
    ("source", "code"),
    [
        pytest.param(b"", "workbook_empty_file", id="no bytes at all"),
        pytest.param("统一社会信用代码,放款日期\n".encode("gb18030"), "workbook_not_xlsx", id="a CSV file renamed"),
        pytest.param(b"<html><table></table></html>", "workbook_not_xlsx", id="a page saved as .xls"),
        pytest.param(OLE + "Workbook".encode("utf-16-le"), "workbook_old_xls", id="an old .xls"),
        pytest.param(OLE + "EncryptedPackage".encode("utf-16-le"), "workbook_encrypted", id="a password"),
        pytest.param(packed({"a.txt": b"x"}), "workbook_not_xlsx", id="a zip of other things"),
        pytest.param(packed({"word/document.xml": b"<w/>"}), "workbook_not_xlsx", id="a letter"),
        pytest.param(packed({"xl/workbook.bin": b""}), "workbook_binary", id="a binary workbook"),
        pytest.param(GOOD[: len(GOOD) // 2], "workbook_damaged", id="cut in half"),
        pytest.param(GOOD[:-1], "workbook_damaged", id="the last byte missing"),
        pytest.param(GOOD[:4], "workbook_damaged", id="four bytes"),
        pytest.param(made(lambda _: None), "workbook_without_header", id="an empty workbook"),
        pytest.param(with_part(GOOD, SHEET, b"<worksheet><sheetData><row"), "workbook_damaged", id="XML cut off"),
        pytest.param(with_part(GOOD, "xl/workbook.xml", b"<x"), "workbook_damaged", id="an outline cut off"),
        pytest.param(with_part(GOOD, SHEET.upper(), b""), "workbook_damaged", id="two parts of one name"),
    ],
)
def test_other_files_are_refused_in_words(source: bytes, code: str) -> None:
    """Each kind of wrong file has a sentence of its own."""
    assert refused(source) == code


@pytest.mark.parametrize("length", range(0, len(GOOD), 97))
def test_file_cut_anywhere_is_refused(length: int) -> None:
    """Wherever a copy broke off, nothing of it is read."""
    assert refused(GOOD[:length]) in {"workbook_empty_file", "workbook_not_xlsx", "workbook_damaged"}


@pytest.mark.parametrize("place", range(40, len(GOOD), 61))
def test_flipped_byte_is_refused_or_harmless(place: int) -> None:
    """A damaged file is refused, or read as what it was: never as something else."""
    damaged = GOOD[:place] + bytes([GOOD[place] ^ 0xFF]) + GOOD[place + 1 :]
    try:
        workbook = read(damaged)
    except Refused:
        return
    assert [sheet.frame.rows() for sheet in workbook.sheets] == [[("A", "1", "2027-01-01")]]


def test_workbook_with_macros_is_read_and_they_are_left_alone() -> None:
    """An .xlsm is a workbook like others; its macros, pictures and links are not even unpacked."""
    parts = parts_of(GOOD)
    types = parts["[Content_Types].xml"].replace(b"sheet.main+xml", b"sheet.macroEnabled.main+xml")
    extra = {"[Content_Types].xml": types, "xl/vbaProject.bin": b"\xff" * 99, "xl/media/a.png": bytes(MOST_BYTES)}
    extra["xl/externalLinks/externalLink1.xml"] = b"<externalLink"
    assert read_sheet(packed(parts | extra)).frame.height == 1


def test_encrypted_zip_is_called_protected() -> None:
    """A zip with encrypted entries says so in its directory."""
    source = bytearray(GOOD)
    entry = source.find(b"PK\x01\x02")
    source[entry + 8] |= 1
    assert refused(bytes(source)) == "workbook_encrypted"


def bomb(unpacked: int) -> bytes:
    """Make a workbook whose sheet is one row repeated: small packed, huge unpacked."""
    parts = parts_of(GOOD)
    row = b'<row r="1"><c r="A1"><v>1</v></c></row>'
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, part in parts.items():
            if name != SHEET:
                archive.writestr(name, part)
        with archive.open(SHEET, "w") as sheet:
            sheet.write(b"<worksheet><sheetData>")
            for _ in range(unpacked // (len(row) * 10_000)):
                sheet.write(row * 10_000)
    return target.getvalue()


def lying(source: bytes, said: int) -> bytes:
    """Make the directory lie about the size of the sheet."""
    true = len(parts_of(source)[SHEET])
    source = source.replace(struct.pack("<L", true), struct.pack("<L", said))
    assert struct.pack("<L", true) not in source
    return source


MEASURE = """
import sys, resource
from pathlib import Path
from service.errors import Refused
import service.batch.xlsx.reading as reading, polars, python_calamine
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    reading.read_workbook(Path(sys.argv[1]), is_header=lambda row: True, most_bytes_unpacked=512 << 20, most_rows=10**6)
except Refused as refused:
    print(refused.defects[0].code, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""


def refused_within(source: bytes, folder: Path) -> tuple[str, int]:
    """Read a workbook in a process that may not take more than 4 GB; return the code and the megabytes it took."""
    file = folder / "bomb.xlsx"
    file.write_bytes(source)

    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(file)],
        capture_output=True, text=True, check=True, timeout=120,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    code, megabytes = done.stdout.split()
    return code, int(megabytes)


def test_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """Two gigabytes in a few megabytes cost no more memory than the file itself."""
    source = bomb(2_000_000_000)
    code, megabytes = refused_within(source, tmp_path)
    assert code == "workbook_too_large"
    assert megabytes < 3 * (len(source) >> 20) + 16


def test_bomb_that_lies_about_its_size_is_not_unpacked(tmp_path: Path) -> None:
    """The size in the directory is a bound, not a promise."""
    source = lying(bomb(300_000_000), 1_000)
    code, megabytes = refused_within(source, tmp_path)
    assert code == "workbook_damaged"
    assert megabytes < 3 * (len(source) >> 20) + 16


def test_two_far_cells_are_not_laid_out(tmp_path: Path) -> None:
    """A rectangle between two far corners would take 550 GB, or 250 MB; it is refused by what it measures."""
    for corner, row in (("XFD1048576", 1_048_576), ("BZ99999", 99_999)):
        rows = f'{HEADER_ROW}<row r="{row}">{inline(corner, "x")}</row>'
        code, megabytes = refused_within(with_sheet_data(rows), tmp_path)
        assert code == "workbook_too_sparse"
        assert megabytes < 16


@pytest.mark.parametrize(
    "rows",
    [
        f'<row r="1"><c r="A1"><v>1</v></c></row><row r="2">{inline("XFD1048576", "x")}</row>',
        f'<row r="1">{inline("A1", "x")}</row><row r="2"><c s="0" r="XFD1048576"><v>1</v></c></row>',
        "<row><c><v>1</v></c></row>" + "<row/>" * 50_000 + f"<row>{'<c/>' * 5_000}<c><v>1</v></c></row>",
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c\nr="XFD1048576"><v>1</v></c></row>',
        "<row r='1'><c r='A1'><v>1</v></c></row><row r='2'><c r='XFD1048576'><v>1</v></c></row>",
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><!-- <c " --><c r="XFD1048576"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c></row>'
        '<x:row xmlns:x="x" r="2"><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>',
    ],
)
def test_no_spelling_hides_a_far_cell(rows: str) -> None:
    """References in other rows, attributes in another order, quotes, prefixes, comments: the corner is found."""
    assert refused(with_sheet_data(rows)) == "workbook_too_sparse"


def test_sheet_in_utf_16_is_measured_too() -> None:
    """An encoding in which no pattern is found is parsed with care."""
    rows = f'<row r="1"><c r="A1"><v>1</v></c></row><row r="2">{inline("XFD1048576", "x")}</row>'
    part = f'<?xml version="1.0" encoding="UTF-16"?><worksheet><sheetData>{rows}</sheetData></worksheet>'
    assert refused(with_part(GOOD, SHEET, part.encode("utf-16"))) == "workbook_too_sparse"


def repeated(length: int, times: int) -> bytes:
    """Make a workbook that uses one long shared string many times."""
    strings = b"<sst><si><t>" + b"x" * length + b"</t></si><si><t>short</t></si></sst>"
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, times + 1))
    return with_part(with_sheet_data(rows), "xl/sharedStrings.xml", strings)


def test_one_long_text_used_often_is_refused(tmp_path: Path) -> None:
    """A megabyte of text in two thousand cells is two gigabytes once it is read."""
    code, megabytes = refused_within(repeated(1_000_000, 2_000), tmp_path)
    assert code == "workbook_too_large"
    assert megabytes < 64


def test_one_long_text_among_many_short_ones_is_read() -> None:
    """A long remark in one cell is no reason to refuse a long sheet."""
    strings = b"<sst><si><t>" + b"x" * 2_000_000 + b"</t></si><si><t>short</t></si></sst>"
    rows = '<row r="2"><c r="A2" t="s"><v>0</v></c></row>'
    rows += "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>1</v></c></row>' for n in range(3, 900))
    sheet = read_sheet(with_part(with_sheet_data(HEADER_ROW + rows), "xl/sharedStrings.xml", strings))
    assert sheet.frame.height == 898


def test_entities_are_not_expanded() -> None:
    """A document type in an outline or a sheet is refused."""
    declared = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>'
    assert refused(with_part(GOOD, "xl/workbook.xml", declared + b"<workbook/>")) == "workbook_damaged"
    sheet = declared + b"<x:worksheet xmlns:x='x'><x:sheetData/></x:worksheet>"
    assert refused(with_part(GOOD, SHEET, sheet)) == "workbook_damaged"


def test_many_sheets_of_one_part_are_refused() -> None:
    """One part listed ten thousand times would be read ten thousand times."""
    listed = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="rId1"/>' for n in range(1, 10_001))
    outline = f'<workbook xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>'
    assert refused(with_part(GOOD, "xl/workbook.xml", outline.encode())) == "workbook_too_many_sheets"


def test_what_is_parsed_is_what_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader gets a package of its own with nothing in it but the parts that were looked at."""
    import python_calamine

    handed: list[bytes] = []
    load = python_calamine.load_workbook

    def recorded(source: BytesIO) -> object:
        handed.append(source.getvalue())
        return load(source)

    monkeypatch.setattr(python_calamine, "load_workbook", recorded)
    read(with_part(GOOD, "xl/worksheets/sheet9.xml", b"<x/>"))
    with zipfile.ZipFile(BytesIO(handed[0])) as archive:
        assert SHEET in archive.namelist()
        assert "xl/worksheets/sheet9.xml" not in archive.namelist()
        assert "xl/theme/theme1.xml" not in archive.namelist()


SPELLINGS: list[Callable[[str], str]] = [
    lambda xml: xml,
    lambda xml: xml.replace("<c ", "<c  "),
    lambda xml: xml.replace('"', "'"),
]


@pytest.mark.parametrize("respell", SPELLINGS)
def test_search_and_parser_find_the_same(respell: Callable[[str], str]) -> None:
    """Formulas, errors and hidden rows are found in any spelling."""
    cells = '<c r="A2" t="e"><f>NA()</f><v>#N/A</v></c><c r="B2"><f>1</f></c><c r="AB2"><f>1</f><v>1</v></c>'
    xml = f'<cols><col min="2" max="3" width="9" hidden="1"/></cols><row r="2" hidden="1">{cells}</row>'
    part = f"<worksheet>{respell(f'<sheetData>{xml}</sheetData>')}</worksheet>".encode()
    facts = scan.scanned(part, "S")
    assert (facts.hidden_rows, facts.hidden_columns) == ([1], [1, 2])
    assert facts.errors == [(1, 0, "#N/A")]
    assert facts.formulas == [(1, 0, True), (1, 1, False), (1, 27, True)]
    assert (facts.width, facts.height) >= (28, 2)


def test_checksum_is_checked() -> None:
    """A part whose bytes were changed, with its length kept, is damaged."""
    stored = BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts_of(GOOD).items():
            archive.writestr(name, part)
    changed = stored.getvalue().replace("放款".encode(), "收款".encode())
    assert zlib.crc32(changed) != zlib.crc32(stored.getvalue())
    assert refused(changed) == "workbook_damaged"
