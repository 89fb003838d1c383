"""All files of a project together, as the checks across files see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.compile.drafts import SequenceDraft
from runner.compile.files import ProjectFiles
from runner.lang.source import Source
from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.project import CompiledSequence, ProjectSettings

if TYPE_CHECKING:  # the draft's module reads the registry, whose checks read this one
    from runner.compile.campaigns import CampaignDraft


@dataclass(slots=True)
class ProjectView:
    """Everything that was read, by file name; what is broken is absent, or there as a draft only.

    `with_texts` is off where nothing is to be said of what stands inside the templates.
    """

    files: ProjectFiles
    settings: ProjectSettings
    sequences: dict[str, CompiledSequence]
    drafts: dict[str, SequenceDraft]
    accounts: dict[str, ChannelConfig]
    campaigns: dict[str, CampaignDraft]
    with_texts: bool = True

    @property
    def has_all_accounts(self) -> bool:
        """Whether no account file is broken: else what accounts allow together is not known."""
        return len(self.accounts) == len(self.files.channels)

    def file_of(self, account: ChannelConfig) -> Source:
        """The file an account was read from."""
        return next(self.files.channels[stem] for stem, known in self.accounts.items() if known is account)

    def running(self) -> Iterator[tuple[Source, Campaign, CompiledSequence]]:
        """The campaigns that are switched on and whole, each with its sequence."""
        for draft in self.campaigns.values():
            campaign = draft.campaign
            if campaign is not None and campaign.enabled and campaign.sequence in self.sequences:
                yield draft.source, campaign, self.sequences[campaign.sequence]

    def accounts_for(self, campaign: Campaign, channel: ChannelType) -> tuple[ChannelConfig, ...]:
        """The accounts a campaign may use on a channel: those it names, else all that are switched on."""
        names = campaign.accounts.get(channel)
        if names is None:
            return tuple(
                account for account in self.accounts.values() if account.channel is channel and account.enabled
            )
        return tuple(self.accounts[name] for name in names if name in self.accounts and self.accounts[name].enabled)

    def raw_campaigns(self) -> Iterator[tuple[CampaignDraft, dict[str, Any]]]:
        """Every campaign file that holds a mapping, whole or not."""
        for draft in self.campaigns.values():
            if isinstance(draft.source.data, dict):
                yield draft, draft.source.data
