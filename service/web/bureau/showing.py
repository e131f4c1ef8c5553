"""What the page of an upload shows, out of what was written down while its files were decided; nothing is computed."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from io import StringIO
from itertools import islice
from typing import Any, Final

from flask import request

from service.batch.lists import defect_of, entries_of
from service.derivation import figure
from service.errors import Defect
from service.heartbeat import Beat
from service.money import yuan
from service.policies import Policies
from service.policies.model import Language
from service.web.bureau.desk import Upload
from service.web.bureau.proposing import Granted, proposed
from service.web.bureau.told import titles
from service.web.times import in_china
from service.web.wording import Wording
from service.words import clipped_text, label_of, say

Json = dict[str, Any]
#: Rows of a table on one page.
PAGE: Final = 100
_DUE: Final = ("eligible", "manual_review")
#: Columns of a result that hold codes, and which.
_CODES: Final[Mapping[str, str]] = {"status": "statuses", "rule": "rules"}
#: Defects that the API tells in words of JSON.
_SAID_OF_FILES: Final = frozenset({"not_flag", "not_yuan", "yuan_too_large", "not_year", "not_count"})
#: Spreadsheets take a cell that begins so for a formula; Chinese ones the full-width signs as well.
_FORMULA: Final = tuple("=+-@＝＋－＠\t\r\n")
_BYTE_ORDER_MARK: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Paging:
    """One page of a list: its number from 1, how many there are, where it starts, and the parameter that turns it."""

    name: str
    number: int
    pages: int

    @classmethod
    def of(cls, name: str, listed: int) -> Paging:
        """Read which page is asked for; the nearest that there is."""
        pages = max(-(-listed // PAGE), 1)
        asked = request.args.get(name, "")
        number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= len(str(pages)) else 1
        return cls(name, min(max(number, 1), pages), pages)

    @property
    def start(self) -> int:
        """Tell the position of the first entry of this page."""
        return (self.number - 1) * PAGE


def shown(policies: Policies, upload: Upload, language: Language) -> Json:
    """Gather what the page of an upload shows."""
    summary = upload.summary()
    lists = summary["lists"]
    pages = {name: Paging.of(name, lists[name]["listed"]) for name in ("defects", "warnings")}
    done = proposed(upload)
    return {
        **_common(policies, language),
        "upload": upload,
        "made": in_china(upload.made),
        "expires": in_china(upload.expires.isoformat()),
        "lists": lists,
        "pages": pages,
        "defects": [_defect(policies, upload, entry, language) for entry in _page(upload, pages["defects"])],
        "kinds": [{**kind, "said": _said(policies, kind, language)} for kind in summary["kinds"]],
        "warnings": [{**one, "place": _place(upload, one["place"])} for one in _page(upload, pages["warnings"])],
        "notes": [_note(defect_of(note), language) for note in summary["notes"]],
        "unusual": [said for one in summary["measures"] for said in one["unusual"]],
        "carried": list(dict.fromkeys(name for one in summary["measures"] for name in one["carried"])),
        "statuses": list(dict.fromkeys(status for one in summary["measures"] for status in one["rows"])),
        "read": sum(one["read"] for one in summary["measures"]),
        "invalid": invalid_rows(summary),
        "measures": [
            {**one, **_named(one, policies, language), **_proposable(upload, one, done)} for one in summary["measures"]
        ],
        "column_label": partial(_column, language=language),
        "cell": partial(_cell, language=language),
    }


def shown_granted(policies: Policies, upload: Upload, measure: str, found: Granted, language: Language) -> Json:
    """Gather what the page of a measure that was proposed shows."""
    listed = found.summary["lists"]["standings"]
    page = Paging.of("standings", listed["listed"])
    return {
        **_common(policies, language),
        "upload": upload,
        "measure": measure,
        "states": found.summary["states"],
        "listed": listed,
        "page": page,
        "rows": [
            {**one, "place": _place(upload, one["place"])}
            for one in entries_of(found.folder, "standings", page.start, PAGE)
        ],
    }


def defects_as_csv(policies: Policies, upload: Upload, language: Language, beat: Beat) -> Iterator[str]:
    """Write all defects that are listed as a CSV that spreadsheets open as text, in the reader's language.

    With a sign of life after each part: however slowly it is fetched, it is sent to its end.
    """
    t = Wording(language)
    names = ("place", "row", "column", "given", "said")
    yield _BYTE_ORDER_MARK + _line([t(f"bureau.column_{name}") for name in names])
    entries = entries_of(upload.folder, "defects")
    while some := list(islice(entries, PAGE)):
        told = [_defect(policies, upload, entry, language) for entry in some]
        yield "".join(_line([_harmless(one[name]) for name in names]) for one in told)
        beat()


def invalid_rows(summary: Json) -> int:
    """Count the rows that cannot be used."""
    return sum(one["rows"].get("invalid", 0) for one in summary["measures"])


def _named(one: Json, policies: Policies, language: Language) -> Json:
    """Name a measure and its towns."""
    title, nowhere = titles(policies, language)[one["measure"]], Wording(language)("bureau.no_town")
    towns = [{**town, "name": clipped_text(town["town"]) if town["town"] else nowhere} for town in one["towns"]]
    return {"title": title, "name": title, "towns": towns}


def _common(policies: Policies, language: Language) -> Json:
    return {"titles": titles(policies, language), "yuan": partial(yuan, grouped=True), "share": _share}


def _page(upload: Upload, page: Paging) -> Iterator[Json]:
    return entries_of(upload.folder, page.name, page.start, PAGE)


def _defect(policies: Policies, upload: Upload, entry: Json, language: Language) -> Json:
    return {**entry, "place": _place(upload, entry["place"]), "said": _said(policies, entry, language)}


def _said(policies: Policies, entry: Json, language: Language) -> str:
    """Say what is wrong as people fill in files: with the labels that they may choose from, not as JSON."""
    t = Wording(language)
    if entry["code"] in _SAID_OF_FILES:
        flags = {name: label_of("template", name, language) for name in ("true", "false")}
        return t(f"bureau.{entry['code']}", **entry["facts"], **flags)
    said = say(defect_of(entry), language)
    if entry["code"] != "unknown_code":
        return said
    labels = {code: words.to(language) for field in policies.fields.values() for code, words in field.codes.items()}
    codes = entry["expected"].split(" | ")
    return said + t("bureau.choices", choices=t("bureau.between").join(labels.get(code, code) for code in codes))


def _note(note: Defect, language: Language) -> Json:
    return {"place": note.pointer, "said": say(note, language)}


def _place(upload: Upload, place: str) -> str:
    """Name the file and its sheet: the sheet of the only file stands alone in what was written down."""
    return place if len(upload.files) > 1 or place == upload.files[0] else f"{upload.files[0]} {place}"


def _proposable(upload: Upload, one: Json, done: list[str]) -> Json:
    """Tell whether a measure can be proposed, or why not."""
    due = sum(one["rows"].get(status, 0) for status in _DUE)
    if one["measure"] in done:
        bar = "proposed"
    elif upload.history:
        bar = "has_history"
    elif one["rows"].get("invalid"):
        bar = "has_invalid"
    else:
        bar = "" if due else "nothing_due"
    return {"bar": bar, "due": due, "not_due": one["read"] - due}


def _share(part: int, whole: int) -> int:
    """Tell how long a bar is, in thousandths of the longest."""
    return part * 1000 // whole if whole else 0


def _column(name: str, language: Language) -> str:
    from service.batch.workbook import column_label

    return column_label(name, language)


def _cell(column: str, text: str | None, language: Language) -> str:
    """Say a cell of a result: statuses and rules by their names, amounts with thousands separators."""
    if text is None:
        return ""
    return label_of(_CODES[column], text, language) if column in _CODES else figure(text)


def _line(cells: list[str]) -> str:
    written = StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()


def _harmless(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text
