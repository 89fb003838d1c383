"""The tables' version: bringing a database up to date, and refusing to work on one that is not."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from runner.errors import DatabaseUnavailable
from runner.store.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(db: Database, revision: str = "head") -> None:
    """Bring the tables up to `revision`. Doing it again changes nothing."""
    command.upgrade(_config(db), revision)


def downgrade(db: Database, revision: str) -> None:
    """Take the tables back to `revision`."""
    command.downgrade(_config(db), revision)


def current_revision(db: Database) -> str | None:
    """The revision the database stands at; None for an empty one."""
    with db.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    """The revision this version of runner works with."""
    script = ScriptDirectory(str(MIGRATIONS))
    head = script.get_current_head()
    assert head is not None
    return head


def check_schema(db: Database) -> None:
    """Raises DatabaseUnavailable when the tables are older or newer than this version of runner."""
    found, wanted = current_revision(db), newest_revision()
    if found == wanted:
        return
    if found is not None and found not in {
        script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()
    }:
        raise DatabaseUnavailable(f"the tables are at {found}, which this version of runner does not know",
                                  help="install the newer version that made them")  # fmt: skip
    raise DatabaseUnavailable(f"the tables are at {found or 'nothing'}, this version needs {wanted}",
                              help="`runner db upgrade` brings them up to date")  # fmt: skip


def _config(db: Database) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["database"] = db
    return config
