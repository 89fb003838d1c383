"""The database away, full, locked, read-only, cut off: nothing goes out meanwhile, and `serve` goes on by itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from serving import Serving, assert_nothing_goes_out, assert_told_once, serving
from sqlalchemy import event, text

import runner.store.database
from runner.store.database import Database, open_database

PEOPLE = 12
LOCKER = """\
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


def _before_every_transaction(run: Serving, pragma: Callable[[], str]) -> None:
    """Set something on the connection before `serve` begins anything on it, as the state of a disk would."""

    def execute(_connection: object, cursor: Any, statement: str, *_rest: object) -> None:
        if statement.startswith("BEGIN"):
            cursor.execute(pragma())

    event.listen(run.serve_db.engine, "before_cursor_execute", execute)


def test_locked_by_another_process_for_longer_than_the_busy_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner.store.database, "BUSY_TIMEOUT_MS", 1000)
    file = tmp_path / "runner.db"
    with serving(f"sqlite:///{file}", PEOPLE) as run:
        run.wait(lambda: run.sent() >= 3)
        with subprocess.Popen(
            [sys.executable, "-c", LOCKER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdout is not None and other.stdout.readline() == "locked\n"
            assert_nothing_goes_out(run, "locked")
            other.communicate("")
        run.finish()
    assert_told_once(run, "database is locked", "another process holds the database's write lock")


def test_a_full_disk(tmp_path: Path) -> None:
    with serving(f"sqlite:///{tmp_path / 'runner.db'}", PEOPLE) as run:
        run.wait(lambda: run.sent() >= 3)
        with run.db.read() as connection:
            room = [connection.execute(text("PRAGMA page_count")).scalar_one()]
        _before_every_transaction(run, lambda: f"PRAGMA max_page_count={room[-1]}")
        assert_nothing_goes_out(run, "full")
        room.append(1_000_000)
        run.finish()
    assert_told_once(run, "database or disk is full", "make space")


def test_a_file_that_may_not_be_written(tmp_path: Path) -> None:
    with serving(f"sqlite:///{tmp_path / 'runner.db'}", PEOPLE) as run:
        run.wait(lambda: run.sent() >= 3)
        read_only = ["ON"]
        _before_every_transaction(run, lambda: f"PRAGMA query_only={read_only[-1]}")
        assert_nothing_goes_out(run, "readonly")
        read_only.append("OFF")
        run.finish()
    assert_told_once(run, "readonly database", "make the database file and its folder writable")


def _terminate(admin: Database) -> None:
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    with admin.read() as connection:
        connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))


def test_connections_cut_again_and_again_in_mid_batch(postgres_tables_url: str) -> None:
    admin = open_database(postgres_tables_url)
    with serving(postgres_tables_url, PEOPLE) as run:
        for wanted in range(2, 2 * PEOPLE, 8):
            run.wait(lambda wanted=wanted: run.sent() >= wanted)
            _terminate(admin)
        run.finish()
    admin.close()
    assert len(run.logged("database.unavailable")) <= PEOPLE


def test_a_postgresql_that_only_lets_read(postgres_tables_url: str) -> None:
    name = postgres_tables_url.rpartition("/")[2]
    admin = open_database(postgres_tables_url)

    def set_read_only(value: str) -> None:
        with admin.write() as connection:
            connection.execute(text("SET TRANSACTION READ WRITE"))
            connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {value}'))

    with serving(postgres_tables_url, PEOPLE) as run:
        run.wait(lambda: run.sent() >= 3)
        set_read_only("on")
        _terminate(admin)
        assert_nothing_goes_out(run, "read-only")
        set_read_only("off")
        _terminate(admin)
        run.finish()
    admin.close()


def _restart_under_load(server: Any, people: int, restarts: int) -> Serving:
    """Crash the server whenever some more went out, and judge by the ledger."""
    with serving(server.url(), people, lease=20.0) as run:
        for wanted in range(2, 2 * people, 2 * people // restarts):
            run.wait(lambda wanted=wanted: run.sent() >= wanted, 60)
            server.restart("immediate")
        run.finish()
    return run


def test_a_server_that_crashes_and_comes_back_under_load(own_postgres: Any) -> None:
    _restart_under_load(own_postgres, PEOPLE, 2)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_thirty_crashes_of_the_server_under_load(own_postgres: Any) -> None:
    run = _restart_under_load(own_postgres, 600, 30)
    told = [entry for entry in run.log if entry["log_level"] in ("error", "critical")]
    print(f"{run.sent()} sends, {len(told)} error lines, {len(run.logged('database.recovered'))} recoveries")
    assert len(run.logged("database.recovered")) >= 30
    assert len(told) <= 5 * 30, "a line or two for each crash"
