"""The schema's history, run by Alembic; every revision is kept for ever."""
