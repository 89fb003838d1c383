"""Mail by people who are nobody that was written to: an answer to a subject that went out is told to an operator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Row, func, select

from runner.engine.ports import Signal
from runner.model.events import EventKind
from runner.model.subjects import bare_subject
from runner.store.health import open_problem
from runner.store.tables import events, leads, outreach_attempts, outreach_messages, problems

ANSWERED = "answered_by_nobody"
NEWEST = 20_000
"""How many of the newest attempts an answer is compared with: a bound for what one read costs."""
MANY = 20
"""How many such problems stand for one account at the same time; then one says that there are more."""
LOOK_BACK = timedelta(days=7)
_HELP = "read it; if it answers for somebody, `runner stop` them, and `runner suppress add` who wants no more"


def tell_of_answers(connection: Connection, account: str, strangers: Sequence[Signal], now: datetime) -> None:
    """Open a problem for each reply, tied to nobody, that answers a subject of ours which had gone out before it."""
    wanted = {bare_subject(subject) for signal in strangers for subject in signal.subjects} - {""}
    if not wanted:
        return
    sent = [row for row in _sent_subjects(connection) if bare_subject(row.subject) in wanted]
    for signal in strangers:
        answered = {bare_subject(subject) for subject in signal.subjects}
        ours = [row for row in sent if bare_subject(row.subject) in answered and row.first_at <= signal.at]
        if ours:
            _tell(connection, account, signal, ours, now)


def strangers_since(connection: Connection, since: datetime) -> Sequence[Row[tuple[str | None, int]]]:
    """Per account, how many replies by mail came since then that are tied to nobody: (account, mails)."""
    of_nobody: tuple[ColumnElement[bool], ...] = (
        events.c.kind == EventKind.REPLIED.value, events.c.recorded_at > since, events.c.lead_id.is_(None),
        events.c.account.startswith("email/"),
    )  # fmt: skip
    query = select(events.c.account, func.count().label("mails")).where(*of_nobody)
    return connection.execute(query.group_by(events.c.account).order_by(events.c.account)).all()


def _sent_subjects(connection: Connection) -> Sequence[Row[tuple[str, datetime, int, int]]]:
    """The subjects of the newest messages that may have gone out by email: when first, to how many, to whom if one."""
    newest = select(func.max(outreach_attempts.c.id)).scalar_subquery()
    mine = (outreach_messages.c.step_run_id == outreach_attempts.c.step_run_id,
            outreach_messages.c.action == outreach_attempts.c.action)  # fmt: skip
    people = func.count(outreach_attempts.c.lead_id.distinct())
    query = (
        select(
            outreach_messages.c.subject, func.min(outreach_attempts.c.intent_at).label("first_at"),
            people.label("people"), func.min(outreach_attempts.c.lead_id).label("lead_id"),
        )
        .join(outreach_messages, mine[0] & mine[1])
        .where(outreach_attempts.c.id > newest - NEWEST, outreach_attempts.c.channel == "email")
        .where(outreach_attempts.c.status.in_(("sent", "sending", "unknown")))
        .group_by(outreach_messages.c.subject)
    )  # fmt: skip
    return connection.execute(query).all()


def _tell(
    connection: Connection, account: str, signal: Signal, ours: Sequence[Row[tuple[str, datetime, int, int]]],
    now: datetime,
) -> None:  # fmt: skip
    scope, of_kind = f"inbox:{account}", (problems.c.kind == ANSWERED, problems.c.closed_at.is_(None))
    standing = connection.execute(select(func.count()).where(problems.c.scope == scope, *of_kind)).scalar_one()
    if standing >= MANY:
        text = "more mail answers subjects of ours and comes from nobody who was written to"
        open_problem(connection, scope, f"more_{ANSWERED}", text, "read the mailbox", now)
        return
    text = f"{signal.address or 'somebody'} answers {ours[0].subject!r} and is nobody who was written to"
    open_problem(connection, scope, ANSWERED, f"{text}: it went to {_recipients(connection, ours)}", _HELP, now)


def _recipients(connection: Connection, ours: Sequence[Row[tuple[str, datetime, int, int]]]) -> str:
    """Who got what is answered: the person where it was one, else how many."""
    people = sum(row.people for row in ours)
    if people > 1:
        return f"{people} people"
    return connection.execute(select(leads.c.email).where(leads.c.id == ours[0].lead_id)).scalar() or "one person"
