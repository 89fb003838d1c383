"""The newest instant a database knows: a clock that stands before it is wrong, and nothing may be sent by it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from runner.store.context import Context
from runner.store.tables import enrollments, events, meta, reservations, timers, transitions

SLACK = timedelta(minutes=1)
"""Less than this is no trouble: machines that share a database differ by some."""
MARK = "clock"
JUMP = "clock_jump"
LONGEST_WINDOW = timedelta(days=31)
HELP = "set the clock; if it is right and was ahead before, `runner db clock --accept`"


def newest_known(connection: Connection) -> datetime | None:
    """The newest of the mark and of what was logged since somebody accepted the clock; None in an empty database."""
    mark = _mark(connection)
    found = [datetime.fromisoformat(mark["at"])] if "at" in mark else []
    for table, column in ((transitions, transitions.c.at), (events, events.c.recorded_at)):
        query = select(column).where(table.c.id > mark.get(table.name, 0)).order_by(table.c.id.desc()).limit(1)
        found += connection.execute(query).scalars().all()
    return max(found, default=None)


def move_mark(ctx: Context, now: datetime) -> None:
    """Note the present, so that a later start can tell that the clock went back."""
    with ctx.db.write() as connection:
        mark = _mark(connection, lock=True)
        if "at" not in mark or datetime.fromisoformat(mark["at"]) < now:
            _put(connection, MARK, json.dumps({**mark, "at": now.isoformat()}))


def accept_clock(ctx: Context) -> int:
    """Somebody says the clock is right: what was dated ahead of it holds nothing any more. Returns how many limits."""
    now = ctx.now()
    with ctx.db.write() as connection:
        newest = {table.name: connection.execute(select(func.max(table.c.id))).scalar() or 0
                  for table in (transitions, events)}  # fmt: skip
        _put(connection, MARK, json.dumps({"at": now.isoformat(), **newest}))
        ahead = update(reservations).where(reservations.c.finished_at > now).values(finished_at=now)
        _due_now(connection, now)
        return connection.execute(ahead).rowcount


def _due_now(connection: Connection, now: datetime) -> None:
    """What was due at once by the clock that was ahead is due now. A wait keeps its date: `runner explain` shows it."""
    where = (enrollments.c.status == "active", enrollments.c.due_at > now)
    columns = (enrollments.c.id, enrollments.c.lane_id, enrollments.c.due_at)
    for row in connection.execute(select(*columns).where(*where).with_for_update()).all():
        mine = (timers.c.lane_id == row.lane_id, timers.c.due_at == row.due_at, timers.c.enrollment_id == row.id)
        if connection.execute(update(timers).where(*mine).values(due_at=now)).rowcount:
            connection.execute(update(enrollments).where(enrollments.c.id == row.id).values(due_at=now))


def carry_limits(ctx: Context, before: datetime, after: datetime) -> int:
    """After a leap forward, keep the real age of what occupies limits, so that a leap of a day frees no daily cap.

    Several processes of one machine see the same leap; the first one carries them. Returns how many were carried.
    """
    leap = after - before
    with ctx.db.write() as connection:
        known = connection.execute(select(meta.c.value).where(meta.c.name == JUMP).with_for_update()).scalar()
        if known is not None and abs(datetime.fromisoformat(known) - after) < SLACK:
            return 0
        _put(connection, JUMP, after.isoformat())
        window = (reservations.c.finished_at > before - LONGEST_WINDOW, reservations.c.finished_at <= before)
        rows = connection.execute(select(reservations.c.id, reservations.c.finished_at).where(*window)).all()
        for row in rows:
            carried = update(reservations).where(reservations.c.id == row.id)
            connection.execute(carried.values(finished_at=row.finished_at + leap))
    return len(rows)


def _mark(connection: Connection, *, lock: bool = False) -> dict[str, Any]:
    query = select(meta.c.value).where(meta.c.name == MARK)
    value = connection.execute(query.with_for_update() if lock else query).scalar()
    return dict(json.loads(value)) if value else {}


def _put(connection: Connection, name: str, value: str) -> None:
    if not connection.execute(update(meta).where(meta.c.name == name).values(value=value)).rowcount:
        connection.execute(insert(meta).values(name=name, value=value))
