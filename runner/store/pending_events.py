"""Events are decided on as soon as no attempt is in flight: what was already past the gate is recorded first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, or_, select, update

from runner.engine.decide import decide
from runner.engine.state import Seen
from runner.engine.triggers import Happened
from runner.model.events import EventKind
from runner.store.applying import Writer, take_timer
from runner.store.claims import in_flight
from runner.store.context import Context
from runner.store.fixed import Fixed
from runner.store.loading import load
from runner.store.tables import claims, enrollments, events, outreach_attempts, reservations, step_runs

_PENDING = Fixed(
    select(events.c.id).where(events.c.enrollment_id == bindparam("enrollment"), events.c.pending.is_(True))
)


def lock_claim(connection: Connection, enrollment_id: int) -> None:
    """Wait for a worker that is in the gate at this moment: afterwards it has passed, or it finds its claim gone.

    Taken before the enrollment's own row, as the gate and the result do it.
    """
    connection.execute(select(claims.c.token).where(claims.c.enrollment_id == enrollment_id).with_for_update())


def decide_pending(connection: Connection, ctx: Context, enrollment_id: int, now: datetime) -> None:
    """Decide on every event of an enrollment that was not decided on yet, oldest first."""
    if not _PENDING.rows(connection, enrollment=enrollment_id):
        return  # an event that is being stored right now is decided on by who stores it
    lock_claim(connection, enrollment_id)
    connection.execute(select(enrollments.c.id).where(enrollments.c.id == enrollment_id).with_for_update())
    if in_flight(connection, enrollment_id):
        return
    where = (events.c.enrollment_id == enrollment_id, events.c.pending.is_(True))
    for row in connection.execute(select(events).where(*where).order_by(events.c.id)).all():
        connection.execute(update(events).where(events.c.id == row.id).values(pending=False))
        _decide_one(connection, ctx, enrollment_id, row, now)


def _decide_one(connection: Connection, ctx: Context, enrollment_id: int, row: Row[Any], now: datetime) -> None:
    [loaded] = load(connection, ctx.book, [enrollment_id], lock=True)
    seen = Seen(EventKind(row.kind), row.at, row.step, row.permanent)
    commands = decide(ctx.book.graph(loaded.sequence_id), loaded.state, Happened(seen, row.resume_at), now)
    if seen.kind is EventKind.BOUNCED and seen.permanent:
        _free_limits(connection, enrollment_id, row.step)
    if not commands:
        return
    take_timer(connection, loaded)
    connection.execute(delete(claims).where(claims.c.enrollment_id == enrollment_id))
    writer = Writer(connection, ctx, now)
    writer.add(loaded, commands)
    writer.flush()
    _release_claimed(connection, enrollment_id)


def _release_claimed(connection: Connection, enrollment_id: int) -> None:
    """The fence: a worker that was preparing finds its claim gone. What it had begun waits, or ends with the rest."""
    columns = select(enrollments.c.ended_at, enrollments.c.end_reason)
    over = connection.execute(columns.where(enrollments.c.id == enrollment_id)).one()
    begun: tuple[str, ...] = ("claimed",)
    values: dict[str, Any] = {"status": "pending"}
    if over.ended_at is not None:
        begun = ("claimed", "pending")
        values = {"status": "cancelled", "reason": over.end_reason, "finished_at": over.ended_at}
    mine = (outreach_attempts.c.enrollment_id == enrollment_id, outreach_attempts.c.status.in_(begun))
    connection.execute(update(outreach_attempts).where(*mine).values(**values))


def _free_limits(connection: Connection, enrollment_id: int, step: str | None) -> None:
    """A message that did not arrive was no contact: it stops counting against the time between contacts."""
    contacts = or_(reservations.c.scope.like("lead:%"), reservations.c.scope.like("company:%"))
    runs = select(step_runs.c.id).where(step_runs.c.enrollment_id == enrollment_id, step_runs.c.step == step)
    tried = select(outreach_attempts.c.id).where(outreach_attempts.c.step_run_id.in_(runs))
    where = (reservations.c.attempt_id.in_(tried), contacts)
    connection.execute(delete(reservations).where(*where))
