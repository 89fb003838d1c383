"""What the runner goes by while it runs: the project as loaded, and every stored definition somebody is pinned to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from runner.engine.state import Settings
from runner.model.campaign import Campaign, CampaignMode
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.graph import StepGraph
from runner.model.project import CompiledSequence, Project


@dataclass(frozen=True, slots=True)
class Around:
    """What is the same for everybody in a campaign."""

    campaign: Campaign
    values: Mapping[str, object]
    channels_off: frozenset[ChannelType]
    settings: Settings


@dataclass(frozen=True, slots=True)
class Book:
    """One consistent view of definitions and configuration; replaced as a whole on reload, never changed.

    `by_id` holds the stored sequence definitions by row id, `newest` the newest id of each sequence name,
    `campaigns` the campaigns by row id.
    """

    project: Project
    by_id: Mapping[int, CompiledSequence] = field(default_factory=dict)
    newest: Mapping[str, int] = field(default_factory=dict)
    campaigns: Mapping[int, Campaign] = field(default_factory=dict)
    _around: dict[int, Around] = field(default_factory=dict, init=False, compare=False, repr=False)

    def around(self, campaign_id: int) -> Around:
        """A campaign with what else decisions about its people need; put together once."""
        found = self._around.get(campaign_id)
        if found is None:
            campaign = self.campaigns[campaign_id]
            found = Around(campaign, campaign.values(), self.channels_off(campaign), self.settings())
            self._around[campaign_id] = found
        return found

    def graph(self, sequence_id: int) -> StepGraph:
        """The graph an enrollment pinned."""
        return self.by_id[sequence_id].graph

    def account(self, key: str) -> ChannelConfig | None:
        """The account of a key such as `email/ada`, if the project still has it."""
        return self.project.channels.get(key.partition("/")[2])

    def accounts_for(self, campaign: Campaign, channel: ChannelType) -> tuple[ChannelConfig, ...]:
        """The accounts that may serve a campaign on a channel: those it names, else all of that channel."""
        every = self.project.channels.values()
        return tuple(config for config in every if config.channel is channel and _may_serve(config, campaign))

    def channels_off(self, campaign: Campaign) -> frozenset[ChannelType]:
        """The channels on which no account may serve a campaign."""
        every = self.project.channels.values()
        return frozenset(ChannelType) - {config.channel for config in every if _may_serve(config, campaign)}

    def draw_account(self, campaign: Campaign, channel: ChannelType, lead_id: int) -> ChannelConfig | None:
        """The account for a lead: the same one every time, as long as the set of accounts stays the same.

        Rendezvous hashing: when an account goes, only its own leads move.
        """
        choices = self.accounts_for(campaign, channel)
        return max(choices, key=lambda config: _weight(config.key, campaign.name, lead_id), default=None)

    def keep_account(
        self, campaign: Campaign, channel: ChannelType, lead_id: int, used: Iterable[str | None]
    ) -> ChannelConfig | None:
        """The account that a lead got before on this channel, while it may still serve; else the one drawn.

        A drawn one alone would move with every account that joins: a conversation would go on from another mailbox.
        `used` are the keys of the accounts of the lead's steps in this campaign, oldest first.
        """
        mine = [key for key in used if key and key.startswith(f"{channel.value}/")]
        if mine:
            choices = {config.key: config for config in self.accounts_for(campaign, channel)}
            kept = next((choices[key] for key in reversed(mine) if key in choices), None)
            if kept is not None:
                return kept
        return self.draw_account(campaign, channel, lead_id)

    def channels_in_use(self) -> frozenset[str]:
        """The channels on which a running campaign can have something due."""
        running = (each for each in self.campaigns.values() if each.enabled and each.mode is CampaignMode.LIVE)
        graphs = (self.graph(self.newest[each.sequence]) for each in running if each.sequence in self.newest)
        return frozenset(node.channel.value for graph in graphs for node in graph.nodes if node.channel is not None)

    def settings(self) -> Settings:
        """The project's rules as decisions need them."""
        contact = self.project.settings.contact
        return Settings(
            unknown_hold_seconds=contact.unknown_hold.total_seconds(),
            reopen_within_seconds=contact.reopen_within.total_seconds(),
            auto_reply_hold_seconds=contact.auto_reply_hold.total_seconds(),
            timezone=self.project.settings.timezone,
        )

    def with_definitions(
        self, by_id: Mapping[int, CompiledSequence], newest: Mapping[str, int], campaigns: Mapping[int, Campaign]
    ) -> Book:
        """The same project with what the database holds of it."""
        return replace(self, by_id=dict(by_id), newest=dict(newest), campaigns=dict(campaigns))


def _may_serve(config: ChannelConfig, campaign: Campaign) -> bool:
    names = campaign.accounts.get(config.channel)
    return config.enabled and (names is None or config.name in names)


def _weight(account: str, campaign: str, lead_id: int) -> bytes:
    return blake2b(f"{account}|{campaign}|{lead_id}".encode(), digest_size=8).digest()
