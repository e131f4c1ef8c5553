"""The texts of the pages: complete in both languages, each used, none missing."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest
import yaml

from service.web import wording
from service.web.site import environment

WEB = Path(wording.__file__).parent
SOURCES = [*WEB.glob("templates/**/*.html"), *WEB.glob("**/*.py")]
#: A text named whole, or by its beginning: t("area.beginning_" ~ what).
NAMED = re.compile(r'\b(?:t|say|say_to)\(\s*f?"([a-z_]+\.[a-z0-9_]*)(")?')


def named() -> tuple[set[str], set[str]]:
    """Return the names of texts in templates and views, and the beginnings of names that are put together."""
    whole: set[str] = set()
    begun: set[str] = set()
    for source in SOURCES:
        for name, closed in NAMED.findall(source.read_text(encoding="utf-8")):
            (whole if closed and not name.endswith("_") and not name.endswith(".") else begun).add(name)
    return whole, begun


def test_every_text_is_there_in_both_languages_with_the_same_facts() -> None:
    """A text lacks neither a language nor one of its facts there."""
    for file in (WEB / "words").glob("*.yaml"):
        for key, both in yaml.safe_load(file.read_text(encoding="utf-8")).items():
            assert both.keys() == {"zh", "en"}, f"{file.name}: {key}: quote a text that holds a comma"
    zh, en = wording.texts("zh"), wording.texts("en")
    for name in zh:
        assert zh[name].strip(), name
        assert en[name].strip(), name
        assert facts(zh[name]) == facts(en[name]), name


def test_no_comma_cuts_a_text_short() -> None:
    """A text with a comma stands in quotes: without them, what follows is taken for a name of its own."""
    for file in WEB.glob("words/*.yaml"):
        for name, both in yaml.safe_load(file.read_text(encoding="utf-8")).items():
            assert both.keys() == {"zh", "en"}, f"{file.stem}.{name}"


def facts(text: str) -> set[str]:
    """Return the names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_text_that_is_named_exists() -> None:
    """No page stumbles over a missing text."""
    whole, begun = named()
    known = set(wording.texts("zh"))
    assert whole <= known
    assert all(any(one.startswith(name) for one in known) for name in begun)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_template_can_be_read(language: str) -> None:
    """Templates have no slips of syntax."""
    made = environment("zh" if language == "zh" else "en")
    for template in WEB.glob("templates/**/*.html"):
        made.get_template(str(template.relative_to(WEB / "templates")))


def test_nothing_is_inline_and_nothing_comes_from_elsewhere() -> None:
    """A strict policy of contents would silently drop it."""
    for template in WEB.glob("templates/**/*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:", text), template.name
        assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//""", text), template.name
