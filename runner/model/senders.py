"""Who signs an email, and the Message-ID that it gets: known before it is built and after it was forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from runner.model.channel import ChannelConfig
from runner.model.identity import domain_key
from runner.model.lead import Lead


def sender_of(account: ChannelConfig, lead: Lead) -> Mapping[str, Any]:
    """The account's sender, or the other name of it (`send_as`) that a field of the lead says."""
    settings = account.settings
    own, send_as = settings.get("from") or settings.get("sender") or {}, settings.get("send_as")
    if isinstance(send_as, Mapping):
        own = (send_as.get("identities") or {}).get(chosen(send_as, lead.values()), own)
    return own if isinstance(own, Mapping) else {"address": str(own)}


def chosen(send_as: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """The name that a person's field gives for who writes to them; empty where it gives none."""
    return str(values.get(str(send_as.get("field"))) or "").strip()


def unknown_sender(account: ChannelConfig, lead: Lead) -> str | None:
    """Why nobody writes to a lead from this account: their field names a sender that the account does not have."""
    send_as = account.settings.get("send_as")
    if not isinstance(send_as, Mapping):
        return None
    name, known = chosen(send_as, lead.values()), send_as.get("identities") or {}
    if not name or name in known:
        return None
    return f"`{send_as.get('field')}` names `{name}`, whom `send_as` of {account.key} does not know: {', '.join(known)}"


def senders_by_field(accounts: Iterable[ChannelConfig]) -> Mapping[str, frozenset[str]]:
    """Per field that chooses a sender, all the names that some account knows."""
    found: dict[str, frozenset[str]] = {}
    for account in accounts:
        send_as = account.settings.get("send_as")
        if isinstance(send_as, Mapping):
            name = str(send_as.get("field"))
            found[name] = found.get(name, frozenset()) | frozenset(map(str, send_as.get("identities") or {}))
    return found


def message_id_of(key: str, account: ChannelConfig, lead: Lead) -> str:
    """The Message-ID of the message with this key (RFC 5322 section 3.6.4), the same at every try."""
    return f"<{key}@{domain_key(str(sender_of(account, lead).get('address', '')).rpartition('@')[2])}>"
