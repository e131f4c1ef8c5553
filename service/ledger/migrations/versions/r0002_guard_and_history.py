"""What is paid once, and history from before the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.ledger.migrations.append_only import protect

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Go forward; a ledger never goes back: restore a backup instead."""
    _identifiers()
    _imports()
    protect("identifiers", "imports")


def _identifiers() -> None:
    op.create_table(
        "identifiers",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name=op.f("fk_identifiers_grant_id")),
        sa.ForeignKeyConstraint(["seq"], ["log.seq"], name=op.f("fk_identifiers_seq")),
        sa.PrimaryKeyConstraint("seq", "kind", "value", name=op.f("pk_identifiers")),
    )
    op.create_index("ix_identifiers_kind_value", "identifiers", ["kind", "value"], unique=False)


def _imports() -> None:
    op.create_table(
        "imports",
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("rows >= 0 AND amount >= 0", name=op.f("ck_imports_amounts")),
        sa.ForeignKeyConstraint(["seq"], ["log.seq"], name=op.f("fk_imports_seq")),
        sa.PrimaryKeyConstraint("measure", "file_sha256", name=op.f("pk_imports")),
    )
    op.create_index(op.f("ix_imports_seq"), "imports", ["seq"], unique=False)
