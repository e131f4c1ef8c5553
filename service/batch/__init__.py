"""Files of applications: rows in, the same rows decided and explained out, by the same engine as a single request.

    file ─► streams (text columns) ─► headers ─► columns ─► Lines ─► engine ─► result columns ─► streams ─► file

Whatever its format, a file is a table of text columns here; a cell is read by the same dictionary entry as in a
request.
"""
