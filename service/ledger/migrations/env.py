"""Runs the revisions on the connection that `service.ledger.opening` hands over."""

from __future__ import annotations

from alembic import context

from service.ledger.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, transactional_ddl=False)
context.run_migrations()
