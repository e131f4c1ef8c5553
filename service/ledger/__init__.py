"""The ledger: what was proposed, approved, paid and recovered, what is left of every ceiling, and proof of it all.

Nothing is ever changed. A grant is a row with its request, its result and their hashes; its state is that of its
latest transition; what a group has used of a ceiling is the newest of its rows. Each change is one entry of a
hash-chained log, which commits to every row that came with it (`service.ledger.log`).

    from service.ledger.opening import open_ledger      open_ledger(url) → Ledger; one per process, after any fork
    ledger.reading() / ledger.writing()                 a connection on one state / as the only writer, then commit
    from service.ledger.grants import propose, store    propose(ledger, policies, body, idempotency_key, actor)
    from service.ledger.proposals import read_proposal  its two halves: before the lock; `store` within
                                                        `ledger.writing()`, as often as a file has rows
    from service.ledger.verbs import change             change(ledger, grant_id, "approve", body, actor)
    from service.ledger.books import grants_of          Grant after Grant: request and result as bytes of JSON, hashes,
        grant_of, transitions_of                        policy, state, paid, recovered; and each step that led there
    from service.ledger.limits import groups_in_use     what every group has reserved, granted, paid, recovered
    from service.ledger.log import entries, head_of     the log, of one subject or all; its end for a checkpoint
    from service.ledger.verifying import verify         the first entry that does not fit, if any
    from service.ledger.keys import actor_of            whose key a token is
    from service.ledger.sessions import sign_in         sign_in(ledger, key) → who it is and the token of a session,
        session_actor, sign_out                         which tells who is signed in until it ends
    service.ledger.audit, service.ledger.exports        payouts checked against the grants; what leaves the ledger

To compute a stored grant again: `sealed(policies, read_request(policies, grant.measure, grant.request))` of
`service.calculation` gives `grant.result`, byte for byte by `orjson.dumps`. All raise the errors of `service.errors`.
"""
