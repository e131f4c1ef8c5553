"""Reports of audits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.ledger.migrations.append_only import protect

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Go forward; a ledger never goes back: restore a backup instead."""
    op.create_table(
        "audits",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("accused", sa.BigInteger(), nullable=False),
        sa.Column("at_stake", sa.BigInteger(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("report_sha256", sa.Text(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_audits_number")),
        sa.CheckConstraint("rows >= 0 AND accused >= 0 AND at_stake >= 0", name=op.f("ck_audits_amounts")),
        sa.ForeignKeyConstraint(["seq"], ["log.seq"], name=op.f("fk_audits_seq")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audits")),
        sa.UniqueConstraint("number", name=op.f("uq_audits_number")),
        sa.UniqueConstraint("seq", name=op.f("uq_audits_seq")),
    )
    protect("audits")
