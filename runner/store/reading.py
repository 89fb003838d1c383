"""What an inbox reader is told before it reads: where it left off, and whom to look out for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from runner.model.channel import ChannelType
from runner.model.lead import Lead, LinkedInConnectionStatus
from runner.store.people import load_leads
from runner.store.storable import storable_text
from runner.store.tables import enrollments, inbox_cursors, leads, outreach_attempts

WATCHED = 2000
"""The most leads an inbox looks out for at once: those written to last."""


def cursor_of(connection: Connection, account: str) -> Mapping[str, Any]:
    """Where the last read of an account's inbox ended; {} before the first."""
    found = connection.execute(select(inbox_cursors.c.cursor).where(inbox_cursors.c.account == account)).scalar()
    return found or {}


def watched_leads(connection: Connection, account: str) -> list[Lead]:
    """Leads to whom something went out through this account, and who are on the way or have an open invitation."""
    wanted: ColumnElement[bool] = enrollments.c.ended_at.is_(None)
    if account.partition("/")[0] == ChannelType.LINKEDIN.value:
        invited = leads.c.linkedin_status == LinkedInConnectionStatus.CONNECTION_REQUESTED.value
        wanted = or_(wanted, and_(outreach_attempts.c.action == "connect", invited))
    query = (
        select(outreach_attempts.c.lead_id)
        .join(enrollments, enrollments.c.id == outreach_attempts.c.enrollment_id)
        .join(leads, leads.c.id == outreach_attempts.c.lead_id)
        .where(
            outreach_attempts.c.account == account,
            outreach_attempts.c.status.in_(("sent", "sending", "unknown")),
            wanted,
        )
        .order_by(outreach_attempts.c.id.desc())
        .limit(WATCHED)
    )
    ids = dict.fromkeys(connection.execute(query).scalars())
    found = load_leads(connection, ids)
    return [found[lead_id] for lead_id in ids if lead_id in found]


def record_failure(connection: Connection, account: str, error: str, now: datetime) -> None:
    """An inbox could not be read: since when and why, for `explain` and `doctor`."""
    error = storable_text(error)
    mine = inbox_cursors.c.account == account
    row = connection.execute(select(inbox_cursors.c.failing_since).where(mine)).first()
    if row is None:
        values = {"account": account, "cursor": {}, "failing_since": now, "error": error}
        connection.execute(insert(inbox_cursors).values(**values))
    else:
        values = {"failing_since": row.failing_since or now, "error": error}
        connection.execute(update(inbox_cursors).where(mine).values(**values))
