"""Many at once on one pool: used to the fen, never above, each answer right for its place in the order."""

from __future__ import annotations

import subprocess
import sys
from itertools import accumulate

import orjson

from service.ledger.books import grants_of
from service.ledger.database import Ledger
from service.ledger.keys import Actor
from service.ledger.log import entries
from service.ledger.verifying import verify
from service.money import fen_of

PROCESSES, EACH = 8, 25
ASKED = fen_of("37777.77")
POOL = fen_of("3000000.00")
#: What one of the processes does, with the URL, the actor and its number on the command line.
WORKER = """
import sys
from service.errors import NothingToGrant
from service.ledger.grants import propose
from service.ledger.keys import Actor
from service.ledger.opening import open_ledger
from service.policies import load
from tests.ledger.asking import award

url, key_id, person, worker, each = sys.argv[1:]
ledger, policies, actor = open_ledger(url), load(), Actor(key_id, person, "proposer")
sys.stdin.readline()
for number in range(int(each)):
    name = f"P{worker}-{number}"
    try:
        grant, new = propose(ledger, policies, award(name), name, actor)
        print(grant.id, grant.seq, grant.amount, new)
    except NothingToGrant as nothing:
        print(nothing.result["rule"])
"""


def test_two_hundred_at_once_use_a_pool_to_the_fen(ledger: Ledger, url: str, proposer: Actor) -> None:
    """Eight processes propose 25 grants each on one town's pool: the sum is the pool, nothing is lost or doubled."""
    command = [sys.executable, "-c", WORKER, url, proposer.key_id, proposer.person]
    running = [
        subprocess.Popen([*command, str(worker), str(EACH)], stdin=-1, stdout=-1, stderr=-1, text=True)
        for worker in range(PROCESSES)
    ]
    for process in running:  # all have started and loaded before the first is let go
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    said = []
    for process in running:
        out, error = process.communicate(timeout=300)
        assert (process.returncode, error) == (0, "")
        said += out.splitlines()
    assert len(said) == PROCESSES * EACH
    with ledger.reading() as connection:
        grants = list(grants_of(connection))
        proposed = [entry.subject for entry in entries(connection) if entry.verb == "propose"]
    answered = sorted(line for line in said if line.endswith("True"))
    assert answered == sorted(f"{grant.id} {grant.seq} {grant.amount} True" for grant in grants)
    assert {line for line in said if line not in answered} == {"pool_cap"}
    assert proposed == [grant.id for grant in grants]
    assert [grant.id for grant in grants] == [f"project_award-2027-{n:06d}" for n in range(1, len(grants) + 1)]
    before = [0, *accumulate(grant.amount for grant in grants)]
    assert before[-1] == POOL
    for grant, used in zip(grants, before, strict=False):
        assert grant.amount == min(ASKED, POOL - used)
        known = {one["limit"]: fen_of(one["amount"]) for one in orjson.loads(grant.request)["granted_before"]}
        assert known == ({"pool_cap": used} if used else {})
    assert verify(ledger).flaw is None
