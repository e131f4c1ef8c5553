"""Amounts in Chinese capitals (人民币大写), as cheques and vouchers are written: 《支付结算办法》附录一."""

from __future__ import annotations

import re
from typing import Final

_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_PLACES: Final = ("", "拾", "佰", "仟")
_UNITS: Final = {4: "万", 8: "亿", 12: "万"}
_YUAN_BOUND: Final = 10**16
#: A run of zeros is said once, and not at all before a unit or at the end.
_ZEROS: Final = re.compile(r"零+(?P<unit>[万亿]|$)|零+")


def capitals(fen: int) -> str:
    """Write an amount of fen in capitals; ValueError below zero, and from 10^16 yuan on.

    Where the rules leave a choice, the shorter form is taken: 107,000.53 is 壹拾万柒仟元伍角叁分, and there is no 整
    after jiao. Only four zeros in a row are always said: 400,003,500.00 is 肆亿零叁仟伍佰元整, as 四亿三千五 is another
    amount in everyday speech.
    """
    if not 0 <= fen < 100 * _YUAN_BOUND:
        raise ValueError(f"no amount that is written in capitals: {fen} fen")
    yuan, jiao, rest = fen // 100, fen // 10 % 10, fen % 10
    words = f"{_whole(yuan) or '零'}元" if yuan or not fen else ""
    if not fen % 100:
        return words + "整"
    words += f"{_DIGITS[jiao]}角" if jiao else "零" * bool(yuan)
    return words + (f"{_DIGITS[rest]}分" if rest else "")


def _whole(yuan: int) -> str:
    """Write whole yuan digit by digit, each with its place, each four digits with their unit."""
    digits = str(yuan)
    words = ""
    for place, digit in zip(reversed(range(len(digits))), map(int, digits), strict=True):
        words += _DIGITS[digit] + (_PLACES[place % 4] if digit else "")
        if place in _UNITS and (_UNITS[place] == "亿" or yuan // 10**place % 10_000):
            words += _UNITS[place]
    return _ZEROS.sub(lambda zeros: "零" if zeros["unit"] is None else zeros["unit"], words)
