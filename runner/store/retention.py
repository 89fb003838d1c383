"""Retention: raw mail is kept as long as the project says, and then forgotten."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, update

from runner.store.context import Context
from runner.store.strangers import ANSWERED
from runner.store.tables import problems, raw_messages

DEFAULT_DAYS = 90


def forget_old(ctx: Context) -> int:
    """Delete raw messages older than `policy.raw_mail_days` (90 by default). Returns how many.

    What is told of answers by nobody closes with them: there is nothing left to read.
    """
    days = ctx.book.project.settings.policy.get("raw_mail_days", DEFAULT_DAYS)
    before = ctx.now() - timedelta(days=days if isinstance(days, int) else DEFAULT_DAYS)
    with ctx.db.write() as connection:
        told = (problems.c.kind == ANSWERED, problems.c.opened_at < before, problems.c.closed_at.is_(None))
        connection.execute(update(problems).where(*told).values(closed_at=ctx.now()))
        return connection.execute(delete(raw_messages).where(raw_messages.c.received_at < before)).rowcount
