"""Templates in which what never changes is worked out once, when they are compiled.

A text without facts, the address of an asset and a cited article are calls with constant arguments
to functions of one language's environment: they become part of the template's own text.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final

from jinja2 import Environment, nodes
from jinja2.visitor import NodeTransformer

#: The globals that say the same to the same arguments for as long as the program runs.
_PURE: Final = frozenset({"t", "asset", "cite"})


class FoldingEnvironment(Environment):
    """An environment of one language."""

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
