"""What every step of a sequence would say to one lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runner.lang.templates import Rendered, TemplateError, parse_template, render
from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.graph import StepNode
from runner.model.lead import Lead
from runner.model.project import CompiledSequence, Project
from runner.model.senders import unknown_sender
from runner.model.sequence import ChannelStep, Variant
from runner.store.work import template_values

SENDER_HELP = "correct the lead's field, or add the sender to `send_as.identities` of the account"


@dataclass(frozen=True, slots=True)
class StepText:
    """One variant of one step, filled in; `trouble` in place of the text where that cannot be done."""

    node: StepNode
    step: ChannelStep
    variant: Variant
    text: Rendered | None
    trouble: TemplateError | None = None


def campaign_for(project: Project, sequence: str) -> Campaign:
    """The first campaign by name that runs a sequence; one without variables of its own where none does."""
    running = [campaign for campaign in project.campaigns.values() if campaign.sequence == sequence]
    return min(running, key=lambda campaign: campaign.name, default=Campaign("preview", sequence))


def step_texts(project: Project, sequence: CompiledSequence, campaign: Campaign, lead: Lead) -> Iterator[StepText]:
    """Every variant of every channel step in order, as it would be rendered at its first try."""
    for node in sequence.graph.nodes:
        if not isinstance(node.body, ChannelStep):
            continue
        account = _account(project, campaign, node.body.channel)
        values = template_values(lead, campaign, sequence.graph.vars, account)
        unknown = unknown_sender(account, lead)
        for variant in node.body.variants:
            if unknown:
                nobody = TemplateError(unknown, template=variant.template, hint=SENDER_HELP)
                yield StepText(node, node.body, variant, None, nobody)
                continue
            seed = f"{lead.id}|{sequence.graph.name}|{node.id}"
            yield _filled(node, node.body, variant, sequence.templates[variant.template], values, seed)


def _filled(
    node: StepNode,
    step: ChannelStep,
    variant: Variant,
    source: str,
    values: Mapping[str, Mapping[str, object]],
    seed: str,
) -> StepText:  # fmt: skip
    try:
        return StepText(node, step, variant, render(parse_template(source, variant.template), values, seed))
    except TemplateError as error:
        return StepText(node, step, variant, None, error)


def _account(project: Project, campaign: Campaign, channel: ChannelType) -> ChannelConfig:
    """The campaign's first account of a channel, else any of the project's."""
    names = campaign.accounts.get(channel, ())
    own = [account for account in project.channels.values() if account.channel is channel]
    chosen = [account for account in own if account.name in names] or own
    return chosen[0] if chosen else ChannelConfig(channel, "preview")
