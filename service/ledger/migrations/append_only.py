"""Triggers that refuse every change of what is written; both databases keep the promise themselves."""

from __future__ import annotations

from typing import Final

from alembic import op

_REFUSAL: Final = "the ledger is append-only: rows of {table} are never changed or removed"
_FUNCTION: Final = """
CREATE OR REPLACE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger is append-only: rows of % are never changed or removed', TG_TABLE_NAME; END $$
"""


def protect(*tables: str) -> None:
    """Refuse UPDATE and DELETE (and TRUNCATE, where there is such a thing) on these tables."""
    if op.get_bind().dialect.name == "sqlite":
        for table in tables:
            for verb in ("update", "delete"):
                refusal = _REFUSAL.format(table=table)
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
                )
        return
    op.execute(_FUNCTION)
    for table in tables:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
        )
