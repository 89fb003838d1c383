"""Kill switches: a row for `global`, `campaign:NAME` or `account:KEY` stops every send there, at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from runner.store.announcing import announce
from runner.store.health import close_problems
from runner.store.tables import switches


def set_switch(connection: Connection, scope: str, *, reason: str, actor: str, now: datetime) -> None:
    """Set a kill switch: from its commit on, nothing in `scope` passes the gate."""
    clear_switch(connection, scope)
    connection.execute(insert(switches).values(scope=scope, reason=reason, actor=actor, at=now))


def clear_switch(connection: Connection, scope: str) -> bool:
    """Take a kill switch away. False when it was not set."""
    return connection.execute(delete(switches).where(switches.c.scope == scope)).rowcount > 0


def lift_switch(connection: Connection, scope: str, now: datetime, *, actor: str | None = None) -> bool:
    """A person lifts a kill switch: what was told about it is settled, and running services hear of it.

    False when it was not set. With `actor`, only a switch that this one set is lifted.
    """
    found = connection.execute(select(switches.c.actor).where(switches.c.scope == scope)).first()
    if found is None or actor not in (None, found.actor):
        return False
    close_problems(connection, scope, now)
    announce(connection, now)
    return clear_switch(connection, scope)


def switched_off(connection: Connection, scope: str) -> str | None:
    """Why `scope` is switched off; None when it is not."""
    return connection.execute(select(switches.c.reason).where(switches.c.scope == scope)).scalar()
