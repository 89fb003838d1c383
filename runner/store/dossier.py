"""Everything stored about one person, handed out on request (GDPR Art. 15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, or_, select

from runner.model.identity import suppressible
from runner.model.lead import Lead
from runner.store.kept_mail import mail_about
from runner.store.keys import Key
from runner.store.log import entries_of
from runner.store.people import load_leads
from runner.store.suppressions import hash_of
from runner.store.tables import (
    enrollments,
    events,
    leads,
    list_members,
    lists,
    outreach_attempts,
    outreach_messages,
    raw_messages,
    step_runs,
    suppressions,
    tasks,
    transitions,
)
from runner.store.traces import Traces


def dossier(connection: Connection, lead_id: int, key: Key | None = None) -> dict[str, Any]:
    """Everything about a lead, table by table, as plain values; with `key` also what they are suppressed by."""
    person = load_leads(connection, [lead_id])[lead_id]
    mail = mail_about(connection, lead_id, Traces.of(person))
    runs = select(step_runs.c.id).join(enrollments).where(enrollments.c.lead_id == lead_id)
    mine = select(enrollments.c.id).where(enrollments.c.lead_id == lead_id)
    said = entries_of(select(enrollments).where(enrollments.c.lead_id == lead_id))
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
        "mail": [_readable(row) for row in _rows(connection, raw_messages, raw_messages.c.id.in_(mail))],
        "suppressions": _rows(connection, suppressions, suppressions.c.key_hash.in_(_hashes(person, key))),
        "transitions": _rows(connection, transitions, transitions.c.id.in_(select(said.c.id))),
    }


def _hashes(person: Lead, key: Key | None) -> list[str]:
    return [hash_of(key, kind, spelling) for kind, spelling in suppressible(person)] if key else []


def _readable(mail: Mapping[str, Any]) -> dict[str, Any]:
    """A kept message with its text; bytes that are none are shown as such."""
    return {**mail, "content": mail["content"].decode("utf-8", "backslashreplace")}


def _about(lead_id: int) -> Any:
    """The events of a lead, also those that only name one of its enrollments."""
    mine = select(enrollments.c.id).where(enrollments.c.lead_id == lead_id)
    return or_(events.c.lead_id == lead_id, events.c.enrollment_id.in_(mine))


def _rows(connection: Connection, table: Table, where: Any) -> Sequence[Mapping[str, Any]]:
    query = select(table).where(where).order_by(*table.primary_key.columns)
    return [dict(row._mapping) for row in connection.execute(query)]
