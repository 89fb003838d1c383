"""Closing a call: its disposition decides whether the step is done, the person answered, or all of it stops."""

from __future__ import annotations

from sqlalchemy import select

from runner.channels.phone.dispositions import MEANINGS, Meaning, parse_disposition
from runner.errors import UsageError
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.store.context import Context
from runner.store.tables import tasks
from runner.store.tasking import close_task, report_event


def is_call(ctx: Context, task_id: int) -> bool:
    """Whether a task is a call; False also where there is no such task."""
    with ctx.db.read() as connection:
        return connection.execute(select(tasks.c.kind).where(tasks.c.id == task_id)).scalar() == "call"


def close_call(ctx: Context, task_id: int, disposition: str, *, by: str, failed: bool = False) -> str:
    """A person ended a call. Returns `done` or `failed`, which is how the step ends.

    Nobody reached, or `failed`, ends it as failed. A person who spoke with us counts as having replied; one who wants
    no more calls is opted out on every channel. Raises UsageError for a word that is no disposition, NotFound and
    Refused as `close_task` does.
    """
    meaning = _meaning(disposition)
    result = "failed" if failed or (meaning is not None and not meaning.reached) else "done"
    with ctx.db.read() as connection:
        lead_id = connection.execute(select(tasks.c.lead_id).where(tasks.c.id == task_id)).scalar()
    close_task(ctx, task_id, result, by=by, disposition=disposition)
    if meaning is not None and meaning.replied and lead_id is not None:
        kind = EventKind.UNSUBSCRIBED if meaning.opted_out else EventKind.REPLIED
        report_event(ctx, lead_id, kind, by=by, channel=ChannelType.PHONE)
    return result


def _meaning(disposition: str) -> Meaning | None:
    if not disposition:
        return None
    try:
        return MEANINGS[parse_disposition(disposition)]
    except ValueError as error:
        raise UsageError(str(error)) from None
