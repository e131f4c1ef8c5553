"""Says codes in the reader's language: defects, warnings, problems, rules; names conditions, steps and limits.

The texts stand in words.yaml. Nothing is computed with them and no hash covers them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice
from json import JSONEncoder
from pathlib import Path
from typing import Any, Final

import yaml

from service.errors import Coded, Defect, NotFound
from service.policies.model import Language

LONGEST_GIVEN: Final = 80
_LONGEST_NAME: Final = 64
_LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
_TAGS: Final[Mapping[Language, str]] = {"zh": "zh-CN", "en": "en"}


def read_texts(file: Path) -> dict[str, Any]:
    """Read a file of texts."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - it is a safe one
    return found


def _load() -> dict[Language, dict[str, dict[str, str]]]:
    kinds = read_texts(Path(__file__).with_name("words.yaml"))
    return {
        language: {kind: {code: both[language] for code, both in texts.items()} for kind, texts in kinds.items()}
        for language in _LANGUAGES
    }


WORDS: Final = _load()


def label_of(kind: str, code: str, language: Language) -> str:
    """Tell what a condition, step, limit, rule or status is called; a code that has no words stands for itself."""
    return WORDS[language][kind].get(code, code)


def text_of(kind: str, code: str, language: Language, **facts: Any) -> str:
    """Say a text with its facts filled in; what is not known is a dash."""
    return WORDS[language][kind][code].format_map(defaultdict(lambda: "–", facts))


def say(defect: Defect, language: Language) -> str:
    """Say what is wrong and how to mend it, or what a warning warns of."""
    kind = "warnings" if defect.code in WORDS[language]["warnings"] else "defects"
    facts = {"field": defect.pointer.rpartition("/")[2], **defect.facts}
    if defect.code == "unknown_field":
        facts["hint"] = _hint(str(defect.given), defect.expected or "", language)
    return text_of(kind, defect.code, language, **{name: clipped_text(fact) for name, fact in facts.items()})


def say_problem(problem: Coded, language: Language) -> str:
    """Say what was denied, is in conflict, missing or not to be had."""
    facts = dict(problem.facts)
    if problem.code == "role-lacking":
        between = "、" if language == "zh" else ", "
        facts["role"] = label_of("roles", facts["role"], language)
        facts["allowed"] = between.join(label_of("roles", role, language) for role in facts["allowed"].split(", "))
    return text_of("details", problem.code, language, **facts)


def say_missing(missing: NotFound, language: Language, between: str = ", ") -> str:
    """Say that there is nothing of a name, what there is, and what may have been meant."""
    facts = {"what": label_of("kinds", missing.kind, language), "name": clipped_text(missing.name)}
    if not missing.known:
        return text_of("details", "unknown-one", language, **facts)
    hint = _nearest(missing.name, missing.known, language)
    code = "unknown-name" if missing.known else "unknown-one"
    return text_of("details", code, language, **facts, known=between.join(missing.known), hint=hint).rstrip()


def _hint(given: str, expected: str, language: Language) -> str:
    return _nearest(given, expected.split(", "), language) or text_of("hints", "remove", language)


def _nearest(given: str, known: Sequence[str], language: Language) -> str:
    nearest = get_close_matches(given[:_LONGEST_NAME], known, n=1)
    return text_of("hints", "nearest", language, nearest=nearest[0]) if nearest else ""


def clipped(value: Any) -> Any:
    """Return a given value as it may be shown: as it is where it is short, else the beginning of its JSON."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else clipped_text(str(value) if abs(value) < 2**256 else "…")
    return clipped_text(value)


def clipped_text(value: Any) -> str:
    """Write a value in at most 80 characters, whatever its size or depth."""
    if isinstance(value, str):
        text = value[: LONGEST_GIVEN + 1]
    else:
        # iterencode is lazy: only as much of a huge value is written as is shown
        pieces = JSONEncoder(ensure_ascii=False, default=lambda _: "…").iterencode(value)
        text = "".join(islice(pieces, LONGEST_GIVEN + 1))
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= LONGEST_GIVEN else text[: LONGEST_GIVEN - 1] + "…"


@lru_cache(maxsize=256)
def language_of(accept_language: str | None) -> Language:
    """Choose the language that a caller prefers; Chinese where nothing is said or nothing fits."""
    # Imported here: only a request has such a header, and files are to be read before all of werkzeug is there.
    from werkzeug.datastructures import LanguageAccept
    from werkzeug.http import parse_accept_header

    accepted = parse_accept_header(accept_language, LanguageAccept)
    return "en" if accepted.best_match(("zh", "en"), default="zh") == "en" else "zh"


def tag_of(language: Language) -> str:
    """Return the language's tag for `Content-Language` and `lang`."""
    return _TAGS[language]
