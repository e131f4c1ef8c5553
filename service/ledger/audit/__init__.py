"""Audits of payouts: what was paid against what was due, row by row, to the fen.

    payouts       a file of payments, read by the columns and cells of a batch
    dues          what was due: the grants of the ledger that the file is about
    recomputed    the same without a ledger: an applications file, decided by the engine
    matching      which due a row pays
    findings      what is wrong with it: the kinds, and the fen at stake of each
    ceilings      what was paid above the ceilings that grants share
    auditing      all of this in order: `audit_ledger`, `audit_applications`
    report        the report: totals, findings, the sample; `told` puts it into words
    workbook      the report as a workbook
    keeping       reports kept in the ledger

A row may carry several findings. Each has the fen `at_stake` in it alone; `counted` is its part of the totals, in which
no fen stands twice.
"""
