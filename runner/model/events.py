"""What the world did: the closed set of events that can reach an enrollment."""

from __future__ import annotations

from enum import Enum


class EventKind(Enum):
    """A thing that happened to a lead, seen by an inbox, a web endpoint or a person."""

    REPLIED = "replied"
    BOUNCED = "bounced"
    ACCEPTED = "accepted"
    OPENED = "opened"
    CLICKED = "clicked"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    AUTO_REPLIED = "auto_replied"


ALWAYS_STOP = frozenset({EventKind.UNSUBSCRIBED, EventKind.COMPLAINED})
DEFAULT_STOP = ALWAYS_STOP | {EventKind.REPLIED}
