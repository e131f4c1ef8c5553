"""The tables of the ledger: rows are added, never changed, and every row belongs to one entry of the log.

Amounts are whole fen, times are UTC as text (`2027-03-01T08:00:00.000000Z`), JSON is text. Every table but the log has
`seq`, the entry that committed to the row: `log.rows_sha256` covers all columns of all rows of an entry.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

#: The revision of the schema that this release works with.
REVISION: Final = "0004"

STATES: Final = ("reserved", "manual_review", "approved", "paid", "recovered", "released")
VERBS: Final = ("propose", "approve", "release", "pay", "recover")
ROLES: Final = ("proposer", "approver", "auditor", "admin")

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """Allow only these values in a column."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _seq() -> Column[int]:
    return Column("seq", BigInteger, ForeignKey("log.seq"), nullable=False, index=True)


LOG: Final = Table(
    "log",
    METADATA,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("payload", Text, nullable=False),
    Column("request_sha256", Text),
    Column("result_sha256", Text),
    Column("policy_sha256", Text),
    Column("rows_sha256", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    CheckConstraint("seq > 0", name="seq"),
)

KEYS: Final = Table(
    "keys",
    METADATA,
    Column("id", Text, primary_key=True),
    _seq(),
    Column("person", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("secret_sha256", Text, nullable=False, unique=True),
    Column("expires", Text),
    one_of("role", ROLES),
)

REVOCATIONS: Final = Table(
    "revocations",
    METADATA,
    Column("key_id", Text, ForeignKey("keys.id"), primary_key=True),
    _seq(),
)

SESSIONS: Final = Table(
    "sessions",
    METADATA,
    Column("id", Text, primary_key=True),
    _seq(),
    Column("key_id", Text, ForeignKey("keys.id"), nullable=False),
    Column("secret_sha256", Text, nullable=False, unique=True),
    Column("expires", Text, nullable=False),
)

ENDED_SESSIONS: Final = Table(
    "ended_sessions",
    METADATA,
    Column("session_id", Text, ForeignKey("sessions.id"), primary_key=True),
    _seq(),
)

GRANTS: Final = Table(
    "grants",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("seq", BigInteger, ForeignKey("log.seq"), nullable=False, unique=True),
    Column("measure", Text, nullable=False),
    Column("year", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("proposer", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("body_sha256", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("policy_sha256", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("town_id", Text, index=True),
    Column("applicant_id", Text, index=True),
    Column("amount", BigInteger, nullable=False),
    Column("request", Text, nullable=False),
    Column("request_sha256", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("result_sha256", Text, nullable=False),
    CheckConstraint("amount >= 0", name="amount"),
    CheckConstraint("number > 0", name="number"),
    UniqueConstraint("measure", "year", "number"),
    UniqueConstraint("proposer", "idempotency_key"),
)

TRANSITIONS: Final = Table(
    "transitions",
    METADATA,
    Column("grant_id", Text, ForeignKey("grants.id"), primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    _seq(),
    Column("at", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("recovered", BigInteger, nullable=False),
    Column("paid_on", Text),
    Column("payee", Text),
    Column("reference", Text),
    Column("reason", Text),
    Column("note", Text),
    CheckConstraint("n > 0", name="n"),
    CheckConstraint("amount >= 0 AND recovered >= 0", name="amount"),
    CheckConstraint("(n = 1) = (verb = 'propose')", name="first"),
    one_of("verb", VERBS),
    one_of("state", STATES),
)

USAGE: Final = Table(
    "usage",
    METADATA,
    Column("policy", Text, primary_key=True),
    Column("measure", Text, primary_key=True),
    Column("limit_id", Text, primary_key=True),
    Column("group_key", Text, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    _seq(),
    Column("grant_id", Text),
    Column("amount", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("granted", BigInteger, nullable=False),
    Column("paid", BigInteger, nullable=False),
    Column("recovered", BigInteger, nullable=False),
    ForeignKeyConstraint(["grant_id"], ["grants.id"]),
    CheckConstraint("n > 0", name="n"),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("reserved >= 0 AND granted >= 0 AND paid >= 0 AND recovered >= 0", name="totals"),
    Index("ix_usage_grant_id", "grant_id"),
)

IDENTIFIERS: Final = Table(
    "identifiers",
    METADATA,
    Column("seq", BigInteger, ForeignKey("log.seq"), primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("grant_id", Text, ForeignKey("grants.id")),
    Index("ix_identifiers_kind_value", "kind", "value"),
)

IMPORTS: Final = Table(
    "imports",
    METADATA,
    Column("measure", Text, primary_key=True),
    Column("file_sha256", Text, primary_key=True),
    _seq(),
    Column("file", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    CheckConstraint("rows >= 0 AND amount >= 0", name="amounts"),
)

AUDITS: Final = Table(
    "audits",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("seq", BigInteger, ForeignKey("log.seq"), nullable=False, unique=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("file", Text, nullable=False),
    Column("file_sha256", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("accused", BigInteger, nullable=False),
    Column("at_stake", BigInteger, nullable=False),
    Column("report", Text, nullable=False),
    Column("report_sha256", Text, nullable=False),
    CheckConstraint("number > 0", name="number"),
    CheckConstraint("rows >= 0 AND accused >= 0 AND at_stake >= 0", name="amounts"),
)

#: The tables whose rows the log commits to: every one but the log.
COMMITTED: Final[tuple[Table, ...]] = tuple(table for table in METADATA.sorted_tables if table is not LOG)
