"""What a person received or is about to receive, and how that stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from runner.model.channel import ChannelType


class OutreachStatus(Enum):
    """How a message stands, as people see it; derived from attempts and events, never stored over `sent`."""

    PENDING = "pending"
    SENT = "sent"
    DELIVERED = "delivered"
    REPLIED = "replied"
    BOUNCED = "bounced"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A template filled in for one lead: Markdown for email, plain text elsewhere. `subject` is empty where unused."""

    body: str
    subject: str = ""
    preheader: str = ""


@dataclass(frozen=True, slots=True)
class OutreachMessage:
    """One message to one lead by one step."""

    lead_id: int
    campaign: str
    channel: ChannelType
    step: str
    content: Rendered
    status: OutreachStatus = OutreachStatus.PENDING
    message_id: str | None = None
    sent_at: datetime | None = None
