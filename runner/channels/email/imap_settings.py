"""The `imap` part of an email account: from the plain values of its file to typed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import cast

from runner.channels.email.config import IMAP_SCOPES, OAuthSettings, oauth_of, seconds
from runner.model.channel import ChannelConfig, SecretRef


class ImapSecurity(Enum):
    """TLS from the first byte, STARTTLS before the log-in, STARTTLS if offered, or none (loopback and tests)."""

    TLS = "tls"
    STARTTLS = "starttls"
    OPPORTUNISTIC = "opportunistic"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ImapSettings:
    """Where the inbox is and how to log in. `folders` empty: INBOX, and the junk folders that the server names.

    `timeout` is how many seconds one command may take as a whole, `poll` how many pass between two looks where the
    server has no IDLE; `first_days` is how far back the first read goes.
    """

    host: str
    port: int
    security: ImapSecurity
    username: str
    password: SecretRef | None = None
    oauth: OAuthSettings | None = None
    folders: tuple[str, ...] = ()
    sent_folder: str = ""
    ca_file: str | None = None
    timeout: float = 60.0
    poll: float = 20.0
    first_days: int = 14


def imap_settings(account: ChannelConfig) -> ImapSettings | None:
    """The typed `imap` settings of an account, None where it has no inbox.

    Raises KeyError or ValueError where the schema was not obeyed.
    """
    raw = account.settings.get("imap")
    if not isinstance(raw, Mapping) or not raw:
        return None
    security = ImapSecurity(str(raw.get("security", "tls")))
    return ImapSettings(
        host=str(raw["host"]),
        port=int(raw.get("port", 993 if security is ImapSecurity.TLS else 143)),
        security=security,
        username=str(raw.get("username") or ""),
        password=cast("SecretRef | None", raw.get("password")),
        oauth=oauth_of(cast("Mapping[str, object]", raw.get("oauth") or {}), IMAP_SCOPES),
        folders=tuple(str(name) for name in raw.get("folders") or ()),
        sent_folder=str(raw.get("sent_folder") or ""),
        ca_file=str(raw["ca_file"]) if raw.get("ca_file") else None,
        timeout=seconds(raw.get("timeout"), 60.0),
        poll=seconds(raw.get("poll"), 20.0),
        first_days=int(raw.get("first_days", 14)),
    )
