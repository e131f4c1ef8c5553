"""The report of an audit as a workbook: totals, findings, every payment with what was found, a sample to check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import polars as pl

from service.batch.xlsx.shown import Kind
from service.batch.xlsx.writing import ResultSheet, Summary, write_workbook
from service.ledger.audit.auditing import Audit
from service.ledger.audit.payouts import AMOUNT, PAID_ON
from service.ledger.audit.told import told
from service.money import fen_of
from service.policies import Policies
from service.policies.model import Language
from service.words import label_of, text_of

Json = dict[str, Any]

_FINDING: Final = (
    "place",
    "row",
    "kind",
    "at_stake",
    "counted",
    "message",
    "paid",
    "measure",
    "town_id",
    "applicant_id",
)
_LEDGER: Final = ("grant", "due", "state", "approved_by", "approved_on", "ledger_paid_on", "ledger_reference")
_SAMPLE: Final = ("place", "row", "paid", "paid_on", "measure", "town_id", "applicant_id")
_BY_HAND: Final = ("checked_by", "checked_result")
_KINDS: Final[Mapping[str, Kind]] = {
    "row": "count", "rows": "count", "accused": "count", "at_stake": "yuan", "counted": "yuan", "paid": "yuan",
    "due": "yuan", "approved_on": "date", "paid_on": "date", "ledger_paid_on": "date",
}  # fmt: skip
#: Sets our columns apart from those of the file, which may be called the same.
_OURS: Final = "\0"


def write_report(
    target: Path | BinaryIO, audit: Audit | None, report: Json, policies: Policies, language: Language
) -> None:
    """Write the workbook of an audit and its report; of one that was kept (None) without the file's own rows."""
    spoken = told(report, policies, language)
    sheets = [
        _sheet("findings", spoken["findings"], (*_FINDING, *_LEDGER), language),
        *([_payouts(audit, spoken, language)] if audit else []),
        _sheet("sample", spoken["sample"]["rows"], (*_SAMPLE, *_LEDGER, *_BY_HAND), language),
        _sheet("by_measure", spoken["by_measure"], ("measure", "rows", "paid", "accused", "at_stake"), language),
        _sheet("by_town", spoken["by_town"], ("town_id", "rows", "paid", "accused", "at_stake"), language),
    ]
    write_workbook(target, sheets, _summary(spoken, language))


def _sheet(name: str, entries: Sequence[Json], columns: Sequence[str], language: Language) -> ResultSheet:
    """Lay entries of the report out in columns; what the ledger says stands beside them."""
    rows = [{**entry.get("ledger", {}), **entry} for entry in entries]
    frame = pl.DataFrame([_column(one, [row.get(one) for row in rows], language) for one in columns])
    labels = {one: label_of("audit", one, language) for one in columns}
    kinds = {one: _KINDS[one] for one in columns if one in _KINDS}
    return ResultSheet(label_of("audit", name, language), frame, kinds, labels)


def _column(name: str, values: Sequence[Any], language: Language) -> pl.Series:
    """Make a column: amounts in fen, kinds and states by their names."""
    match _KINDS.get(name):
        case "yuan":
            return pl.Series(name, [None if value is None else fen_of(value) for value in values], dtype=pl.Int64)
        case "count":
            return pl.Series(name, values, dtype=pl.Int64)
    if name == "kind":
        values = [label_of("audit_kinds", value, language) for value in values]
    elif name == "state":
        values = [value and label_of("grant_states", value, language) for value in values]
    return pl.Series(name, values, dtype=pl.String)


def _payouts(audit: Audit, spoken: Json, language: Language) -> ResultSheet:
    """Write the rows of the file as they came, and beside each what was found."""
    found: dict[tuple[str, int], list[Json]] = {}
    for one in spoken["findings"]:
        found.setdefault((one["place"], one["row"]), []).append(one)
    between = text_of("batch", "between", language)
    added: dict[str, list[Any]] = {name: [] for name in ("place", "row", "kind", "at_stake", "grant", "due", "message")}
    for judged in audit.rows:
        own = found.get((judged.payout.place, judged.payout.row), [])
        named = [label_of("audit_kinds", one["kind"], language) for one in own]
        added["place"].append(judged.payout.place)
        added["row"].append(judged.payout.row)
        added["kind"].append(between.join(named) or label_of("audit_kinds", "matched", language))
        added["at_stake"].append(judged.at_stake if own else None)
        added["grant"].append(judged.due.id if judged.due else None)
        added["due"].append(judged.due.amount if judged.due else None)
        added["message"].append(between.join(one["message"] for one in own) or None)
    integers = {"row", "at_stake", "due"}
    ours = [
        pl.Series(_OURS + name, values, dtype=pl.Int64 if name in integers else pl.String)
        for name, values in added.items()
    ]
    frame = pl.concat(audit.payouts.texts, how="diagonal").with_columns(ours)
    kinds: dict[str, Kind] = {_OURS + name: _KINDS[name] for name in added if name in _KINDS}
    columns = audit.payouts.columns
    kinds |= {columns[PAID_ON]: "date"} if PAID_ON in columns else {}
    kinds |= {} if "万" in columns[AMOUNT] else {columns[AMOUNT]: "yuan"}
    labels = {_OURS + name: label_of("audit", name, language) for name in added}
    return ResultSheet(label_of("audit", "payouts", language), frame, kinds, labels)


def _summary(spoken: Json, language: Language) -> Summary:
    """Sum up by kind: what was matched first, then every kind of finding, then all."""

    def label(name: str) -> str:
        return label_of("audit", name, language)

    against = next(iter(spoken["against"].items()))
    facts = [
        (label("file"), f"{spoken['file']} (SHA-256 {spoken['file_sha256']})"),
        (label("against"), text_of("audit", against[0], language, **against[1])),
        *((label("not_checked"), one["message"]) for one in spoken["not_checked"]),
        *((label("sums_left_out"), f"{one['place']} {one['row']}") for one in spoken["sums_left_out"]),
        (label("seed"), spoken["sample"]["seed"]),
        (label("sha256"), spoken["sha256"]),
    ]
    rows = [
        (label_of("audit_kinds", "matched", language), spoken["matched"]["rows"], 0, 0),
        *((one["label"], one["rows"], fen_of(one["at_stake"]), fen_of(one["counted"])) for one in spoken["by_kind"]),
        (label("total"), spoken["rows"], None, fen_of(spoken["accused"]["at_stake"])),
    ]
    schema = {"kind": pl.String, "rows": pl.Int64, "at_stake": pl.Int64, "counted": pl.Int64}
    table = pl.DataFrame(rows, schema=schema, orient="row")
    kinds = {name: _KINDS[name] for name in schema if name in _KINDS}
    sheet = ResultSheet(label("summary"), table, kinds, {name: label(name) for name in schema})
    return Summary(label("title"), facts, sheet)
