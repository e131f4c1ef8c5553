"""From an entry of the dictionary to the field that reads its values."""

from __future__ import annotations

from collections.abc import Mapping

from service.intake.fields import Code, Count, CreditCode, Entry, Flag, IsoDate, Text, Year, Yuan
from service.intake.tables import Balances, Periods
from service.policies.model import Field

_TYPES: Mapping[str, type[Entry]] = {
    "text": Text,
    "credit_code": CreditCode,
    "code": Code,
    "flag": Flag,
    "yuan": Yuan,
    "date": IsoDate,
    "year": Year,
    "count": Count,
    "periods": Periods,
    "balances": Balances,
}


def entry_for(field: Field, *, required: bool = False, nullable: bool = False) -> Entry:
    """Make the marshmallow field for an entry of the dictionary; an optional one takes null as not given."""
    return _TYPES[field.type](field, required=required, allow_none=nullable or not required)
