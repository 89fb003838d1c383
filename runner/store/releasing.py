"""A person read a task's text and lets the machine send it: that one attempt, once, through the gate.

The task ends as `released` by that person, its hand-over is cancelled with what it had reserved, and the step run is
claimed for a new attempt in the same transaction. The release lives in no row that a scheduled run could pick up: if
the gate defers, the account has trouble or the process dies before the intent, the step becomes a task again.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from runner.engine.decide import decide
from runner.engine.ports import Release
from runner.engine.state import EnrollmentStatus
from runner.engine.triggers import Released
from runner.errors import NotFound, Refused
from runner.model.channel import ChannelType
from runner.store.applying import Writer, take_timer
from runner.store.claims import Claim
from runner.store.context import Context
from runner.store.hurrying import claim_queued
from runner.store.loading import Loaded, load
from runner.store.tables import outreach_attempts, reservations, tasks

RELEASABLE = "releasable"
"""The key in a task's detail that says the machine can send it once a person lets it."""


def release_task(ctx: Context, task_id: int, *, by: str) -> tuple[Claim, Release, ChannelType]:
    """End an open task as released by a person and claim its step run: the claim, the person's word, the channel.

    Raises NotFound for no such task, Refused for one that is not open, cannot be sent by the machine, or whose
    enrollment or account does not run.
    """
    now = ctx.now()
    with ctx.db.write() as connection:
        row = _releasable_task(connection, task_id)
        attempt = _handed_over(connection, row)
        config = ctx.book.account(attempt.account)
        if config is None or not config.enabled:
            raise Refused(f"{attempt.account} is switched off", help="switch it on, or do the task by hand")
        [loaded] = load(connection, ctx.book, [row.enrollment_id], lock=True)
        if loaded.state.status is EnrollmentStatus.PAUSED:
            raise Refused("the enrollment is paused", help=f"`runner resume --enrollment {row.enrollment_id}` first")
        ended = {"status": "released", "closed_at": now, "closed_by": by}
        connection.execute(update(tasks).where(tasks.c.id == task_id).values(**ended))
        over = {"status": "cancelled", "outcome": "released", "reason": "released", "resolved_by": by}
        mine = outreach_attempts.c.id == row.attempt_id
        connection.execute(update(outreach_attempts).where(mine).values(**over, finished_at=now))
        connection.execute(delete(reservations).where(reservations.c.attempt_id == row.attempt_id))
        claim = _claim(connection, ctx, loaded, row.step, by)
    return claim, Release(by, without_note=not row.text.strip()), ChannelType(attempt.channel)


def _claim(connection: Connection, ctx: Context, loaded: Loaded, step: str, by: str) -> Claim:
    now = ctx.now()
    take_timer(connection, loaded)
    writer = Writer(connection, ctx, now)
    writer.add(loaded, decide(ctx.book.graph(loaded.sequence_id), loaded.state, Released(step, by), now))
    writer.flush()
    hurried = claim_queued(connection, ctx, loaded.state.id)
    if hurried.claim is None:
        raise Refused(hurried.why)
    return hurried.claim


def _releasable_task(connection: Connection, task_id: int) -> Row[Any]:
    row = connection.execute(select(tasks).where(tasks.c.id == task_id).with_for_update()).first()
    if row is None:
        raise NotFound(f"there is no task {task_id}", help="`runner tasks list` shows them")
    if row.status != "open":
        raise Refused(f"task {task_id} is {row.status}", help="only open tasks can be released")
    if not (row.detail or {}).get(RELEASABLE):
        help_text = f"do it by hand, then `runner tasks done {task_id}`"
        raise Refused(f"task {task_id} cannot be sent by the machine", help=help_text)
    return row


def _handed_over(connection: Connection, row: Row[Any]) -> Row[Any]:
    mine = (outreach_attempts.c.id == row.attempt_id, outreach_attempts.c.status == "sending")
    attempt = connection.execute(select(outreach_attempts).where(*mine).with_for_update()).first()
    if attempt is None:
        raise Refused(f"task {row.id} belongs to an attempt that has ended", help="`runner history LEAD` shows it")
    return attempt
