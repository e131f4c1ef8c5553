"""A clerk at the pages: chooses files, sends the form, reads what the page says."""

from __future__ import annotations

import re
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.ledger.asking import loan
from tests.web.visiting import token_of

#: A file by its path, or as its name and bytes.
File = Path | tuple[str, bytes]
_ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<t[dh][^>]*>(.*?)</t[dh]>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


def send(client: FlaskClient, *files: File, lang: str = "zh", token: str | None = None, **fields: Any) -> TestResponse:
    """Fill the form of files in as a browser does, and send it."""
    data: MultiDict[str, Any] = MultiDict({"measure": "loan_interest", "format": ""})
    data["csrf_token"] = token_of(client, f"/{lang}/batches") if token is None else token
    history = fields.pop("history", ("", b""))  # a browser sends an empty part where no file was chosen
    data.update(fields)
    for name, file in [*(("file", file) for file in files), ("history", history)]:
        given, content = (file.name, file.read_bytes()) if isinstance(file, Path) else file
        data.add(name, (BytesIO(content), given))
    return client.post(f"/{lang}/batches", data=data, content_type="multipart/form-data")


def uploaded(client: FlaskClient, *files: File, **fields: Any) -> str:
    """Send files that are taken, and return the address of their page."""
    answered = send(client, *files, **fields)
    assert answered.status_code == 303, answered.text
    return str(answered.headers["Location"])


def download(client: FlaskClient, address: str) -> TestResponse:
    """Take a file that a page leads to, and close it."""
    return client.get(address, buffered=True)


def text_of(html: str) -> str:
    """Take the text of a piece of a page."""
    return " ".join(unescape(_TAG.sub("", html)).split())


def rows_of(page: str) -> list[list[str]]:
    """Read the cells of all tables of a page, row by row."""
    return [[text_of(cell) for cell in _CELL.findall(row)] for row in _ROW.findall(page)]


def submit(client: FlaskClient, page: str, action: str, **fields: Any) -> TestResponse:
    """Send a form that stands on a page."""
    return client.post(action, data={"csrf_token": token_of(client, page), **fields})


def loans(count: int = 3, **changes: Any) -> list[dict[str, Any]]:
    """Make the rows of so many loans of 150,000.00 each, of a firm of its own each."""
    bodies = [loan(f"R{number}", f"F{number}", **changes) for number in range(count)]
    return [{**body["facts"], **body["lines"][0]} for body in bodies]
