"""The applicants' pages: what could be had, how much, and why."""
