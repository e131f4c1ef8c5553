"""`policies`: list, show, check, readings, schema."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import orjson
import pytest
from click.testing import Result
from flask.testing import FlaskClient

from service import create_app
from service.cli.checking import checked
from service.cli.console import Session
from service.derivation import width
from service.policies import Policies, default_path
from service.policies.model import Language, Measure, Referenced

Run = Callable[..., Result]
NEW = "jzbf-2026-3"


@pytest.fixture(scope="module")
def rest() -> FlaskClient:
    """Return a client of the REST API."""
    return create_app().test_client()


@pytest.mark.parametrize(("arguments", "path"), [
    (["list"], "/v1/policies"),
    (["show", NEW], f"/v1/policies/{NEW}"),
    (["show", NEW, "loan_interest"], f"/v1/policies/{NEW}/measures/loan_interest"),
    (["show", NEW, "little_giant"], f"/v1/policies/{NEW}/measures/little_giant"),
])  # fmt: skip
def test_json_is_that_of_rest(arguments: list[str], path: str, run: Run, rest: FlaskClient) -> None:
    """`--json` prints what the REST API answers."""
    done = run("policies", *arguments, "--json", "--lang", "en")
    assert done.exit_code == 0
    assert done.stdout_bytes == rest.get(path, headers={"Accept-Language": "en"}).data + b"\n"


@pytest.mark.parametrize(("language", "said"), [
    ("zh", ["2022-09-01 至 2025-09-30（日期不详）", "无金额", "2026-01-30 起", "8项，另引用8项"]),
    ("en", ["2022-09-01 to 2025-09-30 (day not stated)", "no amounts", "from 2026-01-30", "8, and 8 by other rules"]),
])  # fmt: skip
def test_list_is_an_aligned_table(language: str, said: list[str], run: Run, policies: Policies) -> None:
    """The list has a row per version, with its columns under each other by what a terminal shows."""
    lines = run("policies", "list", "--lang", language).stdout.splitlines()
    title, rule, *rows = lines
    assert set(rule) == {"─"}
    assert len(rows) == len(policies.versions)
    for row, version in zip(rows, policies.versions, strict=True):
        assert row.startswith(version.ref)
        assert row.endswith(version.sha256[:12])
    assert len({width(row) for row in rows}) == 1
    assert width(title.rpartition("  ")[0] + "  ") == width(rows[0]) - 12
    for part in said:
        assert part in "\n".join(rows)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_show_tells_everything_of_a_version(language: Language, run: Run, policies: Policies) -> None:
    """A version is shown with its document, all its measures, those it only names, and what it leaves out."""
    version = policies.version(NEW)
    text = run("policies", "show", NEW, "--lang", language).stdout
    assert version.document.number in text
    assert version.sha256 in text
    measures: list[Measure | Referenced] = [*version.measures.values(), *version.referenced.values()]
    for measure in measures:
        assert f"  {measure.id}  " in text
        assert measure.title.to(language) in text
    for sentence in version.not_modelled:
        assert sentence.text.to(language) in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_show_tells_everything_of_a_measure(language: Language, run: Run, policies: Policies) -> None:
    """Every measure is shown with its inputs, conditions, ceilings and readings."""
    version = policies.version(NEW)
    for measure in version.measures.values():
        text = run("policies", "show", NEW, measure.id, "--lang", language).stdout
        assert text.startswith(f"{measure.title.to(language)}  {measure.id}\n")
        for name in (*measure.inputs, *(one.id for one in measure.conditions), *(one.id for one in measure.limits)):
            assert f"  {name}  " in text
        for reading in version.shaped_by[measure.id]:
            assert version.readings[reading].question.to(language) in text


def test_show_tells_the_figures_of_the_law(run: Run) -> None:
    """The rate, the threshold and the ceilings of a measure stand in its sheet."""
    loan = run("policies", "show", NEW, "loan_interest").stdout
    assert "rate             贴息率        1.5%" in loan
    assert "放款本金 × 1.5% × 付息天数 ÷ 365" in loan
    assert "计入的利息 × 80%" in loan
    assert "1,000,000.00 元   按统一社会信用代码、申报年度合计  超出时按先后顺序" in loan
    advertising = run("policies", "show", NEW, "advertising").stdout
    assert "计算基数：不低于 500,000.00 元（按统一社会信用代码、年度合计）" in advertising


@pytest.mark.parametrize(("arguments", "said"), [
    (["show", "jzbf"], "没有名为“jzbf”的政策版本"),
    (["show", NEW, "loan"], "没有名为“loan”的措施"),
    (["diff", NEW, "x"], "没有名为“x”的政策版本"),
    (["readings", "x"], "没有名为“x”的政策版本"),
])  # fmt: skip
def test_unknown_names_are_told(arguments: list[str], said: str, run: Run) -> None:
    """What does not exist is answered with what does, and exit code 2."""
    done = run("policies", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(said)
    assert "现有：" in done.stderr


def test_check_tells_that_the_file_is_right(run: Run, policies: Policies) -> None:
    """The file that we ship is right: counts, and the readings that nobody has decided."""
    done = run("policies", "check", "--lang", "en")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"OK: {default_path()}: 2 policy versions, 8 measures, 8 by other rules, 28 readings")
    undecided = [one.id for one in policies.version(NEW).readings.values() if one.decided_by is None]
    assert f"has {len(undecided)} readings that the bureau has not decided: {', '.join(undecided)}" in done.stdout


BROKEN = b"""fields:
  town_id: {type: text, label: {zh: a, en: b}}
  town_id: {type: text, label: {zh: a, en: b}}
facts: [town_id]
departments: {}
policies:
- id: a
  version: 1.5
"""


def test_check_tells_every_mistake_with_its_place(run: Run, write: Callable[[str, bytes], str]) -> None:
    """Every mistake of a file is told as file:line:column with a cure, in order, and the exit code is 1."""
    file = write("broken.yaml", BROKEN)
    done = run("policies", "check", file)
    assert done.exit_code == 1
    places = [line.removeprefix(f"{file}:").split(":")[:2] for line in done.stdout.splitlines()[:-1]]
    assert ["3", "3"] in places
    assert ["8", "12"] in places
    assert places == sorted(places, key=lambda place: [int(part) for part in place])
    assert done.stdout.splitlines()[-1] == f"{file}：发现 {len(places)} 处错误"
    assert "duplicate" in done.stdout or "twice" in done.stdout


def test_check_tells_machines_the_same(run: Run, write: Callable[[str, bytes], str]) -> None:
    """`check --json` names file, lines and cures, and exits as without."""
    done = run("policies", "check", write("broken.yaml", BROKEN), "--json")
    assert done.exit_code == 1
    report = orjson.loads(done.stdout)
    assert report["ok"] is False
    assert {3, 8} <= {one["line"] for one in report["mistakes"]}
    assert all(one["cure"] for one in report["mistakes"])
    good = run("policies", "check", "--json")
    assert good.exit_code == 0
    assert orjson.loads(good.stdout)["readings"] == 28


def test_check_takes_the_global_file(run: Run, write: Callable[[str, bytes], str], tmp_path: Path) -> None:
    """Without an argument the file of `--policies` is checked; one that is not there is told."""
    file = write("broken.yaml", BROKEN)
    assert run("--policies", file, "policies", "check").exit_code == 1
    none = run("policies", "check", str(tmp_path / "none.yaml"))
    assert none.exit_code == 1
    assert "cannot be read" in none.stdout


@pytest.mark.parametrize(("today", "warned"), [
    (date(2026, 12, 31), False),
    (date(2027, 1, 1), True),
    (date(2027, 6, 30), True),
    (date(2027, 7, 1), False),
])  # fmt: skip
def test_check_warns_half_a_year_ahead(today: date, warned: bool, two_versions: str, tmp_path: Path) -> None:
    """A version that ends without a successor is told from six months before its last day until then."""
    text = Path(two_versions).read_text("utf-8")
    alone = tmp_path / "alone.yaml"
    alone.write_text(text[: text.rindex("- id: jzbf-2026-3")], "utf-8")
    for language, said in (
        ("zh", f"{NEW}@1 自 2027-07-01 起失效"),
        ("en", f"{NEW}@1 is no longer in force from 2027-07-01"),
    ):
        told = checked(alone, today).told(Session(language="en" if language == "en" else "zh"))
        assert any(said in line for line in told) == warned


@pytest.mark.parametrize(("language", "said"), [("zh", "主管部门尚未决定"), ("en", "not yet decided by the bureau")])
def test_readings_show_question_choices_and_decision(
    language: Language, said: str, run: Run, policies: Policies
) -> None:
    """Each reading is listed with its question, all choices, the one in use marked, and whether it was decided."""
    text = run("policies", "readings", "--lang", language).stdout
    for reading in policies.version(NEW).readings.values():
        assert f"\n{reading.id}  {reading.question.to(language)}  {said}\n" in text
        for choice in reading.choices.values():
            mark = "●" if choice.id == reading.in_use else "○"
            assert any(line.split()[:2] == [mark, choice.id] for line in text.splitlines())


def test_readings_that_were_decided_name_the_decision(run: Run, two_versions: str) -> None:
    """A decision of the bureau is shown with who decided and where."""
    path = Path(two_versions)
    text = path.read_text("utf-8").replace("decided_by: null\n", "decided_by: 省工信厅\n", 1)
    path.write_text(text.replace("decision_ref: null\n", "decision_ref: 晋工信函〔2026〕1号\n", 1), "utf-8")
    assert (
        "省工信厅决定（晋工信函〔2026〕1号）"
        in run("--policies", two_versions, "policies", "readings", f"{NEW}@1").stdout
    )


def test_readings_for_machines(run: Run, policies: Policies) -> None:
    """`readings --json` lists every reading of the version; one without amounts has none, and says so."""
    listed = orjson.loads(run("policies", "readings", "--json").stdout)
    assert [one["id"] for one in listed] == list(policies.version(NEW).readings)
    assert "没有解释口径" in run("policies", "readings", "jzbf-2022-81").stdout


def test_schema_is_that_of_the_editors(run: Run) -> None:
    """`schema` prints the JSON Schema by which editors check the file."""
    schema = orjson.loads(run("policies", "schema").stdout)
    assert schema["$schema"].endswith("2020-12/schema")
    assert {"fields", "policies"} <= set(schema["properties"])
