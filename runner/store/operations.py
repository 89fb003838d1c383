"""What a person does to enrollments: pause, resume, stop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from runner.engine.commands import End
from runner.engine.state import EnrollmentStatus
from runner.store.applying import Writer, close_task, take_timer
from runner.store.book import Book
from runner.store.claims import in_flight, take_away
from runner.store.context import Context
from runner.store.lanes import lane_for
from runner.store.loading import load
from runner.store.log import note
from runner.store.tables import (
    enrollments,
    outreach_attempts,
    problems,
    step_runs,
    timers,
)
from runner.store.time_left import due_after_pause


def pause_rows(
    connection: Connection, ids: Iterable[int], why: str, now: datetime, until: datetime | None = None
) -> int:
    """Take enrollments out of the queue; what is in flight past the gate is still recorded. Returns how many."""
    paused = 0
    for row in _open_rows(connection, ids):
        if row.status == "paused":
            continue
        take_away(connection, row.id)
        mine = (outreach_attempts.c.enrollment_id == row.id, outreach_attempts.c.status == "claimed")
        connection.execute(update(outreach_attempts).where(*mine).values(status="pending"))
        _delete_timer(connection, row)
        values = {"status": "paused", "paused_at": now, "pause_until": until, "waiting_on": "paused"}
        connection.execute(update(enrollments).where(enrollments.c.id == row.id).values(**values, waiting_why=why))
        if until is not None:
            _set_timer(connection, row, until)
        note(connection, row.id, now, "paused", step=row.step, why=why)
        paused += 1
    return paused


def resume_rows(connection: Connection, ids: Iterable[int], now: datetime, book: Book | None = None) -> int:
    """Let paused enrollments go on; a wait goes on with what was left of it, a due step is due. Returns how many.

    `book` tells which waits count business days; without it all are counted on the clock.
    """
    resumed = 0
    for row in _open_rows(connection, ids):
        if row.status != "paused":
            continue
        _delete_timer(connection, row)
        away = now - (row.paused_at or now)
        runs = (step_runs.c.enrollment_id == row.id, step_runs.c.outcome.is_(None), step_runs.c.until.is_not(None))
        for run in connection.execute(select(step_runs).where(*runs)).all():
            until = due_after_pause(connection, book, row, run, now) if book else run.until + away
            connection.execute(update(step_runs).where(step_runs.c.id == run.id).values(until=until))
        mine = (outreach_attempts.c.enrollment_id == row.id, outreach_attempts.c.status == "pending")
        connection.execute(update(outreach_attempts).where(*mine).values(crashes=0))
        values = {"status": "active", "paused_at": None, "pause_until": None, "waiting_on": None, "waiting_why": None}
        connection.execute(update(enrollments).where(enrollments.c.id == row.id).values(**values))
        if not in_flight(connection, row.id):  # what is under way decides, as soon as it is known
            _set_timer(connection, row, now)
        where = (problems.c.scope == f"enrollment:{row.id}", problems.c.closed_at.is_(None))
        connection.execute(update(problems).where(*where).values(closed_at=now))
        away_for = str(timedelta(seconds=int(away.total_seconds())))
        note(connection, row.id, now, "resumed", step=row.step, away=away_for)
        resumed += 1
    return resumed


def stop_enrollments(ctx: Context, ids: Sequence[int], reason: str) -> int:
    """End enrollments for good. Returns how many were still open."""
    with ctx.db.write() as connection:
        return stop_rows(connection, ctx, ids, reason, ctx.now())


def stop_rows(connection: Connection, ctx: Context, ids: Sequence[int], reason: str, now: datetime) -> int:
    """The same within a transaction: from its commit on, no worker that prepares one of them passes the gate."""
    stopped = 0
    writer = Writer(connection, ctx, now)
    for loaded in load(connection, ctx.book, ids, lock=True):
        if loaded.state.is_over:
            continue
        take_timer(connection, loaded)
        take_away(connection, loaded.state.id)
        open_ones = ("claimed", "pending")
        mine = (outreach_attempts.c.enrollment_id == loaded.state.id, outreach_attempts.c.status.in_(open_ones))
        end = {"status": "cancelled", "reason": reason, "finished_at": now}
        connection.execute(update(outreach_attempts).where(*mine).values(**end))
        if loaded.state.step:
            close_task(connection, loaded.state.id, loaded.state.step, "cancelled", now)
        writer.add(loaded, [End(EnrollmentStatus.STOPPED, reason)])
        stopped += 1
    writer.flush()
    return stopped


def _open_rows(connection: Connection, ids: Iterable[int]) -> Sequence[Row[Any]]:
    where = (enrollments.c.id.in_(list(ids)), enrollments.c.ended_at.is_(None))
    return connection.execute(select(enrollments).where(*where).with_for_update()).all()


def _delete_timer(connection: Connection, row: Row[Any]) -> None:
    if row.due_at is not None:
        mine = (timers.c.lane_id == row.lane_id, timers.c.due_at == row.due_at, timers.c.enrollment_id == row.id)
        connection.execute(delete(timers).where(*mine))
        connection.execute(update(enrollments).where(enrollments.c.id == row.id).values(due_at=None))


def _set_timer(connection: Connection, row: Row[Any], due_at: datetime) -> None:
    values = {"lane_id": lane_for(connection, row.campaign_id), "due_at": due_at}
    connection.execute(insert(timers).values(**values, enrollment_id=row.id))
    connection.execute(update(enrollments).where(enrollments.c.id == row.id).values(**values))
