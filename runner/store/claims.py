"""Claims: a worker's lease on an enrollment, its fence, and the rescue of those whose worker is gone."""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Sequence
from dataclasses import field
from datetime import datetime
from functools import lru_cache
from itertools import takewhile
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from runner.engine.decide import decide
from runner.engine.outcomes import Unknown
from runner.engine.state import Stage
from runner.engine.triggers import Reported
from runner.store.applying import Writer, take_timer
from runner.store.bulk import as_keys, bulk_insert, wanted
from runner.store.context import Context
from runner.store.fixed import Fixed
from runner.store.lanes import Lane
from runner.store.loading import load
from runner.store.log import log_of, note
from runner.store.tables import claims, enrollments, outreach_attempts, reservations, step_runs, timers
from runner.values import value

MAX_CRASHES = 3
"""A step whose process died this often before it could send is parked: it may be what kills the process."""


RESCUED = "rescued"
"""The log's word for a claim whose worker died before there was an attempt."""
WORKER_DIED = "worker_died"
"""Why an attempt is unknown whose claim was rescued after the intent."""


@value
class Claim:
    """The right to act on one enrollment, as long as the row with this token stands and its lease has not run out.

    No two have the same token, so nothing else is hashed.
    """

    enrollment_id: int = field(hash=False)
    token: str
    lane: Lane = field(hash=False)
    due_at: datetime = field(hash=False)


def claim_rows(
    connection: Connection, ctx: Context, lane: Lane, rows: Sequence[tuple[datetime, int]]
) -> tuple[Claim, ...]:
    """Write claims for enrollments whose timers were just taken out."""
    lease_until = ctx.machine.now() + ctx.lease
    made = tuple(Claim(enrollment_id, secrets.token_hex(16), lane, due_at) for due_at, enrollment_id in rows)
    columns = ("enrollment_id", "token", "worker", "lease_until", "lane_id", "due_at")
    values = [(claim.enrollment_id, claim.token, ctx.worker, lease_until, lane.id, claim.due_at) for claim in made]
    bulk_insert(claims, columns, connection.dialect).run(connection, values)
    return made


_MINE = (claims.c.enrollment_id == bindparam("enrollment"), claims.c.token == bindparam("token"))
_DROP = Fixed(delete(claims).where(*_MINE))
_IN_FLIGHT = Fixed(
    select(outreach_attempts.c.id).where(
        outreach_attempts.c.enrollment_id == bindparam("enrollment"),
        outreach_attempts.c.status == "sending",
        outreach_attempts.c.outcome.is_(None),
    )
)


def still_held(connection: Connection, ctx: Context, asked: Sequence[Claim], *, wait: bool) -> frozenset[Claim]:
    """Those of some claims that still stand, and do so until the transaction ends.

    One whose row somebody else holds is waited for, or left out: who waits must not do so with others in hand.
    """
    return _found(_standing(connection.dialect, wait=wait), connection, asked, now=ctx.machine.now())


def take_up(connection: Connection, ctx: Context, asked: Sequence[Claim], *, wait: bool) -> frozenset[Claim]:
    """The same, with their enrollments: nobody else changes those either."""
    return _found(_standing(connection.dialect, wait=wait, people=True), connection, asked, now=ctx.machine.now())


def drop_free(connection: Connection, asked: Sequence[Claim]) -> frozenset[Claim]:
    """Remove those of some claims that stand and that nobody else holds, nor their enrollments. Returns which."""
    return _found(_dropping(connection.dialect), connection, asked)


def _found(statement: Fixed, connection: Connection, asked: Sequence[Claim], **values: Any) -> frozenset[Claim]:
    keys = as_keys([claim.enrollment_id for claim in asked], connection.dialect)
    tokens = as_keys([claim.token for claim in asked], connection.dialect)
    found = {token for (token,) in statement.rows(connection, keys=keys, tokens=tokens, **values)}
    return frozenset(claim for claim in asked if claim.token in found)


_WITH_PEOPLE = claims.join(enrollments, enrollments.c.id == claims.c.enrollment_id)


@lru_cache(maxsize=8)
def _standing(dialect: Dialect, *, wait: bool, people: bool = False) -> Fixed:
    unexpired = claims.c.lease_until > bindparam("now")
    query = select(claims.c.token).select_from(_WITH_PEOPLE if people else claims)
    return Fixed(query.where(*_asked(dialect), unexpired).with_for_update(skip_locked=not wait))


@lru_cache(maxsize=8)
def _dropping(dialect: Dialect) -> Fixed:
    free = select(claims.c.enrollment_id).select_from(_WITH_PEOPLE).where(*_asked(dialect))
    mine = claims.c.enrollment_id.in_(free.with_for_update(skip_locked=True))
    return Fixed(delete(claims).where(mine).returning(claims.c.token))


def _asked(dialect: Dialect) -> tuple[ColumnElement[bool], ...]:
    return wanted(claims.c.enrollment_id, dialect), wanted(claims.c.token, dialect, "tokens")


def drop(connection: Connection, claim: Claim) -> bool:
    """Remove the claim. False when it was taken away meanwhile."""
    return _DROP.change(connection, enrollment=claim.enrollment_id, token=claim.token) == 1


def renew(ctx: Context, tokens: Sequence[str]) -> int:
    """Extend the leases of the claims that are being acted on; called well before they run out. Returns how many stand.

    Only those: a claim whose transaction's answer was lost is held by nobody, and its lease has to run out.
    """
    if not tokens:
        return 0
    with ctx.db.write() as connection:
        now = ctx.machine.now()
        mine = update(claims).where(claims.c.token.in_(tokens), claims.c.lease_until > now)
        return connection.execute(mine.values(lease_until=now + ctx.lease)).rowcount


def in_flight(connection: Connection, enrollment_id: int) -> bool:
    """Whether an attempt is past the gate and its worker has not reported yet; open tasks do not count."""
    return bool(_IN_FLIGHT.rows(connection, enrollment=enrollment_id))


def take_away(connection: Connection, enrollment_id: int) -> bool:
    """Fence the worker that is preparing for an enrollment. A send past the gate keeps its claim: somebody has to
    say what came of it, and if its worker dies, the rescue does. Returns whether one is under way.
    """
    flying = in_flight(connection, enrollment_id)
    if not flying:
        connection.execute(delete(claims).where(claims.c.enrollment_id == enrollment_id))
    return flying


def requeue(connection: Connection, lane_id: int, due_at: datetime, enrollment_id: int) -> None:
    """Put an enrollment back into a lane, due at that time."""
    values = {"lane_id": lane_id, "due_at": due_at}
    connection.execute(insert(timers).values(**values, enrollment_id=enrollment_id))
    connection.execute(update(enrollments).where(enrollments.c.id == enrollment_id).values(**values))


def rescue(ctx: Context, *, dead_workers: Sequence[str] = ()) -> int:
    """Take over claims whose lease ran out, and at once those of `dead_workers`. Returns how many.

    Without an intent nothing irrevocable happened: the enrollment is due again. With one the message may have gone
    out: the attempt becomes unknown, and is never repeated by itself.
    """
    with ctx.db.write() as connection:
        condition = claims.c.lease_until <= ctx.machine.now() - ctx.grace
        if dead_workers:
            condition = condition | claims.c.worker.in_(dead_workers)
        rows = connection.execute(select(claims).where(condition).with_for_update(skip_locked=True)).all()
        for row in rows:
            connection.execute(delete(claims).where(claims.c.enrollment_id == row.enrollment_id))
            try:
                with connection.begin_nested():
                    _rescue_one(connection, ctx, row.enrollment_id, row.lane_id, row.due_at)
            except DBAPIError:
                raise
            except Exception:  # noqa: BLE001 - one that cannot be decided on must not hold up the others
                _set_aside(connection, ctx, row.enrollment_id, traceback.format_exc(limit=12))
    return len(rows)


def set_aside(ctx: Context, claim: Claim, trace: str) -> None:
    """A fault of ours: park the enrollment with its traceback. What may have gone out is unknown from now on."""
    with ctx.db.write() as connection:
        if drop(connection, claim):
            _set_aside(connection, ctx, claim.enrollment_id, trace)


def _set_aside(connection: Connection, ctx: Context, enrollment_id: int, trace: str) -> None:
    from runner.store.ticking import park

    now = ctx.now()
    attempt = _open_attempt(connection, enrollment_id)
    if attempt is not None and attempt.status == "sending":
        _doubt(connection, attempt.id, "internal_error", now)
        held = {"stage": Stage.UNKNOWN.value, "until": now + ctx.book.project.settings.contact.unknown_hold}
        connection.execute(update(step_runs).where(step_runs.c.id == attempt.step_run_id).values(**held))
    elif attempt is not None:
        mine = update(outreach_attempts).where(outreach_attempts.c.id == attempt.id)
        connection.execute(mine.values(status="pending", reason="internal_error"))
    park(connection, enrollment_id, None, trace, now)


def _open_attempt(connection: Connection, enrollment_id: int) -> Row[Any] | None:
    open_ones = outreach_attempts.c.status.in_(("claimed", "sending")), outreach_attempts.c.outcome.is_(None)
    query = select(outreach_attempts).where(outreach_attempts.c.enrollment_id == enrollment_id, *open_ones)
    return connection.execute(query).first()


def _doubt(connection: Connection, attempt_id: int, reason: str, now: datetime) -> None:
    """It may have gone out: it is never repeated by itself, and occupies its limits."""
    mine = update(outreach_attempts).where(outreach_attempts.c.id == attempt_id)
    connection.execute(mine.values(status="unknown", reason=reason, outcome="unknown", finished_at=now))
    occupied = update(reservations).where(reservations.c.attempt_id == attempt_id)
    connection.execute(occupied.values(finished_at=now))


def _rescue_one(connection: Connection, ctx: Context, enrollment_id: int, lane_id: int, due_at: datetime) -> None:
    from runner.store.pending_events import decide_pending
    from runner.store.ticking import park

    attempt = _open_attempt(connection, enrollment_id)
    now = ctx.now()
    if attempt is None:
        if _deaths_before_the_attempt(connection, enrollment_id, now) >= MAX_CRASHES:
            park(connection, enrollment_id, None, f"the process died {MAX_CRASHES} times while opening this step", now)
        else:
            requeue(connection, lane_id, due_at, enrollment_id)
        return
    if attempt.status == "sending":
        _doubt(connection, attempt.id, WORKER_DIED, now)
        writer = Writer(connection, ctx, now)
        [loaded] = load(connection, ctx.book, [enrollment_id], lock=True)
        take_timer(connection, loaded)  # one that a person set aside meanwhile may have a date to go on
        outcome = Unknown(WORKER_DIED, "the process ended between the intent and the answer")
        step = loaded.state.step or ""
        writer.add(loaded, decide(ctx.book.graph(loaded.sequence_id), loaded.state, Reported(step, outcome), now))
        writer.flush()
        decide_pending(connection, ctx, enrollment_id, now)
        return
    mine = update(outreach_attempts).where(outreach_attempts.c.id == attempt.id)
    connection.execute(mine.values(status="pending", crashes=attempt.crashes + 1))
    if attempt.crashes + 1 >= MAX_CRASHES:
        park(connection, enrollment_id, None, f"the process died {MAX_CRASHES} times on this step", now)
    else:
        requeue(connection, lane_id, due_at, enrollment_id)


def _deaths_before_the_attempt(connection: Connection, enrollment_id: int, now: datetime) -> int:
    """Note one more death of a worker that had claimed and not yet opened; how many that makes since the last step."""
    note(connection, enrollment_id, now, RESCUED)
    kinds = [row.kind for row in connection.execute(log_of(enrollment_id)).all()]
    return sum(1 for _ in takewhile(RESCUED.__eq__, reversed(kinds)))
