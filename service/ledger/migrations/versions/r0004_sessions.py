"""Sessions of those who signed in to the pages, and which were ended before their time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.ledger.migrations.append_only import protect

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Go forward; a ledger never goes back: restore a backup instead."""
    _sessions()
    _ended_sessions()
    protect("sessions", "ended_sessions")


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.Text(), nullable=False),
        sa.Column("expires", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["keys.id"], name=op.f("fk_sessions_key_id")),
        sa.ForeignKeyConstraint(["seq"], ["log.seq"], name=op.f("fk_sessions_seq")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_sessions_secret_sha256")),
    )
    op.create_index(op.f("ix_sessions_seq"), "sessions", ["seq"], unique=False)


def _ended_sessions() -> None:
    op.create_table(
        "ended_sessions",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["log.seq"], name=op.f("fk_ended_sessions_seq")),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_ended_sessions_session_id")),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_ended_sessions")),
    )
    op.create_index(op.f("ix_ended_sessions_seq"), "ended_sessions", ["seq"], unique=False)
