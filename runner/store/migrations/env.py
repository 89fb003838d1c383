"""Alembic's entry: runs the migrations over the database that the caller opened."""

from __future__ import annotations

from alembic import context

from runner.store.database import Database
from runner.store.tables import metadata


def run() -> None:
    """Run the migrations in one transaction; SQLite changes tables by copying them."""
    db: Database = context.config.attributes["database"]
    with db.rebuild() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=db.is_sqlite,
            transactional_ddl=True,
        )
        context.run_migrations()


run()
