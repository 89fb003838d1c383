"""What a person received or is about to receive, and how that stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from runner.lang.templates import Rendered
from runner.model.channel import ChannelType

__all__ = ["OutreachMessage", "OutreachStatus", "Rendered"]


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
