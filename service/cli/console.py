"""What every command shares: the policies, the reader's language, files and streams, and how mistakes are told."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Concatenate, NoReturn, ParamSpec

import click

from service.cli.texts import say_here
from service.errors import (
    Conflict,
    Defect,
    Denied,
    HeaderMissing,
    NotFound,
    PolicyFileError,
    Refused,
    Unavailable,
    WrongSetting,
)

if TYPE_CHECKING:
    from service.policies import Policies
    from service.policies.model import Language

P = ParamSpec("P")

#: The exit codes: a broken policy file, and anything wrong with what was asked.
BROKEN, REFUSED = 1, 2


class Unusable(click.ClickException):
    """A file or an argument that cannot be used, said in words."""

    exit_code = REFUSED

    def show(self, file: IO[str] | None = None) -> None:
        """Print the sentence alone."""
        click.echo(self.message, err=True)


@dataclass(slots=True)
class Session:
    """One call of the command line."""

    policy_file: Path | None = None
    language: Language = "zh"
    _policies: Policies | None = field(default=None, repr=False)

    @property
    def policies(self) -> Policies:
        """Load the policy file, once."""
        if self._policies is None:
            from service.policies import load

            self._policies = load(self.policy_file)
        return self._policies

    def say(self, code: str, **facts: object) -> str:
        """Say one of the command line's own sentences."""
        return say_here(code, self.language, **facts)


def language_from(environment: Mapping[str, str]) -> Language:
    """Take the language from LC_ALL, LC_MESSAGES or LANG, the first that is set; Chinese unless it is English."""
    named = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return "en" if named.lower().startswith("en") else "zh"


def command(function: Callable[Concatenate[Session, P], None]) -> Callable[P, None]:
    """Give a command its session and --lang, and let it tell what is refused in words, with its exit code."""

    @click.option("--lang", type=click.Choice(["zh", "en"]), help="语言 · language [LC_ALL, LANG]")
    @functools.wraps(function)
    def told(*args: P.args, **options: P.kwargs) -> None:
        session = click.get_current_context().ensure_object(Session)
        lang = options.pop("lang", None)
        session.language = "en" if (lang or language_from(os.environ)) == "en" else "zh"
        try:
            function(session, *args, **options)
        except Refused as refused:
            fail(told_defects(refused.defects, session), REFUSED)
        except NotFound as missing:
            fail([told_missing(missing, session)], REFUSED)
        except PolicyFileError as broken:
            fail(broken.lines(), BROKEN)
        except (Conflict, Denied, HeaderMissing, Unavailable, WrongSetting) as problem:
            fail([told_problem(problem, session)], REFUSED)
        except OSError as error:
            if error.filename is None:  # no file: a pipe that was closed, which click ends quietly
                raise
            fail([session.say("unreadable", file=error.filename, reason=reason(error, session))], REFUSED)

    return told


def told_defects(defects: Iterable[Defect], session: Session) -> list[str]:
    """Write each defect as `pointer: message (given …; expected …)`."""
    from service.words import say

    told = [f"{one.pointer or '/'}: {say(one, session.language)}{_beside(one, session)}" for one in defects]
    return [_harmless(line) for line in told]


def _harmless(line: str) -> str:
    """Escape what would break the line or steer the terminal: it comes from the request."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in line)


def _beside(defect: Defect, session: Session) -> str:
    """Write what was given and what is expected, in brackets, as far as there is anything to write."""
    from service.words import clipped_text

    said = []
    if defect.given is not None:
        said.append(session.say("given", what=clipped_text(defect.given)))
    if defect.expected:
        said.append(session.say("expected", what=defect.expected))
    return session.say("beside", what=session.say("semicolon").join(said)) if said else ""


def told_missing(missing: NotFound, session: Session) -> str:
    """Say what there is instead of what was asked for."""
    from service.words import say_missing

    return say_missing(missing, session.language, session.say("between"))


def told_problem(problem: Conflict | Denied | HeaderMissing | Unavailable | WrongSetting, session: Session) -> str:
    """Say what is wrong with the ledger, and to whoever looks after it also what the database says."""
    from service.words import say_problem

    sentence = say_problem(problem, session.language)
    found = problem.facts.get("reason")
    return sentence if not found or found in sentence else f"{sentence} {session.say('beside', what=found)}"


def reason(error: OSError, session: Session) -> str:
    """Say why a file cannot be used."""
    match error:
        case FileNotFoundError():
            return session.say("file_missing")
        case IsADirectoryError():
            return session.say("file_is_folder")
        case PermissionError():
            return session.say("file_forbidden")
        case _:
            return error.strerror or type(error).__name__


def fail(lines: Iterable[str], code: int) -> NoReturn:
    """Print lines to stderr and end."""
    for line in lines:
        click.echo(line, err=True)
    sys.exit(code)


def readings_of(texts: Iterable[str], session: Session) -> dict[str, str]:
    """Read `--reading name=choice`."""
    chosen = {}
    for text in texts:
        name, _, choice = text.partition("=")
        if not (name and choice):
            raise Unusable(session.say("reading_form", given=text))
        chosen[name] = choice
    return chosen


def read_bytes(file: str) -> bytes:
    """Read a file whole; `-` is stdin."""
    return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()


def print_lines(lines: Iterable[str]) -> None:
    """Print lines of text."""
    click.echo("\n".join(lines))


def print_json(data: object) -> None:
    """Print plain data as the REST API writes it."""
    import orjson

    click.echo(orjson.dumps(data))


def tolerate_narrow_streams() -> None:
    """Let a terminal that cannot show Chinese print escapes instead of ending in a trace."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
