"""Workbooks in and out: reads what people filled in, writes results and templates."""
