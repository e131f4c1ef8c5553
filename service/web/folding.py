"""Templates in which what never changes is worked out once, when they are compiled.

A text without facts, the address of an asset and a cited article are calls with constant arguments
to functions of one language's environment: they become part of the template's own text. Whatever else is put in is
escaped as ever; only plain text that holds nothing to escape, as amounts do, is found to need nothing.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, MutableMapping
from typing import Any, ClassVar, Final

from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

#: The globals that say the same to the same arguments for as long as the program runs.
_PURE: Final = frozenset({"t", "asset", "cite"})
#: What `escape` replaces.
_ESCAPED: Final = re.compile("[&<>\"']").search


class _Writer(CodeGenerator):
    """Writes a template's Python: functions are called directly, and values pass through `FoldingEnvironment.escaped`.

    Jinja looks at each call whether the function wants to be told the context; none that a template names does.
    """

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: N802
        if not isinstance(node.node, nodes.Name):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.write("environment.called(")
        self.visit(node.node, frame)
        self.signature(node, frame, {"caller": "caller"} if forward_caller else None)
        self.write(")")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.escaped(")


class FoldingEnvironment(Environment):
    """An environment of one language."""

    code_generator_class = _Writer
    called: ClassVar[Callable[..., Any]] = operator.call

    @staticmethod
    def escaped(value: Any) -> str:
        """Escape a value for HTML: as `markupsafe.escape`, which takes thrice as long to find that there is nothing."""
        plain = value.__class__ is Markup or (value.__class__ is str and not _ESCAPED(value))
        return value if plain else escape(value)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Give each template its globals as one plain mapping: a chain of mappings is slow to copy for every page."""
        return {**self.globals, **(d or {})}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed = super()._parse(source, name, filename)
        folded = _Folding(self.globals).visit(parsed)
        assert isinstance(folded, nodes.Template)
        return folded


class _Folding(NodeTransformer):
    """Puts results in the place of calls."""

    def __init__(self, known: Any) -> None:
        self._known = known

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - as jinja2 names its visitors
        self.generic_visit(node)
        plain = not (node.kwargs or node.dyn_args or node.dyn_kwargs)
        if plain and isinstance(node.node, nodes.Name) and node.node.name in _PURE:
            constants = [one.value for one in node.args if isinstance(one, nodes.Const)]
            if len(constants) == len(node.args):
                return nodes.Const(self._known[node.node.name](*constants), lineno=node.lineno)
        return node
