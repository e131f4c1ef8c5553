"""What leaves the ledger for others: the publicity list, the yearly performance table, a decision with its proof.

masking       identifiers as they may be published
publicity     公示表: who gets how much for what, identifiers masked
performance   绩效表: what was proposed, approved, paid and recovered, by measure and town
decision      one grant with request, result, explanation, log and hashes, sealed; and whether such a file holds
page          the same as a page to print
tables        lists as workbooks
"""
