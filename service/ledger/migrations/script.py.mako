"""${message}"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.ledger.migrations.append_only import protect

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Go forward; a ledger never goes back: restore the backup instead."""
    ${upgrades if upgrades else "pass"}
