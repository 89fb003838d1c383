"""Settling unknown attempts: by evidence after a grace period, or by an operator's word."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, text, update

from runner.engine.decide import decide
from runner.engine.ports import Doubt
from runner.engine.triggers import Resolved
from runner.errors import NotFound, Refused
from runner.lang.templates import Rendered
from runner.model.channel import ChannelType
from runner.model.lead import LinkedInConnectionStatus as Standing
from runner.store.applying import Writer, take_timer
from runner.store.context import Context
from runner.store.loading import load
from runner.store.pending_events import decide_pending
from runner.store.people import load_leads
from runner.store.tables import leads, outreach_attempts, outreach_messages, reservations, step_runs


def doubts(
    connection: Connection, ctx: Context, since: datetime, before: datetime
) -> Iterable[tuple[int, Doubt]]:  # fmt: skip
    """Unknown attempts whose intent lies between `since` and `before`, as channels need them to look for evidence."""
    query = (
        select(outreach_attempts, step_runs.c.key, outreach_messages.c.subject, outreach_messages.c.body)
        .join(step_runs, step_runs.c.id == outreach_attempts.c.step_run_id)
        .outerjoin(
            outreach_messages,
            (outreach_messages.c.step_run_id == step_runs.c.id)
            & (outreach_messages.c.action == outreach_attempts.c.action),
        )
        .where(text("outreach_attempts.status IN ('sending', 'unknown')"))  # as in the index, or it is not used
        .where(outreach_attempts.c.status == "unknown", outreach_attempts.c.intent_at.between(since, before))
    )
    rows = connection.execute(query).all()
    people = load_leads(connection, {row.lead_id for row in rows})
    for row in rows:
        account = ctx.book.account(row.account)
        if account is not None:
            content = Rendered(body=row.body or "", subject=row.subject or "")
            yield (
                row.id,
                Doubt(row.key, account, people[row.lead_id], row.action, content, row.message_id, row.intent_at),
            )


def resolve(ctx: Context, attempt_id: int, *, sent: bool, by: str) -> None:
    """Settle an unknown attempt. `sent=False` is only ever an operator's word.

    Raises NotFound for no such attempt, Refused for one that is not unknown.
    """
    now = ctx.now()
    with ctx.db.write() as connection:
        query = select(outreach_attempts).where(outreach_attempts.c.id == attempt_id).with_for_update()
        row = connection.execute(query).first()
        if row is None:
            raise NotFound(f"there is no attempt {attempt_id}", help="`runner attempts list` shows them")
        if row.status != "unknown":
            raise Refused(f"attempt {attempt_id} is {row.status}, not unknown", help="only unknown ones are resolved")
        _settle(connection, ctx, row, sent, by, now)
        decide_pending(connection, ctx, row.enrollment_id, now)


def _settle(connection: Connection, ctx: Context, row: Row[Any], sent: bool, by: str, now: datetime) -> None:
    mine = outreach_attempts.c.id == row.id
    values = {"status": "sent" if sent else "failed", "outcome": "sent" if sent else "not_sent", "resolved_by": by}
    connection.execute(update(outreach_attempts).where(mine).values(**values))
    if not sent:
        connection.execute(delete(reservations).where(reservations.c.attempt_id == row.id))
    elif row.channel == ChannelType.LINKEDIN.value and row.action == "connect":
        stranger = (leads.c.id == row.lead_id, leads.c.linkedin_status == Standing.NOT_CONNECTED.value)
        connection.execute(update(leads).where(*stranger).values(linkedin_status=Standing.CONNECTION_REQUESTED.value))
    step = connection.execute(select(step_runs.c.step).where(step_runs.c.id == row.step_run_id)).scalar_one()
    [loaded] = load(connection, ctx.book, [row.enrollment_id], lock=True)
    graph = ctx.book.graph(loaded.sequence_id)
    commands = decide(graph, loaded.state, Resolved(step, sent, by), now)
    if commands:
        take_timer(connection, loaded)
        writer = Writer(connection, ctx, now)
        writer.add(loaded, commands)
        writer.flush()
