"""Who signs an email, and the Message-ID that it gets: known before it is built and after it was forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.model.channel import ChannelConfig
from runner.model.identity import domain_key
from runner.model.lead import Lead


def sender_of(account: ChannelConfig, lead: Lead) -> Mapping[str, Any]:
    """The account's sender, or the other name of it (`send_as`) that a field of the lead says."""
    settings = account.settings
    own, send_as = settings.get("from") or settings.get("sender") or {}, settings.get("send_as")
    if isinstance(send_as, Mapping):
        others = send_as.get("identities") or {}
        own = others.get(str(lead.values().get(str(send_as.get("field"))) or ""), own)
    return own if isinstance(own, Mapping) else {"address": str(own)}


def message_id_of(key: str, account: ChannelConfig, lead: Lead) -> str:
    """The Message-ID of the message with this key (RFC 5322 section 3.6.4), the same at every try."""
    return f"<{key}@{domain_key(str(sender_of(account, lead).get('address', '')).rpartition('@')[2])}>"
