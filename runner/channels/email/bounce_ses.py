"""Amazon SES notifications that come by e-mail: JSON in the text (Amazon SES, "Notification contents")."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runner.channels.email.bounce_fields import reply_code, status_in
from runner.channels.email.bounce_report import Report
from runner.channels.email.judgement import Failure, Recipient

MAX_JSON = 60_000
_CATEGORIES = {
    "Suppressed": "bad-mailbox", "OnAccountSuppressionList": "bad-mailbox", "MailboxFull": "quota-issues",
    "NoEmail": "bad-mailbox", "ContentRejected": "spam-related", "AttachmentRejected": "policy-related",
}  # fmt: skip
_FOLDED = ("!\n ", "!\r\n ")
"""How some mail systems break a line that is too long."""


@dataclass(frozen=True, slots=True)
class Notification:
    """What SES says: `kind` is Bounce, Complaint or Delivery; `message_id` the id SES gave the message."""

    kind: str
    failures: tuple[Failure, ...] = ()
    complainers: tuple[Recipient, ...] = ()
    message_id: str | None = None


def ses_notification(report: Report) -> Notification | None:
    """The notification in a report's words, None where there is none."""
    text = report.words.lstrip()[:MAX_JSON]
    if not text.startswith("{") or not any(f'"{key}"' in text for key in ("notificationType", "eventType", "Message")):
        return None
    content = _object(text)
    inner = content.get("Message")
    if isinstance(inner, str):
        content = _object(inner.lstrip())
    kind = str(content.get("notificationType") or content.get("eventType") or "")
    if kind not in ("Bounce", "Complaint", "Delivery"):
        return None
    part = _mapping(content.get(kind.lower()))
    mail = _mapping(content.get("mail"))
    ident = f"<{mail['messageId']}>" if isinstance(mail.get("messageId"), str) else None
    failures = tuple(_failure(each, part) for each in _list(part.get("bouncedRecipients")))
    complainers = tuple(
        Recipient(_address(each), reason="feedback", diagnostic=str(part.get("complaintFeedbackType") or "abuse"))
        for each in _list(part.get("complainedRecipients"))
    )
    return Notification(kind, failures, complainers, ident)


def _failure(each: Mapping[str, object], part: Mapping[str, object]) -> Failure:
    diagnostic = str(each.get("diagnosticCode") or "")
    status = str(each.get("status") or "") or status_in(diagnostic)
    category = _CATEGORIES.get(str(part.get("bounceSubType")), "")
    return Failure(_address(each), str(each.get("action") or "failed").lower(), status_in(diagnostic) or status,
                   reply_code(diagnostic), diagnostic[:3000], category="" if diagnostic else category)  # fmt: skip


def _object(text: str) -> Mapping[str, object]:
    for fold in _FOLDED:
        text = text.replace(fold, "")
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text)
    except (ValueError, RecursionError):
        return {}
    return _mapping(found)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[Mapping[str, object]]:
    return [each for each in value[:100] if isinstance(each, Mapping)] if isinstance(value, list) else []


def _address(each: Mapping[str, object]) -> str:
    return str(each.get("emailAddress") or "").rpartition("<")[2].strip("> ").lower()
