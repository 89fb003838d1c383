"""Overlays: what an operator lowered or switched off for one campaign while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from runner.errors import Refused, UsageError
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.rates import LimitSet, Rate
from runner.store.fixed import Fixed
from runner.store.tables import channel_overlays

PERIODS = {
    "per_minute": timedelta(minutes=1),
    "per_hour": timedelta(hours=1),
    "per_day": timedelta(days=1),
    "per_week": timedelta(weeks=1),
}


_ACTIVE = Fixed(
    select(channel_overlays.c.config)
    .where(channel_overlays.c.campaign == bindparam("campaign"), channel_overlays.c.channel == bindparam("channel"))
    .where(channel_overlays.c.removed_at.is_(None))
    .where(or_(channel_overlays.c.expires_at.is_(None), channel_overlays.c.expires_at > bindparam("now")))
    .order_by(channel_overlays.c.id)
)


def active_overlay(connection: Connection, campaign: str, channel: ChannelType, now: datetime) -> Mapping[str, Any]:
    """What is overlaid on a campaign's channel at this time; later rows win key by key."""
    merged: dict[str, Any] = {}
    for (config,) in _ACTIVE.rows(connection, campaign=campaign, channel=channel.value, now=now):
        merged |= config
    return merged


def overlay_limits(connection: Connection, campaign: str, channel: ChannelType, now: datetime) -> LimitSet | None:
    """The overlay's limits. They stack on the account's, so they can only lower what may go out."""
    config = active_overlay(connection, campaign, channel, now)
    if config.get("enabled") is False:
        return LimitSet(rates=(Rate(0, timedelta(days=1)),))
    limits = config.get("limits") or {}
    rates = tuple(Rate(int(limits[name]), period) for name, period in PERIODS.items() if name in limits)
    return LimitSet(rates=rates) if rates else None


@dataclass(frozen=True, slots=True)
class Overlays:
    """The limits overlaid at one time, each read when it is first asked for."""

    connection: Connection
    _read: dict[tuple[str, ChannelType], LimitSet | None] = field(default_factory=dict)

    def limits(self, campaign: str, channel: ChannelType, now: datetime) -> LimitSet | None:
        """What `overlay_limits` gives."""
        asked = campaign, channel
        if asked not in self._read:
            self._read[asked] = overlay_limits(self.connection, *asked, now)
        return self._read[asked]


def add_overlay(
    connection: Connection, campaign: str, channel: ChannelType, config: Mapping[str, Any], *, author: str,
    reason: str, now: datetime, expires_at: datetime | None = None,
) -> None:  # fmt: skip
    """Put an overlay on a campaign's channel; it replaces the one that is there."""
    where = (channel_overlays.c.campaign == campaign, channel_overlays.c.channel == channel.value)
    current = (*where, channel_overlays.c.removed_at.is_(None))
    connection.execute(update(channel_overlays).where(*current).values(removed_at=now))
    row = {"campaign": campaign, "channel": channel.value, "config": dict(config), "author": author, "reason": reason}
    connection.execute(insert(channel_overlays).values(**row, created_at=now, expires_at=expires_at))


def check_overlay(accounts: Sequence[ChannelConfig], values: Mapping[str, Any]) -> None:
    """Raises UsageError for what an overlay cannot say, and Refused for a limit above an account's own."""
    unknown = set(values) - {"enabled", "limits"}
    if unknown:
        raise UsageError(f"an overlay cannot set `{min(unknown)}`", help="it has `enabled: false` and `limits`")
    if values.get("enabled") not in (None, False):
        raise Refused("an overlay can switch a channel off, not on", help="remove the overlay instead")
    for name, count in (values.get("limits") or {}).items():
        if name not in PERIODS or not isinstance(count, int) or count < 0:
            raise UsageError(f"`{name}: {count}` is not a limit", help=f"use {', '.join(PERIODS)} with a whole number")
        for account in accounts:
            own = [rate.count for rate in account.limits.rates if rate.per == PERIODS[name]]
            if own and count > min(own):
                raise Refused(f"{name}: {count} is above {account.key}'s own {min(own)}", help="an overlay only lowers")
