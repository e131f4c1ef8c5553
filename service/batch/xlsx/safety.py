"""Looks at a workbook before anything opens it, and hands on only what was looked at.

An .xlsx file is a zip of XML parts. Everything that it says about itself may be a lie, so each part is inflated once,
with its size as a hard bound, and the parts that a reader needs are packed anew without compression: what is parsed
later is exactly what was checked here. Macros, pictures and links to other files are never even inflated.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final
from xml.etree import ElementTree as ET

from service.errors import Defect, Refused

MOST_PARTS: Final = 10_000
MOST_SHEETS: Final = 200
#: Only bombs are packed tighter: 1,000 is the most that deflate can do, spreadsheets stay under 100.
MOST_RATIO: Final = 400
_SMALL: Final = 16 << 20
_MOST_BYTES_OF_OUTLINE: Final = 8 << 20

_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
_NOT_XML: Final = re.compile(rb"<!DOCTYPE|<!ENTITY")

CONTENT_TYPES: Final = "[content_types].xml"
WORKBOOK: Final = "xl/workbook.xml"
RELATIONS: Final = "xl/_rels/workbook.xml.rels"
STRINGS: Final = "xl/sharedstrings.xml"
STYLES: Final = "xl/styles.xml"
_ALWAYS: Final = {
    CONTENT_TYPES: "[Content_Types].xml",
    "_rels/.rels": "_rels/.rels",
    WORKBOOK: WORKBOOK,
    RELATIONS: RELATIONS,
    STRINGS: "xl/sharedStrings.xml",
    STYLES: STYLES,
}


def refusal(code: str, given: Any = None, expected: str | None = None, **facts: Any) -> Refused:
    """Make the refusal of a whole workbook."""
    return Refused([Defect("", code, given, expected, facts)])


@dataclass(frozen=True, slots=True)
class Listed:
    """A sheet as the workbook lists it: its name, whether it is hidden, and the part that holds it."""

    name: str
    hidden: bool
    part: str


class Package:
    """The parts of a workbook; names in lower case. Refused for anything that is no sound .xlsx file."""

    def __init__(self, data: bytes, most_bytes_unpacked: int) -> None:
        _refuse_other_kinds(data)
        self._data = data
        try:
            with zipfile.ZipFile(BytesIO(data)) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error):
            raise refusal("workbook_damaged") from None
        self.entries = _checked(entries, most_bytes_unpacked)

    def read(self, name: str) -> bytes:
        """Inflate one part, never beyond the size that the directory gives."""
        entry = self.entries[name]
        magic, name_length, extra_length = _header(self._data, entry.header_offset)
        begin = entry.header_offset + _LOCAL_HEADER.size + name_length + extra_length
        packed = memoryview(self._data)[begin : begin + entry.compress_size]
        if magic != b"PK\x03\x04" or len(packed) != entry.compress_size:
            raise refusal("workbook_damaged", entry.filename)
        part = bytes(packed) if entry.compress_type == zipfile.ZIP_STORED else _inflated(packed, entry)
        if len(part) != entry.file_size or zlib.crc32(part) != entry.CRC:
            raise refusal("workbook_damaged", entry.filename)
        return part

    def sheets(self) -> tuple[Listed, ...]:
        """List the sheets in the workbook's order; charts and dialogs are no sheets."""
        targets = {one.get("Id"): one for one in self._outline(RELATIONS)}
        listed = [one for one in self._outline(WORKBOOK).iter() if _local(one.tag) == "sheet"]
        if len(listed) > MOST_SHEETS:
            raise refusal("workbook_too_many_sheets", len(listed), f"≤ {MOST_SHEETS}", most=MOST_SHEETS)
        found = []
        for sheet in listed:
            target = targets.get(next((value for key, value in sheet.items() if _local(key) == "id"), None))
            if target is not None and target.get("Type", "").endswith("/worksheet"):
                hidden = sheet.get("state", "visible") != "visible"
                found.append(Listed(sheet.get("name", ""), hidden, _part_of(target.get("Target", ""))))
        if any(one.part not in self.entries for one in found):
            raise refusal("workbook_damaged")
        return tuple(found)

    def repacked(self, sheets: Mapping[str, bytes]) -> BytesIO:
        """Pack the parts that a reader needs and the given sheets, without compression."""
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, written in _ALWAYS.items():
                if name in self.entries:
                    archive.writestr(written, self.read(name))
            for name, part in sheets.items():
                archive.writestr(self.entries[name].filename, part)
        packed.seek(0)
        return packed

    def _outline(self, name: str) -> ET.Element:
        if self.entries[name].file_size > _MOST_BYTES_OF_OUTLINE:
            raise refusal("workbook_damaged", name)
        part = self.read(name)
        try:
            if _NOT_XML.search(part):
                raise refusal("workbook_damaged", name)
            return ET.fromstring(part)  # noqa: S314 - small, and without any entity
        except (ET.ParseError, ValueError, LookupError):
            raise refusal("workbook_damaged", name) from None


def _refuse_other_kinds(data: bytes) -> None:
    if not data:
        raise refusal("workbook_empty_file")
    if data.startswith(_OLE):
        raise refusal("workbook_encrypted" if _ENCRYPTED in data else "workbook_old_xls")
    if not data.startswith(b"PK\x03\x04"):
        raise refusal("workbook_not_xlsx")


def _checked(entries: list[zipfile.ZipInfo], most_bytes_unpacked: int) -> dict[str, zipfile.ZipInfo]:
    """Refuse by the directory alone what is too large, packed too tight, encrypted, doubled or no workbook."""
    if any(entry.flag_bits & 1 for entry in entries):
        raise refusal("workbook_encrypted")
    by_name = {entry.filename.lower(): entry for entry in entries}
    if len(by_name) != len(entries) or len(entries) > MOST_PARTS:
        raise refusal("workbook_damaged")
    if "xl/workbook.bin" in by_name:
        raise refusal("workbook_binary")
    if not {CONTENT_TYPES, WORKBOOK, RELATIONS} <= by_name.keys():
        raise refusal("workbook_not_xlsx")
    parts = [entry for name, entry in by_name.items() if name.endswith((".xml", ".rels"))]
    unpacked = sum(entry.file_size for entry in parts)
    tight = any(entry.file_size > max(_SMALL, MOST_RATIO * entry.compress_size) for entry in parts)
    if unpacked > most_bytes_unpacked or tight:
        most = most_bytes_unpacked >> 20
        raise refusal("workbook_too_large", unpacked, f"≤ {most_bytes_unpacked}", most=most)
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in parts):
        raise refusal("workbook_damaged")
    return by_name


def _header(data: bytes, offset: int) -> tuple[bytes, int, int]:
    try:
        magic, name_length, extra_length = _LOCAL_HEADER.unpack_from(data, offset)
    except struct.error:
        raise refusal("workbook_damaged") from None
    return magic, name_length, extra_length


def _inflated(packed: memoryview, entry: zipfile.ZipInfo) -> bytes:
    """Inflate one byte more than promised at most, so that a lie about the size shows and costs nothing."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        part = inflate.decompress(packed, entry.file_size + 1)
    except zlib.error:
        raise refusal("workbook_damaged", entry.filename) from None
    if not inflate.eof:
        raise refusal("workbook_damaged", entry.filename)
    return part


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _part_of(target: str) -> str:
    """Resolve a relation's target, which may be absolute or relative to xl/."""
    path = target.lower()
    if path.startswith("/"):
        return path[1:]
    return path if path.startswith("xl/") else f"xl/{path}"
