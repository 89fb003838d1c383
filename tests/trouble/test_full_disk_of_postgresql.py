"""PostgreSQL's disk is full: the tables', or the log's, which takes the server down. Nothing is sent twice or lost."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from postgres_server import NOBODY, NoPostgres, PostgresServer
from serving import Serving, assert_nothing_goes_out, assert_told_once, serving
from small_disk import SmallDisk, small_disk

from runner.store.restoring import database_id

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
PEOPLE = 150
DATA_MEGABYTES, LOG_MEGABYTES = 120, 56
"""The tables of an empty server and its log take up about 45 MB; a server that comes back needs 16 for its log."""


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server that is not started yet, in a folder that `nobody` can walk to."""
    home = Path(tempfile.mkdtemp(prefix="runner-postgres-"))
    home.chmod(0o755)
    made = PostgresServer(home / "server")
    try:
        yield made
    except NoPostgres as absent:
        pytest.skip(str(absent))
    finally:
        made.stop("immediate")
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def _data_on_a_small_disk(server: PostgresServer) -> Iterator[SmallDisk]:
    data = server.folder / "data"
    data.mkdir(parents=True)
    with small_disk(data, DATA_MEGABYTES, NOBODY) as disk:
        server.start()
        yield disk
        server.stop("immediate")


@contextlib.contextmanager
def _log_on_a_small_disk(server: PostgresServer) -> Iterator[SmallDisk]:
    server.start()
    server.stop("fast")
    log, mounted = server.folder / "data/pg_wal", server.folder / "small"
    mounted.mkdir()
    with small_disk(mounted, LOG_MEGABYTES, NOBODY) as disk:
        shutil.copytree(log, mounted / "pg_wal")
        for path in (mounted / "pg_wal", *(mounted / "pg_wal").rglob("*")):
            shutil.chown(path, NOBODY, NOBODY)
        (mounted / "pg_wal").chmod(0o700)
        shutil.rmtree(log)
        log.symlink_to(mounted / "pg_wal")
        server.start()
        yield disk
        server.stop("immediate")


def _use_up_the_log(server: PostgresServer) -> None:
    """Begin pieces of the log until there is none left, which a server does not survive."""
    with contextlib.suppress(psycopg.OperationalError):
        while True:
            with psycopg.connect(server.url(), autocommit=True) as admin:
                admin.execute("CREATE TABLE IF NOT EXISTS filler (n int)")
                admin.execute("INSERT INTO filler VALUES (1)")
                admin.execute("SELECT pg_switch_wal()")


def _finished(run: Serving) -> None:
    run.finish(120)
    assert run.attempts() == {"sent": 2 * PEOPLE}


def test_no_room_for_the_tables(server: PostgresServer) -> None:
    with _data_on_a_small_disk(server) as disk, serving(server.url(), PEOPLE) as run:
        with run.db.write() as connection:
            database_id(connection)  # as in every database that was opened by a project: what is tried has some room
        run.wait(lambda: run.sent() >= 3)
        disk.fill()
        assert_nothing_goes_out(run, "No space left on device")
        before = run.sent()
        assert before < 2 * PEOPLE
        threading.Event().wait(5)  # some looks at whether it is back
        assert not run.logged("database.recovered")
        assert run.sent() == before
        disk.free()
        _finished(run)
        assert_told_once(run, "No space left on device", "make space")
        print(f"{before} of {2 * PEOPLE} sent when it was full")


def test_no_room_for_the_log_takes_the_server_down_and_serve_waits_for_it(server: PostgresServer) -> None:
    with _log_on_a_small_disk(server) as disk, serving(server.url(), PEOPLE, lease=20.0) as run:
        run.wait(lambda: run.sent() >= 3)
        disk.fill()
        _use_up_the_log(server)
        run.wait(lambda: run.logged("database.unavailable"))
        before = run.sent()
        assert before < 2 * PEOPLE
        disk.free()
        server.restart("immediate")
        _finished(run)
        assert run.logged("database.recovered")
        print(f"{len(run.logged('database.unavailable'))} times told, {before} of {2 * PEOPLE} sent when it went away")
