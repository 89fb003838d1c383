"""From a judged message to what the engine hears of it: signals, notes for a person, and the kept message."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from runner.channels.email.answered_subjects import answered_subjects
from runner.channels.email.bounce import reached_somebody
from runner.channels.email.bounce_report import Report, take_apart
from runner.channels.email.classify import CHALLENGE, CLASSIFIER_VERSION, MACHINE_FEEDBACK, classify_mail
from runner.channels.email.inbox_keys import Own, Ties, returns_foreign_mail, ties
from runner.channels.email.judgement import MailKind, Verdict
from runner.channels.email.parse import Mail, parse
from runner.engine.ports import Note, RawMessage, Signal
from runner.model.companies import FREE_MAIL
from runner.model.events import EventKind

EXCERPT = 2000
VERDICT_LENGTH = 40
"""Characters of a verdict that are kept with the message."""
_ADDRESS = re.compile(rb"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_EVENTS = {
    MailKind.BOUNCE: EventKind.BOUNCED,
    MailKind.COMPLAINT: EventKind.COMPLAINED,
    MailKind.AUTO_REPLY: EventKind.AUTO_REPLIED,
    MailKind.OPT_OUT: EventKind.UNSUBSCRIBED,
    MailKind.REPLY: EventKind.REPLIED,
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as the server gave it. `mailbox` names the mailbox, `folder` where in it the message lay."""

    mailbox: str
    folder: str
    received_at: datetime
    content: bytes

    @property
    def source(self) -> str:
        """The same for the same message: wherever it is moved, however it is renumbered, whichever account reads it."""
        return f"{self.mailbox}:{hashlib.sha256(self.content).hexdigest()[:32]}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What one message brought."""

    signals: tuple[Signal, ...] = ()
    notes: tuple[Note, ...] = ()
    raw: tuple[RawMessage, ...] = ()


def read_message(arrival: Arrival, own: Own, watched: frozenset[str]) -> Reading:
    """Judge one message. One that breaks the reader is set aside: kept, reported, and its writers held."""
    try:
        return _read(arrival, own)
    except Exception as error:  # noqa: BLE001 - whatever a hostile mail breaks, the inbox goes on behind it
        kept = RawMessage(arrival.source, arrival.received_at, arrival.content, "quarantined", _others(arrival, own))
        return Reading((), tuple(_quarantine(arrival, own, watched, error)), (kept,))


def _read(arrival: Arrival, own: Own) -> Reading:
    mail = parse(arrival.content)
    verdict = classify_mail(mail, own=own.addresses, received=arrival.received_at.date())
    if verdict.rule == "own-mail":
        return Reading()
    report = take_apart(mail)
    judged = f"{verdict.kind.value}:{verdict.rule}"[:VERDICT_LENGTH]
    kept = RawMessage(arrival.source, arrival.received_at, arrival.content, judged, _about(verdict, report, own))
    kind = _EVENTS.get(verdict.kind)
    foreign = kind is EventKind.BOUNCED and returns_foreign_mail(report, own)
    if kind is None or foreign or verdict.rule.startswith(MACHINE_FEEDBACK):
        return Reading(raw=(kept,))
    found = ties(report, own)
    if kind in (EventKind.BOUNCED, EventKind.COMPLAINED):
        signals = tuple(_reported(arrival, verdict, kind, found, report))
    else:
        signals = (_written(arrival, verdict, kind, found, mail),)
    return Reading(signals, tuple(_notes(verdict, mail)), (kept,))


def _about(verdict: Verdict, report: Report, own: Own) -> tuple[str, ...]:
    """Whose message this is: its writer, or those on whom a report reports."""
    named = {each for name in ("from", "reply-to", "sender", "return-path") for each in
             report.mail.headers.addresses(name)}  # fmt: skip
    if verdict.kind in (MailKind.BOUNCE, MailKind.COMPLAINT):
        named |= {each.address for each in verdict.recipients} | set(report.returned.addresses("to"))
    return tuple(sorted(each for each in named if each and not own.is_own(each)))


def _reported(arrival: Arrival, verdict: Verdict, kind: EventKind, found: Ties, report: Report) -> Iterator[Signal]:
    """A signal a recipient. Where mail is passed on, a report names addresses we never wrote to: it means ours.

    If one of those was reached, the message arrived, and neither it nor the address is lost.
    """
    written_to = report.returned.addresses("to")
    ours = written_to[0] if len(written_to) == 1 and len(verdict.recipients) == 1 else None
    lost = kind is EventKind.BOUNCED and not reached_somebody(report)
    for number, each in enumerate(verdict.recipients):
        if each.delayed:
            continue
        yield Signal(
            kind, arrival.received_at, f"{arrival.source}:{number}", found.key, found.message_ids,
            ours or each.address or None,
            permanent=lost, hard=each.hard and lost,
            data=_data(arrival, verdict) | {"recipient": each.address, "reason": each.reason, "status": each.status,
                                            "reply_code": each.reply_code, "diagnostic": each.diagnostic[:EXCERPT]},
        )  # fmt: skip
    if not verdict.recipients:
        yield Signal(kind, arrival.received_at, arrival.source, found.key, found.message_ids,
                     permanent=kind is EventKind.BOUNCED, data=_data(arrival, verdict))  # fmt: skip


def _written(arrival: Arrival, verdict: Verdict, kind: EventKind, found: Ties, mail: Mail) -> Signal:
    writer = next(iter(mail.headers.addresses("from") or mail.headers.addresses("reply-to")), None)
    domain = writer.rpartition("@")[2] if writer else None
    return Signal(
        kind, arrival.received_at, arrival.source, found.key, found.message_ids, writer,
        domain=None if domain in FREE_MAIL else domain, resume_at=_resume(verdict),
        subjects=answered_subjects(mail) if kind is EventKind.REPLIED else (),
        data=_data(arrival, verdict) | {"subject": mail.headers.get("subject")[:300],
                                        "text": verdict.new_text[:EXCERPT]},
    )  # fmt: skip


def _resume(verdict: Verdict) -> datetime | None:
    if verdict.return_date is None:
        return None
    day = verdict.return_date + timedelta(days=1 if verdict.away_on_it else 0)
    return datetime.combine(day, time(), UTC)


def _data(arrival: Arrival, verdict: Verdict) -> dict[str, object]:
    return {"rule": verdict.rule, "classifier": CLASSIFIER_VERSION, "folder": arrival.folder}


def _notes(verdict: Verdict, mail: Mail) -> Iterator[Note]:
    writer = next(iter(mail.headers.addresses("from")), None)
    if verdict.moved_to:
        yield Note("address_moved", f"{writer} names another address: {', '.join(verdict.moved_to[:5])}", writer)
    elif verdict.gone:
        yield Note("left_company", f"{writer} is no longer there, says an automatic reply", writer)
    if verdict.rule == CHALLENGE:
        yield Note("challenge", f"{writer} wants a sender to confirm before mail is delivered", writer)


def _quarantine(arrival: Arrival, own: Own, watched: frozenset[str], error: Exception) -> Iterator[Note]:
    text = f"a message in {arrival.folder} cannot be read ({type(error).__name__}); it is kept as {arrival.source}"
    found = _others(arrival, own)
    held = [address for address in found if address in watched]
    for address in held:
        yield Note("unreadable_mail", text, address, hold=True)
    if not held:
        yield Note("unreadable_mail", text, next(iter(found), None), hold=True)


def _others(arrival: Arrival, own: Own) -> tuple[str, ...]:
    """The addresses that stand in a message that cannot be read, without ours."""
    found = {match[0].decode("ascii").lower() for match in _ADDRESS.finditer(arrival.content[:200_000])}
    return tuple(sorted(address for address in found if not own.is_own(address)))
