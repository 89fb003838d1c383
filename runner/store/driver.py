"""Statements handed straight to the driver: what SQLAlchemy's results cost is more than the driver takes for a row.

Its transactions, its listeners and its exceptions stay: whoever calls notices no difference but the speed.
"""

from __future__ import annotations

from typing import Any, NoReturn

from sqlalchemy import Connection, exc


def run(connection: Connection, sql: str) -> None:
    """Run a statement that has neither parameters nor rows."""
    _execute(connection, sql, ()).close()


def fetch(connection: Connection, sql: str, parameters: Any) -> list[tuple[Any, ...]]:
    """The rows of a statement, as the driver gives them."""
    cursor = _execute(connection, sql, parameters)
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    cursor.close()
    return rows


def change(connection: Connection, sql: str, parameters: Any) -> int:
    """How many rows a statement changed."""
    cursor = _execute(connection, sql, parameters)
    changed: int = cursor.rowcount
    cursor.close()
    return changed


def change_many(connection: Connection, sql: str, rows: list[Any]) -> None:
    """Run a statement once for each row of parameters."""
    if len(rows) == 1:  # psycopg would prepare a pipeline for an executemany of one
        _execute(connection, sql, rows[0]).close()
    else:
        _execute(connection, sql, rows, many=True).close()


def commit(connection: Connection) -> None:
    """Commit what was begun by `run`. Raises what SQLAlchemy raises: DBAPIError and its kinds."""
    heard = connection.engine.dispatch.commit
    if heard.listeners or heard.parent_listeners:  # as asking `heard` itself, which takes a call
        for listener in heard:
            listener(connection)
    driver_connection = connection.connection.dbapi_connection
    assert driver_connection is not None
    try:
        driver_connection.commit()
    except Exception as error:  # noqa: BLE001 - sorted out below: the driver's own are wrapped, others go on
        _raise(connection, None, "COMMIT", (), error)


def _execute(connection: Connection, sql: str, parameters: Any, *, many: bool = False) -> Any:
    """Raises what SQLAlchemy raises: DBAPIError and its kinds."""
    driver_connection = connection.connection.dbapi_connection
    assert driver_connection is not None
    cursor = driver_connection.cursor()
    heard = connection.engine.dispatch.before_cursor_execute
    if heard.listeners or heard.parent_listeners:
        for listener in heard:
            listener(connection, cursor, sql, parameters, None, many)
    try:
        if many:
            cursor.executemany(sql, parameters)
        else:
            cursor.execute(sql, parameters)
    except Exception as error:  # noqa: BLE001 - sorted out below: the driver's own are wrapped, others go on
        _raise(connection, cursor, sql, parameters, error)
    return cursor


def _raise(connection: Connection, cursor: Any, sql: str, parameters: Any, error: Exception) -> NoReturn:
    dialect = connection.dialect
    driver = dialect.loaded_dbapi
    if not isinstance(error, driver.Error):
        raise error
    gone = dialect.is_disconnect(error, connection.connection.dbapi_connection, cursor)
    if gone:  # as SQLAlchemy does it: what is in the pool is as old and as dead, and is closed when it is asked for
        connection.engine.pool._invalidate(connection.connection, error)  # there is no public way
        connection.invalidate(error)
    raise exc.DBAPIError.instance(
        sql, parameters, error, driver.Error, hide_parameters=True, connection_invalidated=gone, dialect=dialect
    ) from error
