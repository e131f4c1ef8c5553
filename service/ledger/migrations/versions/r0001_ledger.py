"""The log, keys, grants with their transitions, and what was used of every ceiling."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.ledger.migrations.append_only import protect

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Go forward; a ledger never goes back: restore a backup instead."""
    _log()
    _keys()
    _revocations()
    _grants()
    _transitions()
    _usage()
    protect("log", "keys", "revocations", "grants", "transitions", "usage")


def _log() -> None:
    op.create_table(
        "log",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.Text(), nullable=True),
        sa.Column("result_sha256", sa.Text(), nullable=True),
        sa.Column("policy_sha256", sa.Text(), nullable=True),
        sa.Column("rows_sha256", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint("seq > 0", name=op.f("ck_log_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_log")),
    )
    op.create_index(op.f("ix_log_subject"), "log", ["subject"], unique=False)


def _keys() -> None:
    op.create_table(
        "keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.Text(), nullable=False),
        sa.Column("expires", sa.Text(), nullable=True),
        sa.CheckConstraint("role IN ('proposer', 'approver', 'auditor', 'admin')", name=op.f("ck_keys_role")),
        sa.ForeignKeyConstraint(["seq"], ["log.seq"], name=op.f("fk_keys_seq")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_keys_secret_sha256")),
    )
    op.create_index(op.f("ix_keys_seq"), "keys", ["seq"], unique=False)


def _revocations() -> None:
    op.create_table(
        "revocations",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["keys.id"], name=op.f("fk_revocations_key_id")),
        sa.ForeignKeyConstraint(["seq"], ["log.seq"], name=op.f("fk_revocations_seq")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_revocations")),
    )
    op.create_index(op.f("ix_revocations_seq"), "revocations", ["seq"], unique=False)


def _grants() -> None:
    op.create_table(
        "grants",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("proposer", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("policy_sha256", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("town_id", sa.Text(), nullable=True),
        sa.Column("applicant_id", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("result_sha256", sa.Text(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_grants_amount")),
        sa.CheckConstraint("number > 0", name=op.f("ck_grants_number")),
        sa.ForeignKeyConstraint(["seq"], ["log.seq"], name=op.f("fk_grants_seq")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint("measure", "year", "number", name=op.f("uq_grants_measure_year_number")),
        sa.UniqueConstraint("proposer", "idempotency_key", name=op.f("uq_grants_proposer_idempotency_key")),
        sa.UniqueConstraint("seq", name=op.f("uq_grants_seq")),
    )
    op.create_index(op.f("ix_grants_applicant_id"), "grants", ["applicant_id"], unique=False)
    op.create_index(op.f("ix_grants_town_id"), "grants", ["town_id"], unique=False)


def _transitions() -> None:
    op.create_table(
        "transitions",
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("recovered", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Text(), nullable=True),
        sa.Column("payee", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("(n = 1) = (verb = 'propose')", name=op.f("ck_transitions_first")),
        sa.CheckConstraint(
            "state IN ('reserved', 'manual_review', 'approved', 'paid', 'recovered', 'released')",
            name=op.f("ck_transitions_state"),
        ),
        sa.CheckConstraint(
            "verb IN ('propose', 'approve', 'release', 'pay', 'recover')", name=op.f("ck_transitions_verb")
        ),
        sa.CheckConstraint("amount >= 0 AND recovered >= 0", name=op.f("ck_transitions_amount")),
        sa.CheckConstraint("n > 0", name=op.f("ck_transitions_n")),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name=op.f("fk_transitions_grant_id")),
        sa.ForeignKeyConstraint(["seq"], ["log.seq"], name=op.f("fk_transitions_seq")),
        sa.PrimaryKeyConstraint("grant_id", "n", name=op.f("pk_transitions")),
    )
    op.create_index(op.f("ix_transitions_seq"), "transitions", ["seq"], unique=False)


def _usage() -> None:
    op.create_table(
        "usage",
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("limit_id", sa.Text(), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("recovered", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_usage_amount")),
        sa.CheckConstraint("n > 0", name=op.f("ck_usage_n")),
        sa.CheckConstraint(
            "reserved >= 0 AND granted >= 0 AND paid >= 0 AND recovered >= 0", name=op.f("ck_usage_totals")
        ),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name=op.f("fk_usage_grant_id")),
        sa.ForeignKeyConstraint(["seq"], ["log.seq"], name=op.f("fk_usage_seq")),
        sa.PrimaryKeyConstraint("policy", "measure", "limit_id", "group_key", "n", name=op.f("pk_usage")),
    )
    op.create_index("ix_usage_grant_id", "usage", ["grant_id"], unique=False)
    op.create_index(op.f("ix_usage_seq"), "usage", ["seq"], unique=False)
