"""`policies diff`: changed terms, other readings, and the money that they move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from click.testing import Result

Run = Callable[..., Result]
Write = Callable[[str, bytes], str]
NEW = "jzbf-2026-3"
EXCESS = ("--reading", "ad_rate_base=excess")


def advertising(town: str, paid: str, on: str = "2027-09-01", **more: Any) -> dict[str, Any]:
    """Make an application for one payment of advertising."""
    facts = {"town_tier": "provincial_key", "year": int(on[:4]), "town_id": town}
    return {"measure": "advertising", "facts": facts, "lines": [{"ad_paid": paid, "paid_on": on}], **more}


APPLICATIONS = [
    advertising("t2", "600000.00"),
    advertising("t1", "1000000.01"),
    advertising("t1", "700000.00", "2025-12-01"),
    {"measure": "expo_budget", "lines": [{"year": 2027}, {"year": 2027, "town_name": "杏花村"}]},
    {"measure": "little_giant"},
]


def ndjson(applications: list[dict[str, Any]]) -> bytes:
    """Write one application per line."""
    return b"\n".join(map(orjson.dumps, applications)) + b"\n"


def money(done: Result) -> dict[tuple[str, str | None], tuple[str, str, str]]:
    """Take before, after and difference of each measure and town from the JSON."""
    assert done.exit_code == 0, done.stderr
    sums = orjson.loads(done.stdout)["money"]["sums"]
    return {(one["measure"], one["town"]): (one["before"], one["after"], one["moved"]) for one in sums}


def test_equal_versions_do_not_differ(run: Run) -> None:
    """A version does not differ from itself."""
    assert run("policies", "diff", NEW, NEW).stdout == "没有差别\n"
    assert run("policies", "diff", NEW, NEW, "--lang", "en").stdout == "no difference\n"


def test_a_reading_shows_what_it_changes(run: Run) -> None:
    """The same version under another reading differs in the terms that the reading sets."""
    done = run("policies", "diff", NEW, NEW, *EXCESS, "--json")
    changes = orjson.loads(done.stdout)["changes"]
    assert {"path": "measures.advertising.terms.counts", "before": "whole", "after": "excess"} in changes
    lines = run("policies", "diff", NEW, NEW, *EXCESS).stdout.splitlines()
    assert lines[0].split() == ["条款", "原来", "现在"]
    assert ["measures.advertising.terms.counts", "whole", "excess"] in [line.split() for line in lines]


def test_versions_show_changed_terms(run: Run, two_versions: str) -> None:
    """Two versions differ in what was changed and in nothing else that money depends on."""
    done = run("--policies", two_versions, "policies", "diff", f"{NEW}@1", f"{NEW}@2", "--json")
    found = orjson.loads(done.stdout)
    changes = {one["path"]: (one["before"], one["after"]) for one in found["changes"]}
    assert changes["measures.advertising.terms.share"] == ("20%", "25%")
    assert [path for path in changes if path.startswith("measures.")] == ["measures.advertising.terms.share"]
    assert (found["before"]["ref"], found["after"]["ref"]) == (f"{NEW}@1", f"{NEW}@2")


def test_whole_measures_are_named_not_dumped(run: Run) -> None:
    """Where only one version has a measure, the table names it and stays narrow."""
    lines = run("policies", "diff", "jzbf-2022-81", NEW, "--lang", "en").stdout.splitlines()
    assert any("Interest subsidy on new loans" in line and "(none)" in line for line in lines)
    assert max(map(len, lines)) <= 160


@pytest.mark.parametrize("form", ["ndjson", "list"])
def test_a_reading_moves_money(form: str, run: Run, write: Write) -> None:
    """Every application is calculated under both readings and summed by measure and town, exact to the fen."""
    data = ndjson(APPLICATIONS) if form == "ndjson" else orjson.dumps(APPLICATIONS)
    asked = ("policies", "diff", NEW, NEW, *EXCESS, "--applications", write("applications", data))
    assert money(run(*asked, "--json")) == {
        ("advertising", "t1"): ("200000.00", "100000.00", "-100000.00"),
        ("advertising", "t2"): ("120000.00", "20000.00", "-100000.00"),
        ("expo_budget", "杏花村"): ("9000000.00", "9000000.00", "0.00"),
        ("expo_budget", None): ("9000000.00", "9000000.00", "0.00"),
    }
    text = run(*asked).stdout
    assert text.splitlines()[-2].split() == ["合计", "5", "18,320,000.00", "18,120,000.00", "-200,000.00", "1", "1"]
    assert text.splitlines()[-1] == "另有 1 笔按其他规定执行，没有金额，未计入。"


def test_lines_outside_the_policy_are_counted_apart(run: Run, write: Write) -> None:
    """A line on whose date nothing was in force counts with 0.00 and is counted as such, before and after."""
    file = write("applications", orjson.dumps(APPLICATIONS))
    done = run("policies", "diff", NEW, NEW, *EXCESS, "--applications", file, "--json")
    town = next(one for one in orjson.loads(done.stdout)["money"]["sums"] if one["town"] == "t1")
    assert (town["lines"], town["not_in_force_before"], town["not_in_force_after"]) == (2, 1, 1)


def test_another_first_day_moves_money(run: Run, write: Write) -> None:
    """The reading of the first day brings lines into force: their money moves, and they are no longer outside."""
    file = write("applications", orjson.dumps([advertising("t1", "1000000", "2026-01-15")]))
    reading = ("--reading", "in_force=calendar_year")
    done = run("policies", "diff", NEW, NEW, *reading, "--applications", file, "--json")
    assert money(done) == {("advertising", "t1"): ("0.00", "200000.00", "200000.00")}
    total = orjson.loads(done.stdout)["money"]["total"]
    assert (total["not_in_force_before"], total["not_in_force_after"]) == (1, 0)


@pytest.mark.parametrize("on", ["2027-06-30", "2027-07-01"])
@pytest.mark.parametrize("named", [None, f"{NEW}@1", f"{NEW}@2", NEW])
def test_versions_move_money(on: str, named: str | None, run: Run, write: Write, two_versions: str) -> None:
    """Versions are never in force together, so each is applied to the time of both; whichever a request names."""
    application = advertising("t1", "1000000.10", on) | ({"policy": named} if named else {})
    file = write("applications", orjson.dumps([application]))
    asked = ("policies", "diff", f"{NEW}@1", f"{NEW}@2", "--applications", file, "--json")
    assert money(run("--policies", two_versions, *asked)) == {
        ("advertising", "t1"): ("200000.02", "250000.03", "50000.01")
    }


def test_versions_move_money_under_a_reading(run: Run, write: Write, two_versions: str) -> None:
    """A reading shapes the second version, also on days on which only the first is in force."""
    file = write("applications", orjson.dumps([advertising("t1", "1000000", "2027-03-01")]))
    asked = ("policies", "diff", f"{NEW}@1", f"{NEW}@2", *EXCESS, "--applications", file, "--json")
    assert money(run("--policies", two_versions, *asked)) == {
        ("advertising", "t1"): ("200000.00", "125000.00", "-75000.00")
    }


def test_requests_keep_their_own_readings(run: Run, write: Write) -> None:
    """What a request asks for stands on both sides, and `--reading` goes before it on the second."""
    own = advertising("t1", "1000000", readings={"ad_rate_base": "excess"})
    file = write("applications", orjson.dumps([own]))
    asked = ("policies", "diff", NEW, NEW, "--applications", file, "--json")
    assert money(run(*asked, "--reading", "vat=included"))["advertising", "t1"][:2] == ("100000.00", "100000.00")
    assert money(run(*asked, "--reading", "ad_rate_base=whole"))["advertising", "t1"][:2] == ("100000.00", "200000.00")


def test_requests_bound_to_another_policy_are_left_out(run: Run, write: Write, two_versions: str) -> None:
    """A request that names a third policy is not calculated under these, and is counted."""
    third = advertising("t1", "1000000", policy="jzbf-2022-81")
    file = write("applications", ndjson([third, advertising("t2", "1000000")]))
    asked = ("--policies", two_versions, "policies", "diff", f"{NEW}@1", f"{NEW}@2", "--applications", file)
    assert list(money(run(*asked, "--json"))) == [("advertising", "t2")]
    assert run(*asked, "--lang", "en").stdout.endswith("\n1 applications name another policy and are left out.\n")


def test_defects_of_all_applications_are_told(run: Run, write: Write) -> None:
    """Every defect of every application is told with its place, and nothing is summed."""
    wrong = [advertising("t1", "1.234"), advertising("t1", "1"), {"measure": "expo_budget", "lines": [{}]}]
    file = write("applications.ndjson", ndjson(wrong))
    done = run("policies", "diff", NEW, NEW, "--applications", file)
    assert (done.exit_code, done.stdout) == (2, "")
    starts = [line.split("（")[0].partition(": ")[0] for line in done.stderr.splitlines()]
    assert starts == [f"{file}:1", f"{file}:3"]
    assert "/lines/0/ad_paid: " in done.stderr
    assert "/lines/0/year: " in done.stderr


@pytest.mark.parametrize(("data", "said"), [
    (b'{"measure": "advertising"}\n\n[1]\n', ":3: not a JSON object"),
    (b'{"measure": "advertising"}\n{\n', ":2: not a JSON object"),
    (b"[1, 2]", ": neither a JSON list nor JSON objects, one per line"),
    (b"", " holds no applications"),
    (b"[]", " holds no applications"),
    (b'[{"lines": []}]', "[0]: measure is missing"),
    (b'{"measure": "advertising"}\n{"measure": "adverts"}', ':2: There is no measure named "adverts"'),
])  # fmt: skip
def test_unusable_applications_are_told(data: bytes, said: str, run: Run, write: Write) -> None:
    """A file that holds no applications is refused in words that name the place."""
    file = write("applications", data)
    done = run("policies", "diff", NEW, NEW, "--applications", file, "--lang", "en")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{file}{said}")


def test_other_wrong_arguments_are_told(run: Run, write: Write) -> None:
    """Readings that do not exist or are not written as such, and versions without amounts, are refused."""
    unknown = run("policies", "diff", NEW, NEW, "--reading", "vat=maybe")
    assert unknown.exit_code == 2
    assert unknown.stderr.startswith("/readings/vat: ")
    assert "included" in unknown.stderr
    assert run("policies", "diff", NEW, NEW, "--reading", "vat").stderr.startswith("--reading 应写作 ")
    file = write("applications", orjson.dumps(APPLICATIONS))
    without = run("policies", "diff", "jzbf-2022-81", NEW, "--applications", file)
    assert (without.exit_code, without.stderr) == (2, "jzbf-2022-81@1 没有金额，无法试算\n")
