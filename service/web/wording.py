"""What the pages say: the texts of words/*.yaml, each in Chinese and English, named `area.key`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from service.policies.model import Language
from service.words import read_texts

_FOLDER: Final = Path(__file__).with_name("words")


@cache
def texts(language: Language) -> Mapping[str, str]:
    """Return all texts of one language by name."""
    return {name: both[language] for name, both in _both().items()}


@cache
def _both() -> Mapping[str, Mapping[Language, str]]:
    found: dict[str, Mapping[Language, str]] = {}
    for file in sorted(_FOLDER.glob("*.yaml")):
        found.update({f"{file.stem}.{key}": both for key, both in read_texts(file).items()})
    return found


class Wording:
    """Says texts in one language."""

    def __init__(self, language: Language) -> None:
        self._texts = texts(language)

    def __call__(self, name: str, /, **facts: Any) -> str:
        """Say a text with its facts filled in; KeyError for a name that is none."""
        text = self._texts[name]
        return text.format_map(defaultdict(lambda: "–", facts)) if facts else text
