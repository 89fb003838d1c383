"""Power cuts for SQLite: a VFS that knows which writes were synced, and a DBAPI on it so that SQLAlchemy runs there.

What a disk holds after a cut is what was synced, plus any part of what was written since: nothing of it, some of it,
writes torn between sectors, truncations done or not. The method is SQLite's own (sqlite.org/testing.html, section
4.3, "Crash Testing").
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import apsw
from sqlalchemy import create_engine, event

from runner.store.database import Database, make_durable

SECTOR = 512
Operation = tuple[str, int, bytes]
"""("write", offset, data) or ("truncate", size, b"")."""


@dataclass(slots=True)
class OnDisk:
    """One file: what is certainly on the disk, and what was done to it since, in order."""

    synced: bytearray = field(default_factory=bytearray)
    pending: list[Operation] = field(default_factory=list)

    def sync(self) -> None:
        """From now on everything so far is certain."""
        for operation in self.pending:
            _apply(self.synced, operation)
        self.pending.clear()

    def after_a_cut(self, draw: random.Random, keep: float) -> bytes:
        """What the file may hold after a cut; each unsynced operation is kept with the probability `keep`."""
        content = bytearray(self.synced)
        for kind, position, data in self.pending:
            if draw.random() < keep:
                torn = kind == "write" and keep < 1 and draw.random() < 0.2
                _apply(
                    content,
                    (kind, position, data[: SECTOR * draw.randrange(1 + len(data) // SECTOR)] if torn else data),
                )
        return bytes(content)


def _apply(content: bytearray, operation: Operation) -> None:
    kind, position, data = operation
    if kind == "truncate":
        del content[position:]
        return
    content.extend(bytes(max(0, position - len(content))))
    content[position : position + len(data)] = data


class Disk(apsw.VFS):
    """The file system. `on_write` is called before each write, so that a cut can fall anywhere."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.files: dict[str, OnDisk] = {}
        self.on_write: Callable[[], None] = lambda: None
        self.syncs = 0
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        """Open a file, with a record of what was synced."""
        return _File(name, flags, self)

    def xDelete(self, name: str, sync: bool) -> None:  # noqa: N802
        """Delete a file."""
        super().xDelete(name, sync)
        self.files.pop(name, None)

    def cut(self, database: Path, target: Path, draw: random.Random) -> None:
        """Write what would be found after a power cut now: a database and its log, at `target`."""
        keep = draw.choice((0.0, 0.5, 1.0))
        for suffix in ("", "-wal"):
            kept = self.files.get(f"{database}{suffix}")
            if kept is not None:
                Path(f"{target}{suffix}").write_bytes(kept.after_a_cut(draw, keep))


class _File(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], disk: Disk) -> None:
        super().__init__("", name, flags)
        self._disk = disk
        path = name.filename() if hasattr(name, "filename") else str(name)
        self._on_disk = disk.files.setdefault(path, OnDisk())

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.on_write()
        self._on_disk.pending.append(("write", offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._on_disk.pending.append(("truncate", size, b""))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.syncs += 1
        self._on_disk.sync()
        super().xSync(flags)


class _Cursor:
    """What SQLAlchemy asks of a cursor, over apsw's."""

    arraysize = 1

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._cursor.exec_trace = self._trace
        self.description: Sequence[Any] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._rows: list[Any] = []

    def _trace(self, cursor: Any, _statement: str, _bindings: Any) -> bool:
        self.description = tuple((*each, None, None, None, None, None) for each in cursor.get_description()) or None
        return True

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> _Cursor:
        before = self._connection.total_changes()
        try:
            self._rows = list(self._cursor.execute(statement, tuple(parameters)))
        except apsw.ConstraintError as error:
            raise sqlite3.IntegrityError(str(error)) from error
        except apsw.Error as error:
            raise sqlite3.OperationalError(str(error)) from error
        self.rowcount = self._connection.total_changes() - before
        self.lastrowid = self._connection.last_insert_rowid()
        return self

    def executemany(self, statement: str, many: Sequence[Sequence[Any]]) -> None:
        changed = 0
        for parameters in many:
            changed += self.execute(statement, parameters).rowcount
        self.rowcount = changed

    def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    def fetchmany(self, size: int = 1) -> list[Any]:
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def fetchone(self) -> Any:
        return self._rows.pop(0) if self._rows else None

    def close(self) -> None:
        self._rows = []


class _Connection:
    """What SQLAlchemy asks of a connection, over apsw's. `isolation_level` is None: BEGIN is said by us."""

    isolation_level = None

    def __init__(self, file: Path, vfs: str) -> None:
        self._connection = apsw.Connection(str(file), vfs=vfs)

    def cursor(self) -> _Cursor:
        return _Cursor(self._connection)

    def create_function(self, name: str, count: int, function: Callable[..., Any], **_: Any) -> None:
        self._connection.create_scalar_function(name, function, count)

    def commit(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")

    def rollback(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()


_NAMES = ("Error", "DatabaseError", "OperationalError", "IntegrityError", "InterfaceError", "ProgrammingError",
          "DataError", "InternalError", "NotSupportedError", "Warning", "Binary", "sqlite_version_info",
          "PARSE_DECLTYPES", "PARSE_COLNAMES")  # fmt: skip


def database_on(disk: Disk, file: Path, *pragmas: str) -> Database:
    """The store's own database over the disk. `pragmas` weaken it afterwards, to prove that the disk bites."""
    module = SimpleNamespace(paramstyle="qmark", **{name: getattr(sqlite3, name) for name in _NAMES})
    engine = create_engine("sqlite:///", module=module, creator=lambda: _Connection(file, disk.name))
    make_durable(engine)

    def weaken(connection: Any, _record: Any) -> None:
        for pragma in pragmas:
            connection.cursor().execute(pragma)

    event.listen(engine, "connect", weaken)
    return Database(engine)
