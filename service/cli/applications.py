"""Files of applications: a JSON list, or one JSON object per line."""

from __future__ import annotations

from typing import Any

import orjson

from service.cli.console import Session, Unusable

Placed = tuple[str, dict[str, Any]]


def applications(data: bytes, file: str, session: Session) -> list[Placed]:
    """Read the applications with the place of each; Unusable says what is wrong with which."""
    found = _of_list(data, file, session)
    if found is None:
        found = _of_lines(data, file, session)
    if not found:
        raise Unusable(session.say("no_applications", file=file))
    for place, one in found:
        if not isinstance(one.get("measure"), str):
            raise Unusable(session.say("no_measure_named", at=place))
    return found


def _of_list(data: bytes, file: str, session: Session) -> list[Placed] | None:
    """Read one JSON document; None if it is none."""
    try:
        whole = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    listed = whole if isinstance(whole, list) else [whole]
    if not all(isinstance(one, dict) for one in listed):
        raise Unusable(session.say("not_json", file=file))
    return [(f"{file}[{number}]", one) for number, one in enumerate(listed)]


def _of_lines(data: bytes, file: str, session: Session) -> list[Placed]:
    found: list[Placed] = []
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            one = orjson.loads(line)
        except orjson.JSONDecodeError:
            one = None
        if not isinstance(one, dict):
            raise Unusable(session.say("not_json_line", file=file, line=number))
        found.append((f"{file}:{number}", one))
    return found
