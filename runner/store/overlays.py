"""Overlays: what an operator lowered or switched off for one campaign while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


_OVERLAID = channel_overlays.c.campaign, channel_overlays.c.channel, channel_overlays.c.config
_ACTIVE = Fixed(
    select(*_OVERLAID)
    .where(channel_overlays.c.removed_at.is_(None))
    .where(or_(channel_overlays.c.expires_at.is_(None), channel_overlays.c.expires_at > bindparam("now")))
    .order_by(channel_overlays.c.id)
)


@dataclass(frozen=True, slots=True)
class Overlays:
    """What is overlaid at one time, by campaign and channel."""

    active: Mapping[tuple[str, ChannelType], Mapping[str, Any]]

    @classmethod
    def read(cls, connection: Connection, now: datetime) -> Overlays:
        """All of them at once: there are few, and most of the time none. Later rows win key by key."""
        merged: dict[tuple[str, ChannelType], dict[str, Any]] = {}
        for campaign, channel, config in _ACTIVE.rows(connection, now=now):
            merged.setdefault((campaign, ChannelType(channel)), {}).update(config)
        return cls(merged)

    def of(self, campaign: str, channel: ChannelType) -> Mapping[str, Any]:
        """What is overlaid on a campaign's channel, as it was written."""
        return self.active.get((campaign, channel), {})

    def limits(self, campaign: str, channel: ChannelType) -> LimitSet | None:
        """Its limits. They stack on the account's, so they can only lower what may go out."""
        config = self.of(campaign, channel)
        if not config:
            return None
        if config.get("enabled") is False:
            return LimitSet(rates=(Rate(0, timedelta(days=1)),))
        limits = config.get("limits") or {}
        rates = tuple(Rate(int(limits[name]), period) for name, period in PERIODS.items() if name in limits)
        return LimitSet(rates=rates) if rates else None


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
