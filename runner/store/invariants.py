"""What must always be true of the database, as queries: each names what breaks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, exists, func, literal, or_, select

from runner.model.events import ALWAYS_STOP
from runner.store.context import Context
from runner.store.tables import (
    claims,
    enrollments,
    events,
    outreach_attempts,
    outreach_messages,
    reservations,
    step_runs,
    tasks,
    timers,
    transitions,
)


@dataclass(frozen=True, slots=True)
class Invariant:
    """A rule and the query that finds what breaks it: rows of (id, words)."""

    name: str
    says: str
    query: Callable[[datetime], Select[Any]]


def _twice(_now: datetime) -> Select[Any]:
    taken = outreach_attempts.c.status.in_(("sending", "sent", "unknown"))
    grouped = select(outreach_attempts.c.step_run_id, func.count()).where(taken)
    return grouped.group_by(outreach_attempts.c.step_run_id, outreach_attempts.c.action).having(func.count() > 1)


def _after_stop(_now: datetime) -> Select[Any]:
    """By the order in which the two were written, not by their times: a clock may be set back in between."""
    said = or_(events.c.kind.in_(kind.value for kind in ALWAYS_STOP), events.c.kind == enrollments.c.end_reason)
    same = (
        (events.c.enrollment_id == outreach_attempts.c.enrollment_id)
        & (events.c.after_attempt < outreach_attempts.c.id)
    )  # fmt: skip
    query = select(outreach_attempts.c.id, literal("sent after ") + events.c.kind).join(events, same)
    query = query.join(enrollments, enrollments.c.id == outreach_attempts.c.enrollment_id)
    return query.where(outreach_attempts.c.intent_at.is_not(None), said)


def _lost(_now: datetime) -> Select[Any]:
    timer = exists().where(
        timers.c.lane_id == enrollments.c.lane_id, timers.c.due_at == enrollments.c.due_at,
        timers.c.enrollment_id == enrollments.c.id,
    )  # fmt: skip
    claimed = exists().where(claims.c.enrollment_id == enrollments.c.id)
    query = select(enrollments.c.id, enrollments.c.status)
    return query.where(enrollments.c.status.in_(("active", "waiting")), ~timer, ~claimed)


def _haunted(_now: datetime) -> Select[Any]:
    over = exists().where(enrollments.c.id == timers.c.enrollment_id, enrollments.c.ended_at.is_not(None))
    return select(timers.c.enrollment_id, literal("has ended and is still queued")).where(over)


def _queued_twice(_now: datetime) -> Select[Any]:
    return select(timers.c.enrollment_id, func.count()).group_by(timers.c.enrollment_id).having(func.count() > 1)


def _without_proof(_now: datetime) -> Select[Any]:
    bare = or_(outreach_attempts.c.finished_at.is_(None), outreach_attempts.c.intent_at.is_(None))
    query = select(outreach_attempts.c.id, outreach_attempts.c.status)
    by_hand = exists().where(tasks.c.attempt_id == outreach_attempts.c.id, tasks.c.aside.is_(False))
    return query.where(outreach_attempts.c.status == "sent", bare, ~by_hand)


def _stale(now: datetime) -> Select[Any]:
    return select(claims.c.enrollment_id, claims.c.worker).where(claims.c.lease_until < now - timedelta(minutes=10))


def _changed(_now: datetime) -> Select[Any]:
    same = (outreach_messages.c.step_run_id == outreach_attempts.c.step_run_id) & (
        outreach_messages.c.action == outreach_attempts.c.action
    )
    query = select(outreach_attempts.c.id, outreach_attempts.c.body_hash).join(outreach_messages, same)
    return query.where(outreach_attempts.c.body_hash != outreach_messages.c.body_hash)


def _kept(_now: datetime) -> Select[Any]:
    nothing = outreach_attempts.c.status.in_(("failed", "cancelled", "pending"))
    query = select(reservations.c.id, reservations.c.scope)
    return query.join(outreach_attempts, outreach_attempts.c.id == reservations.c.attempt_id).where(nothing)


def _out_of_order(_now: datetime) -> Select[Any]:
    return select(step_runs.c.id, step_runs.c.step).where(step_runs.c.acted_at < step_runs.c.entered_at)


def _torn(_now: datetime) -> Select[Any]:
    before = func.lag(transitions.c.id).over(partition_by=transitions.c.enrollment_id, order_by=transitions.c.id)
    rows = select(transitions.c.id, transitions.c.kind, transitions.c.previous_id, before.label("before")).subquery()
    return select(rows.c.id, rows.c.kind).where(rows.c.previous_id.is_distinct_from(rows.c.before))


def _without_end(_now: datetime) -> Select[Any]:
    newest = select(transitions.c.enrollment_id, func.max(transitions.c.id).label("id"))
    newest_of = newest.group_by(transitions.c.enrollment_id).subquery()
    query = select(enrollments.c.id, enrollments.c.last_transition_id)
    query = query.outerjoin(newest_of, newest_of.c.enrollment_id == enrollments.c.id)
    return query.where(enrollments.c.last_transition_id.is_distinct_from(newest_of.c.id))


INVARIANTS = (
    Invariant("at-most-once", "one attempt of a step is sending, sent or unknown", _twice),
    Invariant("events-win", "nothing is sent after a reply, an opt-out or a complaint", _after_stop),
    Invariant("nobody-lost", "everybody on the way is due, waiting with a date, or being acted on", _lost),
    Invariant("ended-is-ended", "nobody who has ended is queued", _haunted),
    Invariant("queued-once", "everybody is queued at most once", _queued_twice),
    Invariant("sent-is-proven", "whatever counts as sent has an intent and an end", _without_proof),
    Invariant("no-stale-claims", "claims of dead workers are rescued", _stale),
    Invariant("text-is-fixed", "every try of a step sends the text of the first", _changed),
    Invariant("limits-given-back", "what was not sent occupies no limit", _kept),
    Invariant("in-order", "a step acts only after it was entered", _out_of_order),
    Invariant("log-hangs-together", "each row of the log names the one before it of the same enrollment", _torn),
    Invariant("log-has-its-end", "each enrollment names the newest row of its log", _without_end),
)


def broken(ctx: Context) -> list[dict[str, Any]]:
    """Every row that breaks an invariant; [] when all hold."""
    with ctx.db.read() as connection:
        return [row for invariant in INVARIANTS for row in _breaks(connection, invariant, ctx.machine.now())]


def _breaks(connection: Connection, invariant: Invariant, now: datetime) -> list[dict[str, Any]]:
    rows = connection.execute(invariant.query(now).limit(100)).all()
    return [{"invariant": invariant.name, "id": row[0], "found": str(row[1]), "says": invariant.says} for row in rows]
