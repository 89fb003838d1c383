"""What mail providers let one account send, by the host it submits to: data for `runner doctor`.

Figures are the providers' published ones; where the page is not public the most quoted figure is marked as such.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cap:
    """A provider: the endings of its submission hosts, messages a day and a minute (0: none published), the source."""

    provider: str
    hosts: tuple[str, ...]
    per_day: int
    per_minute: int
    source: str


CAPS = (
    Cap("Gmail and Google Workspace", ("smtp.gmail.com", "smtp.googlemail.com"), 2000, 0,
        "Google Workspace Admin Help 166852: 2,000 a day (500 on trial and for personal Gmail)"),
    Cap("Google SMTP relay", ("smtp-relay.gmail.com",), 10000, 0,
        "Google Workspace Admin Help: 10,000 messages a user in 24 hours"),
    Cap("Exchange Online", ("smtp.office365.com", "outlook.office365.com"), 10000, 30,
        "Exchange Online limits: 10,000 recipients in 24 hours, 30 messages a minute"),
    Cap("Outlook.com", ("smtp-mail.outlook.com",), 300, 30, "Microsoft support: 300 a day (most quoted figure)"),
    Cap("Yahoo Mail", ("smtp.mail.yahoo.com",), 500, 0, "Yahoo help: 500 a day (most quoted figure)"),
    Cap("iCloud Mail", ("smtp.mail.me.com",), 1000, 0, "Apple support 102198: 1,000 a day"),
    Cap("Zoho Mail", ("smtp.zoho.com", "smtp.zoho.eu"), 500, 0, "Zoho help: 500 a day (most quoted figure)"),
    Cap("Fastmail", ("smtp.fastmail.com",), 4000, 0, "Fastmail help: 4,000 a day on the standard plan"),
)  # fmt: skip

COLD_PER_DAY = 50
"""What one mailbox sends a day in cold outreach before deliverability suffers, by the practice of the trade."""


def cap_of(host: str) -> Cap | None:
    """The cap of a submission host; None for a host that is not a known provider's."""
    return next((cap for cap in CAPS if host.lower() in cap.hosts), None)
