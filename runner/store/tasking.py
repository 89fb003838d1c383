"""Tasks for people: what is open, and what a person says came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from runner.engine.decide import decide
from runner.engine.ports import Signal
from runner.engine.triggers import TaskClosed
from runner.errors import NotFound, Refused
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.model.lead import LinkedInConnectionStatus
from runner.store.applying import Writer, take_timer
from runner.store.context import Context
from runner.store.loading import load
from runner.store.pending_events import decide_pending
from runner.store.signals import record_signal
from runner.store.tables import campaigns, enrollments, leads, outreach_attempts, reservations, step_runs, tasks
from runner.store.withdrawing import WITHDRAW, was_withdrawn

SENT_RESULTS = frozenset({"done"})


def task_rows(connection: Connection, *, status: str | None = "open") -> list[dict[str, Any]]:
    """Tasks with the person they are about, those that expire first at the top. `status` None shows all."""
    query = (
        select(tasks, leads.c.email, leads.c.first_name, leads.c.last_name, campaigns.c.name.label("campaign"),
               step_runs.c.until)
        .join(leads, leads.c.id == tasks.c.lead_id)
        .join(enrollments, enrollments.c.id == tasks.c.enrollment_id)
        .join(campaigns, campaigns.c.id == enrollments.c.campaign_id)
        .outerjoin(step_runs, (step_runs.c.enrollment_id == tasks.c.enrollment_id) & (step_runs.c.step == tasks.c.step))
        .order_by(tasks.c.status, step_runs.c.until, tasks.c.id)
    )  # fmt: skip
    if status is not None:
        query = query.where(tasks.c.status == status)
    return [_task_row(row) for row in connection.execute(query)]


def _task_row(row: Row[Any]) -> dict[str, Any]:
    name = " ".join(part for part in (row.first_name, row.last_name) if part)
    return {
        "task": row.id, "kind": row.kind, "lead": name or row.email, "campaign": row.campaign, "step": row.step,
        "title": row.title, "text": row.text, "link": row.link, "number": row.number, "status": row.status,
        "disposition": row.disposition, "expires_at": row.until.isoformat() if row.until and not row.aside else None,
        "lead_id": row.lead_id, "detail": row.detail, "closed_by": row.closed_by,
    }  # fmt: skip


def close_task(ctx: Context, task_id: int, result: str, *, by: str, disposition: str = "") -> None:
    """A person finished a task: `done`, `skipped` or `failed`. The enrollment that waits for it moves on at once.

    Raises NotFound for no such task, Refused for one that is not open.
    """
    now = ctx.now()
    with ctx.db.write() as connection:
        row = _open_task(connection, task_id)
        values = {"status": result, "disposition": disposition or None, "closed_at": now, "closed_by": by}
        connection.execute(update(tasks).where(tasks.c.id == task_id).values(**values))
        if row.aside:
            if row.kind == WITHDRAW and result == "done":
                was_withdrawn(connection, row.lead_id)
            return
        _close_attempt(connection, row, result, disposition, now)
        [loaded] = load(connection, ctx.book, [row.enrollment_id], lock=True)
        trigger = TaskClosed(row.step, result, disposition)
        commands = decide(ctx.book.graph(loaded.sequence_id), loaded.state, trigger, now)
        if commands:
            take_timer(connection, loaded)
            writer = Writer(connection, ctx, now)
            writer.add(loaded, commands)
            writer.flush()
        decide_pending(connection, ctx, row.enrollment_id, now)


def _open_task(connection: Connection, task_id: int) -> Row[Any]:
    row = connection.execute(select(tasks).where(tasks.c.id == task_id).with_for_update()).first()
    if row is None:
        raise NotFound(f"there is no task {task_id}", help="`runner tasks list` shows them")
    if row.status != "open":
        raise Refused(f"task {task_id} is {row.status}", help="only open tasks can be finished")
    return row


def _close_attempt(connection: Connection, row: Row[Any], result: str, disposition: str, now: datetime) -> None:
    sent = result in SENT_RESULTS
    values = {"status": "sent" if sent else "failed", "outcome": result, "reason": disposition or None}
    mine = outreach_attempts.c.id == row.attempt_id
    attempt = connection.execute(
        update(outreach_attempts).where(mine).values(**values, finished_at=now)
        .returning(outreach_attempts.c.action, outreach_attempts.c.channel)
    ).one()  # fmt: skip
    if not sent:
        connection.execute(delete(reservations).where(reservations.c.attempt_id == row.attempt_id))
        return
    connection.execute(update(reservations).where(reservations.c.attempt_id == row.attempt_id).values(finished_at=now))
    if attempt.channel == ChannelType.LINKEDIN.value and attempt.action == "connect":
        requested = LinkedInConnectionStatus.CONNECTION_REQUESTED.value
        stranger = leads.c.linkedin_status != LinkedInConnectionStatus.CONNECTED.value
        connection.execute(update(leads).where(leads.c.id == row.lead_id, stranger).values(linkedin_status=requested))


def report_event(ctx: Context, lead_id: int, kind: EventKind, *, by: str, channel: ChannelType) -> int:
    """A person saw that something happened (an acceptance, a reply). Returns how many enrollments it concerned.

    Raises NotFound for no such lead.
    """
    now = ctx.now()
    with ctx.db.write() as connection:
        lead = connection.execute(select(leads).where(leads.c.id == lead_id)).first()
        if lead is None:
            raise NotFound(f"there is no lead {lead_id}", help="`runner leads list` shows them")
        signal = Signal(
            kind=kind,
            at=now,
            source=f"person:{by}:{kind.value}:{lead_id}:{now.isoformat()}",
            address=lead.email_key,
            profile=lead.linkedin_urn or lead.linkedin_key,
            data={"by": by},
        )
        return record_signal(connection, ctx, f"{channel.value}/by-hand", signal, now)
