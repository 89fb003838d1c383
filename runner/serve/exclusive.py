"""One `serve` a SQLite database: the lock that proves it, and with it that claims of earlier ones are dead."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from runner.errors import Refused
from runner.serve.app import App
from runner.store.claims import rescue
from runner.store.tables import claims


@contextmanager
def claim_machine(app: App) -> Iterator[None]:
    """Hold the database's serve lock. On PostgreSQL any number of processes may serve, and leases alone decide.

    Whoever holds it knows that every other `serve` on this SQLite file is gone, and takes over its claims at once.
    Raises Refused when another process serves this database, and for one in memory: its threads would share a single
    connection, and nothing that was sent would be known to the next process.
    """
    if app.ctx.db.in_memory:
        raise Refused("a database in memory cannot be served", help="keep it in a file, or use PostgreSQL")
    path = _lock_path(app)
    if path is None:
        yield
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("another `runner serve` runs on this database", help="stop it, or use PostgreSQL") from None
        _take_over(app)
        yield
    finally:
        os.close(descriptor)


def _lock_path(app: App) -> Path | None:
    db = app.ctx.db
    return Path(f"{db.engine.url.database}.serve-lock") if db.is_sqlite else None


def _take_over(app: App) -> None:
    with app.ctx.db.read() as connection:
        workers = set(connection.execute(select(claims.c.worker).distinct()).scalars())
    rescue(app.ctx, dead_workers=[worker for worker in workers if worker.startswith("serve-")])
