"""The database: connecting, durable transactions, and the few things in which SQLite and PostgreSQL differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, exc, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import StaticPool

from runner.errors import DatabaseUnavailable, UsageError

BUSY_TIMEOUT_MS = 30_000
"""How long a SQLite writer waits for another; writers are quick, so this is only reached by a stuck disk."""


class Database:
    """One database, SQLite or PostgreSQL. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A durable transaction: commits at the end, rolls back on any exception.

        On SQLite it takes the write lock at once, so that what was read cannot change before it is written.
        Raises DatabaseUnavailable when the database is locked, full, read-only or gone.
        """
        try:
            with self.engine.connect() as connection, connection.begin():
                yield connection
        except (exc.OperationalError, exc.InterfaceError) as error:
            raise _unavailable(error, self.engine.url) from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads; on SQLite it does not wait for writers."""
        try:
            with self.engine.connect() as connection:
                connection = connection.execution_options(runner_read_only=True)
                yield connection
        except (exc.OperationalError, exc.InterfaceError) as error:
            raise _unavailable(error, self.engine.url) from error

    def lock_scopes(self, connection: Connection, scopes: Iterable[str]) -> None:
        """Let no other transaction count these limits until this one ends. SQLite's write lock already does that."""
        if self.is_sqlite:
            return
        numbers = sorted(int.from_bytes(blake2b(s.encode(), digest_size=8).digest(), signed=True) for s in scopes)
        for number in numbers:
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})

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
            if self.is_sqlite:
                if connection.execute(text("PRAGMA synchronous")).scalar_one() < 2:
                    raise DatabaseUnavailable("SQLite runs with synchronous below FULL: commits may be lost")
                return
            for name in ("fsync", "synchronous_commit"):
                if connection.execute(text(f"SHOW {name}")).scalar_one() == "off":
                    raise DatabaseUnavailable(f"PostgreSQL runs with {name}=off: commits may be lost",
                                              help=f"set {name} = on before sending")  # fmt: skip

    def close(self) -> None:
        """Close every pooled connection."""
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
    memory = url.database in (None, "", ":memory:")
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
    engine = create_engine(url, connect_args={"check_same_thread": False}, **pool)
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


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("runner_read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _postgres(url: URL) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    try:
        return create_engine(url, pool_pre_ping=True, pool_size=20, max_overflow=20)
    except ModuleNotFoundError as error:
        raise DatabaseUnavailable("PostgreSQL needs the `postgres` extra",
                                  help="pip install 'outreach-runner[postgres]'") from error  # fmt: skip


def _unavailable(error: exc.DBAPIError, url: URL) -> DatabaseUnavailable:
    cause = str(error.orig or error).strip().splitlines()[0]
    place = url.render_as_string(hide_password=True)
    if "no such table" in cause or "does not exist" in cause:
        return DatabaseUnavailable(f"{place}: {cause}", help="`runner db upgrade` brings the tables up to date")
    return DatabaseUnavailable(f"{place}: {cause}", help="check that the database runs, is writable and has space")
