"""Fresh databases for a benchmark: files of SQLite, or databases on a PostgreSQL server started for it."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "plugins"))

from postgres_server import PostgresServer

Fresh = Callable[[str], str]
"""The URL of a new, empty database of that name."""


@contextmanager
def databases(kind: str) -> Iterator[Fresh]:
    """Databases of a kind, `sqlite` or `postgres`, that go when the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        if kind == "sqlite":
            yield lambda name: f"sqlite:///{Path(folder) / name}.db"
            return
        server = PostgresServer(Path(folder) / "server", {"shared_buffers": "512MB", "max_wal_size": "4GB"})
        server.folder.parent.chmod(0o755)
        server.start()
        try:
            yield lambda name: _created(server, name)
        finally:
            server.stop()


def _created(server: PostgresServer, name: str) -> str:
    import psycopg

    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return server.url(name)


def driver(url: str, *, any_thread: bool = False) -> Any:
    """A connection of the driver itself, as durable as the product's; on SQLite for the thread that asks, or any."""
    if url.startswith("postgresql"):
        import psycopg

        return psycopg.connect(url)
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=not any_thread)
    for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection
