"""Runs what the guides show.

Fenced blocks say by their language what they are:

sh, python        run, in the order of the guide, in one folder with a copy of policies.yaml
diff              changes a file of that folder, as a reader would in an editor
json, output      is what the block before printed; `…` stands for anything in a line, alone for any lines
text              is only shown
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
RUN = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}
PRINTED = {"json", "output"}
SHOWN = "text"
FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SERVICE = "http://127.0.0.1:8000"
SECONDS = 60


class Block(NamedTuple):
    """A fenced block: where it begins, what it is, what it holds."""

    line: int
    language: str
    text: str


def guides() -> list[str]:
    """Every guide, by its path in the repository."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def blocks(text: str) -> Iterator[Block]:
    """Every fenced block of a guide, in order."""
    for found in FENCE.finditer(text):
        yield Block(text.count("\n", 0, found.start()) + 1, found[1], found[2])


def follow(text: str, folder: Path, service: str) -> list[str]:
    """Do what a guide says in a folder, against a running service; return what did not come out as it says."""
    defects: list[str] = []
    printed: str | None = None
    for block in blocks(text):
        if block.language in RUN:
            done = run(block, folder, service)
            printed = done.stdout
            if done.returncode:
                defects.append(f"{block.line}: exit {done.returncode}: {done.stderr[-2000:]}{done.stdout[-2000:]}")
        elif block.language in PRINTED:
            if printed is None:
                defects.append(f"{block.line}: no block before this one printed anything")
            elif not agrees(block.text, printed):
                defects.append(f"{block.line}: the guide shows\n{block.text}\nbut this was printed\n{printed}")
            printed = None
        elif block.language == "diff":
            defects += [f"{block.line}: {defect}" for defect in change(block.text, folder)]
        elif block.language != SHOWN:
            defects.append(f"{block.line}: {block.language!r} is none of {[*RUN, *PRINTED, 'diff', SHOWN]}")
    return defects


def run(block: Block, folder: Path, service: str) -> subprocess.CompletedProcess[str]:
    """Run a block as a Chinese user would, with the environment's commands and the folder's policies.yaml."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "LANG": "zh_CN.UTF-8",
        "LC_ALL": "",
        "PYTHONUTF8": "1",
        "TOWN_SUBSIDY_POLICIES": str(folder / "policies.yaml"),
    }
    command = [*RUN[block.language], block.text.replace(SERVICE, service)]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, check=False, encoding="utf-8", timeout=SECONDS
    )


def agrees(shown: str, printed: str) -> bool:
    """Whether a text is what was printed; `…` stands for anything in its line, alone in a line for any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…" else ".*?".join(map(re.escape, line.split("…"))) + r"\n"
        for line in shown.splitlines()
    )
    return re.fullmatch(pattern, printed if printed.endswith("\n") else printed + "\n") is not None


def change(diff: str, folder: Path) -> list[str]:
    """Change a file by a diff that fits in exactly one place; return what kept it from that.

    A context line ` …` stands for up to three lines.
    """
    head, *lines = diff.splitlines()
    path = folder / head.removeprefix("+++ ")
    if not head.startswith("+++ ") or not any(line[:1] in {"+", "-"} for line in lines):
        return ["a diff begins with +++ and the name of a file, and changes something"]
    before = "".join(_old(line) for line in lines if line[:1] in {" ", "-"})
    text = path.read_text(encoding="utf-8")
    places = list(re.finditer(f"^{before}", text, re.MULTILINE))
    if len(places) != 1:
        return [f"{path.name} holds these lines {len(places)} times:\n{diff}"]
    left_out = iter(places[0].groups())
    after = "".join(
        next(left_out) if line.strip() == "…" else f"{line[1:]}\n" for line in lines if line[:1] in {" ", "+"}
    )
    path.write_text(text[: places[0].start()] + after + text[places[0].end() :], encoding="utf-8")
    return []


def _old(line: str) -> str:
    return r"((?:.*\n){0,3}?)" if line.strip() == "…" else re.escape(line[1:]) + r"\n"
