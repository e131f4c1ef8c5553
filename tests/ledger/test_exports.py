"""What leaves the ledger: lists with masked identifiers, and decisions that prove themselves."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import orjson
import pytest

from service.batch.xlsx.reading import read_workbook
from service.canonical import sha256_of
from service.errors import NotFound, Refused
from service.ledger.books import Grant
from service.ledger.database import Ledger
from service.ledger.exports.decision import decision_of, flaws_of, read_decision, strays_of
from service.ledger.exports.masking import is_personal, masked, masked_name
from service.ledger.exports.page import page_of
from service.ledger.exports.performance import performance_table
from service.ledger.exports.publicity import publicity_list
from service.ledger.exports.tables import write_list
from service.ledger.grants import propose
from service.ledger.keys import Actor
from service.ledger.verbs import change
from service.money import fen_of
from service.policies import Policies
from tests.ledger.asking import advertisement, award, loan
from tests.ledger.finance import firm

Json = dict[str, Any]
PERSON = "个体-11010519491231002X"


@pytest.fixture
def grants(ledger: Ledger, policies: Policies, proposer: Actor, approver: Actor) -> list[Grant]:
    """Return grants in every state: reserved, approved, paid, recovered in part, recovered whole, released."""
    bodies = [loan(f"R{n}", firm(1, n)) for n in range(4)] + [award("P1", "T2"), advertisement("I1", PERSON)]
    for body in bodies[:4]:
        body["facts"] |= {"town_name": "杏花村", "applicant_name": '=HYPERLINK("x")<b>甲公司</b>'}
    bodies[5]["lines"][0]["applicant_name"] = "王小明"
    made = [propose(ledger, policies, body, f"k{place}", proposer)[0] for place, body in enumerate(bodies)]
    steps = [
        (1, "approve"),
        (2, "approve"),
        (3, "approve"),
        (5, "approve"),
        (2, "pay"),
        (3, "pay"),
        (3, "recover"),
        (4, "release"),
    ]
    for place, verb in steps:
        said = {"reason": "<script>alert(1)</script>", "amount": "50000.00"} if verb == "recover" else {}
        change(ledger, made[place].id, verb, said, approver)
    return made


@pytest.mark.parametrize(
    ("identifier", "shown"),
    [
        ("91140100MA0K12345X", "9114**********345X"),
        (PERSON, "个*******************X"),
        ("11010519491231002X", "1****************X"),
        ("110105491231002", "1*************2"),
        ("F1", "**"),
        ("ABCDE", "A***E"),
        ("", ""),
        ("甲" * 8, "甲甲****甲甲"),
    ],
)
def test_masks(identifier: str, shown: str) -> None:
    """A company keeps four characters at each end, a person one; short identifiers less."""
    assert masked(identifier) == shown
    assert is_personal(identifier) == ("1010549" in identifier or "1949" in identifier)
    assert masked_name("王小明") == "王**"


@pytest.mark.parametrize(
    "identifier",
    ["110105 19491231 0021", "110105-19491231-002X", "１１０１０５１９４９１２３１００２１", "居民 110105·491231·002"],
)
def test_a_person_is_known_however_the_number_is_written(identifier: str) -> None:
    """Blanks, hyphens and wide digits do not make an identity card a company."""
    assert is_personal(identifier)
    assert len(masked(identifier).replace("*", "")) == 2
    assert not is_personal("91140101 MA011XY00P")


@pytest.mark.usefixtures("grants")
def test_the_publicity_list(ledger: Ledger) -> None:
    """What stands approved or paid is listed, net of what came back; no identifier can be read."""
    with ledger.reading() as connection:
        found = publicity_list(connection, {"year": 2027})
        of_loans = publicity_list(connection, {"year": 2027, "measure": "loan_interest"})
        none = publicity_list(connection, {"year": 2026})
    assert [one["amount"] for one in found["rows"]] == ["150000.00", "150000.00", "100000.00", "120000.00"]
    assert found["total"] == "520000.00"
    assert [one["number"] for one in found["rows"]] == [1, 2, 3, 4]
    assert len(of_loans["rows"]) == 3
    assert (none["rows"], none["total"]) == ([], "0.00")
    text = orjson.dumps(found).decode()
    assert PERSON not in text
    assert firm(1, 1) not in text
    assert found["rows"][3]["applicant_name"] == "王**"
    assert found["rows"][0]["town_name"] == "杏花村"
    assert found["sha256"] == sha256_of({name: part for name, part in found.items() if name != "sha256"})


@pytest.mark.usefixtures("grants")
def test_the_performance_table(ledger: Ledger) -> None:
    """Every grant is counted once in each stage that it reached; measures and the whole are the sums of towns."""
    with ledger.reading() as connection:
        found = performance_table(connection, 2027)
    total = found["total"]
    assert [total[f"{stage}_grants"] for stage in ("proposed", "open", "approved", "paid", "released")] == [
        6,
        1,
        4,
        2,
        1,
    ]
    assert (total["paid_amount"], total["recovered_amount"], total["net_amount"]) == (
        "300000.00",
        "50000.00",
        "250000.00",
    )
    assert total["days_to_approval"] == 0
    assert [(one["measure"], one["town_id"]) for one in found["rows"]] == [
        ("advertising", "T1"), ("loan_interest", "T1"), ("project_award", "T2"),
    ]  # fmt: skip
    for part in ("rows", "by_measure"):
        for name in total:
            if name.endswith("_amount"):
                assert sum(fen_of(one[name]) for one in found[part]) == fen_of(total[name])


@pytest.mark.usefixtures("grants")
def test_the_lists_as_workbooks(ledger: Ledger, policies: Policies, tmp_path: Path) -> None:
    """The lists open as workbooks in which no text is a formula."""
    with ledger.reading() as connection:
        lists = {
            "publicity": publicity_list(connection, {"year": 2027}),
            "performance": performance_table(connection, 2027),
        }
    for name, found in lists.items():
        target = tmp_path / "list.xlsx"
        write_list(target, name, found, policies, "zh")
        book = read_workbook(target, is_header=lambda row: "措施" in row, most_bytes_unpacked=1 << 24, most_rows=99)
        (sheet,) = book.sheets
        assert not any("formula" in note.code for note in sheet.notes)
        assert sheet.frame.height == (4 if name == "publicity" else 3 + 3 + 1)
        assert "年度新增贷款贴息" in sheet.frame["措施"].to_list()


def test_a_decision_proves_itself(ledger: Ledger, policies: Policies, grants: list[Grant]) -> None:
    """Every hash in the file fits, the amount is computed again, and the ledger holds the same."""
    with ledger.reading() as connection:
        for grant in grants:
            file = read_decision(orjson.dumps(decision_of(connection, policies, grant.id)))
            assert list(flaws_of(file, policies)) == []
            assert list(strays_of(connection, file)) == []
        assert [entry["verb"] for entry in decision_of(connection, policies, grants[3].id)["log"]] == [
            "propose", "approve", "pay", "recover",
        ]  # fmt: skip
        with pytest.raises(NotFound):
            decision_of(connection, policies, "loan_interest-2027-999999")


def paths(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Find the path of every value of a file."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from paths(value, (*path, name))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from paths(value, (*path, place))
    else:
        yield path


def changed(file: Json, path: tuple[Any, ...]) -> Json:
    """Change a value of a file, and seal the file again as a forger would."""
    forged = copy.deepcopy(file)
    node: Any = forged
    for name in path[:-1]:
        node = node[name]
    value = node[path[-1]]
    node[path[-1]] = f"{value}x" if isinstance(value, str) else 7 if value is None else value + 1
    forged["sha256"] = sha256_of({name: part for name, part in forged.items() if name != "sha256"})
    return forged


def test_a_forged_decision_is_found(ledger: Ledger, policies: Policies, grants: list[Grant]) -> None:
    """Whatever value is changed, and the file sealed again: it is found by the file alone or by the ledger."""
    own = {"explanation", "format", "sha256"}
    with ledger.reading() as connection:
        file = read_decision(orjson.dumps(decision_of(connection, policies, grants[3].id)))
        tried = 0
        for path in paths(file):
            if path[0] in own:
                continue
            tried += 1
            forged = changed(file, path)
            assert [*flaws_of(forged, policies), *strays_of(connection, forged)], path
        assert tried > 200
        unsealed = file | {"explanation": {"zh": ["多得一些"], "en": []}}
        assert [code for code, _ in flaws_of(unsealed)] == ["file-changed"]


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"format": "town-subsidy decision 1"}', b"\xff"])
def test_what_is_no_decision_is_refused(data: bytes) -> None:
    """A file of another kind is not verified at all."""
    with pytest.raises(Refused):
        read_decision(data)


class Page(HTMLParser):
    """Collects the tags of a page and what they load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        self.loaded += [
            f"{name}={value}" for name, value in attrs if name in {"src", "href", "style"} or name[:2] == "on"
        ]


def test_a_page_holds_nothing_but_text(ledger: Ledger, policies: Policies, grants: list[Grant]) -> None:
    """No script, nothing from elsewhere; what people wrote stays text; every hash can be read."""
    with ledger.reading() as connection:
        file = decision_of(connection, policies, grants[3].id)
    text = page_of(file, policies)
    page = Page()
    page.feed(text)
    assert not {"script", "link", "img", "iframe", "b"} & set(page.tags)
    assert page.loaded == []
    assert "&lt;script&gt;" in text
    assert "url(" not in text
    for digest in (file["sha256"], file["result"]["result_sha256"], *(entry["hash"] for entry in file["log"])):
        assert digest in text


@pytest.fixture
def sent(ledger: Ledger, policies: Policies, grants: list[Grant]) -> Callable[[], Json]:
    """Return a function that gives a decision as it is sent."""

    def made() -> Json:
        with ledger.reading() as connection:
            return decision_of(connection, policies, grants[1].id)

    return made


def test_a_decision_of_the_same_ledger_is_the_same(sent: Callable[[], Json]) -> None:
    """Two exports from one state of the ledger are the same bytes."""
    assert orjson.dumps(sent()) == orjson.dumps(sent())
