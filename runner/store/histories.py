"""What happened, for people: a lead's history, and a campaign's numbers counted from the log."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select, true

from runner.errors import NotFound
from runner.model.events import EventKind
from runner.model.message import OutreachStatus
from runner.store.context import Context
from runner.store.switching import switched_off
from runner.store.tables import campaigns, enrollments, events, leads, outreach_attempts, outreach_messages, step_runs

STATUS_OF = {
    "pending": OutreachStatus.PENDING,
    "claimed": OutreachStatus.PENDING,
    "sending": OutreachStatus.PENDING,
    "sent": OutreachStatus.SENT,
    "failed": OutreachStatus.FAILED,
    "unknown": OutreachStatus.UNKNOWN,
    "cancelled": OutreachStatus.CANCELLED,
}


def outreach_history(ctx: Context, lead_id: int) -> list[dict[str, Any]]:
    """Every attempt and event of a lead, oldest first. Raises NotFound for no such lead."""
    with ctx.db.read() as connection:
        if connection.execute(select(leads.c.id).where(leads.c.id == lead_id)).first() is None:
            raise NotFound(f"there is no lead {lead_id}", help="`runner leads list` shows them")
        seen = _events_of(connection, events.c.lead_id == lead_id)
        rows = [_attempt_entry(row, seen, ctx) for row in _attempts(connection, outreach_attempts.c.lead_id == lead_id)]
        rows += [_event_entry(row) for row in connection.execute(select(events).where(events.c.lead_id == lead_id))]
    return sorted(rows, key=lambda entry: (entry["at"] or "", entry["id"]))


def _attempts(connection: Connection, where: Any) -> list[Row[Any]]:
    query = (
        select(
            outreach_attempts,
            step_runs.c.step,
            step_runs.c.variant,
            step_runs.c.settle_until,
            step_runs.c.outcome.label("step_outcome"),
            outreach_messages.c.subject,
            campaigns.c.name.label("campaign"),
            leads.c.email,
        )
        .join(step_runs, step_runs.c.id == outreach_attempts.c.step_run_id)
        .join(enrollments, enrollments.c.id == outreach_attempts.c.enrollment_id)
        .join(campaigns, campaigns.c.id == enrollments.c.campaign_id)
        .join(leads, leads.c.id == outreach_attempts.c.lead_id)
        .outerjoin(
            outreach_messages,
            (outreach_messages.c.step_run_id == step_runs.c.id)
            & (outreach_messages.c.action == outreach_attempts.c.action),
        )
        .where(where)
        .order_by(outreach_attempts.c.id)
    )
    return list(connection.execute(query))


def _events_of(connection: Connection, where: Any) -> Mapping[tuple[int | None, str | None], set[str]]:
    found: dict[tuple[int | None, str | None], set[str]] = defaultdict(set)
    columns = (events.c.enrollment_id, events.c.step, events.c.kind, events.c.permanent)
    for enrollment_id, step, kind, permanent in connection.execute(select(*columns).where(where)):
        if kind != EventKind.BOUNCED.value or permanent:
            found[(enrollment_id, step)].add(kind)
    return found


def status_of(row: Row[Any], seen: set[str], ctx: Context) -> OutreachStatus:
    """How a message stands: what the attempt came to, and what was heard since."""
    status = STATUS_OF[row.status]
    if status is not OutreachStatus.SENT:
        return status
    if EventKind.BOUNCED.value in seen:
        return OutreachStatus.BOUNCED
    if EventKind.REPLIED.value in seen:
        return OutreachStatus.REPLIED
    settled = row.settle_until is not None and row.settle_until <= ctx.now()
    return OutreachStatus.DELIVERED if settled else OutreachStatus.SENT


def _attempt_entry(row: Row[Any], seen: Mapping[Any, set[str]], ctx: Context) -> dict[str, Any]:
    return {
        "at": _iso(row.finished_at or row.intent_at or row.claimed_at), "id": row.id, "entry": "attempt",
        "campaign": row.campaign, "step": row.step, "channel": row.channel, "account": row.account,
        "action": row.action or None, "variant": row.variant, "subject": row.subject, "retry": row.retry_count,
        "status": status_of(row, seen.get((row.enrollment_id, row.step), set()), ctx).value,
        "reason": row.reason, "explanation": row.explanation, "message_id": row.message_id,
        "next_retry_at": _iso(row.next_retry_at), "git_commit": row.git_commit, "body_hash": row.body_hash,
        "resolved_by": row.resolved_by,
    }  # fmt: skip


def _event_entry(row: Row[Any]) -> dict[str, Any]:
    return {
        "at": _iso(row.at), "id": row.id, "entry": "event", "step": row.step, "account": row.account,
        "status": row.kind, "reason": "permanent" if row.permanent else _machine(row.data), "data": row.data,
    }  # fmt: skip


def _machine(data: Mapping[str, Any]) -> str | None:
    """What an open or a click by a machine is marked with."""
    return f"machine: {data['machine']}" if data.get("machine") else None


def channel_metrics(ctx: Context, campaign: str) -> dict[str, Any]:
    """A campaign's funnel: enrollments by status, and for every channel and step what went out and came back."""
    with ctx.db.read() as connection:
        campaign_id = connection.execute(select(campaigns.c.id).where(campaigns.c.name == campaign)).scalar()
        mine = select(enrollments.c.id).where(enrollments.c.campaign_id == campaign_id)
        statuses: Counter[str] = Counter()
        for status, reason in connection.execute(
            select(enrollments.c.status, enrollments.c.end_reason).where(enrollments.c.campaign_id == campaign_id)
        ):
            statuses[f"stopped: {reason}" if status == "stopped" else status] += 1
        seen = _events_of(connection, events.c.enrollment_id.in_(mine))
        attempts = _attempts(connection, outreach_attempts.c.enrollment_id.in_(mine))
        steps, opened = _steps(connection, mine), _opened(connection, mine)
        off = switched_off(connection, f"campaign:{campaign}")
    return {
        "campaign": campaign,
        "switched_off": off,
        "enrollments": dict(sorted(statuses.items())),
        "channels": _by_channel(attempts, seen, ctx),
        "steps": steps,
        "opened": opened,
    }


def _by_channel(attempts: list[Row[Any]], seen: Mapping[Any, set[str]], ctx: Context) -> dict[str, dict[str, Any]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    contacted: dict[str, set[int]] = defaultdict(set)
    replied: dict[str, set[int]] = defaultdict(set)
    for row in attempts:
        heard = seen.get((row.enrollment_id, row.step), set())
        status = status_of(row, heard, ctx)
        found[row.channel]["attempts"] += 1
        found[row.channel][status.value] += 1
        if row.status in ("sent", "unknown"):
            contacted[row.channel].add(row.lead_id)
        if EventKind.REPLIED.value in heard:
            replied[row.channel].add(row.lead_id)
    return {
        channel: dict(sorted(counts.items()))
        | {"leads_contacted": len(contacted[channel]), "leads_replied": len(replied[channel])}
        for channel, counts in sorted(found.items())
    }


def _opened(connection: Connection, mine: Any) -> dict[str, int]:
    """Opens and clicks where they are tracked: leads by whom, and apart from them messages by machines."""
    kinds = events.c.kind.in_((EventKind.OPENED.value, EventKind.CLICKED.value))
    people = select(events.c.kind, func.count(events.c.lead_id.distinct())).where(kinds)
    found = {f"leads_{kind}": count for kind, count in
             connection.execute(people.where(events.c.enrollment_id.in_(mine)).group_by(events.c.kind))}  # fmt: skip
    of_them = select(enrollments.c.lead_id).where(enrollments.c.id.in_(mine))
    machines = select(events.c.kind, events.c.data).where(kinds, events.c.enrollment_id.is_(None))
    ids = set(connection.execute(mine).scalars())
    for kind, data in connection.execute(machines.where(events.c.lead_id.in_(of_them))):
        if (data or {}).get("enrollment") in ids:
            found[f"machines_{kind}"] = found.get(f"machines_{kind}", 0) + 1
    return dict(sorted(found.items()))


def _steps(connection: Connection, mine: Any) -> list[dict[str, Any]]:
    """Each step's outcomes, in the order people come through them."""
    counts: dict[str, Counter[str]] = {}
    columns = (step_runs.c.step, step_runs.c.outcome)
    query = select(*columns).where(step_runs.c.enrollment_id.in_(mine)).order_by(step_runs.c.id)
    for step, outcome in connection.execute(query):
        counts.setdefault(step, Counter())[outcome or "under way"] += 1
    return [
        {"step": step, "entered": sum(c.values()), "outcomes": dict(sorted(c.items()))} for step, c in counts.items()
    ]


def _iso(instant: Any) -> str | None:
    return instant.isoformat() if instant else None


def attempt_rows(ctx: Context, *, status: str | None, campaign: str | None) -> list[dict[str, Any]]:
    """Attempts with their leads, newest first. Raises NotFound for a campaign that never ran."""
    where: list[Any] = [true()]
    if status is not None:
        where.append(outreach_attempts.c.status == status)
    if campaign is not None:
        where.append(campaigns.c.name == campaign)
    with ctx.db.read() as connection:
        known = select(campaigns.c.id).where(campaigns.c.name == campaign)
        if campaign is not None and connection.execute(known).first() is None:
            raise NotFound(f"there is no campaign `{campaign}`", help="the files in campaigns/ name them")
        rows = _attempts(connection, and_(*where))
    entries = [
        _attempt_entry(row, {}, ctx) | {"lead": row.email or row.lead_id, "lead_id": row.lead_id} for row in rows
    ]
    return list(reversed(entries))
