"""How often one account is read: like somebody who looks in now and then, not like a clock. Pure values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from runner.channels.linkedin.settings import VOYAGER_URL, read_settings
from runner.model.channel import ChannelConfig

SOONEST = timedelta(minutes=8)
LATEST = timedelta(minutes=30)
GROWTH = 1.5
"""How much longer the next pause is after a read that found nothing new."""


@dataclass(frozen=True, slots=True)
class Pace:
    """When an account is read again. A server on this machine is read whenever somebody asks."""

    account: str
    due: datetime
    quiet: int
    is_paced: bool

    @staticmethod
    def of(account: ChannelConfig, cursor: Mapping[str, object]) -> Pace:
        """The pace a cursor holds; due at once where it holds none."""
        due, quiet = cursor.get("next"), cursor.get("quiet")
        is_paced = not read_settings(account).is_loopback(VOYAGER_URL)
        at = datetime.fromisoformat(due) if isinstance(due, str) and is_paced else datetime.min.replace(tzinfo=UTC)
        return Pace(account.key, at, quiet if isinstance(quiet, int) else 0, is_paced)

    def after(self, now: datetime, *, quiet: bool) -> dict[str, object]:
        """What the cursor keeps after a read: quiet ones grow the pause, with 25 % earlier or later each time."""
        if not self.is_paced:
            return {}
        count = self.quiet + 1 if quiet else 0
        draw = int.from_bytes(hashlib.sha256(f"{self.account}/{now.isoformat()}".encode()).digest()[:4]) / 2**32
        pause = min(SOONEST * GROWTH ** min(count, 10), LATEST) * (0.75 + draw / 2)
        return {"next": (now + pause).isoformat(), "quiet": count}
