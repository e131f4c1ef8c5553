"""The law as data: loads policies.yaml, refuses what is wrong in it, resolves it under readings."""

from service.policies.book import Policies, alone
from service.policies.calendar import Calendar
from service.policies.diff import Change, changed_terms
from service.policies.expiry import Notice, warnings
from service.policies.loader import default_path, load

__all__ = [
    "Calendar",
    "Change",
    "Notice",
    "Policies",
    "alone",
    "changed_terms",
    "default_path",
    "load",
    "warnings",
]
