"""Answers beside others: under the rules of an older link, under other choices of the readings."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask

from service.intake.request import read_request
from service.policies import Policies, default_path, load
from service.policies.source import read
from service.web.applicants.answers import answer_of
from service.web.applicants.comparing import Changed, Compared, book_of, changed_since, comparison_of
from tests.web.applicants.showing import Page, shown

BODY: dict[str, Any] = {
    "facts": {"town_tier": "provincial_key", "year": 2027},
    "lines": [{"ad_paid": "600000.00", "paid_on": "2027-05-01"}],
}


class Plain(yaml.SafeDumper):
    """Writes no aliases: the loader refuses them."""

    def ignore_aliases(self, data: object) -> bool:
        """Write everything out."""
        return True


@pytest.fixture
def later(tmp_path: Path) -> Policies:
    """Return policies of which version 2 follows from 2027 with another rate for advertising."""
    tree = read(default_path().read_bytes(), "policies.yaml").tree
    first = tree["policies"][-1]
    second = deepcopy(first) | {"version": "2", "in_force": {"from": "2027-01-01", "until": None}}
    first["in_force"]["until"] = "2027-01-01"
    second["readings"].pop("in_force")
    second["measures"]["advertising"]["terms"]["share"] = "25%"
    tree["policies"].append(second)
    path = tmp_path / "policies.yaml"
    path.write_text(yaml.dump(tree, Dumper=Plain, allow_unicode=True, sort_keys=False), "utf-8")
    return load(path)


def changed(policies: Policies, then: str, sha256: str, body: dict[str, Any] = BODY) -> Changed | None:
    """Answer the request, and compare with a link of that version and hash."""
    answer = answer_of(policies, read_request(policies, "advertising", body), "zh")
    return changed_since(policies, "advertising", body, then, sha256, answer)


def sha256_of(policies: Policies, ref: str) -> str:
    """Return the hash of what a version says of advertising."""
    return policies.provision(policies.version(ref), "advertising").sha256


def test_a_link_under_the_rules_of_today_is_not_remarked(policies: Policies) -> None:
    """Nothing is said where nothing has changed."""
    assert changed(policies, "jzbf-2026-3@1", sha256_of(policies, "jzbf-2026-3@1")) is None


def test_terms_that_were_edited_are_told(policies: Policies) -> None:
    """The same version with other terms: what they gave is not known any more, and not guessed."""
    told = changed(policies, "jzbf-2026-3@1", "0" * 64)
    assert told == Changed("jzbf-2026-3@1", "jzbf-2026-3@1", "", "120,000.00")


def test_a_version_that_is_gone_is_told(policies: Policies) -> None:
    """A version that no file has any more: the amount of today only."""
    told = changed(policies, "jzbf-2026-3@0", "0" * 64)
    assert told == Changed("jzbf-2026-3@0", "jzbf-2026-3@1", "", "120,000.00")


def test_a_version_that_is_still_there_gives_its_amount(policies: Policies, later: Policies) -> None:
    """A link of before there was version 2: 20% then, 25% now; for a day of version 1 nothing has changed."""
    then = sha256_of(policies, "jzbf-2026-3@1")
    told = changed(later, "jzbf-2026-3@1", then)
    assert told == Changed("jzbf-2026-3@1", "jzbf-2026-3@2", "120,000.00", "150,000.00")
    assert changed(later, "jzbf-2026-3@1", "0" * 64) == told._replace(amount="")


def test_older_rules_are_laid_out_once(later: Policies) -> None:
    """However many links of a version are opened: what readers and provisions it takes is kept by the book."""
    first, second = (later.version(f"jzbf-2026-3@{number}") for number in (1, 2))
    assert book_of(later, first) is book_of(later, first)
    assert [one.ref for one in book_of(later, first).versions] == ["jzbf-2026-3@1"]
    assert book_of(later, second) is not book_of(later, first)


def test_the_page_warns_with_both_amounts(app: Flask, policies: Policies) -> None:
    """The warning stands before the amount; where the older cannot be had that is said."""
    both = Changed("jzbf-2026-3@1", "jzbf-2026-3@2", "100,000.00", "120,000.00")
    text = Page(shown(app, policies, "advertising", BODY, changed=both)).text
    assert "原规定：100,000.00 元；现行规定：120,000.00 元。" in text
    assert text.index("政策或口径已变动") < text.index("符合条件")
    text = Page(shown(app, policies, "advertising", BODY, changed=both._replace(amount=""))).text
    assert "原规定的金额已无法重新计算；现行规定：120,000.00 元。" in text
    edited = Changed("jzbf-2026-3@1", "jzbf-2026-3@1", "", "120,000.00")
    text = Page(shown(app, policies, "advertising", BODY, changed=edited)).text
    assert "此链接生成以后，jzbf-2026-3@1 的规定或口径有变动" in text


def test_other_choices_are_told_with_amount_and_difference(app: Flask, policies: Policies) -> None:
    """On demand: what each other choice would give, more or less than now; what it needs to know."""
    answer = answer_of(policies, read_request(policies, "advertising", BODY), "zh")
    compared = comparison_of(policies, "advertising", BODY, answer, "zh")
    assert compared["ad_rate_base"] == [Compared("仅超过部分", "20,000.00", "−", "100,000.00", "")]
    assert compared["rounding_stage"] == [Compared("合计", "120,000.00", "", "0.00", "")]
    page = Page(shown(app, policies, "advertising", BODY, compared=compared))
    assert "20,000.00 元 （少 100,000.00 元）" in page.text
    assert "金额相同" in page.text
    assert [one for one in page.all("details") if one.get("id") == "readings" and "open" in one]


def test_a_choice_that_needs_more_says_so_in_words(policies: Policies) -> None:
    """By the label of the input that is missing, or by the sentence of the defect; in both languages."""
    body: dict[str, Any] = {"lines": [{"year": 2027}]}
    answer = answer_of(policies, read_request(policies, "expo_budget", body), "en")
    compared = comparison_of(policies, "expo_budget", body, answer, "en")
    assert compared["expo_step"] == [Compared("Each edition held", "", "", "", "Editions held since 2026")]
