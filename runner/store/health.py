"""How accounts are doing: the circuit breaker's state, and the problems it opens for a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, insert, literal_column, null, or_, select, update

from runner.engine.breaker import Health, after_trouble
from runner.engine.outcomes import AccountTrouble
from runner.model.channel import ChannelConfig, ChannelType
from runner.store.announcing import announce
from runner.store.fixed import Fixed
from runner.store.storable import storable_text
from runner.store.tables import channel_configs, enrollments, problems, timers


def record_trouble(connection: Connection, account: str, trouble: AccountTrouble, now: datetime) -> None:
    """Count one more trouble of an account; when that stops it, open a problem that says what to do."""
    row = connection.execute(select(channel_configs).where(channel_configs.c.key == account)).first()
    if row is None:
        return
    before = Health(row.failures, row.strikes, row.health == "stopped", row.retry_at, row.health_reason or "")
    after = after_trouble(before, trouble, now)
    values = {"failures": after.failures, "strikes": after.strikes, "health_reason": storable_text(after.reason)}
    values["retry_at"] = after.retry_at
    values["health"] = "stopped" if after.stopped else "backing_off"
    if after.stopped and not before.stopped:
        values["opened_at"] = now
        text = f"{account} was stopped: {after.reason}"
        help_text = f"settle it with the provider, then `runner channels resume {account}`"
        open_problem(connection, f"account:{account}", trouble.kind.value, text, help_text, now)
    connection.execute(update(channel_configs).where(channel_configs.c.key == account).values(**values))


_WORKED = Fixed(
    update(channel_configs)
    .where(channel_configs.c.key == bindparam("account"), channel_configs.c.failures > 0)
    .where(channel_configs.c.health != "stopped")
    .where(or_(channel_configs.c.strikes == 0, channel_configs.c.retry_at <= bindparam("now")))
    .values(health="ok", failures=0, strikes=0, retry_at=null(), health_reason=null())
)


def record_success(connection: Connection, account: str, now: datetime) -> None:
    """An account worked: its failures are forgotten. One that a person has to resume stays stopped.

    So does one that was told to rest, until then: what was under way at that moment proves nothing.
    """
    _WORKED.change(connection, account=account, now=now)


def resume_account(connection: Connection, account: str, now: datetime) -> bool:
    """A person says that an account is well again. False when it was not stopped or backing off."""
    where = (channel_configs.c.key == account, channel_configs.c.health != "ok")
    fresh = {"health": "ok", "failures": 0, "strikes": 0, "retry_at": None, "health_reason": None, "opened_at": None}
    changed = connection.execute(update(channel_configs).where(*where).values(**fresh)).rowcount > 0
    close_problems(connection, f"account:{account}", now)
    announce(connection, now)
    return changed


def is_silenced(connection: Connection, account: ChannelConfig) -> bool:
    """Whether not even reading may be tried: LinkedIn watches every call of an account it has stopped.

    A mailbox is read on while its account is stopped, since replies in it still matter.
    """
    if account.channel is not ChannelType.LINKEDIN:
        return False
    query = select(channel_configs.c.health).where(channel_configs.c.key == account.key)
    return connection.execute(query).scalar() == "stopped"


def open_problem(connection: Connection, scope: str, kind: str, text: str, help_text: str, now: datetime) -> None:
    """Tell a person about something, once as long as it stands."""
    text, help_text = storable_text(text), storable_text(help_text)
    same = (problems.c.scope == scope, problems.c.kind == kind, problems.c.text == text, problems.c.closed_at.is_(None))
    if connection.execute(select(problems.c.id).where(*same)).first() is None:
        row = {"scope": scope, "kind": kind, "text": text, "help": help_text, "opened_at": now}
        connection.execute(insert(problems).values(**row))


def close_problems(connection: Connection, scope: str, now: datetime) -> None:
    """A person settled what was wrong with `scope`."""
    mine = (problems.c.scope == scope, problems.c.closed_at.is_(None))
    connection.execute(update(problems).where(*mine).values(closed_at=now))


def wake(connection: Connection, waiting_on: str, now: datetime, *, enrollment_id: int | None = None) -> int:
    """Make waiting enrollments due now: those that wait on an inbox or an account, or just one."""
    where: list[ColumnElement[bool]] = [enrollments.c.waiting_on == waiting_on, enrollments.c.due_at > now]
    if waiting_on in ("inbox", "account"):
        named: list[ColumnElement[str]] = [literal_column("'inbox'"), literal_column("'account'")]
        where.append(enrollments.c.waiting_on.in_(named))  # as the index says it, or it is not used
    if enrollment_id is not None:
        where.append(enrollments.c.id == enrollment_id)
    columns = (enrollments.c.id, enrollments.c.lane_id, enrollments.c.due_at)
    rows = connection.execute(select(*columns).where(*where).with_for_update()).all()
    woken = 0
    for row in rows:
        mine = (timers.c.lane_id == row.lane_id, timers.c.due_at == row.due_at, timers.c.enrollment_id == row.id)
        if connection.execute(update(timers).where(*mine).values(due_at=now)).rowcount:
            connection.execute(update(enrollments).where(enrollments.c.id == row.id).values(due_at=now))
            woken += 1
    return woken
