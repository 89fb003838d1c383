"""Rules about the settings of an email account that no schema can say. Pure; the compiler and the channel ask them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
Settings = Mapping[str, Any]


def part(settings: Settings, name: str) -> Settings:
    """A block of an account's settings; empty where there is none."""
    found = settings.get(name)
    return found if isinstance(found, Mapping) else {}


def unread_opt_out(settings: Settings) -> str | None:
    """Why what a reader writes to opt out would be read by nobody; None where somebody reads it, or it is a link."""
    footer, has_inbox = part(settings, "footer"), bool(settings.get("imap"))
    match footer.get("unsubscribe"):
        case "mailto" if not (footer.get("mailto") or has_inbox):
            return "`unsubscribe: mailto` without an address that is read; add `footer.mailto` or `imap`"
        case "reply" if not has_inbox:
            return "`unsubscribe: reply` without an inbox that is read; add `imap`"
        case _:
            return None


def lacks_secret(login: Settings) -> bool:
    """Whether an `smtp` or `imap` block names a user and nothing to log in with."""
    return bool(login.get("username")) and not login.get("password") and not login.get("oauth")


def in_clear_text(login: Settings) -> bool:
    """Whether an `smtp` or `imap` block would send its log-in over the network for anybody to read."""
    return login.get("security") == "off" and bool(login.get("username")) and login.get("host") not in LOOPBACK


def is_public_link_base(base_url: object) -> bool:
    """Whether opt-out links under this address work: https (RFC 8058, section 3.1), or http on this machine to try."""
    if not isinstance(base_url, str):
        return False
    address = urlsplit(base_url)
    return bool(address.hostname) and (
        address.scheme == "https" or (address.scheme == "http" and address.hostname in LOOPBACK)
    )
