"""Which accounts can read what comes back: for them, not having read lately holds follow-ups."""

from __future__ import annotations

from typing import assert_never

from runner.model.channel import ChannelConfig, ChannelType
from runner.model.linkedin_limits import BY_HAND


def has_inbox(account: ChannelConfig) -> bool:
    """Whether replies to what this account sends are read by the machine.

    Not where a person acts on LinkedIn or watches its conversations (`replies: manual`): they report what they see.
    """
    match account.channel:
        case ChannelType.EMAIL:
            return bool(account.settings.get("imap"))
        case ChannelType.LINKEDIN:
            by_hand = account.settings.get("provider", "task") in BY_HAND
            return not by_hand and account.settings.get("replies") != "manual"
        case ChannelType.CONTACT_FORM | ChannelType.PHONE:
            return False
    assert_never(account.channel)
