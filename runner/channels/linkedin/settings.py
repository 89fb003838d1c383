"""The settings of a LinkedIn account, typed: one place that reads `ChannelConfig.settings`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from runner.lang.durations import Duration, parse_duration
from runner.model.channel import ChannelConfig, SecretRef
from runner.model.linkedin_limits import MAX_PENDING, MESSAGE_MAX, WITHDRAW_AFTER

VOYAGER_URL = "https://www.linkedin.com"
OFFICIAL_URL = "https://api.linkedin.com"
NOTE_RULES = ("drop_if_needed", "required")


@dataclass(frozen=True)
class Timeouts:
    """Seconds of the machine's time for one exchange: to connect, between two reads, and in all."""

    connect: float = 10.0
    read: float = 20.0
    total: float = 45.0


@dataclass(frozen=True, slots=True)
class LinkedInSettings:
    """What one account says.

    `poll` is how long after a first look the same person is looked up again, None for the built-in time.
    `replies_read` is off where a person watches the conversations.
    """

    provider: str = "task"
    accept_terms_risk: bool = False
    premium: bool = False
    note_required: bool = False
    message_limit: int = MESSAGE_MAX
    base_url: str | None = None
    li_at: SecretRef | None = None
    jsessionid: SecretRef | None = None
    token: SecretRef | None = None
    api_version: str = "202506"
    poll: timedelta | None = None
    replies_read: bool = True
    max_pending: int = MAX_PENDING
    withdraw_after: timedelta = WITHDRAW_AFTER
    timeouts: Timeouts = field(default_factory=Timeouts)

    def url(self, default: str) -> str:
        """Where this account's provider is reached, without a slash at the end."""
        return (self.base_url or default).rstrip("/")

    def is_loopback(self, default: str) -> bool:
        """Whether the provider is a server on this machine, which is never paced."""
        return urlsplit(self.url(default)).hostname in {"127.0.0.1", "localhost", "::1"}


def read_settings(account: ChannelConfig) -> LinkedInSettings:
    """The settings of `account`; what is missing keeps its default.

    Raises ValueError, with words for the user, on a duration that is none.
    """
    own = account.settings
    cookies = _mapping(own.get("cookies"))
    defaults = LinkedInSettings()
    return LinkedInSettings(
        provider=str(own.get("provider") or defaults.provider),
        accept_terms_risk=own.get("accept_terms_risk") is True,
        premium=own.get("premium") is True,
        note_required=own.get("note") == "required",
        message_limit=_whole(own.get("message_limit"), MESSAGE_MAX),
        base_url=str(own["base_url"]) if own.get("base_url") else None,
        li_at=_secret(cookies.get("li_at")),
        jsessionid=_secret(cookies.get("jsessionid")),
        token=_secret(own.get("token")),
        api_version=str(own.get("api_version") or defaults.api_version),
        poll=_length(own["poll"], timedelta(0)) if "poll" in own else None,
        replies_read=own.get("replies") != "manual",
        max_pending=_whole(own.get("max_pending"), defaults.max_pending),
        withdraw_after=_length(own.get("withdraw_after"), defaults.withdraw_after),
        timeouts=_timeouts(own.get("timeout")),
    )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _secret(value: object) -> SecretRef | None:
    return value if isinstance(value, SecretRef) else None


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _length(value: object, default: timedelta) -> timedelta:
    match value:
        case timedelta():
            return value
        case Duration(elapsed=elapsed):
            return elapsed
        case str():
            return parse_duration(value).elapsed
    return default


def _timeouts(value: object) -> Timeouts:
    """`timeout` is how long one answer may take; the whole exchange has twice as long."""
    if value is None:
        return Timeouts()
    seconds = _length(value, timedelta(seconds=Timeouts.read)).total_seconds()
    return Timeouts(connect=min(Timeouts.connect, seconds), read=seconds, total=2 * seconds)
