"""A change that running services have to hear of: a mark in the database that they look at now and then.

`serve` leaves a lane alone for up to an hour after a switch or a stopped account held it. Who lifts what held it, in
whatever process, leaves a mark here, and every service looks at its lanes again.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from runner.store.tables import meta

NAME = "lifted_at"


def announce(connection: Connection, now: datetime) -> None:
    """Something that held sends back was lifted."""
    mark = {"value": now.isoformat()}
    if connection.execute(update(meta).where(meta.c.name == NAME).values(**mark)).rowcount == 0:
        connection.execute(insert(meta).values(name=NAME, **mark))


def last_announced(connection: Connection) -> str | None:
    """The mark as it stands; another one than before means that something was lifted."""
    return connection.execute(select(meta.c.value).where(meta.c.name == NAME)).scalar()
