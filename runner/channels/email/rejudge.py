"""Kept mail judged again by the present classifier: what it says now and did not say before is acted on, once.

What was recorded before stands, whatever the classifier thinks of it now: an opt-out, a stop or a suppressed address is
never taken back by a machine. It is named instead, for a person to take back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select, update

from runner.channels.email.classify import CLASSIFIER_VERSION
from runner.channels.email.inbox_keys import Own, own_of
from runner.channels.email.inbox_signals import Arrival, read_message
from runner.engine.ports import Note, Signal
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.store.context import Context
from runner.store.erasures import hold_erasures
from runner.store.signals import record_note, record_signal
from runner.store.tables import events, raw_messages

PAGE = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One message that is judged otherwise. `adds` are events to record; `stands` those no longer said, and kept."""

    account: str
    source: str
    received_at: datetime
    before: str
    now: str
    adds: tuple[Signal, ...]
    stands: tuple[str, ...]
    notes: tuple[Note, ...]

    def row(self) -> dict[str, Any]:
        """As a row for a table or JSON."""
        return {
            "received_at": self.received_at.isoformat(timespec="seconds"), "account": self.account,
            "before": self.before, "now": self.now, "records": [_said(signal) for signal in self.adds],
            "stands": list(self.stands), "message": self.source,
        }  # fmt: skip


def rejudge(ctx: Context, *, account: str | None = None, apply: bool = False) -> Iterator[Change]:
    """Judge every kept message again, oldest first, and give those of which something else is said now.

    With `apply` what is new is recorded and decided on, each message in a transaction of its own; doing it again
    changes nothing more.
    """
    own = _own(ctx)
    for row in _kept(ctx, account):
        change = _change(ctx, row, own)
        if change is None:
            continue
        if apply:
            _record(ctx, row, change)
        yield change


def _own(ctx: Context) -> Own:
    accounts = [each for each in ctx.book.project.channels.values() if each.channel is ChannelType.EMAIL]
    return Own(frozenset().union(*(own_of(each).addresses for each in accounts)))


def _kept(ctx: Context, account: str | None) -> Iterator[Row[Any]]:
    last = 0
    while True:
        query = select(raw_messages).where(raw_messages.c.id > last).order_by(raw_messages.c.id).limit(PAGE)
        if account is not None:
            query = query.where(raw_messages.c.account == account)
        with ctx.db.read() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return
        yield from rows
        last = rows[-1].id


def _change(ctx: Context, row: Row[Any], own: Own) -> Change | None:
    arrival = Arrival(row.source.rpartition(":")[0], "kept", row.received_at, row.content)
    reading = read_message(arrival, own, frozenset())
    with ctx.db.read() as connection:
        known = _recorded(connection, row.source)
    new = (signal for signal in reading.signals if not _is_known(signal, known, ctx.now()))
    adds = tuple(replace(signal, source=_source_again(signal, arrival, row.source)) for signal in new)
    stands = tuple(sorted({_recorded_words(event) for event in known if not _is_said(event, reading.signals)}))
    now = reading.raw[0].verdict if reading.raw else "other:own-mail"  # mail of our own is not kept by a reading
    if not adds and now == row.verdict:
        return None
    notes = tuple(note for note in reading.notes if not note.hold)
    return Change(row.account, row.source, row.received_at, row.verdict, now, adds, stands, notes)


def _source_again(signal: Signal, arrival: Arrival, kept_as: str) -> str:
    """A source of its own for what this version of the classifier adds, still below that of the message."""
    return f"{kept_as}{signal.source.removeprefix(arrival.source)}:v{CLASSIFIER_VERSION}"


def _recorded(connection: Connection, source: str) -> list[Row[Any]]:
    """The events that a message brought so far: of a report one a recipient, and those of later judgements."""
    mine = or_(events.c.source == source, func.substr(events.c.source, 1, len(source) + 1) == f"{source}:")
    columns = (events.c.kind, events.c.permanent, events.c.hard, events.c.resume_at, events.c.data)
    return list(connection.execute(select(*columns).where(mine).order_by(events.c.id)))


def _is_known(signal: Signal, known: Sequence[Row[Any]], now: datetime) -> bool:
    """Whether as much was recorded already; an absence also has to end on the same day, if that is still to come."""
    for event in known:
        if event.kind != signal.kind.value or not _same_person(event, signal):
            continue
        weaker = signal.permanent <= event.permanent and signal.hard <= event.hard
        later = signal.resume_at is not None and signal.resume_at > now and signal.resume_at != event.resume_at
        if weaker and not later:
            return True
    return False


def _is_said(event: Row[Any], signals: Sequence[Signal]) -> bool:
    return any(
        event.kind == signal.kind.value and _same_person(event, signal)
        and event.permanent <= signal.permanent and event.hard <= signal.hard
        for signal in signals
    )  # fmt: skip


def _same_person(event: Row[Any], signal: Signal) -> bool:
    return (event.data or {}).get("recipient") in (None, signal.data.get("recipient"))


def _record(ctx: Context, row: Row[Any], change: Change) -> None:
    """What is new, and the verdict that stands with the message from now on."""
    now = ctx.now()
    with ctx.db.write() as connection:
        hold_erasures(connection)
        ctx.db.lock_scopes(connection, [f"inbox:{row.account}"])
        if connection.execute(select(raw_messages.c.id).where(raw_messages.c.id == row.id)).first() is None:
            return  # its writer was erased meanwhile
        for signal in change.adds:
            record_signal(connection, ctx, row.account, signal, now)
        for note in change.notes:
            record_note(connection, row.account, note, now)
        mine = raw_messages.c.id == row.id
        connection.execute(update(raw_messages).where(mine).values(verdict=change.now))


def _said(signal: Signal) -> str:
    return _words(signal.kind.value, signal.permanent, signal.hard, signal.address)


def _recorded_words(event: Row[Any]) -> str:
    return _words(event.kind, event.permanent, event.hard, (event.data or {}).get("recipient"))


def _words(kind: str, permanent: bool, hard: bool, who: object) -> str:
    weight = {EventKind.BOUNCED.value: " hard" if hard else "" if permanent else " soft"}.get(kind, "")
    return f"{kind}{weight}{f' {who}' if who else ''}"
