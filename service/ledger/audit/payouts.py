"""A file of payments: columns by id or label, cells as the cells of a batch; what is not there is not checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import polars as pl

from service.batch.cells import reader_of
from service.batch.columns import tried
from service.batch.headers import Source as Column
from service.batch.headers import key_of, match, ways_to_write
from service.batch.headings import refuse_repeated
from service.batch.sources import Piece, Source
from service.batch.streams import format_of
from service.errors import Defect, Refused
from service.ledger.guard import normal
from service.policies import Policies
from service.policies.model import Field, FieldType, Words

GRANT_ID, PAYEE, MEASURE, TOWN, PAID_ON, AMOUNT, YEAR, REFERENCE = (
    "grant_id", "applicant_id", "measure", "town_id", "paid_on", "amount", "year", "reference",
)  # fmt: skip
_LABELS: Final[Mapping[str, tuple[FieldType, Words]]] = {
    GRANT_ID: ("text", Words("拨付编号", "Grant")),
    PAYEE: ("text", Words("统一社会信用代码", "Applicant identifier")),
    MEASURE: ("code", Words("措施", "Measure")),
    TOWN: ("text", Words("专业镇编码", "Town identifier")),
    PAID_ON: ("date", Words("支付日期", "Paid on")),
    AMOUNT: ("yuan", Words("支付金额", "Amount")),
    YEAR: ("year", Words("年度", "Year")),
    REFERENCE: ("text", Words("支付凭证号", "Reference")),
}
#: What else people call these columns.
_ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    GRANT_ID: ("id", "决定编号", "批复编号", "拨付单号", "grant id", "decision number"),
    PAYEE: ("payee", "收款单位代码", "收款人代码", "信用代码", "申报单位代码"),
    MEASURE: ("措施名称", "补助项目", "政策措施"),
    TOWN: ("town", "专业镇"),
    PAID_ON: ("拨付日期", "付款日期", "payment date"),
    AMOUNT: ("金额", "拨付金额", "实付金额", "付款金额", "实拨金额", "paid"),
    YEAR: ("申报年度", "所属年度", "application_year", "period"),
    REFERENCE: ("支付流水号", "凭证号", "支付令号", "payment reference"),
}
_TOTALS: Final = frozenset({"合计", "总计", "小计", "总额", "total", "sum"})
_ENOUGH_FOR_A_HEADER: Final = 2


@dataclass(slots=True)
class Payout:
    """A payment of the file. The amount is in fen, the day counts from 1970-01-01; None where nothing stands.

    `keys` are the values of columns that name a line of an application, such as a receipt number.
    """

    place: str
    row: int
    grant_id: str | None = None
    applicant_id: str | None = None
    measure: str | None = None
    town_id: str | None = None
    paid_on: int | None = None
    amount: int | None = None
    year: int | None = None
    reference: str | None = None
    keys: tuple[str | None, ...] = ()
    defects: Sequence[Defect] = ()


@dataclass(slots=True)
class Payouts:
    """A file of payments: the rows in their order, which column was taken for what, and the rows of sums left out."""

    file: str
    rows: list[Payout] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    carried: list[str] = field(default_factory=list)
    sums: list[Payout] = field(default_factory=list)
    warnings: list[Defect] = field(default_factory=list)
    texts: list[pl.DataFrame] = field(default_factory=list)


def read_payouts(policies: Policies, path: Path, keys: Sequence[str] | None = None) -> Payouts:
    """Read a file of payments.

    A row names the grant that it pays, or, where `keys` are given, a line of an application by these fields.
    Refused if it cannot be read, has no amounts, or nothing by which a payment could be known.
    """
    fields = _fields(policies, keys)
    known = _known(fields)
    read = partial(_read_piece, fields, keys or ())
    found = Payouts(path.name)
    for piece in _pieces(path, known, fields, found):
        columns = _columns(piece, known, fields, keys or ())
        found.columns |= {name: column.column for name, column in columns.items()}
        taken = {column.column for column in columns.values()}
        found.carried += [name for name in piece.texts.columns if name not in taken and name not in found.carried]
        _sort(found, piece, read(piece, columns))
    if not found.rows:  # to match all of nothing would be praise for a file that was cut off
        raise Refused([Defect(path.name, "no_rows")])
    return found


def _fields(policies: Policies, keys: Sequence[str] | None) -> dict[str, Field]:
    measures = {
        name: one.title
        for version in policies.versions
        for titled in (version.referenced, version.measures)
        for name, one in titled.items()
    }
    own = {
        name: Field(name, kind, label, None, measures if name == MEASURE else {}, None, "group")
        for name, (kind, label) in _LABELS.items()
        if keys is None or name != GRANT_ID
    }
    return {name: policies.fields[name] for name in keys or () if name not in own} | own


def _known(fields: Mapping[str, Field]) -> dict[str, str]:
    also = {key_of(text): name for name, texts in _ALSO.items() if name in fields for text in texts}
    return also | ways_to_write(fields.values())


def _pieces(path: Path, known: Mapping[str, str], fields: Mapping[str, Field], found: Payouts) -> Iterator[Piece]:
    """Read a file piece by piece; of a workbook every sheet that has a header."""
    if format_of(path) != "xlsx":
        yield from Source(path).pieces()
        return
    from service.batch.workbook import opened, piece_of, warning_of

    def is_header(row: Sequence[str]) -> bool:
        return sum(match(text, known, fields) is not None for text in row) >= _ENOUGH_FOR_A_HEADER

    workbook = opened(path, is_header)
    notes = [*workbook.notes, *(note for sheet in workbook.sheets for note in sheet.notes if not note.is_defect)]
    found.warnings += [warning_of(note, path.name) for note in notes]
    rows = 0
    for sheet in workbook.sheets:
        refuse_repeated(sheet.headers)
        rows += sheet.frame.height
        if sheet.frame.height:
            yield piece_of(sheet, sheet.name)
    if not rows:
        raise Refused([Defect(path.name, "no_rows")])


def _columns(
    piece: Piece, known: Mapping[str, str], fields: Mapping[str, Field], keys: Sequence[str]
) -> dict[str, Column]:
    """Find the columns; Refused for two of the same kind, no amount, or nothing to know a payment by."""
    columns: dict[str, Column] = {}
    defects = []
    for header in piece.texts.columns:
        named = match(header, known, fields)
        if named is None:
            continue
        name, unit = named
        if name in columns:
            defects.append(Defect(header, "doubled_column", header, columns[name].column, {"field": header}))
        columns.setdefault(name, Column(header, unit))
    if AMOUNT not in columns:
        defects.append(_missing(AMOUNT, fields))
    if not columns.keys() & {GRANT_ID, PAYEE, TOWN, *keys}:
        defects.append(_missing(GRANT_ID if GRANT_ID in fields else PAYEE, fields))
    if defects:
        raise Refused(defects)
    return columns


def _missing(name: str, fields: Mapping[str, Field]) -> Defect:
    label = fields[name].label.zh
    return Defect(label, "missing_column", None, f"{name} | {label}", {"field": label})


def _read_piece(
    fields: Mapping[str, Field], keys: Sequence[str], piece: Piece, columns: Mapping[str, Column]
) -> list[Payout]:
    """Read the cells of a piece, each distinct text once."""
    defects: dict[int, list[Defect]] = {}
    taken = {column.column for column in columns.values()}
    for row, flaws in piece.flaws.items():
        defects[row] = [flaw for flaw in flaws if flaw.pointer in taken]
    values = {
        name: read_cells(piece.texts[one.column], cell_reader(fields[name], one), defects)
        for name, one in columns.items()
    }
    own = {name: column for name, column in values.items() if name in _LABELS}
    named = [values[name] for name in keys if name in values]
    rows = []
    for place in range(piece.texts.height):
        facts = {name: column[place] for name, column in own.items()}
        payout = Payout(piece.place, piece.rows[place], **facts)
        payout.keys = tuple(column[place] for column in named)
        payout.defects = defects.get(place, ())
        rows.append(payout)
    amount = columns[AMOUNT].column
    for payout in rows:
        if payout.amount is None and not payout.defects:
            payout.defects = [Defect(amount, "missing", None, None, {"field": amount})]
    return rows


def cell_reader(entry: Field, column: Column) -> Callable[[str], Any]:
    """Return the function that reads a cell; a code comes as itself instead of its position."""
    read = reader_of(entry, column.unit)
    codes = list(entry.codes)
    return (lambda cell: codes[read(cell)]) if codes else read


def read_cells(cells: pl.Series, read: Callable[[str], Any], defects: dict[int, list[Defect]]) -> list[Any]:
    """Read a column; what cannot be read is None, and a defect of its row."""
    values: dict[str | None, Any] = {}
    wrong: dict[str | None, list[Defect]] = {}
    for cell in cells.unique().drop_nulls().to_list():
        if text := cell.strip():
            found = tried(read, text)
            (wrong if isinstance(found, list) else values)[cell] = found
    texts = cells.to_list()
    for place, cell in enumerate(texts) if wrong else ():
        for defect in wrong.get(cell, ()):
            facts = {**defect.facts, "field": cells.name}
            defects.setdefault(place, []).append(replace(defect, pointer=cells.name + defect.pointer, facts=facts))
    return [values.get(cell) for cell in texts]


def _sort(found: Payouts, piece: Piece, rows: list[Payout]) -> None:
    """Set rows of sums apart: they say so, and name no payment."""
    texts = piece.texts
    says_so = texts.select(
        pl.any_horizontal(pl.all().str.strip_chars().str.to_lowercase().is_in(list(_TOTALS))).fill_null(value=False)
    ).to_series()
    sums = {place for place in says_so.arg_true().to_list() if _names_nothing(rows[place])}
    found.sums += [rows[place] for place in sorted(sums)]
    kept = [place for place in range(len(rows)) if place not in sums]
    found.rows += [rows[place] for place in kept]
    found.texts.append(texts if not sums else texts[kept])


def _names_nothing(payout: Payout) -> bool:
    named = (payout.grant_id, payout.applicant_id, payout.town_id, payout.reference, *payout.keys)
    return all(text is None or normal(text) in _TOTALS for text in named)
