"""Old invitations: whoever has not answered for too long becomes a task, since only a person can withdraw one.

An invitation is open while its lead counts as `connection_requested`. The task belongs to the attempt that invited,
but stands aside: nothing waits for it, and closing it moves no enrollment and undoes no invitation.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, insert, or_, select, update

from runner.model.lead import LinkedInConnectionStatus
from runner.store.tables import leads, outreach_attempts, step_runs, tasks

WITHDRAW = "linkedin_withdraw"
MOST_ASKED = 25
"""The most invitations of one account that a person is asked to withdraw at once; the next follow as these are done."""

_REQUESTED = LinkedInConnectionStatus.CONNECTION_REQUESTED.value
_NOT_CONNECTED = LinkedInConnectionStatus.NOT_CONNECTED.value


def open_invitations(connection: Connection, account: str) -> int:
    """How many people this account has invited who have not answered, those included whose invitation is under way."""
    query = _invited(account).with_only_columns(func.count(leads.c.id.distinct()))
    past_the_gate = (outreach_attempts.c.status == "sending", outreach_attempts.c.outcome.is_(None))
    mine = (outreach_attempts.c.account == account, outreach_attempts.c.action == "connect", *past_the_gate)
    under_way = select(func.count()).select_from(outreach_attempts).where(*mine)
    return int(connection.execute(query).scalar_one()) + int(connection.execute(under_way).scalar_one())


def keep_withdrawals(connection: Connection, account: str, after: timedelta, now: datetime) -> int:
    """Close what has settled itself, then ask for what is older than `after`, oldest first. Returns how many are new.

    One invitation is asked about once, however the task was closed.
    """
    _close_settled(connection, account, now)
    asked = select(tasks.c.attempt_id).where(tasks.c.kind == WITHDRAW)
    standing = select(func.count()).select_from(tasks).where(tasks.c.kind == WITHDRAW, tasks.c.status == "open")
    mine = standing.where(tasks.c.attempt_id.in_(_of(account)))
    room = MOST_ASKED - int(connection.execute(mine).scalar_one())
    old = (outreach_attempts.c.finished_at <= now - after, outreach_attempts.c.id.not_in(asked))
    query = _invited(account).where(*old).order_by(outreach_attempts.c.finished_at, outreach_attempts.c.id)
    rows = connection.execute(query.limit(max(0, room))).all()
    for row in rows:
        connection.execute(insert(tasks).values(**_task(row, account, now)))
    return len(rows)


def was_withdrawn(connection: Connection, lead_id: int) -> None:
    """The invitation of a lead is open no more: withdrawn, declined or expired."""
    mine = (leads.c.id == lead_id, leads.c.linkedin_status == _REQUESTED)
    connection.execute(update(leads).where(*mine).values(linkedin_status=_NOT_CONNECTED))


def forget_gone(connection: Connection, account: str, profiles: tuple[str, ...]) -> None:
    """Inboxes saw that these people, by URN or public id, have no open invitation of this account any more."""
    for profile in profiles:
        named = or_(leads.c.linkedin_urn == profile, leads.c.linkedin_key == profile.casefold())
        for row in connection.execute(_invited(account).where(named)).all():
            was_withdrawn(connection, row.lead_id)


def _close_settled(connection: Connection, account: str, now: datetime) -> None:
    open_ones = and_(tasks.c.kind == WITHDRAW, tasks.c.status == "open", tasks.c.attempt_id.in_(_of(account)))
    query = select(tasks.c.id, leads.c.linkedin_status).join(leads, leads.c.id == tasks.c.lead_id)
    for task_id, status in connection.execute(query.where(open_ones, leads.c.linkedin_status != _REQUESTED)).all():
        word = "accepted" if status == LinkedInConnectionStatus.CONNECTED.value else "withdrawn"
        ended = {"status": word, "closed_at": now, "closed_by": "runner"}
        connection.execute(update(tasks).where(tasks.c.id == task_id).values(**ended))


def _of(account: str) -> Select[Any]:
    return select(outreach_attempts.c.id).where(outreach_attempts.c.account == account)


def _invited(account: str) -> Select[Any]:
    """The attempts of this account whose invitation is open, with the person's name and profile."""
    columns = (outreach_attempts.c.id, outreach_attempts.c.enrollment_id, outreach_attempts.c.lead_id,
               outreach_attempts.c.finished_at, leads.c.first_name, leads.c.last_name, leads.c.company,
               leads.c.linkedin_url, leads.c.linkedin_urn, step_runs.c.step)  # fmt: skip
    invited = (outreach_attempts.c.account == account, outreach_attempts.c.action == "connect",
               outreach_attempts.c.status == "sent", leads.c.linkedin_status == _REQUESTED)  # fmt: skip
    people = outreach_attempts.join(leads, leads.c.id == outreach_attempts.c.lead_id)
    steps = people.join(step_runs, step_runs.c.id == outreach_attempts.c.step_run_id)
    return select(*columns).select_from(steps).where(*invited)


def _task(row: Row[Any], account: str, now: datetime) -> dict[str, Any]:
    name = " ".join(part for part in (row.first_name, row.last_name) if part) or row.linkedin_url or row.linkedin_urn
    at = f" ({row.company})" if row.company else ""
    link = row.linkedin_url or f"https://www.linkedin.com/in/{row.linkedin_urn}/"
    text = (
        f"The invitation of {account} has waited since {row.finished_at:%Y-%m-%d}. Withdraw it under My Network > "
        "Manage > Sent, or leave it and skip this task. LinkedIn refuses a new one for up to three weeks after."
    )
    return {
        "attempt_id": row.id, "enrollment_id": row.enrollment_id, "lead_id": row.lead_id, "step": row.step,
        "aside": True, "kind": WITHDRAW, "title": f"Withdraw the invitation to {name}{at} on LinkedIn", "text": text,
        "link": link, "status": "open", "created_at": now, "detail": {"invited_at": row.finished_at.isoformat()},
    }  # fmt: skip
