"""Copies of a SQLite database taken while it is in use, through SQLite's own backup interface."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from runner.errors import Refused, UsageError
from runner.store.database import Database


def back_up(db: Database, target: Path) -> int:
    """Copy the database to `target`, which must not exist. Returns its size in bytes.

    Raises Refused for an existing file, UsageError for a database that is not a SQLite file.
    """
    source = db.engine.url.database
    if not db.is_sqlite or source in (None, "", ":memory:"):
        raise UsageError("only a SQLite file is copied by `runner backup`", help="use pg_dump for PostgreSQL")
    if target.exists():
        raise Refused(f"{target} exists", help="choose another name; a backup never overwrites")
    with sqlite3.connect(f"file:{source}?mode=ro", uri=True) as original, sqlite3.connect(target) as copy:
        original.backup(copy)
    copy.close()
    original.close()
    target.chmod(0o600)
    return target.stat().st_size
