"""What a message in the inbox is: bounce, complaint, automatic reply, opt-out, human reply, or none of these.

The order matters: a bounce quotes our own opt-out footer, an absence note thanks for the mail, and only what a person
wrote now can be an opt-out or a reply. Pure: the same bytes give the same verdict. Raises nothing on hostile mail.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from email.utils import parsedate_to_datetime

from runner.channels.email.arf import feedback
from runner.channels.email.auto_reply import auto_reply_rule, gone, is_challenge, only_a_challenge, other_addresses
from runner.channels.email.bounce import failures, recipients_of
from runner.channels.email.bounce_reasons import judge
from runner.channels.email.bounce_report import Report, take_apart
from runner.channels.email.bounce_ses import Notification, ses_notification
from runner.channels.email.dates import return_date
from runner.channels.email.judgement import Failure, MailKind, Verdict
from runner.channels.email.opt_out import opt_out_words
from runner.channels.email.parse import Mail, parse
from runner.channels.email.parse_headers import addresses_in, message_ids_in
from runner.channels.email.reply_text import Written

CLASSIFIER_VERSION = 5
"""Raised whenever a rule changes, so that kept messages can be read again."""

CHALLENGE = "challenge"
"""The rule where a robot wants a sender to confirm before it delivers."""
MACHINE_FEEDBACK = "feedback-report:"
"""How the rule starts where a machine reports, such as an authentication failure, and nobody complained."""


def classify(raw: bytes, *, own: Collection[str] = (), received: date | None = None) -> Verdict:
    """Judge one message. `own` are our own addresses (lower case); `received` the day it came, else its Date."""
    return classify_mail(parse(raw), own=own, received=received)


def classify_mail(mail: Mail, *, own: Collection[str] = (), received: date | None = None) -> Verdict:
    """The same for a message that is parsed already."""
    if mail.headers.raw("x-runner-key") or any(_untagged(each) in own for each in mail.headers.addresses("from")):
        return Verdict(MailKind.OTHER, "own-mail")
    report = take_apart(mail)
    if system := _system(report):
        return system
    written = Written.of(mail)
    return _automatic(written, set(own), received) or _human(written)


def _system(report: Report) -> Verdict | None:
    """A complaint or a delivery report, else None."""
    told = feedback(report)
    original = original_id(report)
    notified = ses_notification(report)
    if notified is not None:
        return _notified(notified)
    if told is not None and told.kind == "not-spam":
        return Verdict(MailKind.OTHER, "feedback-report:not-spam", message_id=original)
    if told is not None:
        rule = "feedback-report" if told.by_a_person else f"{MACHINE_FEEDBACK}{told.kind}"
        return Verdict(MailKind.COMPLAINT, rule, told.recipients, original)
    if report.mail.params.get("report-type", "").lower() == "disposition-notification":
        return _receipt(report, original)
    found = failures(report)
    if found is None:
        return None
    failed = recipients_of(found[0])
    if not failed:
        return Verdict(MailKind.OTHER, f"{found[1]}:delivered", message_id=original)
    rule = f"{found[1]}:delayed" if all(each.delayed for each in failed) else found[1]
    return Verdict(MailKind.BOUNCE, rule, failed, original)


def _notified(notified: Notification) -> Verdict:
    """What a notification of Amazon SES says."""
    if notified.kind == "Complaint":
        return Verdict(MailKind.COMPLAINT, "ses-notification", notified.complainers, notified.message_id)
    failed = recipients_of(notified.failures)
    kind = MailKind.BOUNCE if notified.kind == "Bounce" and failed else MailKind.OTHER
    return Verdict(kind, "ses-notification", failed, notified.message_id)


def _receipt(report: Report, original: str | None) -> Verdict:
    """A read receipt (RFC 8098); one that says the message was rejected or deleted unread is a bounce."""
    if "automatically rejected" not in report.words[:2000]:
        return Verdict(MailKind.OTHER, "read-receipt", message_id=original)
    addresses = addresses_in(report.words[:2000]) or report.returned.addresses("to") or ("",)
    refused = Failure(addresses[0], diagnostic=report.words[:1000], context=report.words[:1000])
    return Verdict(MailKind.BOUNCE, "rejecting-receipt", (judge(refused),), original)


def _automatic(written: Written, own: set[str], received: date | None) -> Verdict | None:
    mail, text = written.mail, written.text
    subject = mail.headers.get("subject")
    came = received or _date_of(mail)
    back = return_date(f"{subject}\n{text}", came, month_first=_month_first(mail)) if came else None
    rule = auto_reply_rule(written, dated=back is not None and back.explicit)
    if rule is None and not only_a_challenge(text):
        return None
    rule = CHALLENGE if rule is None or is_challenge(text) else rule
    left = gone(text)
    sender = set(mail.headers.addresses("from"))
    moved = other_addresses(text, frozenset(own | sender)) if left else ()
    return Verdict(
        MailKind.AUTO_REPLY, rule, message_id=answered(mail), return_date=back.day if back else None,
        away_on_it=bool(back and back.away_on_it), new_text=text, moved_to=moved, gone=left,
    )  # fmt: skip


def _human(written: Written) -> Verdict:
    headers, text = written.mail.headers, written.text
    answers = answered(written.mail)
    listed = "list-id" in headers or "list-unsubscribe" in headers
    if listed and not answers:
        return Verdict(MailKind.OTHER, "list", new_text=text)
    words = opt_out_words(text, headers.get("subject"))
    if words is not None:
        return Verdict(MailKind.OPT_OUT, f"words:{words[:60]}", (), answers, new_text=text)
    return Verdict(MailKind.REPLY, "human", (), answers, new_text=text)


def _untagged(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def answered(mail: Mail) -> str | None:
    """The Message-ID that a message answers: In-Reply-To, else the last of References."""
    direct = mail.headers.message_ids("in-reply-to")
    chain = mail.headers.message_ids("references")
    return direct[0] if direct else chain[-1] if chain else None


def original_id(report: Report) -> str | None:
    """The Message-ID of the message that a report returns, else the one it answers."""
    returned = report.returned.message_ids("message-id")
    if returned:
        return returned[0]
    for block in report.blocks:
        if ids := message_ids_in(block.raw("x-original-message-id") or block.raw("original-message-id")):
            return ids[0]
    return answered(report.mail)


def _date_of(mail: Mail) -> date | None:
    try:
        return parsedate_to_datetime(mail.headers.raw("date")[:100]).date()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _month_first(mail: Mail) -> bool:
    """Whether 4/5 is April 5th: a sender west of Greenwich by the offset of the Date field."""
    return mail.headers.raw("date").strip().partition(" (")[0][-5:] in {"-0400", "-0500", "-0600", "-0700", "-0800"}
