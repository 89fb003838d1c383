"""A write transaction on both databases: all of it or nothing, and whoever comes next can write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, exc, insert, select

from runner.errors import DatabaseUnavailable
from runner.store.database import Database, open_database
from runner.store.driver import fetch
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


@pytest.mark.parametrize("every_engine", [False, True])
def test_who_listens_hears_of_each_statement_and_commit(db: Database, every_engine: bool) -> None:
    target = Engine if every_engine else db.engine
    commits: list[Connection] = []
    statements: list[str] = []

    def committed(connection: Connection) -> None:
        commits.append(connection)

    def before(_c: object, _cursor: object, sql: str, _parameters: object, _ctx: object, _many: bool) -> None:
        statements.append(sql)

    event.listen(target, "commit", committed)
    event.listen(target, "before_cursor_execute", before)
    for name in ("ada", "bob"):
        with db.write() as connection:
            fetch(connection, f"SELECT '{name}'", ())
    event.remove(target, "commit", committed)
    event.remove(target, "before_cursor_execute", before)
    assert len(commits) == 2
    assert [sql for sql in statements if sql.startswith("SELECT '")] == ["SELECT 'ada'", "SELECT 'bob'"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for another writer, in another process or here."""
    monkeypatch.setattr("runner.store.database.BUSY_TIMEOUT_MS", 50)
    monkeypatch.setattr("runner.store.writing.BUSY_TIMEOUT_MS", 50)


def test_on_sqlite_every_write_holds_the_lock_from_its_beginning(impatient: None, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'runner.db'}"
    here, another_process = open_database(url, create=True), open_database(url, create=True)
    make_tables(here)
    for _ in range(2):  # on a new connection, and on the one that is kept
        with here.write(), pytest.raises(DatabaseUnavailable, match="locked"):
            write(another_process, "lost")
    write(another_process, "after")
    assert noted(here) == ["after"]
    here.close()
    another_process.close()


def test_on_sqlite_a_write_that_does_not_end_is_named(impatient: None, tmp_path: Path) -> None:
    db = open_database(f"sqlite:///{tmp_path / 'runner.db'}", create=True)
    make_tables(db)
    with ThreadPoolExecutor(1) as pool, db.write():
        waiting = pool.submit(write, db, "lost")
        with pytest.raises(DatabaseUnavailable, match="another thread does not end its write"):
            waiting.result(30)
    write(db, "after")
    assert noted(db) == ["after"]
    db.close()
