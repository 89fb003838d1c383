"""Everything stored about one person: handed out on request (GDPR Art. 15), and erased on request (Art. 17).

Erasing keeps the skeleton, so that counts stay true and nothing is sent twice: who was at which step when, without a
name, an address or a text. What recognises the person from then on is the keyed hash in the suppression list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, null, or_, select, update

from runner.model.identity import suppressible
from runner.model.lead import Lead
from runner.store.context import Context
from runner.store.operations import stop_enrollments
from runner.store.people import load_leads
from runner.store.suppressions import suppress
from runner.store.tables import (
    enrollments,
    events,
    leads,
    list_members,
    lists,
    outreach_attempts,
    outreach_messages,
    problems,
    raw_messages,
    step_runs,
    tasks,
    transitions,
)

_KEPT = frozenset({"id", "created_at", "erased_at", "updated_at", "linkedin_status"})
_ERASED_KINDS = frozenset({"address", "profile", "phone"})


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


def erase(ctx: Context, lead_id: int, *, actor: str) -> None:
    """Erase a person: every enrollment ends, personal data goes, and the keyed hashes stay in the suppression list.

    Raw mail that was matched to the person is deleted, and problems that name the address or profile lose their text.
    """
    now = ctx.now()
    with ctx.db.read() as connection:
        person = load_leads(connection, [lead_id])[lead_id]
        open_ones = select(enrollments.c.id).where(enrollments.c.lead_id == lead_id, enrollments.c.ended_at.is_(None))
        to_stop = list(connection.execute(open_ones).scalars())
    stop_enrollments(ctx, to_stop, "erased")
    with ctx.db.write() as connection:
        for kind, value in suppressible(person):
            if kind in _ERASED_KINDS:
                suppress(connection, ctx.key, kind, value, reason="erased", actor=actor, now=now, label="erased")
        _blank_traces(connection, lead_id)
        _blank_problems(connection, person)
        gone: dict[str, Any] = {column.name: _nothing(column.name) for column in leads.c if column.name not in _KEPT}
        changed = gone | {"erased_at": now, "updated_at": now, "linkedin_status": "not_connected"}
        connection.execute(update(leads).where(leads.c.id == lead_id).values(changed))
        connection.execute(delete(list_members).where(list_members.c.lead_id == lead_id))


def _nothing(column: str) -> object:
    return {"tags": [], "fields": {}}.get(column, null())


def _blank_traces(connection: Connection, lead_id: int) -> None:
    """Empty every text that could name the person in what is kept of their steps."""
    mine = select(enrollments.c.id).where(enrollments.c.lead_id == lead_id)
    runs = select(step_runs.c.id).where(step_runs.c.enrollment_id.in_(mine))
    sources = select(events.c.source).where(_about(lead_id))
    connection.execute(delete(raw_messages).where(raw_messages.c.source.in_(sources)))
    texts = {"subject": "", "preheader": "", "body": ""}
    connection.execute(update(outreach_messages).where(outreach_messages.c.step_run_id.in_(runs)).values(texts))
    attempts = {"explanation": None, "detail": null(), "provider_ref": None}
    connection.execute(update(outreach_attempts).where(outreach_attempts.c.lead_id == lead_id).values(attempts))
    connection.execute(update(events).where(_about(lead_id)).values(data={}))
    task = {"title": "", "text": "", "link": None, "number": None, "disposition": None, "detail": null()}
    connection.execute(update(tasks).where(tasks.c.lead_id == lead_id).values(task))
    connection.execute(update(transitions).where(transitions.c.enrollment_id.in_(mine)).values(detail={}))
    connection.execute(update(step_runs).where(step_runs.c.enrollment_id.in_(mine)).values(reason=""))
    connection.execute(update(enrollments).where(enrollments.c.lead_id == lead_id).values(waiting_why=None))


def _blank_problems(connection: Connection, person: Lead) -> None:
    names = [name for name in (person.email, person.linkedin_url, person.phone) if name]
    if names:
        says = or_(*(problems.c.text.icontains(name, autoescape=True) for name in names))
        connection.execute(update(problems).where(says).values(text="about a person who was erased", help=""))


def _about(lead_id: int) -> Any:
    """The events of a lead, also those that only name one of its enrollments."""
    mine = select(enrollments.c.id).where(enrollments.c.lead_id == lead_id)
    return or_(events.c.lead_id == lead_id, events.c.enrollment_id.in_(mine))


def _rows(connection: Connection, table: Table, where: Any) -> Sequence[Mapping[str, Any]]:
    query = select(table).where(where).order_by(*table.primary_key.columns)
    return [dict(row._mapping) for row in connection.execute(query)]
