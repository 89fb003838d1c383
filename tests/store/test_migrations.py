"""The migrations make exactly the tables that the code works with, on both databases, and can be taken back."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select

from runner.errors import DatabaseUnavailable
from runner.store.database import Database, open_database
from runner.store.schema import check_schema, current_revision, downgrade, newest_revision, upgrade
from runner.store.tables import enrollments, metadata
from runner.testing import Play


@pytest.fixture
def db(database_url: str) -> Any:
    """An empty database."""
    opened = open_database(database_url, create=True)
    yield opened
    opened.close()


def test_the_migrations_and_the_tables_say_the_same(db: Database) -> None:
    upgrade(db)
    with db.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert current_revision(db) == newest_revision()


def test_upgrading_twice_changes_nothing_and_going_back_leaves_nothing(db: Database) -> None:
    upgrade(db)
    upgrade(db)
    check_schema(db)
    downgrade(db, "base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}


def test_a_database_without_tables_is_refused_with_the_remedy(db: Database) -> None:
    with pytest.raises(DatabaseUnavailable, match="this version needs"):
        check_schema(db)


def test_people_in_flight_survive_an_upgrade(db: Database) -> None:
    upgrade(db)
    play = Play(
        "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n  - {id: pause, wait: 3d}\n",
        [{"email": "ada@example.com"}], db=db,
    )  # fmt: skip
    play.settle()
    upgrade(db)
    with db.read() as connection:
        assert connection.execute(select(enrollments.c.status)).scalar() == "waiting"
    play.run()
    assert play.status(1)[0] == "completed"
