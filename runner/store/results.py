"""The result's transaction: what an attempt came to is recorded and the enrollment moves on, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, assert_never

from sqlalchemy import Connection, Dialect, bindparam, delete, insert, select, update

from runner.engine.decide import decide
from runner.engine.outcomes import (
    AccountTrouble,
    AlreadyConnected,
    Cancelled,
    Failed,
    HandedOver,
    NotConnected,
    NotNow,
    Outcome,
    Sent,
    TaskDraft,
    TryAgain,
    Unconfirmed,
    Unknown,
)
from runner.engine.state import Stage
from runner.engine.triggers import Reported, Resolved
from runner.model.lead import LinkedInConnectionStatus
from runner.store.applying import Writer, take_timer
from runner.store.bulk import as_keys, bulk_update, wanted
from runner.store.claims import WORKER_DIED, Claim, drop, drop_free, requeue
from runner.store.context import Context
from runner.store.erasures import faceless_outcome, hold_erasures
from runner.store.fixed import Fixed
from runner.store.health import record_success, record_trouble
from runner.store.loading import Loaded, load
from runner.store.pending_events import decide_pending
from runner.store.suppressions import suppress
from runner.store.tables import enrollments, leads, outreach_attempts, reservations, tasks
from runner.store.work import Work

OCCUPIES = (Sent, Unconfirmed, Unknown, HandedOver)
"""Outcomes that keep their reservations; after all others it is certain that nothing went out."""


def record(ctx: Context, work: Work, outcome: Outcome) -> bool:
    """Record the outcome of an attempt and decide what follows. False when the claim was lost and nothing went out.

    A send that happened under a lost claim is recorded all the same: the world changed, whoever holds the claim.
    Doing it again changes nothing, so that it may be repeated when the answer to the commit was lost.
    """
    return ctx.db.together(_record, ctx, (work, outcome))


def _record(
    connection: Connection, ctx: Context, reports: Sequence[tuple[Work, Outcome]], alone: bool
) -> dict[int, bool]:
    """Alone it waits for whoever holds the claim, and finds out what became of one that is gone."""
    recording = _Recording(connection, ctx, ctx.now())
    if alone:
        [(work, outcome)] = reports
        kept = {0: recording.take(work, outcome, held=drop(connection, work.claim))}
    else:
        free = drop_free(connection, [work.claim for work, _ in reports])
        mine = {place: report for place, report in enumerate(reports) if report[0].claim in free}
        kept = {place: recording.take(work, outcome, held=True) for place, (work, outcome) in mine.items()}
    recording.close()
    return kept


@dataclass(slots=True)
class _Recording:
    """The results of one transaction, gathered. `moving` are those on whose enrollment there is to be decided."""

    connection: Connection
    ctx: Context
    now: datetime
    attempts: dict[tuple[str, ...], list[tuple[Any, ...]]] = field(default_factory=dict)
    occupying: list[int] = field(default_factory=list)
    sent: dict[int, str] = field(default_factory=dict)
    moving: dict[int, tuple[Work, Outcome]] = field(default_factory=dict)

    def take(self, work: Work, outcome: Outcome, *, held: bool) -> bool:
        """Take one result in, whose claim was `held` until now; whether it counts."""
        connection = self.connection
        if not held:
            if not isinstance(outcome, OCCUPIES):
                return False
            if _is_recorded(connection, work.attempt_id):
                return True
            if _is_erased(connection, work.lead.id):
                outcome = faceless_outcome(outcome)
                if isinstance(outcome, HandedOver):
                    return False  # nobody is asked to write to somebody who was erased
        self._end_attempt(work, outcome)
        _side_effects(connection, self.ctx, work, outcome, self.now)
        if isinstance(outcome, NotNow) and outcome.lane_wide:
            requeue(connection, work.claim.lane.id, work.claim.due_at, work.claim.enrollment_id)
        else:
            self.moving[work.claim.enrollment_id] = work, outcome
        return True

    def _end_attempt(self, work: Work, outcome: Outcome) -> None:
        status, values = _attempt_values(outcome)
        values |= {"status": status, "finished_at": None if status in ("pending", "sending") else self.now}
        self.attempts.setdefault(tuple(values), []).append((*values.values(), work.attempt_id))
        if isinstance(outcome, OCCUPIES):
            self.occupying.append(work.attempt_id)  # a task counts from the hand-over
        else:
            mine = reservations.c.attempt_id == work.attempt_id
            self.connection.execute(delete(reservations).where(mine))
        if isinstance(outcome, Sent) and outcome.message_id:
            self.sent[work.step_run_id] = outcome.message_id

    def close(self) -> None:
        """Write what was gathered, and decide what follows."""
        connection, dialect = self.connection, self.connection.dialect
        for columns, rows in self.attempts.items():
            bulk_update(outreach_attempts, columns, dialect).run(connection, rows)
        if self.occupying:
            _occupy(dialect).change(connection, keys=as_keys(self.occupying, dialect), now=self.now)
        for enrollment_id in self._moved():
            decide_pending(connection, self.ctx, enrollment_id, self.now)

    def _moved(self) -> list[int]:
        """Decide what follows. Returns on whom events wait to be decided on: later ones wait for these rows' lock."""
        writer = Writer(self.connection, self.ctx, self.now, message_ids=self.sent)
        undecided: list[int] = []
        if not self.moving:
            return undecided
        for loaded in load(self.connection, self.ctx.book, self.moving, lock=True):
            self._decide(writer, loaded, *self.moving[loaded.state.id])
            if loaded.undecided:
                undecided.append(loaded.state.id)
        writer.flush()
        return undecided

    def _decide(self, writer: Writer, loaded: Loaded, work: Work, outcome: Outcome) -> None:
        run = loaded.state.runs.get(work.step)
        if run is None or run.outcome is not None:
            return
        take_timer(self.connection, loaded)  # after a lost claim it may have been queued again; the result replaces it
        late = run.stage is Stage.UNKNOWN and isinstance(outcome, Sent)  # the rescue of a lost claim was quicker
        trigger = Resolved(work.step, True, "reported late") if late else Reported(work.step, outcome)
        graph = self.ctx.book.graph(loaded.sequence_id)
        writer.add(loaded, decide(graph, loaded.state, trigger, self.now))


def _is_recorded(connection: Connection, attempt_id: int) -> bool:
    """Whether the attempt's own result is there already; what the rescue of a lost claim supposed is not one."""
    columns = (outreach_attempts.c.outcome, outreach_attempts.c.reason)
    query = select(*columns).where(outreach_attempts.c.id == attempt_id).with_for_update()
    row = connection.execute(query).one()
    return row.outcome is not None and row.reason != WORKER_DIED


def _is_erased(connection: Connection, lead_id: int) -> bool:
    """Whether the person was erased since the claim was lost; while it was held, nobody could be."""
    hold_erasures(connection)
    return connection.execute(select(leads.c.erased_at).where(leads.c.id == lead_id)).scalar() is not None


@lru_cache(maxsize=8)
def _occupy(dialect: Dialect) -> Fixed:
    mine = wanted(reservations.c.attempt_id, dialect)
    return Fixed(update(reservations).where(mine).values(finished_at=bindparam("now")))


def _attempt_values(outcome: Outcome) -> tuple[str, dict[str, Any]]:
    match outcome:
        case Sent(message_id=message_id, provider_ref=ref, detail=detail):
            sent = {"outcome": "sent", "message_id": message_id, "provider_ref": (ref or "")[:255] or None}
            return "sent", sent | {"detail": dict(detail), "reason": None, "explanation": None}
        case Unconfirmed(detail=detail):
            return "sent", {"outcome": "unconfirmed", "detail": dict(detail), "reason": None}
        case AlreadyConnected(detail=detail):
            return "cancelled", {"outcome": "already_connected", "detail": dict(detail)}
        case NotConnected(detail=detail):
            return "failed", {"outcome": "not_connected", "detail": dict(detail)}
        case Failed(reason=reason, explanation=text, detail=detail):
            return "failed", {"outcome": "failed", "reason": reason, "explanation": text, "detail": dict(detail)}
        case TryAgain(reason=reason, explanation=text, detail=detail):
            return "failed", {"outcome": "try_again", "reason": reason, "explanation": text, "detail": dict(detail)}
        case AccountTrouble(reason=reason, explanation=text, detail=detail):
            return "pending", {"outcome": None, "reason": reason, "explanation": text, "detail": dict(detail)}
        case HandedOver():
            return "sending", {"outcome": "handed_over"}
        case Unknown(reason=reason, explanation=text, detail=detail):
            return "unknown", {"outcome": "unknown", "reason": reason, "explanation": text, "detail": dict(detail)}
        case NotNow(until=until, reason=reason, explanation=text):
            return "pending", {"next_retry_at": until, "reason": reason, "explanation": text}
        case Cancelled(reason=reason, explanation=text):
            return "cancelled", {"outcome": "cancelled", "reason": reason, "explanation": text}
        case _:
            assert_never(outcome)


def _side_effects(connection: Connection, ctx: Context, work: Work, outcome: Outcome, now: datetime) -> None:
    match outcome:
        case Sent(detail=detail):
            record_success(connection, work.account.key, now)
            _keep_profile_id(connection, work.lead.id, detail)
            if work.action == "connect":
                _connection_status(connection, work.lead.id, LinkedInConnectionStatus.CONNECTION_REQUESTED)
        case AlreadyConnected():
            _connection_status(connection, work.lead.id, LinkedInConnectionStatus.CONNECTED)
        case NotConnected():
            _connection_status(connection, work.lead.id, LinkedInConnectionStatus.NOT_CONNECTED)
        case Failed(hard=True, reason=reason) if work.lead.email:
            suppress(connection, ctx.key, "address", work.lead.email, reason="hard_bounce", actor=reason, now=now)
        case AccountTrouble():
            record_trouble(connection, work.account.key, outcome, now)
        case HandedOver(task=task):
            _open_task(connection, work, task, now)
        case _:
            pass


def _keep_profile_id(connection: Connection, lead_id: int, detail: Mapping[str, object]) -> None:
    """LinkedIn's id of a person is asked for once: what a channel resolved is stored with the lead."""
    if found := detail.get("linkedin_urn"):
        unknown = (leads.c.id == lead_id, leads.c.linkedin_urn.is_(None))
        connection.execute(update(leads).where(*unknown).values(linkedin_urn=str(found)[:120]))


def _connection_status(connection: Connection, lead_id: int, status: LinkedInConnectionStatus) -> None:
    connection.execute(update(leads).where(leads.c.id == lead_id).values(linkedin_status=status.value))


def _open_task(connection: Connection, work: Work, task: TaskDraft, now: datetime) -> None:
    row = {
        "attempt_id": work.attempt_id, "enrollment_id": work.claim.enrollment_id, "lead_id": work.lead.id,
        "step": work.step, "kind": task.kind, "title": task.title, "text": task.text, "link": task.link,
        "number": task.number, "status": "open", "created_at": now, "detail": dict(task.detail),
    }  # fmt: skip
    connection.execute(insert(tasks).values(**row))


def give_back(ctx: Context, claim: Claim) -> bool:
    """Undo a claim under which provably nothing went out, however much of it was committed. False when it was lost.

    The enrollment is due again where it stood in the queue, unless a person set it aside or it ended meanwhile; an
    intent is withdrawn with what it had reserved.
    """
    now = ctx.now()
    with ctx.db.write() as connection:
        if not drop(connection, claim):
            return False
        query = select(enrollments.c.status).where(enrollments.c.id == claim.enrollment_id).with_for_update()
        status = connection.execute(query).scalar_one()
        over = status in ("completed", "stopped")
        values = {"status": "cancelled", "finished_at": now} if over else {"status": "pending", "intent_at": None}
        of_it = (outreach_attempts.c.enrollment_id == claim.enrollment_id, outreach_attempts.c.outcome.is_(None))
        begun = (*of_it, outreach_attempts.c.status.in_(("claimed", "sending")))
        undone = update(outreach_attempts).where(*begun).values(**values).returning(outreach_attempts.c.id)
        for (attempt_id,) in connection.execute(undone).all():
            connection.execute(delete(reservations).where(reservations.c.attempt_id == attempt_id))
        if not over and status != "paused":
            requeue(connection, claim.lane.id, claim.due_at, claim.enrollment_id)
        decide_pending(connection, ctx, claim.enrollment_id, now)
    return True


def abandon(ctx: Context, work: Work, error: BaseException, trace: str) -> None:
    """An exception of ours came out of a channel: park the enrollment with its traceback, so that it blocks nobody.

    When the intent was already written the message may have gone out, and the attempt becomes unknown instead.
    """
    from runner.store.ticking import park

    with ctx.db.read() as connection:
        query = select(outreach_attempts.c.status).where(outreach_attempts.c.id == work.attempt_id)
        status = connection.execute(query).scalar()
    if status == "sending":
        record(ctx, work, Unknown("internal_error", f"{type(error).__name__} after the intent", {"traceback": trace}))
        return
    with ctx.db.write() as connection:
        if drop(connection, work.claim):
            mine = outreach_attempts.c.id == work.attempt_id
            connection.execute(update(outreach_attempts).where(mine).values(status="pending", reason="internal_error"))
            park(connection, work.claim.enrollment_id, work.step, trace, ctx.now())
