"""What LinkedIn allows, as numbers: lengths as it counts them, careful defaults, and what is known to be safe.

LinkedIn publishes none of the volumes. They come from vendors who run many accounts (Unipile's published limits,
2026; the caps of HeyLead, LinkedNav and PoliteReach) and from LinkedIn's help page on invitation limits (a551012).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import time, timedelta

from runner.model.calendar import WORKDAYS, Block, SendWindow
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.rates import LimitSet, Ramp, Rate

NOTE_FREE = 200
NOTE_PREMIUM = 300
MESSAGE_WARN = 2000
MESSAGE_MAX = 8000
NOTES_PER_MONTH = 3
MAX_PENDING = 400
WITHDRAW_AFTER = timedelta(days=21)
MONTH = timedelta(days=30)

CONNECT = "connect"
CONNECT_WITH_NOTE = "connect_with_note"
MESSAGE = "message"


def counted_action(action: str, text: str) -> str:
    """The action as limits count it: an invitation with a note has a quota of its own."""
    return CONNECT_WITH_NOTE if action == CONNECT and text.strip() else action


BY_HAND = frozenset({"task", "official"})
"""Providers with whom nothing goes out but by a person's hand, and that read nothing back."""

DEFAULT_LIMITS = LimitSet(
    by_action=(
        (CONNECT, Rate(15, timedelta(days=1))),
        (CONNECT, Rate(80, timedelta(weeks=1))),
        (CONNECT_WITH_NOTE, Rate(NOTES_PER_MONTH, MONTH)),
    ),
    min_gap=timedelta(minutes=3),
    max_gap=timedelta(minutes=10),
    ramp=Ramp(start=3, step=1, ceiling=20),
)
"""What an account without limits of its own gets: 15 invitations a day and 80 a week, 3-10 minutes apart, from 20 % of
15 up by one a day. The ramp bounds messages too, so it ends above the invitations' own limit."""

DEFAULT_WINDOW = SendWindow((Block(WORKDAYS, time(0), time(0)),))


@dataclass(frozen=True, slots=True)
class SafeLimit:
    """The most of one action in one window that accounts are reported to survive, and who says so."""

    action: str
    premium: bool
    rate: Rate
    source: str


SAFE_LIMITS = (
    SafeLimit(CONNECT, False, Rate(20, timedelta(days=1)), "HeyLead, LinkedNav: 20 a day on free accounts"),
    SafeLimit(CONNECT, False, Rate(100, timedelta(weeks=1)), "the weekly limit most reported; LinkedIn names none"),
    SafeLimit(CONNECT_WITH_NOTE, False, Rate(5, MONTH), "LinkedIn help a550555: 5 personalised invitations a month"),
    SafeLimit(CONNECT, True, Rate(80, timedelta(days=1)), "Unipile: 80-100 a day on paid, active accounts"),
    SafeLimit(CONNECT, True, Rate(200, timedelta(weeks=1)), "Unipile: about 200 a week on paid, active accounts"),
)


def with_defaults(account: ChannelConfig) -> ChannelConfig:
    """A LinkedIn account with what its file leaves out; any other account as it is.

    An account with a `base_url` talks to a gateway or the sandbox and keeps exactly what its file says, but for
    `notes_per_month`. What people do or release is counted like everything else but not spaced out: they are the pace.
    """
    if account.channel is not ChannelType.LINKEDIN:
        return account
    own, limits = account.settings, account.limits
    limits = replace(limits, by_action=(*limits.by_action, *_missing_actions(limits, own)))
    if own.get("base_url") or own.get("provider", "task") in BY_HAND:
        return replace(account, limits=limits)
    if not limits.min_gap:
        limits = replace(limits, min_gap=DEFAULT_LIMITS.min_gap, max_gap=DEFAULT_LIMITS.max_gap)
    limits = replace(limits, ramp=limits.ramp or DEFAULT_LIMITS.ramp)
    return replace(account, limits=limits, send_window=account.send_window or DEFAULT_WINDOW)


def _missing_actions(limits: LimitSet, own: Mapping[str, object]) -> tuple[tuple[str, Rate], ...]:
    named = {action for action, _ in limits.by_action}
    notes = own.get("notes_per_month")
    found: list[tuple[str, Rate]] = []
    if isinstance(notes, int):
        found.append((CONNECT_WITH_NOTE, Rate(notes, MONTH)))
    if own.get("base_url"):
        return tuple(found)
    if not limits.rates and CONNECT not in named:
        found += [(action, rate) for action, rate in DEFAULT_LIMITS.by_action if action == CONNECT]
    if notes is None and CONNECT_WITH_NOTE not in named and own.get("premium") is not True:
        found.append((CONNECT_WITH_NOTE, Rate(NOTES_PER_MONTH, MONTH)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class OverLimit:
    """A limit of an account that lies above a safe one."""

    configured: Rate
    safe: SafeLimit


def over_safe_limits(limits: LimitSet, premium: bool) -> tuple[OverLimit, ...]:
    """The limits for `connect` and `connect_with_note` that allow more than is known to be safe.

    Limits for any action (`limits.rates`) bound invitations too. An account without any limit is not reported here:
    it gets DEFAULT_LIMITS.
    """
    over = []
    for safe in SAFE_LIMITS:
        bounds = [rate for action, rate in limits.by_action if action == safe.action]
        bounds += limits.rates if safe.action == CONNECT else ()
        if safe.premium is not premium or not bounds:
            continue
        tightest = min(bounds, key=lambda rate: allowed_in(rate, safe.rate.per))
        if allowed_in(tightest, safe.rate.per) > safe.rate.count:
            over.append(OverLimit(tightest, safe))
    return tuple(over)


def allowed_in(rate: Rate, window: timedelta) -> int:
    """The most that `rate` lets through in one rolling window of length `window`."""
    if window <= rate.per:
        return rate.count
    full, rest = divmod(window, rate.per)
    return rate.count * (full + (1 if rest else 0))


def linkedin_length(text: str) -> int:
    """The length LinkedIn's own input boxes count: UTF-16 code units, a line break as one.

    A browser's maxlength counts code units (HTML Standard, 4.10.18.5), so an emoji outside the BMP counts two. It is
    never less than Python's len, so a text that fits here also fits where LinkedIn would count characters.
    """
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    return len(normal.encode("utf-16-le", errors="surrogatepass")) // 2


def note_limit(premium: bool) -> int:
    """The longest note of an invitation, in LinkedIn's units."""
    return NOTE_PREMIUM if premium else NOTE_FREE


def length_limit(action: str, premium: bool, message_limit: int = MESSAGE_MAX) -> int:
    """The longest text that `action` may carry, in LinkedIn's units."""
    return note_limit(premium) if action in {CONNECT, CONNECT_WITH_NOTE} else min(message_limit, MESSAGE_MAX)


def longest_for_all(action: str, accounts: Iterable[ChannelConfig]) -> int:
    """The longest text of `action` that each of these accounts may send; without any, what a free account may."""
    limits = [
        length_limit(action, account.settings.get("premium") is True, _own_limit(account.settings))
        for account in accounts
        if account.channel is ChannelType.LINKEDIN
    ]
    return min(limits, default=length_limit(action, premium=False))


def _own_limit(settings: Mapping[str, object]) -> int:
    own = settings.get("message_limit")
    return own if isinstance(own, int) and not isinstance(own, bool) else MESSAGE_MAX
