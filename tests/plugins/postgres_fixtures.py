"""Fixtures that give a test a PostgreSQL database of its own.

One server serves the whole run, all workers of pytest-xdist included. It starts with the first test that asks for
it and is stopped when the run ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import postgres_server
import pytest

_FOLDER = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """The controller of the run names the folder in which the workers meet."""
    if not hasattr(config, "workerinput"):
        config.stash[_FOLDER] = Path(tempfile.mkdtemp(prefix="runner-tests-"))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand the folder and the controller's process id to a worker."""
    node.workerinput["postgres_folder"] = str(node.config.stash[_FOLDER])
    node.workerinput["postgres_owner"] = os.getpid()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server, if one was started, and wait until it is gone."""
    folder = config.stash.get(_FOLDER, None)
    if folder is None:
        return
    if (folder / "guard").exists():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int((folder / "guard").read_text()), 15)
        pause, deadline = threading.Event(), time.monotonic() + postgres_server.STOP_SECONDS
        while not (folder / "stopped").exists() and time.monotonic() < deadline:
            pause.wait(0.05)
    shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True)
class Databases:
    """Makes and drops databases on the shared server."""

    admin_url: str
    folder: Path
    _prefix: str = field(default_factory=lambda: f"t{os.getpid()}")
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def create(self, template: str = "template1") -> str:
        """A new database copied from `template`, and its address."""
        name = f"{self._prefix}_{next(self._numbers)}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self._url(name)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._run(f'DROP DATABASE IF EXISTS "{postgres_server.database_name(url)}" WITH (FORCE)')

    def template(self, name: str, build: Callable[[str], None]) -> str:
        """The name of a template that `build` fills once in a run, whichever worker comes first."""
        with _locked(self.folder / f"template-{name}.lock") as done:
            if not done:
                self._run(f'CREATE DATABASE "{name}"')
                build(self._url(name))
        return name

    def _url(self, name: str) -> str:
        return self.admin_url.rpartition("/")[0] + "/" + name

    def _run(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Hold `path` against the other workers; says whether the work under it was done before."""
    with path.open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        done = lock.read() == "done"
        yield done
        if not done:
            lock.write("done")


@pytest.fixture(scope="session")
def postgres_databases(request: pytest.FixtureRequest) -> Databases:
    """The shared server; skips the test where there is no PostgreSQL to start."""
    given = getattr(request.config, "workerinput", None)
    folder = Path(given["postgres_folder"]) if given else request.config.stash[_FOLDER]
    owner = int(given["postgres_owner"]) if given else os.getpid()
    try:
        with _locked(folder / "server.lock") as running:
            if not running:
                postgres_server.start_guarded(folder, owner)
    except postgres_server.NoPostgres as absent:
        pytest.skip(str(absent))
    return Databases((folder / "url").read_text(), folder)


@pytest.fixture
def postgres_url(postgres_databases: Databases) -> Iterator[str]:
    """The address of a fresh, empty database, dropped after the test."""
    url = postgres_databases.create()
    yield url
    postgres_databases.drop(url)


@pytest.fixture
def postgres_tables_url(postgres_databases: Databases) -> Iterator[str]:
    """The address of a fresh database with the tables and no rows, dropped after the test."""
    url = postgres_databases.create(postgres_databases.template("tables", _make_tables))
    yield url
    postgres_databases.drop(url)


def _make_tables(url: str) -> None:
    from runner.store.database import open_database
    from runner.store.tables import metadata

    db = open_database(url)
    metadata.create_all(db.engine)
    db.close()


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres_server.PostgresServer]:
    """A server for this test alone, to be stopped, crashed and restarted at will."""
    home = Path(tempfile.mkdtemp(prefix="runner-postgres-"))
    home.chmod(0o755)
    server = postgres_server.PostgresServer(home / "server")
    try:
        server.start()
        yield server
    except postgres_server.NoPostgres as absent:
        pytest.skip(str(absent))
    finally:
        server.stop("immediate")
        shutil.rmtree(home, ignore_errors=True)


_KINDS = ["sqlite-memory", "sqlite-file", "postgres"]


@pytest.fixture(params=_KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, empty database of every kind that is supported; the test runs once on each."""
    return _url(request, tmp_path, "postgres_url")


@pytest.fixture(params=_KINDS)
def tables_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The same for a Play or whoever makes the tables that are missing: on PostgreSQL, which is slow at it, none is."""
    return _url(request, tmp_path, "postgres_tables_url")


def _url(request: pytest.FixtureRequest, tmp_path: Path, postgres: str) -> str:
    match request.param:
        case "sqlite-memory":
            return "sqlite://"
        case "sqlite-file":
            return f"sqlite:///{tmp_path / 'runner.db'}"
        case _:
            return str(request.getfixturevalue(postgres))
