"""A write transaction on both databases: all of it or nothing, and whoever comes next can write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, exc, insert, select

from runner.errors import DatabaseUnavailable
from runner.store.database import Database, open_database
from runner.store.tables import meta
from runner.testing import make_tables


@pytest.fixture(params=["sqlite", "postgres"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    postgres = request.param == "postgres"
    url = request.getfixturevalue("postgres_tables_url") if postgres else f"sqlite:///{tmp_path / 'runner.db'}"
    opened = open_database(url, create=True)
    make_tables(opened)
    yield opened
    opened.close()


def note(connection: Connection, name: str) -> None:
    connection.execute(insert(meta).values(name=name, value=""))


def write(db: Database, *names: str, then: Callable[[Connection], object] = lambda _: None) -> None:
    with db.write() as connection:
        for name in names:
            note(connection, name)
        then(connection)


def noted(db: Database) -> list[str]:
    with db.read() as connection:
        return sorted(connection.execute(select(meta.c.name)).scalars())


def test_what_fails_in_the_middle_leaves_nothing_and_the_next_one_writes(db: Database) -> None:
    def fail(_connection: Connection) -> None:
        raise ValueError("ours")

    write(db, "before")
    with pytest.raises(ValueError, match="ours"):
        write(db, "lost", then=fail)
    write(db, "after")
    assert noted(db) == ["after", "before"]


def test_a_commit_that_fails_leaves_nothing_and_the_next_one_writes(db: Database) -> None:
    def full(_connection: Connection) -> None:
        raise DatabaseUnavailable("the disk is full", help="make space")

    write(db, "before")
    event.listen(db.engine, "commit", full)
    with pytest.raises(DatabaseUnavailable, match="the disk is full"):
        write(db, "lost")
    event.remove(db.engine, "commit", full)
    write(db, "after")
    assert noted(db) == ["after", "before"]


def test_a_statement_that_the_database_refuses_is_not_called_trouble_of_the_database(db: Database) -> None:
    with pytest.raises(exc.IntegrityError, match=r"(?i)unique"):
        write(db, "twice", "twice")
    assert noted(db) == []


def test_a_connection_that_breaks_is_replaced(db: Database) -> None:
    def break_it(connection: Connection) -> None:
        driver_connection = connection.connection.dbapi_connection
        assert driver_connection is not None
        driver_connection.close()
        note(connection, "lost")

    with pytest.raises(DatabaseUnavailable):
        write(db, "lost as well", then=break_it)
    write(db, "after")
    assert noted(db) == ["after"]


def test_nobody_else_sees_a_transaction_before_it_ends(db: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly() -> None:
        with db.write() as connection:
            note(connection, "slow")
            begun.set()
            assert go_on.wait(30)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(slowly)
        assert begun.wait(30)
        assert noted(db) == []
        go_on.set()
        writing.result()
    assert noted(db) == ["slow"]


def test_who_listens_for_commits_hears_of_each(db: Database) -> None:
    heard: list[Connection] = []
    event.listen(db.engine, "commit", heard.append)
    write(db, "ada")
    write(db, "bob")
    assert len(heard) == 2
