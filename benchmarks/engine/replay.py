"""What the product asked of the driver, recorded once and asked again by nothing but the driver: the floor.

The statements, their parameters, their transactions and their fetches are the same, so what is left between the two is
ours: loading, deciding, and making the statements.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sqlalchemy import Connection, event

from runner.store.database import Database


@dataclass(frozen=True, slots=True)
class Statement:
    """One call of the driver. `many` is an executemany."""

    sql: str
    parameters: Any
    many: bool


class End(Enum):
    """How a transaction ended."""

    COMMIT = "commit"
    ROLLBACK = "rollback"


@dataclass(slots=True)
class Tape:
    """Statements in their order, and the ends of transactions between them."""

    entries: list[Statement | End] = field(default_factory=list)

    @property
    def statements(self) -> int:
        """How many calls of the driver there are."""
        return sum(isinstance(entry, Statement) for entry in self.entries)

    @property
    def commits(self) -> int:
        """How many transactions were committed."""
        return self.entries.count(End.COMMIT)


@contextmanager
def recording(db: Database) -> Iterator[Tape]:
    """Record everything that goes to the driver meanwhile."""
    tape = Tape()

    def before(_c: object, _cursor: object, sql: str, parameters: Any, _ctx: object, many: bool) -> None:
        tape.entries.append(Statement(sql, parameters, many))

    def committed(_connection: Connection) -> None:
        tape.entries.append(End.COMMIT)

    def rolled_back(_connection: Connection) -> None:
        tape.entries.append(End.ROLLBACK)

    event.listen(db.engine, "before_cursor_execute", before)
    event.listen(db.engine, "commit", committed)
    event.listen(db.engine, "rollback", rolled_back)
    try:
        yield tape
    finally:
        event.remove(db.engine, "before_cursor_execute", before)
        event.remove(db.engine, "commit", committed)
        event.remove(db.engine, "rollback", rolled_back)


def play(tape: Tape, connection: Any) -> None:
    """Do it all again on a connection of the driver itself (sqlite3 in its autocommit mode, or psycopg)."""
    cursor = connection.cursor()
    for entry in tape.entries:
        if entry is End.COMMIT:
            connection.commit()
        elif entry is End.ROLLBACK:
            connection.rollback()
        elif entry.many:
            cursor.executemany(entry.sql, entry.parameters)
        else:
            cursor.execute(entry.sql, entry.parameters)
            if cursor.description is not None:
                cursor.fetchall()
