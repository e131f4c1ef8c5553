"""Templates are compiled to say the same as jinja's own, sooner."""

from __future__ import annotations

from typing import Any

from jinja2 import DictLoader, Environment
from markupsafe import Markup, escape

from service.web.folding import FoldingEnvironment

VALUES = ["", "1,234.50", "一", "<b>", "a & b", "'", '"', ">", Markup("<i>kept</i>"), 5, None, True, ["<"], {"a": "&"}]
CELL = "<{{ kind }}>{{ value }}{{ caller() if caller }}</{{ kind }}>"
CALLS = "{{ cell(one) }}{{ cell(one, kind='th') }}{% call cell(one) %}{{ loop.index }}<hr>{{ one }}{% endcall %}"
TEMPLATES = {
    "parts.html": "{% macro cell(value, kind='td') %}" + CELL + "{% endmacro %}",
    "page.html": "{% from 'parts.html' import cell %}{% for one in values %}" + CALLS + "{{ one ~ '<' }}{% endfor %}"
    "{{ say('x', of='<y>') }}",
}


def page(kind: type[Environment]) -> str:
    """Render the page with every value by one kind of environment."""
    environment = kind(loader=DictLoader(TEMPLATES), autoescape=True)

    def say(name: str, **facts: Any) -> str:
        return f"{name}: {facts['of']}"

    return environment.get_template("page.html").render(values=VALUES, say=say)


def test_pages_are_those_of_jinja() -> None:
    """Whatever is put in, by macros, calls and loops: escaped as ever."""
    assert page(FoldingEnvironment) == page(Environment)
    assert "&lt;b&gt;" in page(FoldingEnvironment)


def test_what_was_escaped_is_not_escaped_again() -> None:
    """What a macro wrote, or a filter, is put in as it is."""
    once = [FoldingEnvironment.escaped(value) for value in VALUES]
    assert [FoldingEnvironment.escaped(escape(value)) for value in VALUES] == once


def test_texts_are_part_of_the_template() -> None:
    """A text without facts is looked up when the template is compiled, and never again."""
    asked: list[str] = []

    def t(name: str, **_facts: Any) -> str:
        asked.append(name)
        return f"<{name}>"

    environment = FoldingEnvironment(
        loader=DictLoader({"a.html": "{{ t('one') }}{{ t('two', of=1) }}"}), autoescape=True
    )
    environment.globals["t"] = t
    template = environment.get_template("a.html")
    assert template.render() + template.render() == 2 * "&lt;one&gt;&lt;two&gt;"
    assert asked == ["one", "two", "two"]
