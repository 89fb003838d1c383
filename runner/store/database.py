"""The database: connecting, durable transactions, and the few things in which SQLite and PostgreSQL differ."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import blake2b
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, exc, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from runner.errors import DatabaseUnavailable, UsageError
from runner.store.driver import fetch, run
from runner.store.together import Act, OnTheWay, Together
from runner.store.types import to_json
from runner.store.unavailable import MAYBE_TROUBLE, tell
from runner.store.writing import BUSY_TIMEOUT_MS, ManyWriters, OneWriter, Write, Writers

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
_SQLITE_ARGUMENTS = {"check_same_thread": False, "cached_statements": 512}
REST_SECONDS = 1.0
"""A connection that rested longer is asked for a sign of life; asking each time costs every send four round trips."""
PROBE_BYTES = 65_536
"""Some pages, so that a database that has room for nothing but small changes does not look well again."""


class Database:
    """One database, SQLite or PostgreSQL. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self.in_memory = self.is_sqlite and _is_in_memory(engine.url)
        self._reading: dict[str, Any] = (
            {"runner_read_only": True} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        )
        self._writers: Writers = OneWriter(engine) if self.is_sqlite else ManyWriters(engine)
        self._lines: dict[object, Together] = {None: Together(self.write)} if self.is_sqlite else {}

    def write(self) -> AbstractContextManager[Connection]:
        """A durable transaction: commits at the end, rolls back on any exception.

        On SQLite it takes the write lock at once, so that what was read cannot change before it is written.
        Raises DatabaseUnavailable when the database is locked, full, read-only or gone.
        """
        return Write(self._writers)

    def on_the_way(self) -> AbstractContextManager[None]:
        """For a thread that brings one part after the other to `together`."""
        return OnTheWay(self._lines.values())

    def together(self, act: Act[C, A, B], context: C, item: A) -> B:
        """What `act` gives for `item` in a durable transaction, with what other threads bring meanwhile.

        On SQLite, where writers queue, whatever they bring; on PostgreSQL those with the same act, so that nobody who
        holds the rows of one waits for the locks of another. Raises what `write` and `act` raise.
        """
        line = self._lines.setdefault(None if self.is_sqlite else act, Together(self.write))
        return line.do(act, context, item)

    @contextmanager
    def rebuild(self) -> Iterator[Connection]:
        """A durable transaction for changing tables: links between rows are checked at its end, not meanwhile.

        SQLite changes a table by copying it, and would not drop the old one while rows point at it
        (sqlite.org/lang_altertable.html, section 7). Raises DatabaseUnavailable as `write` does.
        """
        if not self.is_sqlite:
            with self.write() as connection:
                yield connection
            return
        try:
            with self.engine.connect() as connection:
                cursor = connection.connection.cursor()  # before the transaction begins: inside it this does nothing
                cursor.execute("PRAGMA foreign_keys=OFF")
                try:
                    with connection.begin():
                        yield connection
                        if broken := connection.execute(text("PRAGMA foreign_key_check")).all():
                            raise RuntimeError(f"the migration leaves {len(broken)} rows that point at nothing")
                finally:
                    cursor.execute("PRAGMA foreign_keys=ON")
        except MAYBE_TROUBLE as error:
            tell(error, self.engine.url)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """For statements that only read. On SQLite they see one state of the database, and do not wait for writers.

        On PostgreSQL each sees what was committed when it began, as it would in a transaction at its usual level; so
        there is none, which spares two of the round trips that every look at what is due takes.
        """
        try:
            with self.engine.connect() as connection:
                connection.execution_options(**self._reading).begin()
                yield connection
        except MAYBE_TROUBLE as error:
            tell(error, self.engine.url)

    def lock_scopes(self, connection: Connection, scopes: Iterable[str]) -> None:
        """Let no other transaction count these limits until this one ends. SQLite's write lock already does that.

        They are locked in the order given, which has to be the same for everybody: that of `scopes_of`.
        """
        if self.is_sqlite:
            return
        numbers = [int.from_bytes(blake2b(s.encode(), digest_size=8).digest(), signed=True) for s in scopes]
        fetch(connection, _LOCK_IN_ORDER, {"numbers": numbers})

    def forget_deleted(self) -> None:
        """Take out of the files what was deleted or overwritten: SQLite's log still holds the pages as they were.

        PostgreSQL does the like by itself, when it vacuums.
        """
        if self.is_sqlite:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("COMMIT")  # a checkpoint works only outside of a transaction
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.exec_driver_sql("BEGIN")

    def check_durable(self) -> None:
        """Refuse a database that could forget an intent in a power cut. Raises DatabaseUnavailable."""
        with self.read() as connection:
            (_check_sqlite if self.is_sqlite else _check_postgres)(connection)

    def prove_writable(self) -> None:
        """Write something sizeable and take it back, durably. Raises DatabaseUnavailable where that cannot be done."""
        noise = token_hex(PROBE_BYTES // 2)  # PostgreSQL packs what repeats itself, and would need no room for it
        row = {"name": f"probe-{token_hex(8)}", "value": noise}
        with self.write() as connection:
            connection.execute(text("INSERT INTO meta (name, value) VALUES (:name, :value)"), row)
            connection.execute(text("DELETE FROM meta WHERE name = :name"), row)

    def close(self) -> None:
        """Close every connection."""
        self._writers.close()
        self.engine.dispose()


def open_database(url: str, *, root: Path | None = None, create: bool = False) -> Database:
    """Open the database at `url`; a relative SQLite path is taken from `root`.

    With `create` a missing SQLite file is made. Raises UsageError for a URL of another kind of database, and
    DatabaseUnavailable for a file that is not there.
    """
    try:
        parsed = make_url(url)
    except exc.ArgumentError:
        raise UsageError(
            "the database URL cannot be read", help="write sqlite:///runner.db or postgresql://..."
        ) from None
    match parsed.get_backend_name():
        case "sqlite":
            return Database(_sqlite(parsed, root, create))
        case "postgresql":
            return Database(_postgres(parsed))
        case other:
            raise UsageError(f"`{other}` is not supported", help="use sqlite:/// or postgresql://")


def _sqlite(url: URL, root: Path | None, create: bool) -> Engine:
    memory = _is_in_memory(url)
    if not memory:
        path = Path(root or ".", url.database or "")
        if not create and not path.exists():
            raise DatabaseUnavailable(f"there is no database at {path}", help="`runner db upgrade` makes it")
        if not path.parent.is_dir():
            raise DatabaseUnavailable(
                f"the folder {path.parent} does not exist", help="create it, or change `database`"
            )
        url = url.set(database=str(path))
    pool = {"poolclass": StaticPool} if memory else {"pool_size": 20, "max_overflow": 20}
    return make_durable(create_engine(url, connect_args=_SQLITE_ARGUMENTS, json_serializer=to_json, **pool))


def _is_in_memory(url: URL) -> bool:
    return url.database in (None, "", ":memory:")


def make_durable(engine: Engine) -> Engine:
    """Let every connection of a SQLite engine commit durably, and take the write lock where it begins to write."""
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # we say BEGIN ourselves, see _begin_sqlite
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what is deleted leaves no traces in the file
    cursor.close()


def _check_sqlite(connection: Connection) -> None:
    """A database in memory is lost with the process by its nature; in a file, nothing that was committed may be."""
    found = {name: connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in _NEEDED_PRAGMAS}
    for name, (accepted, danger) in _NEEDED_PRAGMAS.items():
        if found[name] not in accepted:
            raise DatabaseUnavailable(f"SQLite runs with {name}={found[name]}: {danger}", help=_PRAGMA_HELP)


_NEEDED_PRAGMAS: dict[str, tuple[tuple[object, ...], str]] = {
    "synchronous": ((2, 3), "commits may be lost in a power cut"),
    "journal_mode": (("wal", "memory"), "readers and writers block each other"),
    "foreign_keys": ((1,), "rows may point at nothing"),
}
_PRAGMA_HELP = "move the database to a disk of this machine; a network file system cannot do this"


def _check_postgres(connection: Connection) -> None:
    for name in ("fsync", "synchronous_commit"):
        if connection.execute(text(f"SHOW {name}")).scalar_one() == "off":
            words = f"PostgreSQL runs with {name}=off: commits may be lost"
            raise DatabaseUnavailable(words, help=f"set {name} = on before sending")


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("runner_read_only", False)
    run(connection, "BEGIN" if read_only else "BEGIN IMMEDIATE")


def _postgres(url: URL) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    try:
        engine = create_engine(url, pool_size=20, max_overflow=20)
    except ModuleNotFoundError as error:
        raise DatabaseUnavailable("PostgreSQL needs the `postgres` extra",
                                  help="pip install 'outreach-runner[postgres]'") from error  # fmt: skip
    event.listen(engine, "checkin", _note_rest)
    event.listen(engine, "checkout", _wake)
    return engine


def _note_rest(_raw: object, record: ConnectionPoolEntry) -> None:
    record.info["rests_since"] = time.monotonic()


def _wake(raw: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Ask a connection that has rested for a while whether its server is still there; when not, none of its age is."""
    if time.monotonic() - record.info.get("rests_since", math.inf) <= REST_SECONDS:
        return
    try:
        raw.execute("SELECT 1")
        raw.rollback()
    except Exception as error:
        raise exc.InvalidatePoolError from error


_LOCK_IN_ORDER = "SELECT pg_advisory_xact_lock(number) FROM unnest(%(numbers)s::bigint[]) AS number"
"""One round trip. An array's elements come, and are locked, in their order."""
