"""How long an applicant's answer page takes, compared with the REST API's answer to the same ten lines.

    python -m benchmarks.pages

Both come from one gunicorn with one sync worker, asked in turn by one client, from connect to the last byte.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from benchmarks.load import HOST, send
from benchmarks.rest import FACTS, LOAN, bound_to, cpus_of, serving
from service.policies import load
from service.web.applicants.forms import form_of
from service.web.applicants.links import packed

LINES = 10
FORM = "application/x-www-form-urlencoded"
REQUESTS: Mapping[str, dict[str, Any]] = {
    "loan_interest": {
        "facts": FACTS,
        "lines": [{**LOAN, "disbursed_amount": f"{1_234_567 * one}.{one:02d}"} for one in range(1, LINES + 1)],
    },
    "advertising": {
        "facts": {"town_tier": "provincial_key", "applicant_id": "A1", "year": 2027},
        "lines": [{"ad_paid": f"{98_765 * one}.{one:02d}", "paid_on": "2027-03-01"} for one in range(1, LINES + 1)],
    },
}


def main() -> None:
    """Measure both measures and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="default: %(default)s")
    parser.add_argument("--requests", type=int, default=100, help="of each kind in a round (default: %(default)s)")
    options = parser.parse_args()
    cpus = cpus_of()
    with serving("service", cpus) as port, bound_to(cpus.send):
        for measure, request in REQUESTS.items():
            taken = measured(port, messages(port, measure, request), options.rounds, options.requests)
            print(measure, told(taken))


def measured(port: int, kinds: Mapping[str, bytes], rounds: int, requests: int) -> dict[str, list[float]]:
    """Send each kind in turn, after a round to warm up; return the median of every round, in milliseconds."""
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    for number in range(rounds + 1):
        for kind, message in kinds.items():
            median = statistics.median(send(port, message, requests)[2]) / 1e6
            if number:
                taken[kind].append(median)
    return taken


def told(taken: Mapping[str, Sequence[float]]) -> str:
    """Write the medians, and the ratios of rounds that were neighbours: median, least, greatest."""
    rest, *pages = taken.values()
    words = [f"REST {statistics.median(rest):.2f} ms"]
    for kind, page in zip(list(taken)[1:], pages, strict=True):
        ratios = [one / other for one, other in zip(page, rest, strict=True)]
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
        words.append(f"{kind} {statistics.median(page):.2f} ms, ratio {spread}")
    return "; ".join(words)


def messages(port: int, measure: str, request: Mapping[str, Any]) -> dict[str, bytes]:
    """Write what is sent for the same lines: to the API, as a form, and as the link that a page gives."""
    policies = load()
    version = policies.newest
    link = packed(dict(request), version.ref, policies.provision(version, measure).sha256)
    fields = form_of(policies, request).values
    page = f"/zh/measures/{measure}"
    return {
        "REST": _message(port, "POST", f"/v1/calculations/{measure}", json.dumps(request), "application/json"),
        "form": _message(
            port, "POST", page, urlencode({**fields, "do": "answer"}), "application/x-www-form-urlencoded"
        ),
        "link": _message(port, "GET", f"{page}?case={link}"),
    }


def _message(port: int, method: str, path: str, body: str = "", kind: str = "") -> bytes:
    sent = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\n{sent}\r\n{body}".encode()


if __name__ == "__main__":
    main()
