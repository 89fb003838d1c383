"""Whom a signal concerns: by our own key, then message ids, then address or profile, then the company's domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select, true

from runner.engine.ports import Signal
from runner.model.events import EventKind
from runner.store.tables import enrollments, leads, outreach_attempts, step_runs

COLLEAGUES = 2
"""For how many a reply by their company counts, if nothing else ties it: those who were written to last."""


@dataclass(frozen=True, slots=True)
class Match:
    """A lead that a signal concerns, with the enrollment and step where those are known."""

    lead_id: int
    enrollment_id: int | None = None
    step: str | None = None


def match_signal(connection: Connection, signal: Signal, account: str | None) -> list[Match]:
    """The leads a signal concerns, by the first of the ways to tell that finds one; [] when none does."""
    for query in _queries(signal):
        rows = connection.execute(query).all()
        if rows:
            found = [Match(row.lead_id, row.enrollment_id, row.step) for row in rows]
            return [_with_step(connection, match, account) for match in found]
    return []


def _queries(signal: Signal) -> list[Select[Any]]:
    by_run = select(enrollments.c.lead_id, step_runs.c.enrollment_id, step_runs.c.step)
    by_run = by_run.join(enrollments, enrollments.c.id == step_runs.c.enrollment_id).limit(1)
    found: list[Select[Any]] = []
    if signal.key:
        found.append(by_run.where(step_runs.c.key == signal.key))
    if signal.message_ids:
        through = by_run.join(outreach_attempts, outreach_attempts.c.step_run_id == step_runs.c.id)
        ids = (outreach_attempts.c.message_id, outreach_attempts.c.provider_ref)  # SES replaces our Message-ID
        found.append(through.where(or_(*(column.in_(signal.message_ids) for column in ids))))
    none = (step_runs.c.enrollment_id.label("enrollment_id"), step_runs.c.step.label("step"))
    lead = select(leads.c.id.label("lead_id"), *none).outerjoin(step_runs, step_runs.c.id == -1)
    if signal.address:
        found.append(lead.where(leads.c.email_key == signal.address.strip().casefold()))
    if signal.profile:
        names = (leads.c.linkedin_urn == signal.profile, leads.c.linkedin_key == signal.profile.casefold())
        found.append(lead.where(names[0] | names[1]))
    if signal.domain and signal.kind is EventKind.REPLIED:
        newest = select(func.max(outreach_attempts.c.id)).where(
            outreach_attempts.c.lead_id == leads.c.id, outreach_attempts.c.status == "sent"
        )
        last = newest.scalar_subquery()
        written_to = (leads.c.domain == signal.domain.casefold(), last.is_not(None))
        found.append(lead.where(*written_to).order_by(last.desc()).limit(COLLEAGUES))
    return found


def _with_step(connection: Connection, match: Match, account: str | None) -> Match:
    """Where only the person is known, the step is the last one that went out on the channel the event came by."""
    if match.enrollment_id is not None:
        return match
    channel = (account or "").partition("/")[0]
    query = (
        select(outreach_attempts.c.enrollment_id, step_runs.c.step)
        .join(step_runs, step_runs.c.id == outreach_attempts.c.step_run_id)
        .where(
            outreach_attempts.c.lead_id == match.lead_id,
            outreach_attempts.c.channel == channel if channel else true(),
            outreach_attempts.c.status.in_(("sent", "sending", "unknown")),
        )
        .order_by(outreach_attempts.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return Match(match.lead_id, row.enrollment_id, row.step) if row else match
