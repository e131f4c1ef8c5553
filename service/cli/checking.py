"""`policies check`: every mistake of a policy file, or what it holds and what in it will need a decision."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from service.cli.console import Session
from service.errors import Mistake, PolicyFileError
from service.policies import Notice, Policies, default_path, load, warnings


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in a file; `policies` is None if it has mistakes."""

    file: str
    policies: Policies | None
    mistakes: tuple[Mistake, ...]
    told_mistakes: tuple[str, ...]
    notices: tuple[Notice, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Count what the file holds."""
        if self.policies is None:
            return {}
        versions = self.policies.versions
        return {
            "versions": len(versions),
            "measures": sum(len(one.measures) for one in versions),
            "referenced": sum(len(one.referenced) for one in versions),
            "readings": sum(len(one.readings) for one in versions),
            "fields": len(self.policies.fields),
        }

    def written(self) -> dict[str, Any]:
        """Write the report as plain data."""
        return {
            "file": self.file,
            "ok": not self.mistakes,
            **self.counts,
            "mistakes": [asdict(one) for one in self.mistakes],
            "warnings": [asdict(one) for one in self.notices],
        }

    def told(self, session: Session) -> list[str]:
        """Tell the report in words."""
        if self.mistakes:
            return [*self.told_mistakes, session.say("check_broken", file=self.file, count=len(self.mistakes))]
        ends = [one for one in self.notices if one.kind == "ends"]
        return [
            session.say("check_ok", file=self.file, **self.counts),
            *(session.say("ends", ref=one.policy, day=one.day) for one in ends),
            *self._undecided(session),
        ]

    def _undecided(self, session: Session) -> list[str]:
        """Name the readings that nobody has decided, in one line per version."""
        open_questions: dict[str, list[str]] = {}
        for one in self.notices:
            if one.reading is not None:
                open_questions.setdefault(one.policy, []).append(one.reading)
        return [
            session.say("undecided_in", ref=ref, count=len(names), names=session.say("between").join(names))
            for ref, names in open_questions.items()
        ]


def checked(file: Path | None, today: date) -> Report:
    """Check a file (None: the one in use)."""
    path = file or default_path()
    try:
        policies = load(path)
    except PolicyFileError as broken:
        return Report(str(path), None, broken.mistakes, tuple(broken.lines()))
    return Report(str(path), policies, (), (), tuple(warnings(policies, today)))
