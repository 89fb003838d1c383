"""A connection that was cut: the others of its age are replaced before they are used, and none is left open."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Connection, select, text

from runner.errors import DatabaseUnavailable
from runner.store import database
from runner.store.database import Database, open_database
from runner.store.fixed import Fixed
from runner.store.tables import meta

MINE = Fixed(select(meta.c.value))
OTHERS = "datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture
def db(postgres_url: str) -> Iterator[Database]:
    opened = open_database(postgres_url)
    with opened.write() as connection:
        meta.create(connection)
    yield opened
    opened.close()


def _pid(connection: Connection) -> int:
    return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def _work_that_is_cut(db: Database, admin: psycopg.Connection) -> None:
    with db.write() as connection:
        admin.execute("SELECT pg_terminate_backend(%s)", [_pid(connection)])
        MINE.rows(connection)


def test_after_one_was_cut_the_others_are_replaced_and_closed(db: Database, postgres_url: str) -> None:
    gc.collect()
    gc.disable()  # which would close what was left open sooner or later, with a warning
    try:
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            with db.engine.connect() as idle, db.engine.connect() as busy:
                pids = {_pid(idle), _pid(busy)}
                with pytest.raises(DatabaseUnavailable):
                    _work_that_is_cut(db, admin)
                idle.rollback()
                busy.rollback()
            with db.read() as one, db.read() as two:
                assert not {_pid(one), _pid(two)} & pids
            db.close()
            deadline = time.monotonic() + 5  # a backend takes a moment to end
            count = f"SELECT count(*) FROM pg_stat_activity WHERE {OTHERS}"
            while (left := admin.execute(count).fetchone()) != (0,) and time.monotonic() < deadline:
                threading.Event().wait(0.05)
            assert left == (0,)
    finally:
        gc.enable()


def test_a_connection_that_was_cut_while_it_rested_is_replaced_before_anybody_uses_it(
    db: Database, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "REST_SECONDS", 0.0)
    with db.read() as connection:
        pid = _pid(connection)
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with db.read() as connection:
        assert _pid(connection) != pid
