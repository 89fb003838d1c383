"""A database that could forget a commit, or lets rows point at nothing, is refused before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from runner.errors import DatabaseUnavailable
from runner.store.database import open_database


@pytest.mark.parametrize(
    ("pragma", "says"),
    [
        ("synchronous=NORMAL", "SQLite runs with synchronous=1: commits may be lost in a power cut"),
        ("foreign_keys=OFF", "SQLite runs with foreign_keys=0: rows may point at nothing"),
        ("journal_mode=DELETE", "SQLite runs with journal_mode=delete: readers and writers block each other"),
    ],
)
def test_a_sqlite_that_is_not_durable_is_refused(pragma: str, says: str, tmp_path: Path) -> None:
    db = open_database(f"sqlite:///{tmp_path / 'runner.db'}", create=True)
    db.check_durable()
    db.close()

    def weaken(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA {pragma}")

    event.listen(db.engine, "connect", weaken)
    with pytest.raises(DatabaseUnavailable) as refused:
        db.check_durable()
    db.close()
    assert str(refused.value) == says


def test_a_database_in_memory_is_what_it_is(tmp_path: Path) -> None:
    db = open_database("sqlite://")
    db.check_durable()
    db.close()


def test_postgresql_without_synchronous_commits_is_refused(postgres_url: str) -> None:
    db = open_database(postgres_url)
    db.check_durable()
    db.close()
    db = open_database(f"{postgres_url}?options=-csynchronous_commit%3Doff")
    with pytest.raises(DatabaseUnavailable, match="PostgreSQL runs with synchronous_commit=off") as refused:
        db.check_durable()
    db.close()
    assert refused.value.help == "set synchronous_commit = on before sending"


def test_postgresql_without_fsync_is_refused(own_postgres: Any) -> None:
    own_postgres.settings["fsync"] = "off"
    own_postgres.restart("fast")
    db = open_database(own_postgres.url())
    with pytest.raises(DatabaseUnavailable, match="PostgreSQL runs with fsync=off: commits may be lost"):
        db.check_durable()
    db.close()
