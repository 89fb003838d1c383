"""Tests that hold a lock of PostgreSQL until others wait for it."""

from __future__ import annotations

import threading

from sqlalchemy import Connection, text

PATIENCE_SECONDS = 30


def until_waiting(connection: Connection, many: int = 1) -> None:
    """Return when so many sessions wait for what the transaction of this connection holds."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))")
    for _ in range(100 * PATIENCE_SECONDS):
        if connection.execute(waiting).scalar_one() >= many:
            return
        threading.Event().wait(0.01)
    raise AssertionError("nobody waits")
