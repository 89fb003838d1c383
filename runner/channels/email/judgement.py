"""What the classifier says of one message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum


class MailKind(Enum):
    """What a message in the inbox is."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto_reply"
    OPT_OUT = "opt_out"
    REPLY = "reply"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Failure:
    """One recipient of a report, as the report says it, before any judgement.

    `status` is an RFC 3463 code or empty, `code` the SMTP reply code or empty, `command` the SMTP command that was
    refused where it is named, `context` the words around, for what the diagnostic leaves out,
    `category` the mail system's own judgement where it gives one.
    """

    address: str
    action: str = "failed"
    status: str = ""
    code: str = ""
    diagnostic: str = ""
    command: str = ""
    context: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient of a bounce or complaint, judged.

    `hard`: the address is dead and is never written to again. `reason` is one of REASONS in bounce_reasons.
    `delayed`: the other side still tries, nothing has failed yet.
    """

    address: str
    hard: bool = False
    status: str = ""
    reply_code: str = ""
    reason: str = ""
    diagnostic: str = ""
    delayed: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a message is and what follows from it. `rule` names what decided, for people and for measuring.

    `message_id` is the Message-ID of the message it answers or returns. `return_date` is the day an absent person
    names; `away_on_it`: they are back the day after (`until`). `gone`: the person left or has another address;
    `moved_to` are the addresses that are named then.
    """

    kind: MailKind
    rule: str
    recipients: tuple[Recipient, ...] = ()
    message_id: str | None = None
    return_date: date | None = None
    away_on_it: bool = False
    new_text: str = ""
    moved_to: tuple[str, ...] = ()
    gone: bool = False
