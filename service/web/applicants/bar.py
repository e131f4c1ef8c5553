"""The bar that shows how ceilings cut: calculated → what each took → granted, as segments and as a table."""

from __future__ import annotations

from typing import Final, NamedTuple

from service.cuts import Total
from service.money import yuan
from service.policies.model import Language
from service.web.wording import Wording
from service.words import label_of

#: Positions along the bar are hundredths of a per cent, so that no float is needed.
_WHOLE: Final = 10_000
#: What is not nothing can be seen.
_NARROWEST: Final = 80
_PATTERNS: Final = 3


class Row(NamedTuple):
    """A figure of the bar and what it is called; `pattern` is "" for what is not drawn."""

    kind: str
    label: str
    sign: str
    amount: str
    pattern: str


class Segment(NamedTuple):
    """A part of the bar: a fill, and where it lies, in per cent."""

    pattern: str
    x: str
    width: str


class Bar(NamedTuple):
    """The bar's parts from the left, and its rows from calculated to granted."""

    segments: tuple[Segment, ...]
    rows: tuple[Row, ...]


def bar_of(total: Total, language: Language) -> Bar | None:
    """Draw how an amount was cut; None where nothing was calculated."""
    if not total.calculated:
        return None
    t = Wording(language)
    taken = [
        ("excluded", t("answers.bar_excluded"), total.excluded, "excluded"),
        ("rounding", t("answers.bar_rounding"), -total.rounding, "rounding"),
    ]
    cuts = [(limit, fen) for limit, fen in total.cuts.items() if fen]
    for place, (limit, fen) in enumerate(cuts):
        label = t("answers.bar_cut", label=label_of("limits", limit, language))
        taken.append(("cut", label, fen, f"cut-{place % _PATTERNS + 1}"))
    taken = [one for one in taken if one[2]]
    rows = [
        Row("calculated", t("answers.bar_calculated"), "", yuan(total.calculated, grouped=True), ""),
        *(_row(*one) for one in taken),
        Row("granted", t("answers.bar_granted"), "=", yuan(total.granted, grouped=True), "granted"),
    ]
    parts = [("granted", total.granted), *((pattern, fen) for _, _, fen, pattern in taken)]
    return Bar(_laid_out([(pattern, fen) for pattern, fen in parts if fen > 0]), tuple(rows))


def _row(kind: str, label: str, fen: int, pattern: str) -> Row:
    """Write what was taken; rounding may also have added, which is not drawn."""
    if fen < 0:
        return Row(kind, label, "+", yuan(-fen, grouped=True), "")
    return Row(kind, label, "−", yuan(fen, grouped=True), pattern)


def _laid_out(parts: list[tuple[str, int]]) -> tuple[Segment, ...]:
    """Lay the parts side by side in proportion, each wide enough to be seen."""
    whole = sum(fen for _, fen in parts)
    widths = [max(fen * _WHOLE // whole, _NARROWEST) for _, fen in parts]
    widest = widths.index(max(widths))
    widths[widest] += _WHOLE - sum(widths)
    segments, x = [], 0
    for (pattern, _), width in zip(parts, widths, strict=True):
        segments.append(Segment(pattern, _per_cent(x), _per_cent(width)))
        x += width
    return tuple(segments)


def _per_cent(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}%"
