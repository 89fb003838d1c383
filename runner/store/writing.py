"""Durable transactions: who may write and when, and what ends one.

A send is two or three of them. They are classes and not generators, and SQLite's connection begins and commits by the
driver: what SQLAlchemy and contextlib do around a transaction takes as long as several statements (docs/adr/0038).
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Protocol

from sqlalchemy import Connection, Engine

from runner.errors import DatabaseUnavailable
from runner.store.driver import commit, run
from runner.store.unavailable import MAYBE_TROUBLE, tell

BUSY_TIMEOUT_MS = 30_000
"""How long a SQLite writer waits for another; writers are quick, so this is only reached by a stuck disk."""
TURNS = 4
"""Busy time-outs that a thread waits for its turn: those before it may each wait one out, and say what is wrong."""


class Writers(Protocol):
    """Where connections to write on come from."""

    engine: Engine

    def begin(self) -> Connection:
        """A connection on which a transaction was begun."""

    def end(self, connection: Connection, *, failed: bool) -> None:
        """Commit it, or take it back."""

    def close(self) -> None:
        """Close what is kept."""


class Write:
    """One durable transaction: commits at the end, rolls back on any exception. Raises what `Database.write` does."""

    __slots__ = ("_connection", "_writers")

    def __init__(self, writers: Writers) -> None:
        self._writers = writers

    def __enter__(self) -> Connection:
        try:
            self._connection = self._writers.begin()
        except MAYBE_TROUBLE as error:
            tell(error, self._writers.engine.url)
        return self._connection

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        try:
            self._writers.end(self._connection, failed=error is not None)
        except MAYBE_TROUBLE as worse:
            error = worse
        if isinstance(error, MAYBE_TROUBLE):
            tell(error, self._writers.engine.url)


class OneWriter:
    """SQLite: one connection for whoever has the turn, a new one after any trouble.

    The threads of a process take turns, since SQLite would let them sleep, and ever longer. To SQLAlchemy the
    connection is always in the one transaction that it began first.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._turn = threading.Lock()
        self._kept: Connection | None = None

    def begin(self) -> Connection:
        """Begin in turn, with the write lock. Raises DatabaseUnavailable when the turn does not come."""
        self._take_turn()
        try:
            kept = self._kept
            if kept is None:
                kept = self._kept = self.engine.connect()
                kept.begin()
            else:
                run(kept, "BEGIN IMMEDIATE")
        except BaseException:
            self._give_up()
            raise
        return kept

    def end(self, connection: Connection, *, failed: bool) -> None:
        """Commit, or close the connection, and let the next one write."""
        if failed:
            self._give_up()
            return
        try:
            commit(connection)
        except BaseException:
            self._give_up()
            raise
        self._turn.release()

    def close(self) -> None:
        """Close the connection when nobody writes."""
        self._take_turn()
        self._give_up()

    def _give_up(self) -> None:
        kept, self._kept = self._kept, None
        try:
            if kept is not None:
                kept.close()
        finally:
            self._turn.release()

    def _take_turn(self) -> None:
        if not self._turn.acquire(timeout=TURNS * BUSY_TIMEOUT_MS / 1000):
            place = self.engine.url.render_as_string()
            raise DatabaseUnavailable(f"{place}: another thread does not end its write", help="restart `runner serve`")


class ManyWriters:
    """PostgreSQL: a connection of the pool for each transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def begin(self) -> Connection:
        """Begin on a connection of the pool."""
        connection = self.engine.connect()
        try:
            connection.begin()
        except BaseException:
            connection.close()
            raise
        return connection

    def end(self, connection: Connection, *, failed: bool) -> None:
        """Commit, and give the connection back; without a commit that rolls back."""
        try:
            if not failed:
                connection.commit()
        except BaseException:
            connection.rollback()  # or SQLAlchemy takes it for done, and the pool lends it out as it is
            raise
        finally:
            connection.close()

    def close(self) -> None:
        """Nothing is kept beside the pool."""
