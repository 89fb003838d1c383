"""Which limits one send falls under. They stack: every one of them has to have room, so the smallest wins."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.companies import company_of
from runner.model.lead import Lead
from runner.model.project import ProjectSettings
from runner.model.rates import LimitSet, Rate

DAY = timedelta(days=1)
A_LIFE = timedelta(days=36500)


@dataclass(frozen=True, slots=True)
class Limit:
    """A rate on a scope. `scope` is the key it is counted by; `lane_wide` limits hold everybody on the account.

    With `besides_lead`, what went to that lead does not count.
    """

    scope: str
    rate: Rate
    name: str
    lane_wide: bool
    besides_lead: int | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """The least pause on a scope between the end of one send and the next."""

    scope: str
    pause: timedelta


@dataclass(frozen=True, slots=True)
class SendFacts:
    """What decides which limits apply. `active_days` are earlier days on which the account sent, for its ramp."""

    account: ChannelConfig
    campaign: Campaign
    project: ProjectSettings
    lead: Lead
    action: str
    key: str
    active_days: int = 0
    overlay: LimitSet | None = None


def limits_for(facts: SendFacts) -> tuple[Limit, ...]:
    """Every limit this send counts against."""
    account, campaign = facts.account, facts.campaign
    scope = f"account:{account.key}"
    found = list(_of_holder(account.limits, scope, "account", facts))
    of_campaign = campaign.limits.get(account.channel)
    campaign_scope = f"campaign:{campaign.name}:{account.channel.value}"
    for holder, name in ((of_campaign, "campaign"), (facts.overlay, "overlay")):
        if holder is not None:
            found += _of_holder(holder, campaign_scope, name, facts)
    found += [Limit("global", rate, "project", True) for rate in facts.project.limits.rates]
    between = facts.project.contact.min_between
    if between:
        found.append(Limit(f"lead:{facts.lead.id}", Rate(1, between), "time between contacts", False))
    gap, company = facts.project.contact.same_company_gap, company_of(facts.lead)
    if gap and company:
        name = f"people of {company}"
        found.append(Limit(f"company:{company}", Rate(1, gap), name, False, besides_lead=facts.lead.id))
    return tuple(found)


def _of_holder(limits: LimitSet, scope: str, name: str, facts: SendFacts) -> Iterator[Limit]:
    for rate in limits.rates:
        yield Limit(scope, rate, name, True)
    if limits.ramp is not None:
        yield Limit(scope, Rate(limits.ramp.cap(facts.active_days), DAY), f"{name} ramp", True)
    for action, rate in limits.by_action:
        if action in actions_of(facts.action):
            yield Limit(f"{scope}:{action}", rate, f"{name} {action}", False)
    if limits.per_lead is not None:
        yield Limit(f"{scope}:lead:{facts.lead.id}", Rate(limits.per_lead, A_LIFE), f"{name} per lead", False)
    if limits.recipient_domain is not None and (found := _receiver(facts, scope)):
        yield Limit(found[0], limits.recipient_domain, f"{name} per domain {found[1]}", False)


def _receiver(facts: SendFacts, scope: str) -> tuple[str, str] | None:
    """The domain that receives, and the scope it is counted by: a site is one site whichever account submits to it."""
    if facts.account.channel is ChannelType.CONTACT_FORM:
        site = facts.lead.site
        return (f"site:{site}", site) if site else None
    domain = facts.lead.domain
    return (f"{scope}:domain:{domain}", domain) if domain else None


def actions_of(action: str) -> tuple[str, ...]:
    """The limits an action counts against: an invitation with a note is also an invitation."""
    return ("connect", action) if action == "connect_with_note" else (action,)


def gaps_for(facts: SendFacts) -> tuple[Gap, ...]:
    """The pauses this send has to keep. Jitter is seeded by the message, so that a retry waits the same."""
    pause = facts.account.limits.gap(random.Random(facts.key).random())
    return (Gap(f"account:{facts.account.key}", pause),) if pause else ()


def scopes_of(limits: Sequence[Limit], gaps: Sequence[Gap]) -> tuple[str, ...]:
    """The scopes to reserve on, each once."""
    return tuple(dict.fromkeys([limit.scope for limit in limits] + [gap.scope for gap in gaps]))
