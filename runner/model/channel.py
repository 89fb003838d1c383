"""Channels and accounts: a channel is a kind, an account (one channel config) is one sending identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from runner.model.calendar import SendWindow
from runner.model.rates import LimitSet


class ChannelType(Enum):
    """The kinds of channel there are."""

    EMAIL = "email"
    LINKEDIN = "linkedin"
    CONTACT_FORM = "contact_form"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is kept; the secret itself never stands in YAML. Exactly one of the two is set."""

    env: str | None = None
    file: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """One account of one channel, from one file in channel_configs/.

    `settings` holds what only its channel understands (smtp, imap, provider, footer ...), as plain values
    validated by the schema, with `SecretRef` where a secret is named.
    """

    channel: ChannelType
    name: str
    enabled: bool = True
    limits: LimitSet = field(default_factory=LimitSet)
    send_window: SendWindow | None = None
    timezone: str | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    key: str = field(init=False, repr=False, compare=False)
    """The account's identity in the database, such as `email/ada`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"{self.channel.value}/{self.name}")
