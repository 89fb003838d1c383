"""Everything stored about one person, handed out on request (GDPR Art. 15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, or_, select

from runner.store.tables import (
    enrollments,
    events,
    leads,
    list_members,
    lists,
    outreach_attempts,
    outreach_messages,
    step_runs,
    tasks,
    transitions,
)


def dossier(connection: Connection, lead_id: int) -> dict[str, Any]:
    """Everything about a lead, table by table, as plain values."""
    runs = select(step_runs.c.id).join(enrollments).where(enrollments.c.lead_id == lead_id)
    mine = select(enrollments.c.id).where(enrollments.c.lead_id == lead_id)
    on = select(lists.c.name).join(list_members).where(list_members.c.lead_id == lead_id).order_by(lists.c.name)
    return {
        "lead": _rows(connection, leads, leads.c.id == lead_id)[0],
        "lists": list(connection.execute(on).scalars()),
        "enrollments": _rows(connection, enrollments, enrollments.c.lead_id == lead_id),
        "step_runs": _rows(connection, step_runs, step_runs.c.enrollment_id.in_(mine)),
        "messages": _rows(connection, outreach_messages, outreach_messages.c.step_run_id.in_(runs)),
        "attempts": _rows(connection, outreach_attempts, outreach_attempts.c.lead_id == lead_id),
        "events": _rows(connection, events, _about(lead_id)),
        "tasks": _rows(connection, tasks, tasks.c.lead_id == lead_id),
        "transitions": _rows(connection, transitions, transitions.c.enrollment_id.in_(mine)),
    }


def _about(lead_id: int) -> Any:
    """The events of a lead, also those that only name one of its enrollments."""
    mine = select(enrollments.c.id).where(enrollments.c.lead_id == lead_id)
    return or_(events.c.lead_id == lead_id, events.c.enrollment_id.in_(mine))


def _rows(connection: Connection, table: Table, where: Any) -> Sequence[Mapping[str, Any]]:
    query = select(table).where(where).order_by(*table.primary_key.columns)
    return [dict(row._mapping) for row in connection.execute(query)]
