"""What an inbox read is stored whole: signals become events, each tied to a lead and a step, and are decided on."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress as ignored
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from runner.engine.ports import InboxBatch, Note, RawMessage, Signal
from runner.model.events import EventKind
from runner.model.lead import LinkedInConnectionStatus
from runner.store.colleagues import stop_colleagues
from runner.store.context import Context
from runner.store.erasures import faceless, hold_erasures, is_erased, keep_opt_out, without_erased
from runner.store.guardrails import guard
from runner.store.health import open_problem, record_trouble, wake
from runner.store.matching import Match, match_signal
from runner.store.pending_events import decide_pending, lock_claim
from runner.store.reading import record_failure
from runner.store.soft_bounces import harden
from runner.store.storable import storable_note, storable_signal
from runner.store.strangers import tell_of_answers
from runner.store.suppressions import suppress
from runner.store.tables import enrollments, events, inbox_cursors, leads, raw_messages
from runner.store.tables import outreach_attempts as attempts
from runner.store.withdrawing import forget_gone

STOPS_EVERYTHING = frozenset({EventKind.REPLIED, EventKind.UNSUBSCRIBED, EventKind.COMPLAINED})
"""Events after which a person is in no campaign any more, whichever one they answered."""
JUDGED = frozenset({EventKind.BOUNCED, EventKind.COMPLAINED})
"""Events by whose share accounts and campaigns are judged."""
SUPPRESSES = {EventKind.UNSUBSCRIBED: "opt_out", EventKind.COMPLAINED: "complaint"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one read came to: how many signals were new, how many matched nobody, how much was of erased people.

    `stale`: nothing was stored, since somebody was erased after the read began; it has to be done again.
    """

    new: int
    unmatched: int
    erased: int = 0
    stale: bool = False


def record_batch(ctx: Context, account: str, batch: InboxBatch, *, since_erasure: str | None = None) -> Recorded:
    """Store a read of an account's inbox, its consequences and its cursor, in one transaction.

    `since_erasure` is what `erasure_count` said before the read.
    """
    now = ctx.now()
    new = unmatched = 0
    with ctx.db.write() as connection:
        if not hold_erasures(connection, since_erasure):
            return Recorded(0, 0, stale=True)
        batch, erased = without_erased(connection, ctx.key, batch)
        ctx.db.lock_scopes(connection, [f"inbox:{account}"])  # two readers of one mailbox count nothing twice
        for note in batch.notes:
            record_note(connection, account, note, now)
        faceless_ones: set[str] = set()
        hit: set[int] = set()
        strangers: list[Signal] = []
        for signal in batch.signals:
            stored = _store_signal(connection, ctx, account, signal, now)
            new += bool(stored.touched)
            unmatched += not stored.touched
            strangers += stored.strangers
            hit |= stored.touched if signal.kind in JUDGED else set()
            faceless_ones |= {signal.source, signal.source.rpartition(":")[0]} if stored.faceless else set()
        tell_of_answers(connection, account, strangers, now)  # once: it goes through the subjects of what was sent
        for raw in batch.raw:
            if raw.source in faceless_ones:
                erased += 1
            else:
                _keep_raw(connection, account, raw)
        if any(signal.kind in JUDGED for signal in batch.signals):
            guard(connection, ctx, ctx.book.account(account), hit, now)  # once: it counts through all that was sent
        forget_gone(connection, account, batch.gone)
        _save_cursor(connection, account, batch, now)
        if batch.trouble is not None:
            record_trouble(connection, account, batch.trouble, now)
        if batch.complete:
            wake(connection, "inbox", now)
    return Recorded(new, unmatched, erased)


def _keep_raw(connection: Connection, account: str, raw: RawMessage) -> None:
    known = select(raw_messages.c.id).where(raw_messages.c.source == raw.source)
    if connection.execute(known).first() is None:
        row = {"account": account, "source": raw.source, "received_at": raw.received_at, "verdict": raw.verdict}
        connection.execute(insert(raw_messages).values(**row, content=raw.content))


def record_signal(connection: Connection, ctx: Context, account: str | None, signal: Signal, now: datetime) -> int:
    """Store one signal and act on it. Returns how many enrollments it concerned; a signal seen before concerns none."""
    stored = _store_signal(connection, ctx, account, signal, now)
    if signal.kind in JUDGED:
        guard(connection, ctx, ctx.book.account(account) if account else None, stored.touched, now)
    if account is not None:
        tell_of_answers(connection, account, stored.strangers, now)
    return len(stored.touched)


@dataclass(frozen=True, slots=True)
class _Stored:
    """The enrollments a signal concerned, and whether it was an erased person's and kept without its words.

    `strangers` holds the signal itself where it is a reply that nothing ties to anybody.
    """

    touched: frozenset[int]
    faceless: bool
    strangers: tuple[Signal, ...] = ()


def _store_signal(
    connection: Connection, ctx: Context, account: str | None, signal: Signal, now: datetime
) -> _Stored:  # fmt: skip
    signal = storable_signal(signal)
    before = select(events.c.data, leads.c.erased_at).outerjoin(leads, leads.c.id == events.c.lead_id)
    if known := connection.execute(before.where(events.c.source == signal.source)).first():
        return _Stored(frozenset(), bool((known.data or {}).get("erased")) or known.erased_at is not None)
    said, erased = signal, is_erased(connection, ctx.key, signal)
    matches = match_signal(connection, replace(signal, domain=None) if erased else signal, account)
    erased = erased or (bool(matches) and _all_erased(connection, matches))
    if erased:
        if reason := SUPPRESSES.get(signal.kind):
            keep_opt_out(connection, ctx.key, signal, reason, now)
        signal = faceless(signal)
    touched: set[int] = set()
    for match in matches:
        _act_on_lead(connection, ctx, match, signal, now)
        for enrollment_id, step in sorted(_concerned(connection, ctx, match, signal, now), key=itemgetter(0)):
            lock_claim(connection, enrollment_id)
            _store(connection, account, signal, now, lead_id=match.lead_id, enrollment_id=enrollment_id, step=step)
            touched.add(enrollment_id)
        if match.enrollment_id is None and not touched:
            _store(connection, account, signal, now, lead_id=match.lead_id)
    if not matches:
        _store(connection, account, signal, now)
    if signal.kind in SUPPRESSES and not erased:
        _close_the_writers_address(connection, ctx, account, signal, now, known=bool(matches))
    config = ctx.book.account(account) if account else None
    for match in matches:
        harden(connection, ctx.key, match.lead_id, signal, config, now)
    for enrollment_id in sorted(touched):
        decide_pending(connection, ctx, enrollment_id, now)
    stop_colleagues(connection, ctx, said, {match.lead_id for match in matches})
    of_nobody = signal.kind is EventKind.REPLIED and not matches and not erased
    return _Stored(frozenset(touched), erased, (signal,) if of_nobody else ())


def _all_erased(connection: Connection, matches: Iterable[Match]) -> bool:
    """Whether those whom a key or a Message-ID of ours points to were erased."""
    mine = leads.c.id.in_([match.lead_id for match in matches])
    return all(connection.execute(select(leads.c.erased_at.is_not(None)).where(mine)).scalars())


def _concerned(
    connection: Connection, ctx: Context, match: Match, signal: Signal, now: datetime
) -> Iterable[tuple[int, str | None]]:
    """The enrollments an event reaches: the one it answers, and every other of the person where it stops all.

    Those that a late bounce could open again are among them: whoever answered is not written to there either.
    """
    if match.enrollment_id is not None:
        yield match.enrollment_id, match.step
    if signal.kind in STOPS_EVERYTHING or match.enrollment_id is None:
        goes_on: ColumnElement[bool] = enrollments.c.ended_at.is_(None)
        if signal.kind in STOPS_EVERYTHING:
            since = now - ctx.book.project.settings.contact.reopen_within
            goes_on = or_(goes_on, and_(enrollments.c.status == "completed", enrollments.c.ended_at > since))
        mine = select(enrollments.c.id).where(enrollments.c.lead_id == match.lead_id, goes_on)
        for (other,) in connection.execute(mine).all():
            if other != match.enrollment_id:
                yield other, None


def _act_on_lead(connection: Connection, ctx: Context, match: Match, signal: Signal, now: datetime) -> None:
    row = connection.execute(select(leads).where(leads.c.id == match.lead_id)).first()
    if row is None:
        return
    if reason := SUPPRESSES.get(signal.kind):
        for kind, value in (("address", row.email), ("profile", row.linkedin_url), ("phone", row.phone)):
            if value:
                suppress(connection, ctx.key, kind, value, reason=reason, actor=signal.source, now=now)
    if signal.kind is EventKind.BOUNCED and signal.hard and (signal.address or row.email):
        address = row.email or signal.address or ""
        suppress(connection, ctx.key, "address", address, reason="hard_bounce", actor=signal.source, now=now)
    if signal.kind is EventKind.ACCEPTED:
        connected = LinkedInConnectionStatus.CONNECTED.value
        connection.execute(update(leads).where(leads.c.id == match.lead_id).values(linkedin_status=connected))


def _close_the_writers_address(
    connection: Connection, ctx: Context, account: str | None, signal: Signal, now: datetime, *, known: bool
) -> None:
    """An opt-out holds for the address it came from, too; one that is tied to nobody is for a person to read."""
    if signal.address:
        with ignored(ValueError):  # what can be nobody's address
            reason = SUPPRESSES[signal.kind]
            suppress(connection, ctx.key, "address", signal.address, reason=reason, actor=signal.source, now=now)
    if not known and account is not None:
        text = f"{signal.address or 'somebody'} {signal.kind.value} and is nobody who was written to"
        help_text = "read it; if it speaks for somebody else, `runner suppress add` their address or domain"
        open_problem(connection, f"inbox:{account}", f"{signal.kind.value}_by_nobody", text, help_text, now)


def _store(
    connection: Connection, account: str | None, signal: Signal, now: datetime, *,
    lead_id: int | None = None, enrollment_id: int | None = None, step: str | None = None,
) -> None:  # fmt: skip
    row: dict[str, Any] = {
        "kind": signal.kind.value, "at": signal.at, "recorded_at": now, "source": signal.source[:255],
        "lead_id": lead_id, "enrollment_id": enrollment_id, "step": step, "account": account,
        "permanent": signal.permanent, "hard": signal.hard, "pending": enrollment_id is not None,
        "resume_at": signal.resume_at, "data": dict(signal.data),
    }  # fmt: skip
    if enrollment_id is not None:
        passed = (attempts.c.enrollment_id == enrollment_id, attempts.c.intent_at.is_not(None))
        row["after_attempt"] = select(func.coalesce(func.max(attempts.c.id), 0)).where(*passed).scalar_subquery()
    connection.execute(insert(events).values(**row))


def record_note(connection: Connection, account: str, note: Note, now: datetime) -> None:
    """Tell a person what an inbox noticed, and set the lead aside where that was asked for."""
    note = storable_note(note)
    open_problem(connection, f"inbox:{account}", note.kind, note.text, "read it and decide", now)
    if note.hold and note.address:
        from runner.store.operations import pause_rows

        held = select(enrollments.c.id).join(leads, leads.c.id == enrollments.c.lead_id)
        where = (leads.c.email_key == note.address.casefold(), enrollments.c.ended_at.is_(None))
        pause_rows(connection, [row[0] for row in connection.execute(held.where(*where))], note.text, now)


def _save_cursor(connection: Connection, account: str, batch: InboxBatch, now: datetime) -> None:
    values: dict[str, Any] = {"cursor": dict(batch.cursor)}
    if batch.fresh and batch.blind is None:
        values |= {"failing_since": None, "error": None}
        if batch.complete:
            values["read_at"] = now
    mine = inbox_cursors.c.account == account
    if connection.execute(update(inbox_cursors).where(mine).values(**values)).rowcount == 0:
        connection.execute(insert(inbox_cursors).values(account=account, **values))
    if batch.blind is not None:
        record_failure(connection, account, batch.blind, now)
