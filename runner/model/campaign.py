"""A campaign: a sequence run on an audience through some accounts within some limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from runner.lang.conditions import Condition
from runner.model.channel import ChannelType
from runner.model.rates import LimitSet, Rate


class CampaignMode(Enum):
    """`dry_run` decides everything, writes no attempt and touches no network."""

    LIVE = "live"
    DRY_RUN = "dry_run"


@dataclass(frozen=True, slots=True)
class Campaign:
    """One file of campaigns/. `audience` is a condition over stored leads; `accounts` the account names per channel.

    `health` holds the rates from which it pauses, where they differ from the usual ones.
    """

    name: str
    sequence: str
    audience: Condition | None = None
    accounts: Mapping[ChannelType, tuple[str, ...]] = field(default_factory=dict)
    limits: Mapping[ChannelType, LimitSet] = field(default_factory=dict)
    new_leads: Rate | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    priority: int = 0
    enabled: bool = True
    mode: CampaignMode = CampaignMode.LIVE
    vars: Mapping[str, object] = field(default_factory=dict)
    health: Mapping[str, float] = field(default_factory=dict)

    def values(self) -> dict[str, object]:
        """What `campaign.*` means in conditions and templates."""
        return {"name": self.name, "sequence": self.sequence, "mode": self.mode.value, "priority": self.priority}
