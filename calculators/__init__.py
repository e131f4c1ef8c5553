"""The formulas of the law: pure functions on columns of whole numbers.

A column is a numpy array of int64: fen for money, days since 1970-01-01 for dates, plain counts otherwise. One
application is a column of length one. Nothing here reads a file, a clock or a setting, and nothing here knows a float:
rates are `Fraction`.
"""
