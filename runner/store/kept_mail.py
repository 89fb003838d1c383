"""Which of the mail that is kept is about a person: what an event of theirs came from, and what names an address."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select

from runner.store.tables import enrollments, events, raw_messages
from runner.store.traces import Traces


def mail_about(connection: Connection, lead_id: int, traces: Traces) -> list[int]:
    """The ids of the kept messages about a lead, oldest first."""
    mine = select(enrollments.c.id).where(enrollments.c.lead_id == lead_id)
    theirs = or_(events.c.lead_id == lead_id, events.c.enrollment_id.in_(mine))
    told = set(connection.execute(select(events.c.source).where(theirs)).scalars())
    told |= {source.rpartition(":")[0] for source in told}  # a report has a signal for each recipient
    columns = (raw_messages.c.id, raw_messages.c.source, raw_messages.c.content)
    return [
        row.id
        for row in connection.execute(select(*columns).order_by(raw_messages.c.id))
        if row.source in told or traces.are_in_mail(row.content)
    ]
