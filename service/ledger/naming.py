"""Names that people know for what the ledger holds by code: measures, and the groups that share a ceiling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from service.policies import Policies
from service.policies.model import Language
from service.words import text_of

#: Ends the key of a group that is the year of a date.
_YEAR: Final = ".year"


def titles_of(policies: Policies, language: Language) -> dict[str, str]:
    """Return the title of every measure that any version has, the newest version's where several do."""
    return {
        name: one.title.to(language)
        for version in policies.versions
        for titled in (version.referenced, version.measures)
        for name, one in titled.items()
    }


def group_in_words(keys: Mapping[str, Any], policies: Policies, language: Language) -> str:
    """Say who or what shares a ceiling: every key by the label of its field, with its value."""
    ordered = sorted(keys.items(), key=lambda one: one[0].endswith("year"))  # who first, then when
    said = ((_name(key, policies, language), _value(key, value, policies, language)) for key, value in ordered)
    between = text_of("groups", "between", language)
    return between.join(text_of("groups", "key", language, name=name, value=value) for name, value in said)


def _name(key: str, policies: Policies, language: Language) -> str:
    field = policies.fields.get(key.removesuffix(_YEAR))
    label = field.label.to(language) if field else key
    return text_of("groups", "year_of", language, field=label) if key.endswith(_YEAR) else label


def _value(key: str, value: Any, policies: Policies, language: Language) -> str:
    field = policies.fields.get(key)
    if field and value in field.codes:
        return field.codes[value].to(language)
    return str(value)
