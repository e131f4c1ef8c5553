"""Loads a policy file: read strictly, parse, check what refers to what, freeze."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from service.canonical import sha256_of
from service.errors import Mistake, PolicyFileError
from service.policies import build
from service.policies.book import Policies, loaded, measure_of
from service.policies.checks import Checks
from service.policies.complaints import parsed
from service.policies.file_schema import PolicyFile
from service.policies.model import Version
from service.policies.report import BROKEN, Tree
from service.policies.resolve import resolved, shaping
from service.policies.source import Source, read

VARIABLE = "TOWN_SUBSIDY_POLICIES"
_FILE = PolicyFile()


def load(path: Path | None = None) -> Policies:
    """Load a policy file; raises PolicyFileError with every mistake found, in the order of the file.

    Without a path it is the file named by the environment variable TOWN_SUBSIDY_POLICIES, or else the
    one that belongs to this product.
    """
    path = path or default_path()
    source = read(_bytes(path), str(path))
    file = _checked(source)
    fields = {name: build.field(name, entry) for name, entry in file["fields_"].items()}
    versions = [
        _version(tree, entry, fields) for tree, entry in zip(source.tree["policies"], file["policies"], strict=True)
    ]
    return Policies(
        file=path,
        fields=fields,
        facts=tuple(file["facts"]),
        departments={name: build.words(entry) for name, entry in file["departments"].items()},
        versions=tuple(versions),
    )


def default_path() -> Path:
    """Find the policy file: the one named by the environment, the checkout's, or the wheel's."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / "policies.yaml"
    if checkout.exists() and (package.parent / "pyproject.toml").exists():
        return checkout
    return package / "policies.yaml"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        cure = f"name a file that can be read, in {VARIABLE} or as an argument"
        mistake = Mistake(1, 1, "(file)", "cannot be read", str(error.strerror), cure)
        raise PolicyFileError(str(path), [mistake]) from error


def _checked(source: Source) -> dict[str, Any]:
    """Check a file's format, then what its parts say about each other; return it parsed."""
    report, tree = source.report, source.tree
    checks = Checks(tree, report)
    entries: dict[str, Any] = {}
    if tree is not BROKEN:
        entries = parsed(_FILE.load, tree, checks.tell) or {}
        if isinstance(tree, dict):
            checks.run()
    if report.mistakes:
        raise PolicyFileError(report.file, sorted(report.mistakes, key=lambda one: (one.line, one.column)))
    return entries


def _version(tree: Tree, entry: build.Entry, fields: build.Fields) -> Version:
    readings = {name: build.reading(name, one) for name, one in entry.get("readings", {}).items()}
    in_use = loaded(resolved(tree, {one.id: one.in_use for one in readings.values()}))
    return Version(
        id=entry["id"],
        version=entry["version"],
        document=build.document(entry["document"]),
        validity=build.validity(in_use["in_force"]),
        rounding=build.rounding(in_use["rounding"]) if "rounding" in in_use else None,
        rounding_stage=in_use.get("rounding_stage"),
        town_classes={name: tuple(one) for name, one in in_use.get("town_classes", {}).items()},
        measures={name: measure_of(name, in_use, fields) for name in in_use.get("measures", {})},
        referenced={name: build.referenced(name, one) for name, one in entry.get("referenced", {}).items()},
        not_modelled=tuple(build.not_modelled(one) for one in entry.get("not_modelled", [])),
        readings=readings,
        sha256=sha256_of(tree),
        tree=tree,
        shaped_by=shaping(tree),
    )
