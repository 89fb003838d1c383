"""How everybody ended, and one lead's story told line by line from the log."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from runner.errors import NotFound
from runner.store.context import Context
from runner.store.log import log_of
from runner.store.tables import campaigns, enrollments, events, leads, step_runs, transitions


def final_states(ctx: Context) -> list[dict[str, Any]]:
    """One row for each enrollment: who, where, how it stands, why, and the steps it went through."""
    query = (
        select(enrollments, leads.c.email, leads.c.first_name, campaigns.c.name.label("campaign"))
        .join(leads, leads.c.id == enrollments.c.lead_id)
        .join(campaigns, campaigns.c.id == enrollments.c.campaign_id)
        .order_by(enrollments.c.id)
    )
    with ctx.db.read() as connection:
        paths = _paths(connection)
        return [
            {"lead": row.email or row.first_name or str(row.lead_id), "lead_id": row.lead_id, "enrollment": row.id,
             "campaign": row.campaign, "status": row.status, "reason": row.end_reason or row.waiting_on,
             "path": ", ".join(paths.get(row.id, ()))}
            for row in connection.execute(query)
        ]  # fmt: skip


def _paths(connection: Connection) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    columns = (step_runs.c.enrollment_id, step_runs.c.step, step_runs.c.outcome, step_runs.c.reason)
    for enrollment_id, step, outcome, reason in connection.execute(select(*columns).order_by(step_runs.c.id)):
        if outcome != "skipped":
            why = f" ({reason})" if reason and outcome == "failed" else ""
            found.setdefault(enrollment_id, []).append(f"{step} {outcome or '...'}{why}")
    return found


def longest_story(ctx: Context, who: str | None = None) -> dict[str, Any]:
    """The story of one lead: every transition and event, in order. Without `who`, of the one with most of them.

    Raises NotFound for a lead who is in no campaign.
    """
    with ctx.db.read() as connection:
        query = select(enrollments.c.id, leads.c.email, leads.c.first_name).join(leads)
        if who is not None:
            query = query.where(leads.c.email_key == who.casefold())
        else:
            most = select(transitions.c.enrollment_id).group_by(transitions.c.enrollment_id)
            most = most.order_by(func.count().desc(), transitions.c.enrollment_id).limit(1)
            query = query.where(enrollments.c.id == most.scalar_subquery())
        row = connection.execute(query).first()
        if row is None:
            raise NotFound("nobody by that address is in a campaign")
        return {"lead": row.email or row.first_name, "enrollment": row.id, "lines": story(connection, row.id)}


def story(connection: Connection, enrollment_id: int) -> list[str]:
    """An enrollment's transitions and events as lines, oldest first."""
    heard = select(events).where(events.c.enrollment_id == enrollment_id)
    lines = [(row.at, 1, _transition_line(row)) for row in connection.execute(log_of(enrollment_id))]
    lines += [(row.recorded_at, 0, _event_line(row)) for row in connection.execute(heard.order_by(events.c.id))]
    return [f"{at:%a %d %b %H:%M:%S}  {text}" for at, _, text in sorted(lines, key=lambda line: line[:2])]


def _transition_line(row: Any) -> str:
    detail = row.detail
    words = [f"{row.step or '':<12} {row.kind}"]
    if row.kind == "finished":
        words = [f"{row.step:<12} {detail.get('outcome')}"]
    if why := detail.get("reason") or detail.get("why"):
        words.append(f"({why})")
    if until := detail.get("until"):
        words.append(f"until {until[:16].replace('T', ' ')}")
    if saw := detail.get("saw"):
        words.append("because " + ", ".join(f"{name} is {value}" for name, value in saw.items()))
    return " ".join(words)


def _event_line(row: Any) -> str:
    return f"{row.step or '':<12} * {row.kind}{' (permanent)' if row.permanent else ''}"


def enrollment_trace(ctx: Context, enrollment_id: int) -> dict[str, Any]:
    """Everything known of one enrollment. Raises NotFound for none of that number."""
    with ctx.db.read() as connection:
        query = select(enrollments, leads.c.email, leads.c.first_name, campaigns.c.name.label("campaign"))
        query = query.join(leads, leads.c.id == enrollments.c.lead_id).join(campaigns)
        row = connection.execute(query.where(enrollments.c.id == enrollment_id)).first()
        if row is None:
            raise NotFound(f"there is no enrollment {enrollment_id}", help="`runner explain LEAD` shows their numbers")
        moved = connection.execute(log_of(enrollment_id)).all()
        steps = [
            {"at": each.at.isoformat(), "step": each.step, "kind": each.kind, "detail": each.detail} for each in moved
        ]
        return {
            "enrollment": enrollment_id, "lead": row.email or row.first_name, "lead_id": row.lead_id,
            "campaign": row.campaign, "status": row.status, "reason": row.end_reason or row.waiting_on,
            "transitions": steps, "story": story(connection, enrollment_id),
            "tracebacks": [step["detail"]["traceback"] for step in steps if "traceback" in step["detail"]],
        }  # fmt: skip
