"""`calculate` and `screen`: the bytes of the REST API, refusals in words, exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import Result
from flask.testing import FlaskClient

from service import create_app
from tests.case_files import Case, all_cases

Run = Callable[..., Result]

WRONG = {"lines": [{"year": 2027, "yeer": 1, "actual_cost": 12.5}]}
EXPO = {"lines": [{"year": 2027}]}
TOWN = {"facts": {"town_tier": "municipal", "year": 2027, "actual_cost": "8000000"}}
TAGS = {"zh": "zh-CN", "en": "en"}


def a_dozen() -> list[Case]:
    """Take twelve cases from all over the folder."""
    cases = all_cases()
    return [cases[len(cases) * number // 12] for number in range(12)]


@pytest.fixture(scope="module")
def rest() -> FlaskClient:
    """Return a client of the REST API."""
    return create_app().test_client()


def posted(rest: FlaskClient, path: str, body: object, language: str) -> bytes:
    """Post JSON and return the answer's bytes."""
    headers = {"Accept-Language": TAGS[language]}
    answer = rest.post(path, data=orjson.dumps(body), content_type="application/json", headers=headers)
    assert answer.status_code == 200
    return bytes(answer.data)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("case", a_dozen(), ids=str)
def test_calculate_prints_what_rest_answers(case: Case, language: str, run: Run, rest: FlaskClient) -> None:
    """The same request gets the same bytes on the command line and over REST, in both languages."""
    done = run("calculate", case.measure, "--json", "-", "--lang", language, body=case.body)
    assert done.exit_code == 0
    expected = posted(rest, f"/v1/calculations/{case.measure}", case.body, language)
    assert done.stdout_bytes == expected + b"\n"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_screen_prints_what_rest_answers(language: str, run: Run, rest: FlaskClient) -> None:
    """A screening has the same bytes on the command line and over REST."""
    done = run("screen", "--json", "-", "--lang", language, body=TOWN)
    assert done.exit_code == 0
    assert done.stdout_bytes == posted(rest, "/v1/screenings", TOWN, language) + b"\n"


def test_calculate_reads_a_file(run: Run, write: Callable[[str, bytes], str]) -> None:
    """A request in a file is answered as the same request from stdin."""
    file = write("request.json", orjson.dumps(EXPO))
    done = run("calculate", "expo_budget", "--json", file)
    assert done.stdout_bytes == run("calculate", "expo_budget", "--json", "-", body=EXPO).stdout_bytes
    assert orjson.loads(done.stdout_bytes)["amount"] == "9000000.00"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh", ["收到 12.5；应为", "没有名为“yeer”的项。是否应为“year”？（收到 yeer；应为 line_id, year"]),
        ("en", ["(given 12.5; expected", 'There is no input "yeer". Did you mean "year"? (given yeer; expected']),
    ],
)
def test_every_defect_is_told(language: str, said: list[str], run: Run) -> None:
    """Each defect stands on a line of stderr with pointer, given and expected; stdout is empty, the exit code 2."""
    done = run("calculate", "expo_budget", "--json", "-", "--lang", language, body=WRONG)
    assert (done.exit_code, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["/lines/0/actual_cost", "/lines/0/yeer"]
    for part, line in zip(said, lines, strict=True):
        assert part in line


def test_a_request_cannot_steer_the_terminal(run: Run) -> None:
    """Line ends and control characters of a request are escaped where they are told."""
    done = run("calculate", "expo_budget", "--json", "-", body={"lines": [{"year": 2027, "a\nb\x1b[31m": 1}]})
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
    assert "\x1b" not in done.stderr
    assert r"/lines/0/a\nb\x1b[31m: " in done.stderr


def test_defects_of_a_screening_are_told(run: Run) -> None:
    """A screening is refused as a calculation is."""
    done = run("screen", "--json", "-", body={"facts": {"year": "2027"}})
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("/facts/year: ")


@pytest.mark.parametrize("explain", [[], ["--explain"]])
@pytest.mark.parametrize("command", [["calculate", "expo_budget"], ["screen"]])
def test_malformed_json_is_told(command: list[str], explain: list[str], run: Run) -> None:
    """What is no JSON is refused with the place where it ends to be any."""
    done = run(*command, "--json", "-", "--lang", "en", *explain, body=b'{"lines": [')
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("/: The body is not valid JSON (line 1, column 12)")


@pytest.mark.parametrize(
    ("language", "said"), [("zh", "没有名为“expo”的措施"), ("en", 'There is no measure named "expo"')]
)
def test_unknown_measure_is_told_with_those_there_are(language: str, said: str, run: Run) -> None:
    """An unknown measure is answered with the names of all measures."""
    done = run("calculate", "expo", "--json", "-", "--lang", language, body=EXPO)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert "expo_budget" in done.stderr
    assert "little_giant" in done.stderr


@pytest.mark.parametrize(("language", "missing", "folder"), [
    ("zh", "没有这个文件", "这是文件夹，不是文件"),
    ("en", "there is no such file", "it is a folder, not a file"),
])  # fmt: skip
def test_unreadable_file_is_told(language: str, missing: str, folder: str, run: Run, tmp_path: Path) -> None:
    """A file that cannot be read is told in a sentence that names it, without a trace."""
    for file, said in ((tmp_path / "none.json", missing), (tmp_path, folder)):
        done = run("calculate", "expo_budget", "--json", str(file), "--lang", language)
        assert (done.exit_code, done.stdout) == (2, "")
        assert str(file) in done.stderr
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(("environment", "chinese"), [
    ({}, True),
    ({"LANG": "en_US.UTF-8"}, False),
    ({"LANG": "zh_CN.UTF-8"}, True),
    ({"LANG": "C.UTF-8"}, True),
    ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_GB.UTF-8"}, False),
    ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, True),
    ({"LANG": "en_US.UTF-8", "LC_ALL": ""}, False),
])  # fmt: skip
def test_language_comes_from_the_environment(environment: dict[str, str], chinese: bool, run: Run) -> None:
    """LC_ALL goes before LANG, and what is not English is Chinese."""
    done = run("calculate", "expo_budget", "--json", "-", "--explain", body=EXPO, env=environment)
    assert ("符合条件" in done.stdout) == chinese
    assert ("Eligible" in done.stdout) == (not chinese)


def test_json_is_required(run: Run) -> None:
    """Without a request there is nothing to answer: usage, exit code 2."""
    done = run("calculate", "expo_budget")
    assert done.exit_code == 2
    assert "--json" in done.stderr


def test_another_policy_file_is_used(run: Run, two_versions: str) -> None:
    """`--policies` names the file that everything is calculated with, and so does the environment."""
    body = {
        "facts": {"town_tier": "provincial_key", "year": 2027},
        "lines": [{"ad_paid": "1000000", "paid_on": "2027-07-01"}],
    }
    asked = ("calculate", "advertising", "--json", "-")
    assert orjson.loads(run(*asked, body=body).stdout)["amount"] == "200000.00"
    assert orjson.loads(run("--policies", two_versions, *asked, body=body).stdout)["amount"] == "250000.00"
    by_environment = run(*asked, body=body, env={"TOWN_SUBSIDY_POLICIES": two_versions})
    assert orjson.loads(by_environment.stdout)["amount"] == "250000.00"


def test_broken_policy_file_is_told(run: Run, write: Callable[[str, bytes], str]) -> None:
    """A policy file with a mistake ends every command with its place and exit code 1."""
    file = write("broken.yaml", b"fields: {}\nfields: {}\n")
    done = run("--policies", file, "calculate", "expo_budget", "--json", "-", body=EXPO)
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"{file}:2:1: " in done.stderr


# ── real processes ──


def process(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command line as a process of its own."""
    command = [sys.executable, "-c", "from service.cli import main; main()", *arguments]
    return subprocess.run(
        command, input=stdin, capture_output=True, check=False, timeout=60, env={**os.environ, **environment}
    )


def test_a_process_prints_json() -> None:
    """A real process answers on stdout, says nothing on stderr and ends with 0."""
    done = process("calculate", "expo_budget", "--json", "-", stdin=orjson.dumps(EXPO))
    assert (done.returncode, done.stderr) == (0, b"")
    assert orjson.loads(done.stdout)["amount"] == "9000000.00"


def test_a_process_refuses() -> None:
    """A real process tells defects on stderr, nothing on stdout, and ends with 2."""
    done = process("calculate", "expo_budget", "--json", "-", stdin=orjson.dumps(WRONG))
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.count(b"\n") == 2


def test_a_narrow_terminal_gets_escapes() -> None:
    """Where the stream cannot show a character (✓ in GBK) it is escaped, and no trace is printed."""
    asked = ("calculate", "expo_budget", "--json", "-", "--explain", "--lang", "zh")
    done = process(*asked, stdin=orjson.dumps(EXPO), PYTHONIOENCODING="gbk", PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"\u2713" in done.stdout
    assert "符合条件  9,000,000.00 元".encode("gbk") in done.stdout


def test_help_starts_without_the_heavy_libraries() -> None:
    """`--help` imports neither numpy nor the engine nor the policies."""
    code = (
        "import sys\nfrom service.cli import main\n"
        "try:\n    main(['--help'])\nfinally:\n"
        "    print([name for name in ('numpy', 'yaml', 'flask', 'orjson', 'service.engine') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    text = done.stdout.decode()
    assert "calculate" in text
    assert text.splitlines()[-1] == "[]"


def test_version_is_that_of_the_engine(run: Run) -> None:
    """`--version` tells what every result carries."""
    body: dict[str, Any] = orjson.loads(run("calculate", "expo_budget", "--json", "-", body=EXPO).stdout)
    assert run("--version").stdout.strip() == f"town-subsidy, version {body['engine']}"
