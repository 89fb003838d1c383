"""Opens and clicks: those of people are events; those of machines are kept apart, and nothing is decided on them.

A machine is known by how it asks (runner/web/machines.py), and by when: scanners of mail servers look like browsers,
but open a message and follow its links in the moment in which it arrives, long before anybody can have read it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select

from runner.engine.ports import Signal
from runner.store.context import Context
from runner.store.matching import match_signal
from runner.store.signals import record_signal
from runner.store.tables import events, leads, outreach_attempts, step_runs

TOO_SOON = timedelta(seconds=10)
"""Nobody reads a message and acts on it so soon after the server took it."""


def record_seen(connection: Connection, ctx: Context, signal: Signal, now: datetime) -> None:
    """Store an open or a click, once a message for people and once for machines."""
    why = signal.data.get("machine") or ("too_soon" if _too_soon(connection, signal, now) else None)
    if why is None:
        record_signal(connection, ctx, None, signal, now)
    else:
        marked = replace(signal, source=f"{signal.source}:machine", data={**signal.data, "machine": why})
        _keep_apart(connection, marked, now)


def _too_soon(connection: Connection, signal: Signal, now: datetime) -> bool:
    """Whether the message went out just now, or is still waiting for the answer to its dot."""
    query = (
        select(outreach_attempts.c.finished_at)
        .join(step_runs, step_runs.c.id == outreach_attempts.c.step_run_id)
        .where(step_runs.c.key == signal.key, outreach_attempts.c.status.in_(("sending", "sent", "unknown")))
    )
    row = connection.execute(query).first()
    return row is not None and (row.finished_at is None or now - row.finished_at < TOO_SOON)


def _keep_apart(connection: Connection, signal: Signal, now: datetime) -> None:
    """As an event of the person that belongs to no enrollment, so that nothing is decided on it."""
    known = select(events.c.id).where(events.c.source == signal.source)
    if connection.execute(known).first() is not None:
        return
    for match in match_signal(connection, signal, None)[:1]:
        erased = select(leads.c.erased_at).where(leads.c.id == match.lead_id)
        if connection.execute(erased).scalar() is not None:
            return
        row = {"kind": signal.kind.value, "at": signal.at, "recorded_at": now, "source": signal.source,
               "lead_id": match.lead_id, "step": match.step, "permanent": False, "hard": False, "pending": False,
               "data": {**signal.data, "enrollment": match.enrollment_id}}  # fmt: skip
        connection.execute(insert(events).values(**row))
