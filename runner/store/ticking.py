"""The tick: due enrollments of a lane are taken, decided on, and moved on, many in one transaction."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, text, tuple_, update

from runner.engine.decide import decide
from runner.engine.state import EnrollmentStatus
from runner.engine.triggers import Due
from runner.store.applying import Writer
from runner.store.claims import Claim, claim_rows
from runner.store.context import Context
from runner.store.fixed import Fixed
from runner.store.lanes import Lane
from runner.store.loading import Loaded, load_each
from runner.store.log import note
from runner.store.operations import resume_rows
from runner.store.tables import enrollments, problems, timers


@dataclass(frozen=True, slots=True)
class Ticked:
    """What one tick of a lane did: how many were due, and what a worker has to act on."""

    taken: int
    claims: tuple[Claim, ...] = ()


def advance_due(ctx: Context, lane: Lane, limit: int) -> Ticked:
    """Decide on up to `limit` due enrollments of a campaign's own lane: waits, conditions, everything but sends."""
    now = ctx.now()
    with ctx.db.write() as connection:
        rows = _take_due(connection, lane.id, now, limit)
        if rows:
            writer = Writer(connection, ctx, now)
            for loaded in load_each(connection, ctx.book, [enrollment_id for _, enrollment_id in rows], lock=True):
                _decide_one(writer, loaded)
            writer.flush()
    return Ticked(len(rows))


def claim_due(ctx: Context, lane: Lane, limit: int) -> Ticked:
    """Claim up to `limit` due enrollments of an account's lane, for workers to act on."""
    now = ctx.now()
    with ctx.db.write() as connection:
        rows = _take_due(connection, lane.id, now, limit)
        claims = claim_rows(connection, ctx, lane, rows) if rows else ()
    return Ticked(len(rows), claims)


_VALUES = {"lane": timers.c.lane_id, "now": timers.c.due_at}
_TAKE = Fixed(
    text(
        """
        WITH taken AS MATERIALIZED (
            SELECT ctid AS place FROM timers WHERE lane_id = :lane AND due_at <= :now
            ORDER BY due_at, enrollment_id LIMIT :most FOR UPDATE SKIP LOCKED
        )
        DELETE FROM timers WHERE ctid = ANY (ARRAY(SELECT place FROM taken)) RETURNING due_at, enrollment_id
        """
    )
    .bindparams(*(bindparam(name, type_=column.type) for name, column in _VALUES.items()))
    .columns(timers.c.due_at, timers.c.enrollment_id)
)
"""PostgreSQL's way, in one round trip. Materialized: a plan that ran the inner query twice would take too many."""
_ORDER = (timers.c.due_at, timers.c.enrollment_id)
_OF_LANE = timers.c.lane_id == bindparam("lane")
_FIRST = Fixed(
    select(*_ORDER).where(_OF_LANE, timers.c.due_at <= bindparam("now")).order_by(*_ORDER).limit(bindparam("most"))
)
_LAST = tuple_(*(bindparam(f"last_{key.name}", type_=key.type) for key in _ORDER))
_TAKE_UP_TO = Fixed(delete(timers).where(_OF_LANE, tuple_(*_ORDER) <= _LAST))


def _take_due(connection: Connection, lane_id: int, now: datetime, limit: int) -> list[tuple[datetime, int]]:
    """Take the next due timers out of a lane, oldest first; those that another process is taking are passed over."""
    asked = {"lane": lane_id, "now": now, "most": limit}
    if connection.dialect.name == "postgresql":
        return sorted((due, enrollment_id) for due, enrollment_id in _TAKE.rows(connection, **asked))
    rows = [(due, enrollment_id) for due, enrollment_id in _FIRST.rows(connection, **asked)]
    if rows:  # nobody else can write, so these are all there is up to the last one: a range of the clustered key
        due, enrollment_id = rows[-1]
        _TAKE_UP_TO.change(connection, lane=lane_id, last_due_at=due, last_enrollment_id=enrollment_id)
    return rows


_DUE = Due()


def _decide_one(writer: Writer, loaded: Loaded) -> None:
    """Decide, or park the enrollment where a decision of ours fails: one fault must not hold up the others."""
    if loaded.state.status is EnrollmentStatus.PAUSED:
        resume_rows(writer.connection, [loaded.state.id], writer.now, writer.ctx.book)
        return
    try:
        commands = decide(writer.ctx.book.graph(loaded.sequence_id), loaded.state, _DUE, writer.now)
    except Exception:  # noqa: BLE001 - whatever it is, it is kept with its traceback and shown
        park(writer.connection, loaded.state.id, loaded.state.step, traceback.format_exc(limit=8), writer.now)
        return
    writer.add(loaded, commands)


def park(connection: Connection, enrollment_id: int, step: str | None, why: str, now: datetime) -> None:
    """Set an enrollment aside for a person to look at; `runner resume` lets it go on."""
    values: dict[str, Any] = {
        "status": "paused",
        "waiting_on": "parked",
        "waiting_why": why.strip().splitlines()[-1][:500],
    }
    values |= {"paused_at": now, "due_at": None}
    connection.execute(update(enrollments).where(enrollments.c.id == enrollment_id).values(**values))
    note(connection, enrollment_id, now, "parked", step=step, traceback=why)
    help_text = (
        f"`runner trace {enrollment_id}` shows the traceback; `runner resume --enrollment {enrollment_id}` goes on"
    )
    problem = {"scope": f"enrollment:{enrollment_id}", "kind": "parked", "text": values["waiting_why"]}
    connection.execute(insert(problems).values(**problem, help=help_text, opened_at=now))
