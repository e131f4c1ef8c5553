"""The style guide as a test: which way imports point, no float near money, small files."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
GENERATED = {"__pycache__", "build", "dist", "htmlcov", "node_modules"}

OURS = {"calculators", "service", "tests", "benchmarks"}
PURE = {
    "__future__", "calculators", "collections", "dataclasses", "enum", "fractions", "functools",
    "itertools", "math", "numpy", "operator", "types", "typing", "typing_extensions",
}  # fmt: skip
OUTER = ("service.api", "service.web", "service.batch", "service.ledger", "service.cli")
WIRING = {"service/__init__.py", "service/__main__.py", "service/cli.py"}

MOST_LINES_PER_FUNCTION = 50
MOST_LINES_PER_FILE = 400

UNFINISHED = re.compile(r"\b(?:TO[D]O|FIX[M]E|X[X]X)\b")  # does not find itself
DEVELOPER_PATH = re.compile(r"(?<![\w.])/(?:work|root|home|Users)/")
FLOAT_CODE = re.compile(r"float\d*|[<>=]?f[248]|double|half|single")


class Source(NamedTuple):
    """A file of the repository: where it is and what it says."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """The parsed module."""
        return ast.parse(self.text, self.path)

    @property
    def module(self) -> str:
        """The dotted name of the module."""
        return self.path.removesuffix(".py").replace("/", ".")

    def starts_with(self, *folders: str) -> bool:
        """Whether the file stands in one of the top-level folders."""
        return PurePosixPath(self.path).parts[0] in folders


Rule = Callable[[Source], Iterator[str]]


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of everything imported, as far in as the names allow."""
    package = PurePosixPath(source.path).parent.parts
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            near = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*near, *filter(None, [node.module])))
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def within(name: str, *packages: str) -> bool:
    """Whether a dotted name is one of the packages or lies inside one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def calculators_are_pure(source: Source) -> Iterator[str]:
    """Calculators import numpy and plain parts of the standard library: no I/O, nothing of ours."""
    if source.starts_with("calculators"):
        for line, name in imports(source):
            if not within(name, *PURE):
                yield f"{line}: calculators/ must not import {name}"


def calculators_serve_the_service(source: Source) -> Iterator[str]:
    """Only service/ imports calculators, its outer layers through the engine (tests may, too)."""
    outer = within(source.module, *OUTER)
    if outer or not source.starts_with(*OURS):
        for line, name in imports(source):
            if within(name, "calculators"):
                yield f"{line}: {name} is reached through service.engine"


def service_points_inwards(source: Source) -> Iterator[str]:
    """The engine and its neighbours know no API, pages, batch, ledger or command line."""
    outer = within(source.module, *OUTER)
    if source.starts_with("service") and not outer and source.path not in WIRING:
        for line, name in imports(source):
            if within(name, *OUTER):
                yield f"{line}: {source.path} must not import {name}"


def one_file_knows_moneyed(source: Source) -> Iterator[str]:
    """Only service/money.py imports py-moneyed (tests and benchmarks may compare with it)."""
    if source.path != "service/money.py" and not source.starts_with("tests", "benchmarks"):
        for line, name in imports(source):
            if within(name, "moneyed"):
                yield f"{line}: {name} belongs into service/money.py"


def no_float_in_calculators(source: Source) -> Iterator[str]:
    """No float literal, no float type and no dtype of floats in calculators/."""
    if not source.starts_with("calculators"):
        return
    for node in ast.walk(source.tree):
        match node:
            case ast.Constant(value=float() | complex() as value):
                yield f"{node.lineno}: {value!r} is a float"
            case ast.Constant(value=str(code)) if FLOAT_CODE.fullmatch(code):
                yield f"{node.lineno}: {code!r} is a dtype of floats"
            case ast.Name(id=name) | ast.Attribute(attr=name) if "float" in name:
                yield f"{node.lineno}: {name} is a float"
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in {"true_divide", "divide"}:
                yield f"{node.lineno}: {name} makes floats"


def is_exact(node: ast.expr, annotated: dict[str, str]) -> bool:
    """Whether an operand is a term of the policy, a Fraction or an int, never a column of money."""
    match node:
        case ast.Attribute(value=ast.Name(id="terms")) | ast.Call(func=ast.Name(id="Fraction")):
            return True
        case ast.Name(id=name):
            return annotated.get(name) in {"Fraction", "int"}
        case ast.BinOp(left=left, right=right):
            return is_exact(left, annotated) and is_exact(right, annotated)
    return isinstance(node, ast.Constant) and type(node.value) is int


def is_a_rate(node: ast.BinOp, annotated: dict[str, str]) -> bool:
    """Whether a quotient is one of exact operands, not all of them ints (which would be a float)."""
    return is_exact(node, annotated) and any(
        isinstance(leaf, ast.Attribute | ast.Call)
        or (isinstance(leaf, ast.Name) and annotated.get(leaf.id) == "Fraction")
        for leaf in ast.walk(node)
    )


def no_division_in_calculators(source: Source) -> Iterator[str]:
    """No `/` in calculators/ but between rates: terms, Fractions, names annotated as Fraction."""
    if not source.starts_with("calculators"):
        return
    tree = source.tree
    annotated: dict[ast.AST, dict[str, str]] = {}
    for function in ast.walk(tree):  # outer functions come first, so inner ones prevail
        if isinstance(function, ast.FunctionDef):
            names = {
                one.arg: ast.unparse(one.annotation)
                for one in ast.walk(function.args)
                if isinstance(one, ast.arg) and one.annotation
            }
            annotated |= dict.fromkeys(ast.walk(function), names)
    for node in ast.walk(tree):
        match node:
            case ast.BinOp(op=ast.Div()) if not is_a_rate(node, annotated.get(node, {})):
                yield f"{node.lineno}: `{ast.unparse(node)}`: divide by exact.portion, or by //"
            case ast.AugAssign(op=ast.Div()):
                yield f"{node.lineno}: `{ast.unparse(node)}`: divide by exact.portion, or by //"


def functions_are_short(source: Source) -> Iterator[str]:
    """No function is over 50 lines."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MOST_LINES_PER_FUNCTION:
                yield f"{node.lineno}: {node.name} has {lines} lines"


def files_are_short(source: Source) -> Iterator[str]:
    """No Python file is over 400 lines."""
    lines = len(source.text.splitlines())
    if lines > MOST_LINES_PER_FILE:
        yield f"{lines}: the file has {lines} lines"


def public_names_are_explained(source: Source) -> Iterator[str]:
    """Every module of the product and every public class and function in it has a docstring."""
    if not source.starts_with("calculators", "service"):
        return
    tree = source.tree
    if not ast.get_docstring(tree):
        yield "1: the module says nothing"
    for node in tree.body:
        if (
            isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and not node.name.startswith("_")
            and not any(ast.unparse(mark).endswith("overload") for mark in node.decorator_list)
            and not ast.get_docstring(node)
        ):
            yield f"{node.lineno}: {node.name} says nothing"


def nothing_is_left_for_later(source: Source) -> Iterator[str]:
    """No file holds a mark for unfinished work."""
    yield from matching_lines(UNFINISHED, source)


def no_developer_paths(source: Source) -> Iterator[str]:
    """No file holds an absolute path of somebody's machine."""
    yield from matching_lines(DEVELOPER_PATH, source)


def locks_name_no_host(source: Source) -> Iterator[str]:
    """No lock holds a URL, so that any index or mirror will do."""
    if source.path.endswith(".lock"):
        yield from matching_lines(re.compile(r"://|\bfile:"), source)


def locks_are_hashed(source: Source) -> Iterator[str]:
    """Every requirement of a lock has its hashes."""
    if source.path.endswith(".lock"):
        for requirement in re.split(r"^(?=\S)", source.text, flags=re.MULTILINE):
            if requirement.strip() and "--hash=sha256:" not in requirement:
                yield f"1: {requirement.strip()} has no hash"


def scripts_stop_at_errors(source: Source) -> Iterator[str]:
    """Every script is bash and stops at the first error, by itself or by lib.sh."""
    if source.starts_with("scripts", ".ci") and not source.path.endswith(".sh"):
        if not source.text.startswith("#!/usr/bin/env bash\n"):
            yield "1: does not start with #!/usr/bin/env bash"
        if not re.search(r"^(?:set -euo pipefail$|\. .*/lib\.sh\"$)", source.text, re.MULTILINE):
            yield "1: neither sets -euo pipefail nor sources lib.sh"


def matching_lines(pattern: re.Pattern[str], source: Source) -> Iterator[str]:
    """The lines in which the pattern is found."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := pattern.search(line):
            yield f"{number}: holds {found.group()!r}"


class Twins(NamedTuple):
    """A rule with the files that it looks at and two that differ in what it refuses."""

    rule: Rule
    files: str
    path: str
    good: str
    bad: str


def function_of(lines: int) -> str:
    """The text of a function of so many lines."""
    return "def f() -> None:\n" + "    pass\n" * (lines - 1)


PY = "*.py"
LOADER = "service/policies.py"
FORMULA = "calculators/loan_interest.py"
TWINS = [
    Twins(calculators_are_pure, PY, FORMULA, "from .exact import portion", "import service.money"),
    Twins(calculators_are_pure, PY, FORMULA, "import numpy as np", "import logging"),
    Twins(calculators_are_pure, PY, FORMULA, "from . import exact", "from .. import service"),
    Twins(
        calculators_serve_the_service, PY, "service/api/views.py",
        "from service.engine import run", "from calculators.exact import portion",
    ),
    Twins(
        calculators_serve_the_service, PY, "docs/example.py",
        "from service import engine", "import calculators",
    ),
    Twins(service_points_inwards, PY, LOADER, "from . import money", "from . import ledger"),
    Twins(
        service_points_inwards, PY, "service/policies/load.py",
        "from .. import money", "from .. import web",
    ),
    Twins(
        service_points_inwards, PY, "service/engine.py",
        "from service.batches import x", "from service.batch.csv import x",
    ),
    Twins(one_file_knows_moneyed, PY, LOADER, "from .money import fen", "from moneyed import CNY"),
    Twins(no_float_in_calculators, PY, FORMULA, "x = 1", "x = 1.0"),
    Twins(no_float_in_calculators, PY, FORMULA, "x: int", "x: float"),
    Twins(no_float_in_calculators, PY, FORMULA, "a.astype(np.int64)", "a.astype(np.float32)"),
    Twins(no_float_in_calculators, PY, FORMULA, "x = a.astype('i8')", "x = a.astype('f8')"),
    Twins(no_float_in_calculators, PY, FORMULA, "np.floor_divide(a, b)", "np.divide(a, b)"),
    Twins(no_division_in_calculators, PY, FORMULA, "x = fen // 2", "x = fen / 2"),
    Twins(no_division_in_calculators, PY, FORMULA, "fen //= 2", "fen /= 2"),
    Twins(no_division_in_calculators, PY, FORMULA, "terms.rate / terms.days", "terms.rate / days"),
    Twins(
        no_division_in_calculators, PY, FORMULA,
        "def f(rate: Fraction, n: int): return rate / n", "def f(a: int, n: int): return (a + 1) / n",
    ),
    Twins(
        no_division_in_calculators, PY, FORMULA,
        "def f(rate: Fraction): return rate / 2", "def f(rate: Fraction, fen: Fen): return rate / fen",
    ),
    Twins(functions_are_short, PY, LOADER, function_of(50), function_of(51)),
    Twins(files_are_short, PY, LOADER, "x = 1\n" * 400, "x = 1\n" * 401),
    Twins(public_names_are_explained, PY, LOADER, '"""A."""\ndef _f(): 0', '"""A."""\ndef f(): 0'),
    Twins(
        public_names_are_explained, PY, LOADER,
        '"""A."""\nclass C:\n    """C."""', '"""A."""\nclass C:\n    x = 1',
    ),
    Twins(public_names_are_explained, PY, LOADER, '"""A."""', "x = 1"),
    Twins(nothing_is_left_for_later, "*", "README.md", "# done", "# TO" + "DO"),
    Twins(no_developer_paths, "*", "README.md", "http://a.cn/home/x", "see `/" + "home/me/x`"),
    Twins(locks_name_no_host, "*.lock", "a.lock", "a==1", "a @ https://a.cn/a.whl"),
    Twins(locks_are_hashed, "*.lock", "a.lock", "a==1 \\\n    --hash=sha256:0", "a==1\nb==2"),
    Twins(
        scripts_stop_at_errors, "scripts/*", "scripts/serve",
        '#!/usr/bin/env bash\n. "$here/lib.sh"\n', "#!/usr/bin/env bash\necho\n",
    ),
    Twins(
        scripts_stop_at_errors, ".ci/*", ".ci/run",
        "#!/usr/bin/env bash\nset -euo pipefail\n", "#!/bin/sh\nset -euo pipefail\n",
    ),
]  # fmt: skip

EACH_RULE = [
    pytest.param(rule, files, id=f"{rule.__name__}-{files}")
    for rule, files in dict.fromkeys((twins.rule, twins.files) for twins in TWINS)
]
EACH_PAIR = [pytest.param(twins, id=f"{twins.rule.__name__}-{n}") for n, twins in enumerate(TWINS)]


def paths() -> Iterator[Path]:
    """Every file of the repository but what tools leave behind."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in GENERATED and (name == ".ci" or not name.startswith("."))]
        yield from (Path(folder, name) for name in files if name not in {".git", ".venv.lock"})


def sources(pattern: str) -> Iterator[Source]:
    """Every text file of the repository whose path matches the pattern."""
    for path in paths():
        relative = path.relative_to(ROOT)
        if relative.match(pattern):
            try:
                yield Source(relative.as_posix(), path.read_text("utf-8"))
            except UnicodeDecodeError:
                continue  # a workbook, or text in GB18030


@pytest.mark.parametrize(("rule", "files"), EACH_RULE)
def test_repository_keeps_the_rule(rule: Rule, files: str) -> None:
    """No file of the repository breaks the rule, and there is a file that could."""
    looked_at = list(sources(files))
    assert looked_at
    defects = [f"{one.path}:{defect}" for one in looked_at for defect in rule(one)]
    assert not defects, "\n".join([str(rule.__doc__), *defects])


@pytest.mark.parametrize("twins", EACH_PAIR)
def test_good_twin_passes(twins: Twins) -> None:
    """The rule accepts what keeps it."""
    assert list(twins.rule(Source(twins.path, twins.good))) == []


@pytest.mark.parametrize("twins", EACH_PAIR)
def test_bad_twin_is_refused(twins: Twins) -> None:
    """The rule refuses what breaks it, so its silence about the repository means something."""
    assert list(twins.rule(Source(twins.path, twins.bad)))


def test_scripts_are_executable() -> None:
    """What can be run is executable, and what is only sourced is not."""
    for path in [*(ROOT / "scripts").iterdir(), *(ROOT / ".ci").iterdir()]:
        assert os.access(path, os.X_OK) == (path.suffix != ".sh"), path
